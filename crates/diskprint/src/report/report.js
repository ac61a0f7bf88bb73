"use strict";
// Everything from evidence goes into the page as text, never as markup.

const ROW = 26;
const ACTIONS = ["new", "altered", "deleted", "recovered"];
const SIGNS = ["+", "~", "−", "?"];
const KINDS = ["file", "folder", "link", "stream", "key", "value"];
const IN_REGISTRY = 4;
const PRINTED = 2000;
const DEEPEST = 64;

const byId = (id) => document.getElementById(id);

function make(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

async function unpack(element) {
  const packed = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

let all; // what is known of every row, as columns
let parts; // for each row, the names from the root to it
const blocks = [];
const state = {
  step: null, action: null, kind: null, artefact: "", query: "", below: null, stays: false, quiet: false,
  digested: new Set(), sort: "path", down: false, grouped: false, shown: [], selected: -1, open: new Set(),
};

async function fieldsOf(row) {
  const number = Math.floor(row / all.per_block);
  if (!blocks[number]) blocks[number] = unpack(byId("block" + number));
  const values = (await blocks[number])[row % all.per_block];
  const names = all.kind[row] < IN_REGISTRY ? all.file_fields : all.cell_fields;
  return new Map(names.map((name, index) => [name, values[index]]));
}

// The columns have SHA-1 alone. MD5 and SHA-256 are looked for in the fields, block by block.
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

function number(value) {
  return value.toLocaleString("en-US");
}

function bytes(value) {
  if (value === null) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return (unit === 0 ? value : value.toFixed(1)) + " " + units[unit];
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
    && (!state.query || all.search[row].includes(state.query) || all.hash[row].startsWith(state.query)
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
  drawSteps(counts);
  drawWhere(inPlace);
  drawRows();
  byId("count").textContent = number(shown.length) + " of " + number(all.step.length) + " changes"
    + (state.below ? " in " + state.below.join(" › ") : "");
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

function drawSteps(counts) {
  const [width, height, top, foot] = [byId("steps").clientWidth || 900, 176, 22, 24];
  const most = Math.max(1, ...counts.map((step) => step.reduce((sum, one) => sum + one)));
  const slot = width / counts.length;
  const steps = counts.map((step, index) => {
    const slice = all.slices[index];
    const sum = step.reduce((total, one) => total + one);
    const label = slice.id + (slice.type === "Default" ? "" : " " + slice.type) + (index ? "" : " (first)");
    const group = svg("g", {
      class: "step", role: "button", tabindex: "0", "aria-pressed": state.step === index,
      onclick: () => chooseStep(index),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); chooseStep(index); } },
    });
    const said = ACTIONS.map((name, action) => `${number(step[action])} ${name}`).join(", ");
    group.append(svg("title", { text: `${label}: ${said}` }));
    group.append(svg("rect", { class: "area", x: index * slot, y: 0, width: slot, height }));
    let y = height - foot;
    step.forEach((count, action) => {
      const tall = (height - top - foot) * count / most;
      if (!count) return;
      y -= Math.max(tall, 1);
      group.append(svg("rect", { class: "bar-" + ACTIONS[action], x: index * slot + slot * 0.25, y, width: slot * 0.5, height: Math.max(tall, 1) }));
    });
    const middle = index * slot + slot / 2;
    group.append(svg("text", { x: middle, y: height - 7, "text-anchor": "middle", text: label }));
    if (sum) group.append(svg("text", { class: "soft", x: middle, y: y - 5, "text-anchor": "middle", text: number(sum) }));
    return group;
  });
  byId("steps").setAttribute("viewBox", `0 0 ${width} ${height}`);
  byId("steps").replaceChildren(...steps);
}

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

function drawIcicle() {
  const [width, height, levels] = [byId("icicle").clientWidth || 700, 350, 5];
  let node = root;
  for (const part of state.below || []) node = node.children.get(part) || node;
  const tall = height / levels;
  const boxes = [];
  const add = (of, x, wide, level) => {
    const most = of.counts.indexOf(Math.max(...of.counts));
    const box = svg("rect", { class: "bar-" + ACTIONS[most], x, y: level * tall, width: Math.max(wide, 0.5), height: tall, onclick: () => choosePlace(of) },
      svg("title", { text: `${of.path.join(" › ") || "everything"}: ${of.counts.map((count, action) => number(count) + " " + ACTIONS[action]).join(", ")}` }));
    box.style.fillOpacity = String(1 - level * 0.06);
    boxes.push(box);
    const room = Math.floor((wide - 8) / 6.2);
    if (room > 3) {
      const name = of.name || "everything";
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

// Long lists: only the lines in view are in the page.

function list(scroll, lineOf) {
  const spacer = make("div", { class: "spacer", role: "presentation" });
  scroll.append(spacer);
  let count = 0;
  const draw = () => {
    const head = spacer.offsetTop;
    const first = Math.max(0, Math.floor((scroll.scrollTop - head) / ROW) - 5);
    const last = Math.min(count, first + Math.ceil(scroll.clientHeight / ROW) + 12);
    const lines = [];
    for (let index = first; index < last; index += 1) {
      const line = lineOf(index);
      line.style.top = index * ROW + "px";
      lines.push(line);
    }
    spacer.replaceChildren(...lines);
  };
  scroll.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(scroll);
  return {
    draw,
    update(to) {
      count = to;
      spacer.style.height = count * ROW + "px";
      draw();
    },
    show(index) {
      const [top, head] = [index * ROW, spacer.offsetTop];
      if (top < scroll.scrollTop) scroll.scrollTop = top;
      else if (top + ROW + head > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + ROW + head - scroll.clientHeight;
      draw();
    },
  };
}

let rowList;
let treeList;
let lines = []; // a row, or a heading as text

function drawRows() {
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

function elsewhere(row) {
  return `${all.seen[row]} of ${all.others} other sequences in the database change this place, too`;
}

// The end of a path tells more than its beginning.
function ending(path, room) {
  return path.length > room ? "…" + path.slice(1 - room) : path;
}

function rowLine(index) {
  const row = lines[index];
  if (typeof row === "string") {
    return make("div", { class: "line group", role: "row" }, make("span", { class: "grow", role: "gridcell", text: row }));
  }
  const action = ACTIONS[all.action[row]];
  // What the other columns leave, in letters of the width that paths have.
  const room = Math.max(20, Math.floor((byId("rows").clientWidth - 690) / 7.9));
  const cell = (name, text, more) => make("span", { class: "cell " + name + (more || ""), role: "gridcell", text });
  return make("div", {
    class: all.seen[row] ? "line noise" : "line", role: "row", "aria-selected": state.selected === row, "aria-rowindex": index + 1,
    title: all.path[row].slice(0, 1000) + (all.seen[row] ? `\n${elsewhere(row)}` : ""), onclick: () => select(row, index),
  },
  cell("w-step", all.slices[all.step[row]].id),
  cell("w-action", action, " is-" + action),
  cell("w-kind", KINDS[all.kind[row]]),
  cell("grow path", ending(all.path[row], room)),
  cell("w-changes soft", all.changes[row]),
  cell("w-artefact soft", all.artefacts[all.artefact[row]] || ""),
  cell("w-size", bytes(all.size[row])));
}

async function select(row, index) {
  state.selected = row;
  rowList.show(index);
  const fields = await fieldsOf(row);
  if (state.selected === row) byId("detail").replaceChildren(...detail(row, fields));
}

// One row, before and after side by side.

function detail(row, fields) {
  const slice = all.slices[all.step[row]];
  const heading = make("p", {}, make("strong", { class: "is-" + ACTIONS[all.action[row]], text: ACTIONS[all.action[row]] }),
    ` ${KINDS[all.kind[row]]} in slice ${slice.id}` + (all.stays[row] ? ", still there at the end" : "") + (all.seen[row] ? `; ${elsewhere(row)}` : ""));
  const path = make("p", { class: "path", text: all.path[row] });
  const pairs = [];
  const single = [];
  for (const [name, value] of fields) {
    if (name.endsWith("_before")) {
      const base = name.slice(0, -7);
      if (fields.has(base + "_after")) pairs.push([base, value, fields.get(base + "_after")]);
      else single.push([name, value]);
    } else if (!name.endsWith("_after")) single.push([name, value]);
  }
  const type = { before: fields.get("value_type_before"), after: fields.get("value_type_after") };
  const said = (name, value, side) => {
    if (value === null || value === undefined) return "";
    if (name === "data") return data(value, type[side]);
    return Array.isArray(value) ? value.join(" › ") : String(value);
  };
  const body = make("tbody");
  for (const [name, before, after] of pairs) {
    if (before === null && after === null) continue;
    const differs = before !== null && after !== null && before !== after;
    body.append(make("tr", { class: differs ? "differs" : null }, make("th", { scope: "row", text: words(name) }),
      make("td", { class: "mono", text: said(name, before, "before") }), make("td", { class: "mono", text: said(name, after, "after") })));
  }
  for (const [name, value] of single) {
    if (value === null || (Array.isArray(value) && !value.length)) continue;
    body.append(make("tr", {}, make("th", { scope: "row", text: words(name) }), make("td", { class: "mono", colspan: "2", text: said(name, value) })));
  }
  const table = make("table", {}, make("colgroup", {}, make("col", { class: "name" }), make("col"), make("col")),
    make("thead", {}, make("tr", {}, make("td"), make("th", { scope: "col", text: "before" }), make("th", { scope: "col", text: "after" }))), body);
  return [heading, path, table];
}

function words(name) {
  return name.replaceAll("_", " ");
}

// Data of a value: as text where the type says that it is text, and always as hexadecimal digits.
function data(hex, type) {
  const isCut = hex.endsWith("…");
  const digits = isCut ? hex.slice(0, -1) : hex;
  const raw = new Uint8Array(digits.length / 2);
  for (let at = 0; at < raw.length; at += 1) raw[at] = parseInt(digits.substr(at * 2, 2), 16);
  const dump = [];
  for (let at = 0; at < Math.min(raw.length, 512); at += 16) {
    dump.push(at.toString(16).padStart(4, "0") + "  " + [...raw.slice(at, at + 16)].map((byte) => byte.toString(16).padStart(2, "0")).join(" "));
  }
  if (raw.length > 512 || isCut) dump.push(isCut ? "… and more than this report holds" : `… ${number(raw.length - 512)} bytes more`);
  let text = "";
  if ([1, 2, 6, 7].includes(type)) text = safe(new TextDecoder("utf-16le").decode(raw).replaceAll("\u0000", "\n").trimEnd()) + "\n\n";
  else if (type === 4 && raw.length === 4) text = new DataView(raw.buffer).getUint32(0, true) + "\n\n";
  else if (type === 11 && raw.length === 8) text = new DataView(raw.buffer).getBigUint64(0, true) + "\n\n";
  return text + dump.join("\n");
}

// As the program shows names: control characters, and those that reorder text, are written out.
function safe(text) {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => "\\u{" + c.charCodeAt(0).toString(16) + "}");
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
      make("td", { text: KINDS[all.kind[row]] }), make("td", { text: all.path[row] }), make("td", { text: all.changes[row] })));
  }
  const left = state.shown.length - rows.length;
  byId("printed").replaceChildren(make("h2", { text: byId("count").textContent }), make("table", {}, body),
    make("p", { text: left ? `… and ${number(left)} more, which are in the file that this was printed from.` : "" }));
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
  byId("clear").addEventListener("click", () => {
    Object.assign(state, { step: null, action: null, kind: null, artefact: "", query: "", below: null, stays: false, quiet: false });
    for (const id of ["query", "action", "kind", "artefact"]) byId(id).value = "";
    for (const id of ["stays", "quiet"]) press(id, false);
    refresh();
  });
  for (const button of document.querySelectorAll(".head button")) {
    button.addEventListener("click", () => {
      state.down = state.sort === button.dataset.sort && !state.down;
      state.sort = button.dataset.sort;
      refresh();
    });
  }
  byId("theme").addEventListener("click", () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
      || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
  });
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
}

begin();
