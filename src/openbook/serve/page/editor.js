// Dialogs: a document's text, read or edited; removing one. Each may ask a question before and after.

import { call, Problem } from "./api.js";
import { askAround } from "./exchange.js";
import { note } from "./notes.js";
import { documentPath, state } from "./state.js";
import { foreign } from "./text.js";
import { goTo } from "./views.js";

const editor = document.getElementById("editor");
const remover = document.getElementById("remover");
const field = (id) => document.getElementById(id);

let edited = null; // as the server has it; null: a new one
let removed = null;

/** Show a document's text, a passage of it selected; null: an empty one, to be written. */
export function openEditor(stored, passage = "") {
  edited = stored;
  field("editor-head").textContent = stored === null ? "Write a document" : state.edits ? "Edit" : "Read";
  fill("edit-title", stored?.title ?? "", !state.edits);
  fill("edit-id", stored?.document_id ?? "", stored !== null);
  field("edit-id").placeholder = stored === null ? "made from its text, if you give none" : "";
  fill("edit-text", stored?.text ?? "", !state.edits);
  for (const part of editor.querySelectorAll(".edit-only")) part.hidden = !state.edits;
  open(editor);
  (stored === null ? field("edit-title") : field("edit-text")).focus();
  select(field("edit-text"), passage.trim());
}

/** Select a part of a text, and bring it into view; browsers do not scroll to a selection themselves. */
function select(area, part) {
  const start = part ? area.value.indexOf(part) : -1;
  area.setSelectionRange(Math.max(0, start), start < 0 ? 0 : start + part.length);
  area.scrollTop = Math.max(0, (area.scrollHeight * start) / area.value.length - area.clientHeight / 3);
}

function fill(id, value, isFixed) {
  field(id).value = value;
  field(id).readOnly = isFixed;
}

/** Ask whether a document is to be removed. */
export function openRemover(listedDocument) {
  removed = listedDocument;
  field("remover-name").replaceChildren(foreign("span", "", listedDocument.title || listedDocument.document_id));
  open(remover);
}

function open(dialog) {
  problem(dialog, "");
  dialog.querySelector(".ask-both").value = state.lastQuestion;
  if (!dialog.open) dialog.showModal();
}

function problem(dialog, message) {
  const place = dialog.querySelector(".problem");
  place.textContent = message;
  place.hidden = !message;
}

/**
 * Make a change: at once, or with a question asked before and after it.
 * Where it cannot be made, the dialog is there again with what was typed.
 */
async function carryOut(dialog, about, change) {
  const question = dialog.querySelector(".ask-both").value.trim();
  const buttons = dialog.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    if (question) {
      dialog.close();
      goTo("ask");
      await askAround(question, about, change);
    } else {
      note(await change());
      dialog.close();
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!dialog.open) dialog.showModal();
    problem(dialog, error.message);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function changed(message) {
  document.dispatchEvent(new CustomEvent("book-changed", { detail: message }));
  return message;
}

async function save() {
  const text = field("edit-text").value;
  const title = field("edit-title").value.trim();
  if (!text.trim()) {
    problem(editor, "There is no text. Write some, or cancel.");
    return;
  }
  const stored = edited;
  const id = stored?.document_id ?? field("edit-id").value.trim();
  const name = title || id || "The document";
  const written = { id, title, text };
  for (const kept of ["source", "language"]) if (stored?.[kept]) written[kept] = stored[kept];
  const book = stored?.book ?? state.book;
  const body = { documents: [written] };
  if (book) body.book = book;
  await carryOut(editor, { before: stored?.text ?? "", after: text, name }, async () => {
    if (!stored && id && (await isTaken(id, book))) {
      throw new Problem("There is a document with this id. Edit that one, or choose another id.");
    }
    await call("v1/documents", { method: "POST", body });
    return changed(`${name} is ${stored ? "saved" : "added"}; the next answer reads it.`);
  });
}

/** Whether a document has this id: a new one would take its place. */
async function isTaken(id, book) {
  try {
    await call(documentPath(id, book));
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return false;
    throw error;
  }
}

async function remove() {
  const { document_id: id, title } = removed;
  const path = documentPath(id); // of the book that is chosen now
  await carryOut(remover, { before: "", after: "", name: title || id }, async () => {
    await call(path, { method: "DELETE" });
    return changed(`${title || id} is removed.`);
  });
}

function onSubmit(dialog, does) {
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    does();
  });
}

onSubmit(editor, save);
onSubmit(remover, remove);
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
}
// Ctrl+Enter saves from inside the text, where Enter is a new line.
field("edit-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && state.edits) {
    event.preventDefault();
    save();
  }
});
