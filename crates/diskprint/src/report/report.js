// The report. parts.js comes before it.

const IN_REGISTRY = 4;
// Measured with Chromium 156: a PDF of 20,000 changes takes half a minute, one of 50,000 breaks the page.
const PRINTED = 20000;
const DEEPEST = 64;

async function unpack(element) {
  const text = atob(element.textContent);
  const packed = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) packed[at] = text.charCodeAt(at);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

let all; // what is known of every row, as columns
let parts; // for each row, the names from the root to it
const blocks = [];
const state = {
  step: null, action: null, kind: null, artefact: "", query: "", below: null, stays: false, quiet: false,
  doubt: null, digested: new Set(), sort: "path", down: false, grouped: false, shown: [], selected: -1, open: new Set(),
};

// What is packed comes behind this script, so that the page is ready before all of it is read.
const whole = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve);
  else resolve();
});

async function unpackLater(id) {
  await whole;
  return unpack(byId(id));
}

async function fieldsOf(row) {
  const number = Math.floor(row / all.per_block);
  blocks[number] ||= unpackLater("block" + number);
  const values = (await blocks[number])[row % all.per_block];
  const names = all.kind[row] < IN_REGISTRY ? all.file_fields : all.cell_fields;
  return new Map(names.map((name, index) => [name, values[index]]));
}

let hashes; // the SHA-1 of each row, which takes as much room as all the rest

// MD5 and SHA-256 are looked for in the fields, block by block.
async function rowsOfDigest(digest) {
  const rows = new Set();
  for (let row = 0; row < all.step.length; row += 1) {
    for (const value of (await fieldsOf(row)).values()) {
      if (value === digest) rows.add(row);
    }
  }
  return rows;
}

async function search(query) {
  Object.assign(state, { query, digested: new Set() });
  refresh();
  if (/^[0-9a-f]{1,40}$/.test(query) && !all.hash) {
    hashes ||= unpackLater("hashes");
    all.hash = await hashes;
    if (state.query === query) refresh();
  }
  if (!/^([0-9a-f]{32}|[0-9a-f]{64})$/.test(query)) return;
  const rows = await rowsOfDigest(query);
  if (state.query !== query) return;
  state.digested = rows;
  refresh();
}

function partsOf(row) {
  if (!parts[row]) {
    const isFile = all.kind[row] < IN_REGISTRY;
    const root = isFile ? "Files" : "Registry";
    const place = isFile && all.partitions > 1 ? ["p" + all.partition[row]] : [];
    const separator = isFile ? "/" : "\\";
    const names = all.path[row].split(separator);
    // What lies deeper is one place: a hostile path may have thousands of parts.
    const deeper = names.splice(DEEPEST).join(separator);
    parts[row] = [root, ...place, ...names, ...(deeper ? [deeper] : [])];
  }
  return parts[row];
}

function isBelow(row, below) {
  if (!below) return true;
  const own = partsOf(row);
  return below.every((part, index) => own[index] === part);
}

// Which rows are shown, but for the step: the chart of steps shows all of them.
function matches(row) {
  return (state.action === null || all.action[row] === state.action)
    && (state.kind === null || (all.kind[row] >= IN_REGISTRY) === (state.kind === "registry"))
    && (!state.artefact || all.artefacts[all.artefact[row]] === state.artefact)
    && (!state.stays || all.stays[row])
    && (!state.quiet || !all.seen[row])
    && (!state.doubt || state.doubt.sets[all.doubt[row]])
    && (!state.query || all.search[row].includes(state.query) || all.hash?.[row].startsWith(state.query)
      || state.digested.has(row));
}

function refresh() {
  const counts = all.slices.map(() => [0, 0, 0, 0]);
  const shown = [];
  const inPlace = [];
  for (let row = 0; row < all.step.length; row += 1) {
    if (!matches(row)) continue;
    const isInStep = state.step === null || all.step[row] === state.step;
    if (isInStep) inPlace.push(row);
    if (!isBelow(row, state.below)) continue;
    counts[all.step[row]][all.action[row]] += 1;
    if (isInStep) shown.push(row);
  }
  state.shown = sorted(shown);
  stepsChart(byId("steps"), all.slices, counts, state.step, chooseStep);
  drawWhere(inPlace);
  drawRows();
  byId("count").textContent = number(shown.length) + " of " + number(all.step.length) + " changes"
    + (state.below ? " in " + state.below.join(" › ") : "") + (state.doubt ? ", " + state.doubt.said : "");
  byId("clear").disabled = shown.length === all.step.length;
}

function sorted(rows) {
  const keys = {
    path: (row) => all.search[row], step: (row) => all.step[row], action: (row) => all.action[row],
    kind: (row) => all.kind[row], size: (row) => all.size[row] ?? -1,
    artefact: (row) => all.artefacts[all.artefact[row]] || "\uffff",
  };
  const key = keys[state.sort];
  const order = (a, b) => {
    const [one, other] = [key(a), key(b)];
    return one < other ? -1 : one > other ? 1 : a - b;
  };
  const sign = state.down ? -1 : 1;
  const group = (row) => all.artefacts[all.artefact[row]] || "\uffff";
  return rows.sort((a, b) => {
    if (state.grouped && group(a) !== group(b)) return group(a) < group(b) ? -1 : 1;
    return sign * order(a, b);
  });
}

// The life of the application.

function chooseStep(index) {
  state.step = state.step === index ? null : index;
  refresh();
  byId("steps").children[index].focus();
}

// Where: a tree of names with what changed below each, as a list to open and as an icicle.

let root;

function drawWhere(rows) {
  root = { name: "", path: [], counts: [0, 0, 0, 0], children: new Map() };
  for (const row of rows) {
    let node = root;
    node.counts[all.action[row]] += 1;
    for (const part of partsOf(row)) {
      let child = node.children.get(part);
      if (!child) {
        child = { name: part, path: [...node.path, part], counts: [0, 0, 0, 0], children: new Map() };
        node.children.set(part, child);
      }
      child.counts[all.action[row]] += 1;
      node = child;
    }
  }
  drawTree();
  drawIcicle();
}

const sum = (node) => node.counts[0] + node.counts[1] + node.counts[2] + node.counts[3];
const keyOf = (path) => path.join("\u0000");
const ordered = (node) => [...node.children.values()].sort((a, b) => sum(b) - sum(a) || (a.name < b.name ? -1 : 1));

let treeLines = [];
let treeAt = 0; // the line that the keyboard is at

function drawTree() {
  treeLines = [];
  const add = (node, depth) => {
    for (const child of ordered(node)) {
      treeLines.push([child, depth]);
      if (depth === 0 || state.open.has(keyOf(child.path))) add(child, depth + 1);
    }
  };
  add(root, 0);
  treeAt = Math.min(treeAt, Math.max(0, treeLines.length - 1));
  treeList.update(treeLines.length);
}

function treeLine(index) {
  const [node, depth] = treeLines[index];
  const isOpen = isOpenAt(index);
  const isChosen = state.below && keyOf(state.below) === keyOf(node.path);
  const twist = node.children.size ? (isOpen ? "▾" : "▸") : "";
  const line = make("div", {
    class: index === treeAt ? "line at" : "line", role: "treeitem", "aria-level": depth + 1, "aria-selected": Boolean(isChosen),
    "aria-expanded": node.children.size ? isOpen : null, title: node.path.join(" › "),
    onclick: (event) => {
      treeAt = index;
      if (event.target.classList.contains("twist")) toggle(node);
      else choosePlace(node);
    },
  }, make("span", { class: "twist", text: twist }), make("span", { class: "grow path", text: node.name }));
  line.firstChild.style.marginLeft = depth + "em";
  node.counts.forEach((count, action) => {
    if (count) line.append(make("span", { class: "badge is-" + ACTIONS[action], title: `${number(count)} ${ACTIONS[action]}`, text: SIGNS[action] + number(count) }));
  });
  return line;
}

function isOpenAt(index) {
  const [node, depth] = treeLines[index];
  return depth === 0 || state.open.has(keyOf(node.path));
}

function treeKey(event) {
  const [node, depth] = treeLines[treeAt] || [];
  if (!node) return;
  const isOpen = isOpenAt(treeAt);
  if (event.key === "ArrowDown") treeAt = Math.min(treeLines.length - 1, treeAt + 1);
  else if (event.key === "ArrowUp") treeAt = Math.max(0, treeAt - 1);
  else if (event.key === "ArrowRight" && node.children.size && !isOpen) toggle(node);
  else if (event.key === "ArrowLeft" && depth && isOpen) toggle(node);
  else if (event.key === "Enter" || event.key === " ") choosePlace(node);
  else return;
  event.preventDefault();
  treeList.show(treeAt);
}

function toggle(node) {
  const key = keyOf(node.path);
  if (!state.open.delete(key)) state.open.add(key);
  drawTree();
}

function choosePlace(node) {
  const isSame = state.below && keyOf(state.below) === keyOf(node.path);
  state.below = isSame ? null : node.path;
  if (!isSame) state.open.add(keyOf(node.path));
  refresh();
}

function chooseAbove(node) {
  state.below = node.path.length > 1 ? node.path.slice(0, -1) : null;
  refresh();
}

function drawIcicle() {
  const [width, height, levels] = [byId("icicle").clientWidth || 700, 350, 5];
  let node = root;
  for (const part of state.below || []) node = node.children.get(part) || node;
  const tall = height / levels;
  const boxes = [];
  const add = (of, x, wide, level) => {
    const most = of.counts.indexOf(Math.max(...of.counts));
    const isWayBack = level === 0 && of !== root;
    const box = svg("rect", { class: "bar-" + ACTIONS[most], x, y: level * tall, width: Math.max(wide, 0.5), height: tall, onclick: () => (isWayBack ? chooseAbove(of) : choosePlace(of)) },
      svg("title", { text: `${isWayBack ? "back from " : ""}${of.path.join(" › ") || "everything"}: ${of.counts.map((count, action) => number(count) + " " + ACTIONS[action]).join(", ")}` }));
    box.style.fillOpacity = String(1 - level * 0.06);
    boxes.push(box);
    const room = Math.floor((wide - 8) / 7);
    if (room > 3) {
      const name = (isWayBack ? "‹ " : "") + (of.name || "everything");
      boxes.push(svg("text", { x: x + 4, y: level * tall + 15, text: name.length > room ? name.slice(0, room - 1) + "…" : name }));
    }
    if (level + 1 >= levels) return;
    let at = x;
    for (const child of ordered(of)) {
      const share = wide * sum(child) / sum(of);
      if (share < 1) break;
      add(child, at, share, level + 1);
      at += share;
    }
  };
  if (sum(node)) add(node, 0, width, 0);
  byId("icicle").setAttribute("viewBox", `0 0 ${width} ${height}`);
  byId("icicle").replaceChildren(...boxes);
}

let rowList;
let treeList;
let pathRoom = 80; // in letters
let lines = []; // a row, or a heading as text

function drawRows() {
  // What the other columns leave, in letters of the width that paths have.
  pathRoom = Math.max(20, Math.floor(document.querySelector(".head .grow").clientWidth / 7.9));
  lines = state.shown;
  if (state.grouped) {
    lines = [];
    let last = null;
    for (const row of state.shown) {
      const group = all.artefacts[all.artefact[row]] || "not known as anything";
      if (group !== last) lines.push(group);
      last = group;
      lines.push(row);
    }
  }
  rowList.update(lines.length);
  byId("rows").setAttribute("aria-rowcount", lines.length);
}

function inDoubt() {
  return make("span", { class: "doubted", role: "img", "aria-label": "in doubt: ", title: "in doubt", text: "⚠\ufe0e" });
}

function pathCell(row) {
  const cell = make("span", { class: "cell grow path", role: "gridcell" });
  if (all.doubt[row]) cell.append(inDoubt());
  cell.append(ending(all.path[row], pathRoom - (all.doubt[row] ? 2 : 0)));
  return cell;
}

function elsewhere(row) {
  return `${all.seen[row]} of ${all.others} other sequences in the database change this place, too`;
}

function rowLine(index) {
  const row = lines[index];
  if (typeof row === "string") {
    return make("div", { class: "line group", role: "row" }, make("span", { class: "grow", role: "gridcell", text: row }));
  }
  const action = ACTIONS[all.action[row]];
  const cell = (name, text, more) => make("span", { class: "cell " + name + (more || ""), role: "gridcell", text });
  return make("div", {
    class: all.seen[row] ? "line noise" : "line", role: "row", "aria-selected": state.selected === row, "aria-rowindex": index + 1,
    title: all.path[row].slice(0, 1000) + (all.seen[row] ? `\n${elsewhere(row)}` : ""), onclick: () => select(row, index),
  },
  cell("w-step", all.slices[all.step[row]].id),
  make("span", { class: "cell w-action is-" + action, role: "gridcell" },
    make("span", { class: "sign", "aria-hidden": "true", text: SIGNS[all.action[row]] }), make("span", { class: "word", text: action })),
  cell("w-kind", KINDS[all.kind[row]]),
  pathCell(row),
  cell("w-changes soft", all.changes[row]),
  cell("w-artefact soft", all.artefacts[all.artefact[row]] || ""),
  cell("w-size", bytes(all.size[row])));
}

async function select(row, index) {
  state.selected = row;
  rowList.show(index);
  const [fields, faults] = await Promise.all([fieldsOf(row), faultsOf(row)]);
  if (state.selected === row) byId("detail").replaceChildren(...detail(row, fields, faults));
}

let doubtfulPlaces; // for each place in doubt, how many faults it has and the first of them

async function faultsOf(row) {
  if (!all.doubt[row]) return [];
  doubtfulPlaces ||= unpackLater("doubt");
  const places = await doubtfulPlaces;
  return all.doubts[all.doubt[row]].flatMap((place) => {
    const [count, faults] = places[place];
    return count > faults.length ? [...faults, `… and ${number(count - faults.length)} more faults there`] : faults;
  });
}

// One row, before and after side by side.

function detail(row, fields, faults) {
  const slice = all.slices[all.step[row]];
  const heading = make("p", {}, make("strong", { class: "is-" + ACTIONS[all.action[row]], text: ACTIONS[all.action[row]] }),
    ` ${KINDS[all.kind[row]]} in slice ${slice.id}` + (all.stays[row] ? ", still there at the end" : "") + (all.seen[row] ? `; ${elsewhere(row)}` : ""));
  const path = make("p", { class: "path", text: all.path[row] });
  const items = [...new Set(faults)].map((fault) => make("li", { text: fault }));
  const doubt = items.length ? [make("p", {}, inDoubt(), make("strong", { text: "In doubt:" })), make("ul", { class: "faults" }, ...items)] : [];
  return [heading, path, ...doubt, fieldsTable(fields)];
}

function move(by) {
  let index = lines.indexOf(state.selected);
  do index += by; while (typeof lines[index] === "string");
  if (index >= 0 && index < lines.length) select(lines[index], index);
}

// On paper nothing can be opened.
function printed() {
  for (const folded of document.querySelectorAll("details:not([open])")) {
    folded.open = true;
    folded.dataset.folded = "";
  }
  const rows = state.shown.slice(0, PRINTED);
  const body = make("tbody");
  for (const row of rows) {
    body.append(make("tr", {}, make("td", { text: all.slices[all.step[row]].id }), make("td", { text: ACTIONS[all.action[row]] }),
      make("td", { text: KINDS[all.kind[row]] }), make("td", { text: (all.doubt[row] ? "in doubt: " : "") + all.path[row] }), make("td", { text: all.changes[row] })));
  }
  const left = state.shown.length - rows.length;
  const said = left ? [make("p", {}, make("strong", { text: `The first ${number(rows.length)} of them are printed; ${number(left)} more are not printed.` }),
    " The file that this was printed from shows all of them: narrow the list there, and print the rest in parts.")] : [];
  byId("printed").replaceChildren(make("h2", { text: byId("count").textContent }), ...said, make("table", {}, body), ...said.map((it) => it.cloneNode(true)));
}

// Which of the sets of places have one of these.
function touchedBy(places) {
  return all.doubts.map((set) => set.some((place) => places.includes(place)));
}

async function begin() {
  all = await unpack(byId("index"));
  parts = new Array(all.step.length);
  all.search = all.path.map((path) => path.toLowerCase());
  for (const name of all.artefacts.filter((name) => name)) byId("artefact").append(make("option", { value: name, text: name }));
  treeList = list(byId("tree"), treeLine);
  rowList = list(byId("rows"), rowLine);
  const press = (id, isPressed) => byId(id).setAttribute("aria-pressed", isPressed);
  let wait;
  byId("query").addEventListener("input", (event) => {
    clearTimeout(wait);
    wait = setTimeout(() => search(event.target.value.trim().toLowerCase()), 80);
  });
  byId("action").addEventListener("change", (event) => { state.action = event.target.value === "" ? null : Number(event.target.value); refresh(); });
  byId("kind").addEventListener("change", (event) => { state.kind = event.target.value || null; refresh(); });
  byId("artefact").addEventListener("change", (event) => { state.artefact = event.target.value; refresh(); });
  byId("grouped").addEventListener("click", () => { state.grouped = !state.grouped; press("grouped", state.grouped); refresh(); });
  const stay = () => { state.stays = !state.stays; press("stays", state.stays); refresh(); };
  byId("stays").addEventListener("click", stay);
  byId("quiet").hidden = !all.others;
  byId("quiet").addEventListener("click", () => { state.quiet = !state.quiet; press("quiet", state.quiet); refresh(); });
  byId("behind-show")?.addEventListener("click", () => { if (!state.stays) stay(); byId("what").scrollIntoView(); });
  const clear = () => {
    Object.assign(state, { step: null, action: null, kind: null, artefact: "", query: "", below: null, stays: false, quiet: false, doubt: null });
    for (const id of ["query", "action", "kind", "artefact"]) byId(id).value = "";
    for (const id of ["stays", "quiet", "doubted"]) press(id, false);
  };
  byId("clear").addEventListener("click", () => { clear(); refresh(); });
  const doubted = all.doubt.reduce((count, set) => count + (set ? 1 : 0), 0);
  byId("doubted").hidden = !doubted;
  byId("doubted").textContent = `In doubt (${number(doubted)})`;
  byId("doubted").addEventListener("click", () => {
    const isOn = byId("doubted").getAttribute("aria-pressed") === "true";
    state.doubt = isOn ? null : { said: "in doubt", sets: all.doubts.map((places) => places.length > 0) };
    press("doubted", !isOn);
    refresh();
  });
  for (const button of document.querySelectorAll("button.touched")) {
    button.addEventListener("click", () => {
      clear();
      if (button.dataset.step) state.step = Number(button.dataset.step);
      else state.doubt = { said: "touched by one fault", sets: touchedBy(button.dataset.places.split(" ").map(Number)) };
      refresh();
      byId("what").scrollIntoView();
    });
  }
  for (const link of document.querySelectorAll("a[href^='#doubt-']")) {
    link.addEventListener("click", () => { byId(link.hash.slice(1)).open = true; });
  }
  for (const button of document.querySelectorAll(".head button")) {
    button.addEventListener("click", () => {
      state.down = state.sort === button.dataset.sort && !state.down;
      state.sort = button.dataset.sort;
      refresh();
    });
  }
  byId("theme").addEventListener("click", toggleTheme);
  byId("print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", printed);
  window.addEventListener("afterprint", () => {
    for (const opened of document.querySelectorAll("[data-folded]")) {
      opened.open = false;
      delete opened.dataset.folded;
    }
  });
  byId("tree").addEventListener("keydown", treeKey);
  byId("rows").addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (by) { event.preventDefault(); move(by); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) { event.preventDefault(); byId("query").focus(); }
  });
  new ResizeObserver(() => { if (root) refresh(); }).observe(byId("where-grid"));
  refresh();
  document.body.classList.add("ready");
  performance.mark("ready");
}

begin();
