// Figure 5 of RFC 9293. The states and arcs come from the engine; only their places are here.
const PLACES = {
  "CLOSED": [320, 30], "LISTEN": [130, 118], "SYN-SENT": [510, 118], "SYN-RECEIVED": [130, 214], "ESTABLISHED": [510, 262],
  "FIN-WAIT-1": [130, 352], "CLOSE-WAIT": [510, 352], "FIN-WAIT-2": [130, 454], "CLOSING": [348, 440], "LAST-ACK": [510, 446],
  "TIME-WAIT": [348, 540], "END": [510, 540],
};
// Path, then place and anchor of the label.
const ROUTES = {
  "CLOSED>LISTEN": ["M284 46 L158 102", 208, 66, "end"],
  "CLOSED>SYN-SENT": ["M356 46 L482 102", 432, 66, "start"],
  "LISTEN>CLOSED": ["M90 102 C84 40 150 24 262 28", 92, 52, "end"],
  "SYN-SENT>CLOSED": ["M550 102 C556 40 490 24 378 28", 548, 52, "start"],
  "LISTEN>SYN-RECEIVED": ["M112 134 L112 198", 104, 162, "end"],
  "SYN-RECEIVED>LISTEN": ["M148 198 L148 134", 156, 162, "start"],
  "LISTEN>SYN-SENT": ["M188 118 L452 118", 320, 112, "middle", 1],
  "SYN-SENT>SYN-RECEIVED": ["M476 134 L188 206", 308, 150, "middle", 1],
  "SYN-SENT>ESTABLISHED": ["M522 134 L522 246", 530, 188, "start"],
  "SYN-RECEIVED>ESTABLISHED": ["M188 222 L452 256", 300, 228, "start", 1],
  "SYN-RECEIVED>FIN-WAIT-1": ["M112 230 L112 336", 104, 280, "end"],
  "ESTABLISHED>FIN-WAIT-1": ["M452 270 L188 342", 300, 296, "end", 1],
  "ESTABLISHED>CLOSE-WAIT": ["M522 278 L522 336", 530, 304, "start"],
  "FIN-WAIT-1>FIN-WAIT-2": ["M104 368 L104 438", 96, 400, "end"],
  "FIN-WAIT-1>CLOSING": ["M188 358 L314 424", 264, 386, "start", 1],
  "FIN-WAIT-1>TIME-WAIT": ["M150 368 C200 430 200 490 298 524", 207, 450, "start"],
  "FIN-WAIT-2>TIME-WAIT": ["M130 470 C132 530 200 544 288 542", 146, 524, "end"],
  "CLOSE-WAIT>LAST-ACK": ["M522 368 L522 430", 530, 396, "start"],
  "CLOSING>TIME-WAIT": ["M348 456 L348 524", 356, 492, "start"],
  "LAST-ACK>CLOSED": ["M522 462 L522 524", 530, 490, "start"],
  "TIME-WAIT>CLOSED": ["M406 540 L450 540", 429, 556, "middle", 1],
};
const escape = text => String(text).replace(/[&<>"]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));

function drawFigure(figure) {
  const box = (id, name, [x, y]) => `<g class="box" data-state="${name}" id="box-${id}"><rect x="${x - 58}" y="${y - 16}" width="116" height="32" rx="6"/><text x="${x}" y="${y + 4.5}">${name}</text>
    <g class="badge A" hidden><circle cx="${x - 58}" cy="${y - 16}" r="9"/><text x="${x - 58}" y="${y - 12}">A</text></g><g class="badge B" hidden><circle cx="${x + 58}" cy="${y - 16}" r="9"/><text x="${x + 58}" y="${y - 12}">B</text></g></g>`;
  const arc = ([from, to, label]) => {
    const key = `${from}>${to}`;
    const ends = [PLACES[from], PLACES[to]];
    const [path, x, y, anchor, single] = ROUTES[key] || [`M${ends[0]} L${ends[1]}`, (ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2, "middle"];
    let lines = single ? [label] : label.split(", ").map((part, i, all) => i + 1 < all.length ? part + "," : part);
    if (key === "SYN-RECEIVED>LISTEN") lines = ["RST in after a", "passive OPEN"];
    if (key === "FIN-WAIT-1>TIME-WAIT") lines = ["FIN with", "ACK of FIN in,", "ACK out"];
    if (key === "CLOSING>TIME-WAIT" || key === "LAST-ACK>CLOSED" || key === "FIN-WAIT-1>FIN-WAIT-2") lines = ["ACK of", "FIN in"];
    const top = y - (lines.length - 1) * 6.5 + (single ? 0 : 3);
    return `<path class="arc" data-arc="${key}" d="${path}" marker-end="url(#tip)"/>` + lines.map((line, i) => `<text class="label" data-arc="${key}" x="${x}" y="${top + i * 13}" text-anchor="${anchor}">${escape(line)}</text>`).join("");
  };
  return `<svg viewBox="0 4 640 566" role="img" aria-labelledby="figure-text"><title id="figure-text"></title><defs>
    <linearGradient id="both"><stop offset=".5" stop-color="var(--a-soft)"/><stop offset=".5" stop-color="var(--b-soft)"/></linearGradient>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="var(--soft)"/></marker></defs>
    ${figure.arcs.map(arc).join("")}${figure.states.map(name => box(name, name, PLACES[name])).join("")}${box("END", "CLOSED", PLACES.END)}</svg>`;
}

function lightFigure(ends) {
  const [a, b] = ends;
  for (const group of document.querySelectorAll("#figure .box")) {
    const at = { A: a.state === group.dataset.state, B: b.state === group.dataset.state };
    group.classList.toggle("lit", at.A || at.B);
    for (const side of ["A", "B"]) {
      group.classList.toggle(side, at[side]);
      group.querySelector(`.badge.${side}`).toggleAttribute("hidden", !at[side]);
      group.querySelector(`.badge.${side}`).style.display = at[side] ? "" : "none";
    }
  }
  for (const mark of document.querySelectorAll("#figure [data-arc]")) {
    const at = [a, b].map(end => end.arc && end.arc.join(">") === mark.dataset.arc);
    mark.classList.toggle("A", at[0] && mark.tagName === "path");
    mark.classList.toggle("B", at[1] && mark.tagName === "path");
    mark.classList.toggle("now", at[0] || at[1]);
  }
  document.getElementById("figure-text").textContent = `A: ${a.state}, B: ${b.state}`;
}
