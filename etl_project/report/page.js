"use strict";
// The table of papers: searched, filtered, sorted and saved as CSV in the page itself. The data stands packed in #data,
// a list a paper in the order of FIELDS; nothing of it is ever taken for markup.
const FIELDS = ["paper_id", "title", "text", "text_kind", "published_on", "published_year_inferred", "n_authors", "authors", "organisation", "repositories", "n_mentions", "arxiv_id"];
const KINDS = { summary: "A summary; no capture shows the abstract:", cut: "The beginning of the abstract; no capture shows all of it:" };
const STEP = 50;
const element = (id) => document.getElementById(id);
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const SORTS = {
  title: (paper) => folded(paper.title),
  date: (paper) => paper.published_on,
  authors: (paper) => paper.n_authors,
  organisation: (paper) => paper.organisation && folded(paper.organisation),
  repository: (paper) => paper.repositories,
  mentions: (paper) => paper.n_mentions,
};
const CONTROLS = { q: element("q"), year: element("year"), code: element("code"), org: element("org") };
let papers = [];
let found = [];
let shown = STEP;
let sort = "date";
let down = true;

async function unpacked() {
  const bytes = Uint8Array.from(atob(element("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const rows = JSON.parse(await new Response(stream).text());
  return rows.map((row) => {
    const paper = Object.fromEntries(FIELDS.map((name, n) => [name, row[n]]));
    paper.searched = folded([paper.title, paper.text, paper.authors, paper.organisation, paper.repositories, paper.arxiv_id, paper.paper_id].filter(Boolean).join("\n"));
    return paper;
  });
}

function options(select, values) {
  for (const value of values) select.append(new Option(value, value));
}

function look() {
  // "a phrase", -word, -"a phrase" and words, as `papers search` takes them; here a part of a word is found, too
  const asked = [...folded(CONTROLS.q.value).replace(/[“”„]/g, '"').matchAll(/(-?)(?:"([^"]*)"|([^\s"]+))/g)]
    .map(([, minus, phrase, word]) => [Boolean(minus), (phrase ?? word).trim().replace(/\s+/g, " ")]).filter(([, text]) => text);
  const { year, code, org } = Object.fromEntries(Object.entries(CONTROLS).map(([name, control]) => [name, control.value]));
  found = papers.filter((paper) =>
    asked.every(([without, text]) => paper.searched.includes(text) !== without) &&
    (!year || (year === "unknown" ? !paper.published_on : (paper.published_on || "").startsWith(year))) &&
    (!code || (code === "yes") === Boolean(paper.repositories)) &&
    (!org || paper.organisation === org));
  const key = SORTS[sort];
  const sign = down ? -1 : 1;
  // what is not known stands last, whichever way is sorted; papers that are alike keep their order
  found = found.map((paper, place) => [key(paper), place, paper]).sort(([a, m], [b, n]) =>
    (a === null || a === undefined) - (b === null || b === undefined) || sign * ((a > b) - (a < b)) || m - n).map((row) => row[2]);
  element("found").textContent = found.length === papers.length ? `${papers.length.toLocaleString("en")} papers` : `${found.length.toLocaleString("en")} of ${papers.length.toLocaleString("en")} papers`;
  show();
  keep();
}

function cell(row, label, value, kind) {
  const td = row.insertCell();
  td.dataset.label = label;
  if (kind) td.className = kind;
  if (value !== null && value !== undefined && value !== "") td.append(value);
  return td;
}

function link(address, text) {
  const a = document.createElement("a");
  a.href = address;
  a.rel = "noreferrer";
  a.textContent = text;
  return a;
}

function paragraph(text, kind) {
  const p = document.createElement("p");
  p.textContent = text;
  if (kind) p.className = kind;
  return p;
}

function show() {
  const body = element("list").tBodies[0];
  body.replaceChildren();
  for (const paper of found.slice(0, shown)) {
    const row = body.insertRow();
    const title = document.createElement("th");
    title.scope = "row";
    const fold = document.createElement("details");
    const summary = document.createElement("summary");
    const name = document.createElement("bdi");
    name.textContent = paper.title;
    summary.append(name);
    fold.append(summary);
    if (KINDS[paper.text_kind]) fold.append(paragraph(KINDS[paper.text_kind], "detail"));
    fold.append(paragraph(paper.text || "No capture shows its abstract."));
    if (paper.authors) fold.append(paragraph(paper.authors, "detail"));
    const places = paragraph("", "detail");
    places.append(paper.paper_id);
    if (paper.arxiv_id) places.append(" ", link(`https://arxiv.org/abs/${paper.arxiv_id}`, `arXiv ${paper.arxiv_id}`), " ", link(`https://huggingface.co/papers/${paper.arxiv_id}`, "Hugging Face"));
    fold.append(places);
    title.append(fold);
    row.append(title);
    cell(row, "Date", paper.published_on && paper.published_on + (paper.published_year_inferred ? " *" : ""));
    cell(row, "Authors", paper.n_authors === null ? "" : String(paper.n_authors), "n");
    cell(row, "Organisation", paper.organisation);
    const code = cell(row, "Repository", "");
    for (const key of (paper.repositories || "").split(" ").filter(Boolean)) code.append(code.childNodes.length ? ", " : "", link(`https://github.com/${key}`, key));
    cell(row, "Mentions", String(paper.n_mentions), "n");
  }
  element("more-place").hidden = found.length <= shown;
  element("more").textContent = `Show more (${(found.length - shown).toLocaleString("en")} are left)`;
  for (const head of document.querySelectorAll("#list th[data-sort]")) {
    if (head.dataset.sort === sort) head.setAttribute("aria-sort", down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}

// What is asked stands in the address, so that it can be kept and sent.
function keep() {
  const asked = new URLSearchParams();
  for (const [name, control] of Object.entries(CONTROLS)) if (control.value) asked.set(name, control.value);
  if (sort !== "date" || !down) asked.set("sort", (down ? "-" : "") + sort);
  const text = asked.toString();
  if (text || location.hash.startsWith("#papers?")) history.replaceState(null, "", text ? `#papers?${text}` : "#papers");
}

function read() {
  const [place, text] = location.hash.split("?");
  if (place !== "#papers" || !text) return;
  const asked = new URLSearchParams(text);
  for (const [name, control] of Object.entries(CONTROLS)) control.value = asked.get(name) || "";
  const order = asked.get("sort") || "-date";
  if (order.replace("-", "") in SORTS) [sort, down] = [order.replace("-", ""), order.startsWith("-")];
  element("papers").scrollIntoView();
}

// A cell that a spreadsheet would run as a formula gets an apostrophe before it.
function quoted(value) {
  let text = value === null || value === undefined ? "" : String(value);
  if (typeof value === "string" && /^ *[=+\-@\t\r\n＝＋－＠]/.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save() {
  const rows = [FIELDS, ...found.map((paper) => FIELDS.map((name) => paper[name]))];
  const text = rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
  const place = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));  // the mark tells spreadsheets that it is UTF-8
  const a = link(place, "");
  a.download = "papers.csv";
  a.click();
  setTimeout(() => URL.revokeObjectURL(place), 10000);
}

function again() {
  shown = STEP;
  look();
}

async function start() {
  papers = await unpacked();
  const years = new Set(papers.map((paper) => (paper.published_on || "unknown").slice(0, 7)).map((day) => (day === "unknown" ? day : day.slice(0, 4))));
  options(CONTROLS.year, [...years].sort().reverse());
  options(CONTROLS.org, [...new Set(papers.map((paper) => paper.organisation).filter(Boolean))].sort((a, b) => a.localeCompare(b)));
  element("ask").hidden = false;
  read();
  look();
  for (const control of Object.values(CONTROLS)) control.addEventListener("input", again);
  element("ask").addEventListener("submit", (event) => event.preventDefault());
  element("ask").addEventListener("reset", () => setTimeout(again));
  element("csv").addEventListener("click", save);
  element("more").addEventListener("click", () => {
    shown += 4 * STEP;
    show();
  });
  for (const head of document.querySelectorAll("#list th[data-sort]")) {
    head.querySelector("button").addEventListener("click", () => {
      down = sort === head.dataset.sort ? !down : ["date", "authors", "mentions"].includes(head.dataset.sort);
      sort = head.dataset.sort;
      again();
    });
  }
  window.addEventListener("hashchange", () => {
    read();
    again();
  });
}

start().catch((error) => {
  element("found").textContent = `The table could not be opened (${error.message}); a newer browser may be needed.`;
});
