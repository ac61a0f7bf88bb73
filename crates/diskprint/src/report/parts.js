"use strict";
// What all pages of ours are made with. Everything from evidence goes into a page as text, never as
// markup.

const ROW = 26;
const ACTIONS = ["new", "altered", "deleted", "recovered"];
const SIGNS = ["+", "~", "−", "?"];
const KINDS = ["file", "folder", "link", "stream", "key", "value"];

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

// A bar for each slice, stacked by action; `choose` is called with the index of the one chosen.
function stepsChart(chart, slices, counts, chosen, choose) {
  const [width, height, top, foot] = [chart.clientWidth || 900, 176, 22, 24];
  const most = Math.max(1, ...counts.map((step) => step.reduce((sum, one) => sum + one)));
  const slot = width / counts.length;
  const steps = counts.map((step, index) => {
    const slice = slices[index];
    const sum = step.reduce((total, one) => total + one);
    const label = slice.id + (slice.type === "Default" ? "" : " " + slice.type) + (index ? "" : " (first)");
    const group = svg("g", {
      class: "step", role: "button", tabindex: "0", "aria-pressed": chosen === index,
      onclick: () => choose(index),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(index); } },
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
  chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
  chart.replaceChildren(...steps);
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

// The end of a path tells more than its beginning.
function ending(path, room) {
  return path.length > room ? "…" + path.slice(1 - room) : path;
}

// Fields of a row, before and after side by side.
function fieldsTable(fields) {
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
  return make("table", {}, make("colgroup", {}, make("col", { class: "name" }), make("col"), make("col")),
    make("thead", {}, make("tr", {}, make("td"), make("th", { scope: "col", text: "before" }), make("th", { scope: "col", text: "after" }))), body);
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

function toggleTheme() {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "light" : "dark";
}
