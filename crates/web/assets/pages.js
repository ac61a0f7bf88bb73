// The pages of the server. parts.js comes before it.

const API = "/api/v1";

// Answers have names as they are; what is shown is written out where it would reorder other text.
function clean(value) {
  if (typeof value === "string") return shown(value);
  if (Array.isArray(value)) return value.map(clean);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, clean(one)]));
  return value;
}

function shown(text) {
  return safe(text).replace(/\n|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (c) => "\\u{" + c.charCodeAt(0).toString(16) + "}");
}

async function ask(path, query) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  }
  const response = await fetch(API + path + (asked.size ? "?" + asked : ""), { headers: { Accept: "application/json" } });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `the server answers ${response.status}`);
  return answer;
}

const main = () => byId("main");

function show(title, ...children) {
  document.title = (title ? title + " · " : "") + "diskprint";
  main().replaceChildren(...children);
}

function complain(error) {
  return make("p", { class: "problem", role: "alert", text: shown(error.message) });
}

function table(heads, rows) {
  const head = make("tr", {}, ...heads.map(([text, kind]) => make("th", { scope: "col", class: kind, text })));
  return make("div", { class: "table", tabindex: "0", role: "group", "aria-label": heads.map(([text]) => text).join(", ") }, make("table", { class: "facts" }, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function cell(content, kind) {
  return typeof content === "string" ? make("td", { class: kind, text: content }) : make("td", { class: kind }, content);
}

const count = (value) => cell(value === null || value === undefined ? "–" : number(value), "number");

// Rows that come page by page: `next` is asked with what the last page ended with.
function growing(asked, add, text) {
  const more = make("button", { type: "button", class: "more", text });
  let next = null;
  const load = async () => {
    more.disabled = true;
    try {
      const page = await asked(next);
      next = page.next;
      add(page);
      more.hidden = next === null || next === undefined;
    } catch (error) {
      more.before(complain(error));
      more.hidden = true;
    }
    more.disabled = false;
  };
  more.addEventListener("click", load);
  return [more, load];
}

// All sequences.

async function collection() {
  const search = make("input", { type: "search", id: "query", "aria-label": "Search sequences", placeholder: "Search a sequence or an operating system   ( / )" });
  const status = make("p", { class: "soft", id: "count", role: "status" });
  const heads = [["sequence"], ["operating system"], ["slices", "number"], ["last run"], ["ended (UTC)"], ["files", "number"], ["keys and values", "number"], ["faults", "number"]];
  const place = make("div");
  let asked = 0;
  const list = async () => {
    const turn = asked += 1;
    const rows = table(heads, []);
    const body = rows.querySelector("tbody");
    const [more, load] = growing((after) => ask("/sequences", { search: search.value, after }), (page) => {
      if (turn !== asked) return;
      status.textContent = number(page.total) + (page.total === 1 ? " sequence" : " sequences");
      body.append(...page.items.map(sequenceLine));
    }, "More sequences");
    await load();
    if (turn === asked) place.replaceChildren(rows, more);
  };
  let wait;
  search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(list, 120); });
  show("", make("h1", { text: "Sequences" }), make("div", { class: "tools" }, search), status, place);
  await list();
}

function sequenceLine({ name, os, slices, run }) {
  const link = make("a", { href: "/sequences/" + encodeURIComponent(name), text: shown(name) });
  const state = run ? make("span", { class: "outcome-" + run.outcome, text: run.outcome }) : make("span", { class: "soft", text: "no results" });
  return make("tr", {}, cell(link, "name"), cell(shown(os || "")), count(slices), cell(state), cell(run ? run.finished.replace("T", " ").replace("Z", "") : ""),
    count(run && run.files), count(run && run.cells), count(run && run.faults));
}

// One sequence.

const state = { sequence: null, slice: null, below: null, chosen: null, rows: [], turn: 0 };

async function sequence(name) {
  const found = await ask("/sequences/" + encodeURIComponent(name));
  state.sequence = found;
  const asked = new URLSearchParams(location.search);
  const last = found.slices.findIndex((slice) => slice.slice === asked.get("slice"));
  state.slice = last >= 0 ? last : found.slices.length > 1 ? 1 : 0;
  const path = "/sequences/" + encodeURIComponent(found.end);
  const link = (text, to, more) => make("a", { href: API + path + to, text, ...more });
  const facts = found.slices.map((slice, index) => make("tr", {}, cell(make("a", { href: "?slice=" + encodeURIComponent(slice.slice), text: shown(slice.slice) }), "name"), cell(shown(slice.type)),
    count(slice.files && slice.files[0]), count(slice.files && slice.files[1]), count(slice.files && slice.files[2]),
    count(slice.cells && slice.cells[0]), count(slice.cells && slice.cells[1]), count(slice.cells && slice.cells[2]),
    count(slice.recovered), count(slice.faults), cell(index ? make("a", { href: "/compare?before=" + encodeURIComponent(found.slices[0].slice) + "&after=" + encodeURIComponent(slice.slice), text: "with the first" }) : "")));
  const numbers = ["files new", "altered", "deleted", "cells new", "altered", "deleted", "recovered", "faults"].map((text) => [text, "number"]);
  const { run } = found;
  const tarballs = found.slices.map((slice) => make("tr", {}, cell(shown(slice.slice), "name"), cell(make("span", { class: "path", text: shown(slice.tarball) }), "wraps"), cell(make("span", { class: "path", text: slice.slicehash }))));
  show(shown(found.name), make("h1", { text: "Sequence " + shown(found.name) }),
    make("p", { class: "soft", text: run ? `Last run ended ${run.outcome}, ${run.finished.replace("T", " ").replace("Z", "")} (UTC), diskprint ${run.version}: ${number(run.files)} files, ${number(run.cells)} keys and values, ${number(run.faults)} faults` : "No results are stored: diskprint run makes them." }),
    make("div", { class: "links" }, link("Report to look at", "/report?inline=true"), link("Report to hand over", "/report", { download: "" }), link("Export as JSON lines", "/export?format=jsonl", { download: "" }), link("Export as CSV", "/export?format=csv", { download: "" })),
    make("section", { id: "life", "aria-labelledby": "life-title" }, make("h2", { id: "life-title", text: "Slice by slice" }), svg("svg", { id: "steps", role: "group", "aria-label": "Changes of each slice; choose one to see them" }),
      make("div", { class: "legend" }, ...ACTIONS.map((action) => make("span", {}, make("i", { class: "dot dot-" + action }), action))), table([["slice"], ["type"], ...numbers, ["compare"]], facts),
      make("details", {}, make("summary", { text: "Tarballs" }), table([["slice"], ["tarball"], ["hash"]], tarballs))),
    make("section", { id: "slice", "aria-label": "The chosen slice" }));
  drawSteps();
  new ResizeObserver(drawSteps).observe(byId("steps"));
  await chooseSlice(state.slice);
}

function drawSteps() {
  const { slices } = state.sequence;
  const both = (slice) => [0, 1, 2].map((action) => (slice.files ? slice.files[action] : 0) + (slice.cells ? slice.cells[action] : 0));
  const counts = slices.map((slice) => [...both(slice), slice.recovered || 0]);
  const named = slices.map((slice) => ({ id: String(slice.id), type: shown(slice.type) }));
  stepsChart(byId("steps"), named, counts, state.slice, (index) => {
    chooseSlice(index);
    byId("steps").children[index].focus();
  });
}

let rowList;

async function chooseSlice(index) {
  const slice = state.sequence.slices[index];
  Object.assign(state, { slice: index, below: null, chosen: null });
  drawSteps();
  history.replaceState(null, "", "?slice=" + encodeURIComponent(slice.slice));
  const choice = (id, label, options) => make("select", { id, "aria-label": label, onchange: refresh }, ...options.map(([value, text]) => make("option", { value, text })));
  const place = byId("slice");
  // The list that goes away is drawn once more.
  rowList?.update(0);
  const rows = make("div", { id: "rows", class: "scroll", role: "grid", "aria-label": "Changes", tabindex: "0" }, make("div", { class: "head", role: "row" },
    ...[["w-action", "action"], ["w-kind", "kind"], ["cell grow", "path"], ["w-changes", "changes"], ["w-artefact", "known as"], ["w-size", "size"]].map(([kind, text]) => make("span", { role: "columnheader", class: kind, text }))));
  place.replaceChildren(make("h2", { text: "Changes of slice " + shown(slice.slice) }), make("div", { id: "doubt" }), make("div", { id: "interim" }),
    make("div", { class: "tools" },
      make("input", { id: "query", type: "search", "aria-label": "Search paths, keys and digests", placeholder: "Search a path, a key or a digest   ( / )", oninput: () => { clearTimeout(state.wait); state.wait = setTimeout(refresh, 150); } }),
      choice("which", "What", [["", "files and registry"], ["files", "files"], ["cells", "keys and values"], ["recovered", "recovered"]]),
      choice("action", "Action", [["", "all actions"], ["new", "new"], ["altered", "altered"], ["deleted", "deleted"]]),
      make("input", { id: "artefact", "aria-label": "Known as", placeholder: "known as: service, autostart…", onchange: refresh }),
      make("button", { id: "clear", type: "button", text: "Show all", onclick: showAll })),
    make("div", { class: "split" }, make("div", {}, make("div", { id: "branches", role: "tree", "aria-label": "Places with changes" })),
      make("div", {}, make("p", { class: "soft", id: "count", role: "status" }), rows,
        make("div", { id: "detail", role: "region", "aria-label": "The chosen change", tabindex: "0", "aria-live": "polite" }, make("p", { class: "none", text: "Choose a change to see it before and after." })))));
  rowList = list(rows, rowLine);
  rows.addEventListener("scroll", () => { if (rows.scrollTop + rows.clientHeight > rows.scrollHeight - 40 * ROW) loadMore(); }, { passive: true });
  rows.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = state.rows.indexOf(state.chosen) + by;
    if (state.rows[next]) choose(state.rows[next], next);
  });
  doubt(slice);
  interim(slice);
  branches(slice);
  await refresh();
}

// What could not be read stands before what was.
async function doubt(slice) {
  const place = byId("doubt");
  if (!slice.faults) return;
  const items = make("ul");
  const [more, load] = growing((after) => ask(`/slices/${encodeURIComponent(slice.slice)}/faults`, { after, limit: 20 }), (page) => {
    items.append(...page.items.map(({ place, what, skipped }) => make("li", { text: shown(`${place}: ${what}; ${skipped}`) })));
  }, "More faults");
  await load();
  place.replaceChildren(make("div", { class: "doubt" }, make("strong", { text: `${number(slice.faults)} faults: a change there may be missing; none was made up.` }), items, more));
}

// What journals tell of files that neither slice shows; nothing where they tell nothing.
async function interim(slice) {
  const items = make("ul");
  const [more, load] = growing((after) => ask(`/slices/${encodeURIComponent(slice.slice)}/interim`, { after, limit: 50 }), (page) => {
    items.append(...page.items.map(({ told, source }) => make("li", { text: shown(`${told} (${source})`) })));
  }, "More");
  await load();
  if (!items.childElementCount) return;
  byId("interim").replaceChildren(make("details", {}, make("summary", { text: "Between the slices: files that were there, or had a name, only then" }), items, more));
}

async function branches(slice) {
  const tree = byId("branches");
  const below = async (of, depth) => {
    const path = `/slices/${encodeURIComponent(slice.slice)}/branches`;
    const lines = [];
    let after = null;
    do {
      const page = await ask(path, { below: of, after });
      lines.push(...page.items);
      after = page.next;
    } while (after !== null && lines.length < MOST_PLACES);
    if (depth) lines.sort((a, b) => b.rows - a.rows);
    const shownLines = lines.filter((line) => line.rows).map((line) => branchLine(line, depth, below));
    if (after !== null) shownLines.push(branchNote(depth, `… and more than these ${number(MOST_PLACES)}; the list has them all`));
    return shownLines;
  };
  try {
    tree.replaceChildren(...await below(null, 0));
    // A tree of one branch is opened, down to where there is a choice.
    for (const line of [...tree.children]) await line.unfold();
  } catch (error) {
    tree.append(complain(error));
  }
}

// How many places right below one are listed.
const MOST_PLACES = 20000;

// A line of the tree that is no place.
function branchNote(depth, text) {
  const line = make("div", { class: "line soft", role: "treeitem", tabindex: "0", "aria-level": depth + 1, text });
  line.unfold = async () => {};
  line.remove_ = () => {};
  return line;
}

const TREES = { files: "Files", cells: "Registry", recovered: "Recovered" };

function branchLine(branch, depth, below) {
  const name = depth === 0 ? TREES[branch.tree] : shown(branch.name);
  const line = make("div", { class: "line", role: "treeitem", tabindex: "0", "aria-level": depth + 1, "aria-expanded": branch.branches ? "false" : null, "aria-selected": "false", title: name });
  let inner = null;
  const fold = (isOpen) => {
    line.setAttribute("aria-expanded", isOpen);
    twist.textContent = isOpen ? "▾" : "▸";
  };
  line.unfold = async () => {
    if (!branch.branches || inner) return;
    try {
      inner = await below(branch.branch, depth + 1);
    } catch (error) {
      line.append(complain(error));
      return;
    }
    line.after(...inner);
    fold(true);
    if (inner.length === 1) await inner[0].unfold();
  };
  line.remove_ = () => {
    (inner || []).forEach((one) => { one.remove_(); one.remove(); });
    inner = null;
    if (branch.branches) fold(false);
  };
  const twist = make("span", { class: "twist", text: branch.branches ? "▸" : "" });
  twist.style.marginLeft = depth + "em";
  line.append(twist, make("span", { class: "grow path", text: ending(name, branch.tree !== "files" && depth === 1 ? 22 : 40) }));
  const counts = branch.tree === "recovered" ? [0, 0, 0, branch.rows] : [branch.new, branch.altered, branch.deleted, 0];
  counts.forEach((one, action) => {
    if (one) line.append(make("span", { class: "badge is-" + ACTIONS[action], title: `${number(one)} ${ACTIONS[action]}`, text: SIGNS[action] + number(one) }));
  });
  const toggle = () => (inner ? line.remove_() : line.unfold());
  const pick = () => {
    const isSame = state.below && state.below.branch === branch.branch;
    state.below = isSame ? null : { ...branch, name };
    for (const other of byId("branches").children) other.setAttribute("aria-selected", !isSame && other === line);
    refresh();
  };
  line.addEventListener("click", (event) => { if (event.target === twist) toggle(); else pick(); });
  line.addEventListener("keydown", (event) => {
    const lines = [...byId("branches").children];
    const at = lines.indexOf(line);
    if (event.key === "ArrowDown" && lines[at + 1]) lines[at + 1].focus();
    else if (event.key === "ArrowUp" && lines[at - 1]) lines[at - 1].focus();
    else if (event.key === "ArrowRight" && !inner) line.unfold();
    else if (event.key === "ArrowLeft" && inner) line.remove_();
    else if (event.key === "Enter" || event.key === " ") pick();
    else return;
    event.preventDefault();
  });
  return line;
}

function showAll() {
  for (const id of ["query", "which", "action", "artefact"]) byId(id).value = "";
  state.below = null;
  for (const line of byId("branches").children) line.setAttribute("aria-selected", false);
  refresh();
}

// Which trees are asked for, in turn.
function trees() {
  if (state.below) return [state.below.tree];
  const tree = byId("which").value;
  if (tree) return [tree];
  return byId("action").value ? ["files", "cells"] : ["files", "cells", "recovered"];
}

async function refresh() {
  Object.assign(state, { rows: [], chosen: null, left: trees(), after: null, turn: state.turn + 1, isLoading: false });
  rowList.update(0);
  byId("rows").scrollTop = 0;
  await loadMore();
}

async function loadMore() {
  if (state.isLoading || !state.left.length) return;
  state.isLoading = true;
  byId("rows").setAttribute("aria-busy", "true");
  const turn = state.turn;
  const wanted = state.rows.length + 200;
  const slice = state.sequence.slices[state.slice].slice;
  const query = { search: byId("query").value.trim(), action: byId("action").value, artefact: byId("artefact").value.trim(), below: state.below && state.below.branch, limit: 200 };
  try {
    // A page may be empty and yet not the last: what was looked at had none of it.
    while (state.left.length && state.rows.length < wanted) {
      const page = await ask(`/slices/${encodeURIComponent(slice)}/${state.left[0]}`, { ...query, after: state.after });
      if (turn !== state.turn) return;
      state.rows.push(...page.items.map((item) => ({ ...clean(item), raw: item })));
      state.after = page.next;
      if (page.next === null) state.left.shift();
      counted();
    }
  } catch (error) {
    byId("count").replaceChildren(complain(error));
  }
  rowList.update(state.rows.length);
  byId("rows").setAttribute("aria-busy", "false");
  byId("rows").setAttribute("aria-rowcount", state.left.length ? -1 : state.rows.length);
  state.isLoading = false;
}

function counted() {
  const place = state.below ? ` in ${state.below.name}` : "";
  byId("count").textContent = number(state.rows.length) + (state.left.length ? " changes so far" : state.rows.length === 1 ? " change" : " changes") + place;
}

function rowLine(index) {
  const row = state.rows[index];
  const room = Math.max(20, Math.floor((byId("rows").clientWidth - (innerWidth < 640 ? 250 : 480)) / 7.9));
  const part = (name, text, more) => make("span", { class: "cell " + name + (more || ""), role: "gridcell", text });
  return make("div", { class: "line", role: "row", "aria-selected": state.chosen === row, "aria-rowindex": index + 1, title: row.path.slice(0, 1000), onclick: () => choose(row, index) },
    part("w-action", row.action, " is-" + row.action), part("w-kind", row.kind), part("grow path", ending(row.path, room)),
    part("w-changes soft", row.changes.join(", ")), part("w-artefact soft", row.artefact || ""), part("w-size", bytes(row.size)));
}

async function choose(row, index) {
  state.chosen = row;
  rowList.show(index);
  const raw = row.raw;
  try {
    const whole = await ask(`/slices/${encodeURIComponent(raw.slice)}/${raw.tree}/${raw.ordinal}`);
    if (state.chosen === row) byId("detail").replaceChildren(...detail(whole));
  } catch (error) {
    byId("detail").replaceChildren(complain(error));
  }
}

const OF_SEQUENCE = ["type", "osetid", "appetid", "sliceid"];

function detail(whole) {
  const row = clean(whole);
  const fields = new Map(Object.entries(row.fields).filter(([name]) => !OF_SEQUENCE.includes(name)));
  const links = whole.touching.map(({ what, text, ...query }) => {
    const words = what === "digest" ? "content " + text.slice(0, 16) + "…" : what + " " + shown(text);
    return make("li", {}, make("a", { href: "/touching?" + new URLSearchParams(query), text: words }));
  });
  return [make("p", {}, make("strong", { class: "is-" + row.action, text: row.action }), ` ${row.kind} in slice ${row.slice}`), make("p", { class: "path", text: row.path }),
    ...(links.length ? [make("p", { class: "soft", text: "Who else touches" }), make("ul", { class: "touching" }, ...links)] : []), fieldsTable(fields)];
}

// Who touches a thing, in all sequences.

async function touching() {
  const asked = new URLSearchParams(location.search);
  const input = (name, label) => make("label", { class: "grow" }, label, make("input", { name, value: asked.get(name) || "" }));
  const hive = asked.get("hive");
  const form = make("form", { class: "tools", action: "/touching" }, input("path", "Path of a file"), input("key", "Key, as Windows shows it"), input("value", "Value of that key"), input("digest", "MD5, SHA-1 or SHA-256"),
    ...(hive ? [input("hive", "Hive of that key")] : []), make("button", { text: "Who touches it?" }));
  // What is empty is not asked for, but that a value has no name.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
  const place = make("div");
  show("Who touches", make("h1", { text: "Who touches it?" }), form, place);
  const query = Object.fromEntries(asked);
  if (!Object.keys(query).length) {
    place.append(make("p", { class: "soft", text: "A path, a key or a content: every step of every sequence that created, changed or removed it. Letters A to Z are the same in any case." }));
    return;
  }
  const rows = table([["slice"], ["action"], ["kind"], ["path"], ["changes"]], []);
  const said = make("p", { id: "count", role: "status" });
  const counts = make("details", {}, make("summary", { text: "How often in each" }));
  const [more, load] = growing(async (after) => {
    const given = new URLSearchParams(query);
    if (after) given.set("after", after);
    const response = await fetch(`${API}/touching?${given}`);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }, (page) => {
    said.textContent = page.rows ? `${number(page.sequences)} ${page.sequences === 1 ? "sequence touches" : "sequences touch"} it, in ${number(page.rows)} ${page.rows === 1 ? "row" : "rows"}.` : "No sequence touches it.";
    const by = page.by_sequence.map(({ sequence: name, rows: of }) => make("tr", {}, cell(make("a", { href: "/sequences/" + encodeURIComponent(name), text: shown(name) })), count(of)));
    const left = page.sequences - page.by_sequence.length;
    counts.replaceChildren(counts.firstChild, table([["sequence"], ["rows", "number"]], by), ...(left ? [make("p", { class: "soft", text: `… and ${number(left)} sequences more` })] : []));
    rows.querySelector("tbody").append(...page.items.map((item) => {
      const line = clean(item);
      const end = item.slice.split("-").slice(0, 4).join("-");
      return make("tr", {}, cell(make("a", { href: "/sequences/" + encodeURIComponent(end) + "?slice=" + encodeURIComponent(item.slice), text: line.slice }), "name"), cell(make("span", { class: "is-" + line.action, text: line.action })), cell(line.kind), cell(make("span", { class: "path", text: line.path }), "wraps"), cell(line.changes.join(", ")));
    }));
  }, "More rows");
  place.append(said, counts, rows, more);
  await load();
}

// Any two slices.

async function compare() {
  const asked = new URLSearchParams(location.search);
  const input = (name, label) => make("label", { class: "grow" }, label, make("input", { name, required: "", placeholder: "8504-1-7895-1-20", value: asked.get(name) || "" }));
  const place = make("div");
  show("Compare", make("h1", { text: "Compare two slices" }), make("form", { class: "tools", action: "/compare" }, input("before", "Slice before"), input("after", "Slice after"), make("button", { text: "Compare" })), place);
  if (!asked.get("before")) {
    place.append(make("p", { class: "soft", text: "Any two slices that came from one recorded state, also of different sequences: what differs is put together from what each step between them changed." }));
    return;
  }
  const said = make("div", { id: "count", role: "status" });
  const rows = table([["action"], ["kind"], ["path"], ["changes"], ["size", "number"]], []);
  const [more, load] = growing((skip) => ask("/compare", { before: asked.get("before"), after: asked.get("after"), skip, limit: 200 }), (page) => {
    const words = (counts) => counts.map((one, action) => `${number(one)} ${ACTIONS[action]}`).join(", ");
    said.replaceChildren(make("p", { text: `Files: ${words(page.files)}. Keys and values: ${words(page.cells)}.` }), make("p", { class: "soft", text: "By way of " + page.way.map(shown).join(" → ") }),
      ...(page.faults ? [make("p", { class: "doubt", text: `${number(page.faults)} faults on the way: what they touch may differ and has no row.` })] : []));
    rows.querySelector("tbody").append(...page.items.map((item) => {
      const line = clean(item);
      const path = make("details", {}, make("summary", { class: "path", text: line.path }));
      path.addEventListener("toggle", () => {
        if (path.children.length === 1) path.append(make("div", { class: "fields" }, fieldsTable(new Map(Object.entries(line.fields).filter(([name]) => !OF_SEQUENCE.includes(name))))));
      });
      return make("tr", {}, cell(make("span", { class: "is-" + line.action, text: line.action })), cell(line.kind), cell(path, "wraps"), cell(line.changes.join(", ")), cell(bytes(line.size), "number"));
    }));
  }, "More rows");
  place.append(said, rows, more);
  await load();
}

async function begin() {
  byId("theme").addEventListener("click", toggleTheme);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && byId("query") && !/INPUT|SELECT/.test(document.activeElement.tagName)) { event.preventDefault(); byId("query").focus(); }
  });
  const path = location.pathname;
  try {
    if (path === "/") await collection();
    else if (path.startsWith("/sequences/")) await sequence(decodeURIComponent(path.slice("/sequences/".length)));
    else if (path === "/touching") await touching();
    else if (path === "/compare") await compare();
    else show("Nothing here", make("h1", { text: "There is nothing here" }), make("p", {}, make("a", { href: "/", text: "All sequences" })));
  } catch (error) {
    show("Error", make("h1", { text: "That did not work" }), complain(error), make("p", {}, make("a", { href: "/", text: "All sequences" })));
  }
  document.body.classList.add("ready");
}

begin();
