// The page: it writes commands to the engine, and draws the view that comes back.
const $ = id => document.getElementById(id);
const store = { get: key => { try { return localStorage.getItem(key); } catch { return null; } }, set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* no storage */ } } };
let engine, view, lessons, lesson = null, tab = "ladder", hash = "", before = null, draft = null, hashTimer;
let lang = store.get("lang") === "zh" || (!store.get("lang") && /^zh/.test(navigator.language)) ? 1 : 0;
const amounts = { A: { send: 5, receive: 5 }, B: { send: 5, receive: 5 } };
const TABS = ["ladder", "events", "scenario", "decisions"];
const t = key => (WORDS[key] || [key, key])[lang];

async function start() {
  if (typeof WebAssembly !== "object") throw new Error("WebAssembly");
  const bytes = inflate(Uint8Array.from(atob(ENGINE), c => c.charCodeAt(0)), ENGINE_SIZE);
  // Some browsers compile large modules in the background only.
  try { engine = { module: new WebAssembly.Module(bytes) }; } catch { engine = { module: await WebAssembly.compile(bytes) }; }
  boot();
}
function boot() { engine.exports = new WebAssembly.Instance(engine.module).exports; }
function raw(command) {
  const { exports } = engine, text = new TextEncoder().encode(command);
  // The memory may grow in a call, and has another buffer then.
  const input = exports.input(text.length);
  new Uint8Array(exports.memory.buffer, input, text.length).set(text);
  const length = exports.run(), output = exports.output();
  return new Uint8Array(exports.memory.buffer.slice(output, output + length));
}
const text = command => new TextDecoder().decode(raw(command));
function ask(command) {
  before = view;
  try { view = JSON.parse(text(command)); } catch (error) {
    // A trap leaves the engine in no defined state: make a new one, and play the scenario up to here again.
    const scenario = done();
    boot();
    if (lesson) text("lesson\n" + lesson.name);
    view = JSON.parse(text("load\n" + scenario));
    fail(t("broken") + error.message);
    draw();
    return;
  }
  draft = null;
  draw();
}
function fail(message) { $("failure").textContent = message; $("failure").hidden = !message; }

const done = () => view.entries.slice(0, view.at).join("\n");
/** The step of the lesson that is done, or -1 where the user has left its path. */
const step = () => view.step === null ? -1 : view.step;
function choose(name) {
  lesson = lessons.find(one => one.name === name) || null;
  fail("");
  ask("lesson\n" + name);
}
const stepText = k => `# ${lesson.steps[k].caption[lang]}\n${lesson.steps[k].lines}`;
function next() { if (lesson) { const k = step(); if (k >= 0 && k < lesson.steps.length) ask("play\n" + stepText(k)); } }
const play = line => ask("play\n" + line);

function fromHash(link = location.hash) {
  const wanted = new URLSearchParams(link.slice(1));
  if (wanted.has("lang")) lang = wanted.get("lang") === "zh" ? 1 : 0;
  fail("");
  if (wanted.has("scenario")) { choose(""); ask("load\n" + wanted.get("scenario")); if (view.mistake) { tab = "scenario"; draw(); } return; }
  choose(wanted.has("lesson") ? wanted.get("lesson") : lessons[0].name);
  if (!lesson) fail(t("badLink") + wanted.get("lesson"));
  const steps = lesson ? Math.min(parseInt(wanted.get("step"), 10) || 0, lesson.steps.length) : 0;
  for (let k = 0; k < steps; k++) ask("play\n" + stepText(k));
}
function toHash() {
  const k = lesson ? step() : -1, at = new URLSearchParams();
  if (k >= 0) { at.set("lesson", lesson.name); if (k) at.set("step", k); } else at.set("scenario", view.mistake && view.mistake.scenario !== null ? view.mistake.scenario : done());
  if (lang) at.set("lang", "zh");
  hash = "#" + at;
  // Browsers limit how often an address may change.
  clearTimeout(hashTimer);
  hashTimer = setTimeout(() => { try { history.replaceState(null, "", hash); } catch { location.hash = hash; } }, 200);
}

function clock(micros) {
  const seconds = micros / 1e6;
  if (seconds < 60) return `${+seconds.toFixed(3)} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let rest = seconds, out = [];
  for (const [size, unit] of parts) { const n = unit === "s" ? +(rest).toFixed(1) : Math.floor(rest / size); if (n >= 1 || (unit === "s" && n > 0)) out.push(`${n} ${unit}`); rest -= unit === "s" ? 0 : n * size; }
  return out.slice(0, 3).join(" ");
}

function draw() {
  const focus = document.activeElement && document.activeElement.id;
  document.documentElement.lang = lang ? "zh-CN" : "en";
  document.title = t("title") + (lesson ? " · " + lesson.title[lang] : "");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  $("find").placeholder = t("find");
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
  $("language").textContent = t("language");
  $("theme").textContent = t(document.documentElement.dataset.theme === "dark" ? "toLight" : "toDark");
  drawLesson(); drawEnds(); drawNetwork(); lightFigure(view.ends); drawViews(); drawSource(); toHash();
  $("undo").disabled = view.at === 0;
  $("redo").disabled = view.at === view.entries.length;
  for (const node of document.querySelectorAll("[data-key]")) node.title = `${t("keys")}: ${node.dataset.key}`;
  const again = focus && $(focus);
  if (again && again !== document.activeElement && !again.disabled) again.focus({ preventScroll: true });
}
function drawLesson() {
  const option = one => `<option value="${one.name}">${escape(one.title[lang])}</option>`;
  $("lessons").innerHTML = lessons.map((one, i) => option({ ...one, title: one.title.map(title => `${i + 1}. ${title}`) })).join("") + `<option value="">${escape(t("free"))}</option>`;
  $("lessons").value = lesson ? lesson.name : "";
  const k = lesson ? step() : -1, steps = lesson ? lesson.steps : [];
  $("progress").innerHTML = steps.map((_, i) => `<i class="${i < k ? "done" : ""}"></i>`).join("");
  $("about").className = k > 0 ? "begun" : "";
  $("about").textContent = lesson ? lesson.about[lang] : t("freeAbout");
  $("caption").textContent = !lesson ? "" : k < 0 ? t("left") : k === 0 ? t("start") : (steps[k - 1].caption[lang] + (k === steps.length ? " " + t("over") : ""));
  $("back").disabled = view.at === 0;
  $("next").disabled = !lesson || k < 0 || k === steps.length;
}
function drawEnds() {
  ["A", "B"].forEach((side, i) => {
    const end = view.ends[i], old = before && before.ends[i];
    const value = (name, v) => `<dt>${name}</dt><dd class="mono${old && JSON.stringify(old.variables.find(one => one[0] === name)[1]) !== JSON.stringify(v) ? " changed" : ""}">${v === null ? "–" : v}</dd>`;
    const timers = end.timers.map(([name, left]) => `${escape(t(name))} <b>${clock(left)}</b>`).join(", ") || t("noTimers");
    const call = name => `<button id="${side}-${name.replace(" ", "-")}" data-call="${name}"${end.calls[name] ? ` disabled title="${escape(end.calls[name])}"` : ""}>${t(name)}</button>`;
    const withBytes = name => `<span class="with">${call(name)}<input id="${side}-${name}-bytes" inputmode="numeric" aria-label="${t(name)}" value="${amounts[side][name]}" data-amount="${name}"></span>`;
    const reading = end.reads ? "stop reading" : "start reading";
    const user = [end.detached ? t("detached") : "", end.unread ? `${t("unread")} ${end.unread}` : ""].filter(Boolean);
    $("end-" + side).innerHTML = `<div class="end-head"><span class="name">${side}</span><span class="state" id="state-${side}">${end.state}</span>
      <span class="who">${t("bytesSent")} ${end.sent}<br>${t("bytesReceived")} ${end.received}${user.length ? "<br>" + user.join(", ") : ""}</span></div>
      <dl class="vars">${end.variables.map(([name, v]) => value(name, v)).join("")}</dl><p class="timers">${timers}</p>
      <div class="calls">${call("open passive")}${call("open active")}${withBytes("send")}${end.reads ? "" : withBytes("receive")}<button id="${side}-reading" data-call="${reading}">${t(reading)}</button>${call("close")}${call("detach")}${call("abort")}<button id="${side}-crash" data-call="crash">${t("crash")}</button></div>`;
  });
}
/** Why a segment was refused, with a link to the rule. */
const why = one => `<div class="why"><b>${one.name}</b>: ${escape(lang ? REFUSALS[one.name] || one.text : one.text)} (${one.link ? `<a href="${one.link}" target="_blank" rel="noopener">${escape(one.citation)}</a>` : escape(one.citation)})</div>`;
function drawNetwork() {
  $("now").textContent = clock(view.now);
  $("timer").textContent = view.next === null ? t("noTimer") : `${t("nextTimer")} (+${clock(view.next)})`;
  $("timer").disabled = view.next === null;
  $("all").disabled = !view.flights.length;
  const flight = (one, i) => {
    const right = one.from === "A", tags = [one.copy && t("copy"), one.injected && t("injected")].filter(Boolean).map(tag => `<span class="tag">${tag}</span>`).join("");
    const tip = right ? '<path d="M991 1 L999 5 L991 9" />' : '<path d="M9 1 L1 5 L9 9"/>';
    const button = (fate, off) => `<button id="${fate}-${i}" data-fate="${fate}" data-place="${i + 1}"${off ? " disabled" : ""}>${t(fate)}</button>`;
    return `<li class="flight ${one.from.toLowerCase()}" title="${escape(one.whole)}"><code class="seg">${escape(one.segment)}${tags}</code>
      <div class="arrow" role="img" aria-label="${one.from} → ${right ? "B" : "A"}"><span>${right ? "A" : "A"}</span><svg viewBox="0 0 1000 10" preserveAspectRatio="${right ? "xMaxYMid" : "xMinYMid"} slice" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M0 5 H1000"/>${tip}</svg><span>B</span></div>
      <div class="fate">${button("deliver")}${button("lose")}${button("double")}${button("delay", !one.may_delay)}</div></li>`;
  };
  $("flights").innerHTML = view.flights.map(flight).join("") || `<li class="none">${t("none")}</li>`;
  const news = before && view.at > before.at ? view.events.slice(before.events.length).filter(one => one.refusal) : [];
  $("refusals").innerHTML = news.map(one => `<div class="${one.side.toLowerCase()}"><b class="side">${one.side}</b> ${t("refused")} <code>${escape(one.text)}</code>${why(one.refusal)}</div>`).join("");
  const mistake = view.mistake && view.mistake.scenario === null ? view.mistake : null;
  $("mistake").hidden = !mistake;
  $("mistake").textContent = mistake ? `${mistake.text.trim()}\n${mistake.why}` : "";
}
function drawViews() {
  for (const name of TABS) { $(name).hidden = tab !== name; $("tab-" + name).setAttribute("aria-selected", tab === name); $("tab-" + name).tabIndex = tab === name ? 0 : -1; }
  const rows = text("ladder").trimEnd().split("\n");
  $("ladder-text").innerHTML = rows.map(row => /refused$|bad checksum$/.test(row) ? `<span class="refused">${escape(row)}</span>` : escape(row)).join("\n");
  $("ladder-text").scrollTop = $("ladder-text").scrollHeight;
  const KINDS = { injected: "injectedEvent", crash: "crashed" };
  const row = one => `<li class="${one.side.toLowerCase()}"><time>${clock(one.at)}</time><span class="side">${one.kind === "note" ? "" : one.side}</span><div class="what">${one.kind === "note" ? "" : t(KINDS[one.kind] || one.kind)} ${/^</.test(one.text) ? `<code>${escape(one.text)}</code>` : escape(one.text)}${one.refusal ? why(one.refusal) : ""}</div></li>`;
  $("event-list").innerHTML = view.events.map(row).join("") || `<li>${t("nothing")}</li>`;
  $("event-list").scrollTop = $("event-list").scrollHeight;
  $("notation").innerHTML = `<table>${NOTATION.map(([line, en, zh]) => `<tr><td><code>${escape(line)}</code></td><td>${escape(lang ? zh : en)}</td></tr>`).join("")}</table>`;
}
function drawSource() {
  const bad = view.mistake && view.mistake.scenario !== null ? view.mistake : null;
  if (draft === null) $("source").value = bad ? bad.scenario : view.entries.join("\n");
  const lines = $("source").value.split("\n").length, here = view.at ? done().split("\n").length : 0;
  $("gutter").innerHTML = Array.from({ length: lines }, (_, i) => bad && i + 1 === bad.line ? `<span class="bad">✕ ${i + 1}</span>` : i + 1 === here && !bad ? `<span class="here">▸ ${i + 1}</span>` : i + 1).join("\n");
  $("gutter").scrollTop = $("source").scrollTop;
  $("source").classList.toggle("bad", !!bad);
  const note = $("source-mistake");
  note.className = bad ? "bad" : "";
  note.textContent = bad ? `${t("line")} ${bad.line}${t("lineEnd")} ${bad.column}\n${bad.text}\n${" ".repeat(Math.max(0, bad.column - 1))}^\n${bad.why}` : view.entries.length ? t("good") : "";
}

/** The decisions of the crate, from its page in Markdown. */
function drawDecisions() {
  const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean), mark = text => escape(text).replace(/`([^`]*)`/g, "<code>$1</code>").replace(/\*\((.*?)\)\*/g, "<i>$1.</i>").replace(/\*\*(.*?)\*\*/g, "<b>$1</b>").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/\[([^\]]*)\]/g, "$1");
  let out = "", title = "";
  for (const part of text("decisions").split(/\n(?=\* \*\*D\d|# )/)) {
    if (part.startsWith("# ")) { title = `<h3>${escape(part.slice(2).trim())}</h3>`; continue; }
    if (!part.startsWith("* **D") || !words.every(word => part.toLowerCase().includes(word))) continue;
    out += title + part.slice(2).split(/\n\s*\n/).map(text => `<p>${mark(text.trim())}</p>`).join("");
    title = "";
  }
  $("decision-list").innerHTML = out || `<p>–</p>`;
}

function save(name, bytes, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
function setTheme(theme) { document.documentElement.dataset.theme = theme; }
function setLanguage(next) { lang = next; store.set("lang", lang ? "zh" : "en"); draw(); }
function setTab(name) { tab = name; drawViews(); drawSource(); }

const KEYS = {
  n: next, b: () => ask("undo"), u: () => ask("undo"), r: () => ask("redo"), t: () => play("+ next"), a: () => play("deliver all"),
  x: () => play("lose"), d: () => play("double"), l: () => setLanguage(1 - lang), v: () => setTab(TABS[(TABS.indexOf(tab) + 1) % TABS.length]), m: () => $("theme").click(), "?": () => $("help").click(),
};
const KEY_HELP = [["n", "next"], ["b", "back"], ["u", "undo"], ["r", "redo"], ["1 … 9", "keyDeliver"], ["a", "deliverAll"], ["x", "keyLose"], ["d", "keyDouble"], ["t", "nextTimer"], ["v", "keyTabs"], ["l", "language"], ["m", "keyTheme"], ["?", "keyHelp"]];

function listen() {
  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button || button.disabled) return;
    const { call, fate, place } = button.dataset;
    if (call) { const side = button.id[0]; play(`${side}: ${call}${call in amounts[side] ? " " + amounts[side][call] : ""}`); }
    if (fate) play(place === "1" ? fate : `${fate} ${place}`);
  });
  document.addEventListener("input", event => { const { amount } = event.target.dataset; if (amount) amounts[event.target.id[0]][amount] = event.target.value.trim(); });
  $("lessons").onchange = () => choose($("lessons").value);
  $("next").onclick = next; $("back").onclick = () => ask("undo"); $("undo").onclick = () => ask("undo"); $("redo").onclick = () => ask("redo");
  $("restart").onclick = () => { fail(""); ask("load\n"); };
  $("timer").onclick = () => play("+ next"); $("all").onclick = () => play("deliver all");
  $("wait").onsubmit = event => { event.preventDefault(); play("+ " + $("amount").value); };
  $("inject").onsubmit = event => { event.preventDefault(); play(`inject ${$("inject-from").value} ${$("inject-segment").value}`); };
  $("language").onclick = () => setLanguage(1 - lang);
  $("theme").onclick = () => { const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; setTheme(theme); store.set("theme", theme); draw(); };
  $("help").onclick = () => { $("key-list").innerHTML = KEY_HELP.map(([key, word]) => `<dt>${key}</dt><dd>${t(word)}</dd>`).join(""); $("keys").showModal(); };
  $("share").onclick = () => { const link = location.href.split("#")[0] + hash; const shown = () => { $("share").textContent = t("copied"); setTimeout(() => { $("share").textContent = t("share"); }, 1500); }; if (navigator.clipboard) navigator.clipboard.writeText(link).then(shown, () => prompt("", link)); else prompt("", link); };
  for (const name of TABS) $("tab-" + name).onclick = () => setTab(name);
  document.querySelector(".tabs").onkeydown = event => { const turn = { ArrowRight: 1, ArrowLeft: 3 }[event.key]; if (turn) { setTab(TABS[(TABS.indexOf(tab) + turn) % 4]); $("tab-" + tab).focus(); } };
  $("save-ladder").onclick = () => save("tcp.txt", text("ladder"), "text/plain"); $("save-mermaid").onclick = () => save("tcp.mmd", text("mermaid"), "text/plain");
  for (const side of ["A", "B"]) $("save-" + side).onclick = () => save(`tcp-${side}.pcapng`, raw("pcapng\n" + side), "application/x-pcapng");
  $("find").oninput = drawDecisions;
  let waiting;
  $("source").oninput = () => { clearTimeout(waiting); draft = $("source").value; waiting = setTimeout(() => { const written = $("source").value; before = view; view = JSON.parse(text("load\n" + written)); draft = written; draw(); }, 250); };
  $("source").onscroll = () => { $("gutter").scrollTop = $("source").scrollTop; };
  $("source").onblur = () => { draft = null; };
  document.addEventListener("keydown", event => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || $("keys").open;
    if (typing) return;
    if ((event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key)) { event.preventDefault(); return ask(event.key === "y" || event.shiftKey ? "redo" : "undo"); }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[1-9]$/.test(event.key)) { if (view.flights.length >= +event.key) play("deliver " + event.key); } else if (KEYS[event.key]) { if (event.key === "t" && view.next === null) return; if (/^[xda]$/.test(event.key) && !view.flights.length) return; event.preventDefault(); KEYS[event.key](); }
  });
  addEventListener("hashchange", () => { if (location.hash !== hash) fromHash(); });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => { if (!store.get("theme")) { setTheme(dark.matches ? "dark" : "light"); draw(); } });
}

/** Plays every lesson by its button, and writes the outcome into the document. For the test of the page. */
function selfTest() {
  const out = [], errors = window.errors;
  const check = (what, holds) => { if (!holds) errors.push(what); };
  const shown = side => $("state-" + side).textContent;
  for (const one of lessons) {
    choose(one.name);
    for (let k = 0; k < one.steps.length; k++) {
      const at = view.at;
      $("next").click();
      check(`${one.name}, step ${k + 1}: ${view.mistake && view.mistake.why}`, !view.mistake && view.at === at + 1 && $("caption").textContent.startsWith(one.steps[k].caption[lang]));
    }
    check(`${one.name}: an end`, $("next").disabled && step() === one.steps.length);
    out.push(`lesson ${one.name} ${shown("A")} ${shown("B")}`);
    const last = text("ladder"), length = view.entries.length;
    while (view.at) $("undo").click();
    check(`${one.name}: undo leads back to the beginning`, shown("A") === "CLOSED" && shown("B") === "CLOSED" && !view.flights.length);
    while (view.at < length) $("redo").click();
    check(`${one.name}: redo leads to the end again`, text("ladder") === last);
    const link = hash;
    ask("load\n");
    fromHash(link);
    check(`${one.name}: its link ${link}`, text("ladder") === last);
  }
  const touches = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const labels = [...document.querySelectorAll("#figure .label")], boxes = [...document.querySelectorAll("#figure rect")];
  labels.forEach((label, i) => {
    const place = label.getBoundingClientRect();
    for (const box of boxes) check(`the label ${label.textContent} lies on a state`, !touches(place, box.getBoundingClientRect()));
    for (const other of labels.slice(i + 1)) check(`the labels ${label.textContent} and ${other.textContent} overlap`, other.dataset.arc === label.dataset.arc || !touches(place, other.getBoundingClientRect()));
  });
  const narrow = () => check(`the page is ${document.documentElement.scrollWidth} wide in ${innerWidth}`, document.documentElement.scrollWidth <= innerWidth);
  for (const name of TABS) { $("tab-" + name).click(); narrow(); }
  choose("");
  narrow();
  $("B-open-passive").click(); $("A-open-active").click(); $("deliver-0").click(); $("double-0").click(); $("deliver-0").click(); $("deliver-1").click();
  check("free play opens", shown("A") === "ESTABLISHED" && shown("B") === "ESTABLISHED");
  $("deliver-0").click();
  check("a refusal is shown at once", document.querySelector("#refusals .why a"));
  check("a refusal has its name and a link", view.events.some(one => one.refusal && one.refusal.link.startsWith("https://www.rfc-editor.org/rfc/rfc9293#section-")) && document.querySelector("#event-list .why a"));
  $("deliver-0").click(); $("A-close").click(); $("lose-0").click(); $("timer").click();
  check("a lost FIN is sent again", view.flights.some(one => /FIN/.test(one.control)));
  check("a call that is not allowed is off", $("A-send").disabled && $("A-close").disabled);
  play("inject B <SEQ=");
  check("a wrong segment is shown, and changes nothing", !$("mistake").hidden);
  $("source").value = "B: open passive\nA: opn active"; view = JSON.parse(text("load\n" + $("source").value)); draw();
  check("a wrong scenario has its place", view.mistake.line === 2 && view.mistake.column === 4 && /\^/.test($("source-mistake").textContent) && /did you mean/.test($("source-mistake").textContent) && shown("B") === "LISTEN");
  check("a wrong scenario is kept, also in the link", $("source").value.endsWith("opn active") && hash.includes("opn"));
  fromHash("#lesson=nonsense");
  check("a wrong link is told", !$("failure").hidden);
  const press = key => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  choose("life"); press("n"); press("n");
  check("n is the next step", step() === 2 && shown("A") === "SYN-SENT");
  press("1");
  check("1 delivers", shown("B") === "SYN-RECEIVED" && step() === 3);
  press("x"); press("n");
  check("off the path there is no next step", step() === -1 && !view.flights.length && $("next").disabled);
  press("b"); press("u");
  check("b and u go back", step() === 2);
  choose("life"); next(); next();
  const ladder = text("ladder");
  engine.exports = { ...engine.exports, run: () => { throw new Error("a trap"); } };
  next();
  check("a trap of the engine keeps the scenario", !$("failure").hidden && text("ladder") === ladder && step() === 2);
  const was = lang, title = document.querySelector("h1").textContent;
  $("language").click();
  check("the language switches", lang !== was && document.querySelector("h1").textContent !== title && document.documentElement.lang === (lang ? "zh-CN" : "en"));
  for (const key in WORDS) check(`words of ${key}`, WORDS[key].length === 2);
  for (const node of document.querySelectorAll("[data-t]")) check(`the word ${node.dataset.t}`, WORDS[node.dataset.t]);
  $("language").click();
  const theme = document.documentElement.dataset.theme;
  $("theme").click(); check("the theme switches", document.documentElement.dataset.theme !== theme); $("theme").click();
  check("a capture begins like a pcapng file", (bytes => bytes[0] === 10 && bytes[1] === 13)(raw("pcapng\nA")));
  const shownDecisions = () => document.querySelectorAll("#decision-list b").length;
  check(`${shownDecisions()} decisions`, shownDecisions() >= 40);
  $("find").value = "repeated SYN,ACK"; drawDecisions(); check("a decision is found", shownDecisions() > 0 && shownDecisions() < 10);
  check("Mermaid", text("mermaid").startsWith("sequenceDiagram"));
  clearTimeout(hashTimer);
  document.body.innerHTML = `<pre id="selftest">${escape(errors.length ? "FAILED\n" + errors.join("\n") : "PASSED")}\n${out.join("\n")}\n</pre>`;
}

window.errors = [];
addEventListener("error", event => window.errors.push(String(event.message)));
addEventListener("unhandledrejection", event => window.errors.push(String(event.reason)));
setTheme(store.get("theme") || new URLSearchParams(location.hash.slice(1)).get("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
start().then(() => {
  lessons = JSON.parse(text("lessons"));
  $("figure").innerHTML = drawFigure(JSON.parse(text("figure")));
  listen();
  drawDecisions();
  const testing = location.hash === "#selftest";
  const shows = new URLSearchParams(location.hash.slice(1)).get("tab");
  if (shows && $("tab-" + shows)) tab = shows;
  $("main").hidden = false;
  fromHash(testing ? "" : location.hash);
  if (testing) { try { selfTest(); } catch (error) { document.body.innerHTML = `<pre id="selftest">FAILED\n${escape(error.stack)}\n${escape(window.errors.join("\n"))}</pre>`; } }
}).catch(error => { document.querySelector(".tools").hidden = true; document.querySelector("h1").textContent = t("title"); fail(WORDS.noEngine[lang] + error.message); console.error(error); });
