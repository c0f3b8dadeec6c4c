// Raw deflate (RFC 1951), so that the page needs no stream of the browser, and is there at once.
function inflate(source, size) {
  const out = new Uint8Array(size);
  let at = 0, bit = 0, end = 0;
  const bits = count => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) value |= (source[bit >> 3] >> (bit & 7) & 1) << i;
    return value;
  };
  // A canonical code: how many codes there are of each length, and their symbols in order.
  const code = lengths => {
    const counts = new Uint16Array(16), offsets = new Uint16Array(16), symbols = new Uint16Array(lengths.length);
    for (const length of lengths) counts[length]++;
    counts[0] = 0;
    for (let i = 1; i < 16; i++) offsets[i] = offsets[i - 1] + counts[i - 1];
    lengths.forEach((length, symbol) => { if (length) symbols[offsets[length]++] = symbol; });
    return { counts, symbols };
  };
  const symbol = ({ counts, symbols }) => {
    for (let length = 1, value = 0, first = 0, index = 0; length < 16; length++) {
      value |= source[bit >> 3] >> (bit & 7) & 1; bit++;
      if (value - counts[length] < first) return symbols[index + value - first];
      index += counts[length];
      first = first + counts[length] << 1;
      value <<= 1;
    }
    throw new Error("damaged");
  };
  const base = (extra, start) => extra.map(count => (start += 2 ** count) - 2 ** count);
  const extraLengths = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const extraDistances = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
  const lengthBase = base(extraLengths, 3), distanceBase = base(extraDistances, 1);
  lengthBase[28] = 258;
  while (!end) {
    end = bits(1);
    const kind = bits(2);
    if (kind === 0) {
      bit = bit + 7 & ~7;
      const count = bits(16);
      bits(16);
      out.set(source.subarray(bit >> 3, (bit >> 3) + count), at);
      at += count; bit += count * 8;
      continue;
    }
    let lengths = Array.from({ length: 288 }, (_, i) => i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8), distances = Array(30).fill(5);
    if (kind === 2) {
      const literals = bits(5) + 257, count = bits(5) + 1, all = Array(19).fill(0);
      const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].slice(0, bits(4) + 4);
      for (const place of order) all[place] = bits(3);
      const lengthCode = code(all), read = [];
      while (read.length < literals + count) {
        const one = symbol(lengthCode);
        if (one < 16) read.push(one);
        else { const again = one === 16 ? read[read.length - 1] : 0; for (let n = one === 16 ? 3 + bits(2) : one === 17 ? 3 + bits(3) : 11 + bits(7); n; n--) read.push(again); }
      }
      lengths = read.slice(0, literals); distances = read.slice(literals);
    }
    const literal = code(lengths), distance = code(distances);
    for (;;) {
      const one = symbol(literal);
      if (one === 256) break;
      if (one < 256) { out[at++] = one; continue; }
      const length = lengthBase[one - 257] + bits(extraLengths[one - 257]), place = symbol(distance);
      const back = distanceBase[place] + bits(extraDistances[place]);
      for (let i = 0; i < length; i++, at++) out[at] = out[at - back];
    }
  }
  return out;
}
