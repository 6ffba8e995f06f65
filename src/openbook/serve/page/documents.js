// The documents of the book: listed, dropped in, and chosen for reading, editing and removing.

import { call, Problem } from "./api.js";
import { openEditor, openRemover } from "./editor.js";
import { note, speak } from "./notes.js";
import { sourceElement } from "./reading.js";
import { clearSearch } from "./search.js";
import { documentPath, state, withBook } from "./state.js";
import { foreign, make, makeButton } from "./text.js";
import { goTo } from "./views.js";

const NUM_LISTED = 100;
const MOST_LISTED = 1000; // at a time; the server gives no more
const LONGEST_TEXT = 1_000_000; // characters; a field with more of them keeps the browser busy for minutes
const field = (id) => document.getElementById(id);

let listed = [];
let hasMore = false;
let latest = 0;

/** Load the list from its beginning. */
export async function loadDocuments() {
  listed = [];
  await loadMore();
}

async function loadMore(limit = NUM_LISTED) {
  latest += 1;
  const number = latest;
  const asked = new URLSearchParams({ limit });
  if (listed.length) asked.set("after", listed.at(-1).document_id);
  const pattern = field("filter").value.trim();
  if (pattern) asked.set(field("filter-kind").value, pattern);
  let page;
  try {
    page = await call(withBook(`v1/documents?${asked}`));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (number === latest) field("documents-count").textContent = error.message;
    return;
  }
  if (number !== latest) return;
  listed.push(...page.data);
  hasMore = page.has_more;
  show(page.documents);
}

function show(total) {
  const all = total === 1 ? "1 document" : `${total} documents`;
  field("documents-count").textContent = listed.length === total ? all : `${listed.length} of ${all}`;
  field("document-list").replaceChildren(...listed.map(line));
  field("more").hidden = !hasMore;
}

function line(listedDocument) {
  const { document_id: id, title, source, chunks, split, excluded } = listedDocument;
  const name = make("span", "title", foreign("span", "", title || id));
  if (split === "holdout") name.append(make("span", "badge", "held out, never read"));
  if (excluded) name.append(make("span", "badge", "left out as a copy"));
  const about = make("span", "muted");
  if (title && title !== id) about.append(foreign("span", "", id), " · ");
  if (source && source !== id) about.append(sourceElement(source), " · ");
  about.append(chunks === 1 ? "1 chunk" : `${chunks} chunks`);
  const does = make("div", "does");
  const label = state.edits ? "Edit" : "Read";
  const edit = makeButton(label, "plain", () => openText(listedDocument));
  edit.setAttribute("aria-label", `${label} ${title || id}`);
  does.append(edit);
  if (state.edits) {
    const remove = makeButton("Remove", "plain", () => openRemover(listedDocument));
    remove.setAttribute("aria-label", `Remove ${title || id}`);
    does.append(remove);
  }
  return make("li", "", make("div", "what", name, make("br"), about), does);
}

/** Open a document's text; `passage` of it is selected. */
async function openText({ document_id: id, book }, passage = "") {
  try {
    const found = await call(documentPath(id, book));
    if (found.text.length > LONGEST_TEXT) throw new Problem(wordsOfLength(found));
    openEditor(found, passage);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    note(error.message, { isWrong: true });
  }
}

function wordsOfLength({ document_id: id, title, text }) {
  const length = text.length.toLocaleString("en");
  const change = state.edits ? " To change it, change its file, and add that again." : "";
  return `${title || id} has ${length} characters, too many for this page. Search shows passages of it.${change}`;
}

/** Something changed in the book: the list and what was found are not up to date. */
export async function bookChanged() {
  state.changes += 1;
  clearSearch();
  // Who has asked for more of the list keeps it, and the place in it.
  const limit = Math.min(MOST_LISTED, Math.max(NUM_LISTED, listed.length));
  listed = [];
  await loadMore(limit);
}

/** Put files into the book, one after another, each with a line that says what became of it. */
async function upload(files) {
  goTo("documents");
  const book = state.book;
  for (const file of files) {
    const item = make("li");
    field("uploads").append(item);
    await put(file, item, { book });
  }
}

/** Put a file into a book; another text of its name is replaced only by whoever wants that. */
async function put(file, item, { book, replaces = "" }) {
  const said = make("span", "", "reading …");
  item.className = "";
  item.replaceChildren(foreign("span", "", file.name), ": ", said);
  const form = new FormData();
  form.append("files", file);
  form.append("replaces", replaces);
  if (book) form.append("book", book);
  try {
    said.textContent = whatWasDone(await call("v1/documents/upload", { method: "POST", form }));
    await bookChanged();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    item.className = "wrong";
    said.textContent = error.status === 409 ? "not added, another document has this name or id. " : withoutName(error.message, file.name);
    if (error.status === 409) item.append(replacer(file, item, book));
  }
}

/** What the server says of a file, whose name stands before it already. */
function withoutName(message, name) {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}

function replacer(file, item, book) {
  const button = makeButton("Replace it", "plain", () => put(file, item, { book, replaces: "*" }));
  button.setAttribute("aria-label", `Replace ${file.name}`);
  return button;
}

/** What an edit did, in words. */
function whatWasDone({ done, notes }) {
  const words = [["added", "added"], ["replaced", "replaced"], ["unchanged", "not changed"], ["skipped", "left out"]];
  const parts = words.filter(([key]) => done[key]).map(([key, word]) => (done[key] === 1 ? word : `${done[key]} ${word}`));
  return [parts.join(", ") || "nothing to read in it", ...notes].join("; ");
}

function carriesFiles(event) {
  return state.edits !== false && [...(event.dataTransfer?.types ?? [])].includes("Files");
}

/** Put dropped files into the book; who drops faster than the server answers waits for `learn`. */
async function uploadDropped(files, learn) {
  if (state.edits === null) await learn();
  if (state.edits) upload(files);
}

/** Files may be dropped anywhere on the page; `learn` asks the server what it has. */
export function followDrops(learn) {
  let depth = 0; // dragenter of a child comes before dragleave of its parent
  const cover = field("drop-cover");
  const handle = (name, does) => document.addEventListener(name, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    does(event);
    cover.hidden = depth <= 0;
  });
  handle("dragenter", () => { depth += 1; });
  handle("dragover", () => {});
  handle("dragleave", () => { depth -= 1; });
  handle("drop", (event) => {
    depth = 0;
    uploadDropped([...event.dataTransfer.files], learn); // the event keeps its files only while it is handled
  });
}

/** Show what the server allows. */
export function showEdits() {
  field("adding").hidden = !state.edits;
  field("read-only").hidden = state.edits;
  field("files").accept = state.kinds.join(",");
  field("kinds").textContent = `It reads ${state.kinds.join(" ")}`;
}

field("files").addEventListener("change", (event) => {
  upload([...event.target.files]);
  event.target.value = "";
});
field("write").addEventListener("click", () => openEditor(null));
field("more").addEventListener("click", () => loadMore());
let waiting;
field("filter").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(loadDocuments, 200);
});
field("filter-kind").addEventListener("change", loadDocuments);
document.addEventListener("book-changed", async (event) => {
  await bookChanged();
  speak(event.detail);
});
document.addEventListener("document-wanted", (event) => openText(event.detail, event.detail.text));
