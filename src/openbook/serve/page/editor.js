// Dialogs: a document's text, read or edited; removing one. Each may ask a question before and after.

import { call, Problem } from "./api.js";
import { askAround } from "./exchange.js";
import { note } from "./notes.js";
import { state, withBook } from "./state.js";
import { foreign } from "./text.js";
import { goTo } from "./views.js";

const editor = document.getElementById("editor");
const remover = document.getElementById("remover");
const field = (id) => document.getElementById(id);

let edited = null; // as the server has it; null: a new one
let removed = null;

/** Show a document's text; null: an empty one, to be written. */
export function openEditor(stored) {
  edited = stored;
  field("editor-head").textContent = stored === null ? "Write a document" : state.edits ? "Edit" : "Read";
  fill("edit-title", stored?.title ?? "", !state.edits);
  fill("edit-id", stored?.document_id ?? "", stored !== null);
  field("edit-id").placeholder = stored === null ? "made from its title" : "";
  fill("edit-text", stored?.text ?? "", !state.edits);
  for (const part of editor.querySelectorAll(".edit-only")) part.hidden = !state.edits;
  open(editor);
  (stored === null ? field("edit-title") : field("edit-text")).focus();
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
  const id = field("edit-id").value.trim() || title;
  if (!id) {
    problem(editor, "It has no name. Give it a title or an id.");
    return;
  }
  const stored = edited;
  const written = { id, title, text };
  if (stored?.source) written.source = stored.source;
  await carryOut(editor, { before: stored?.text ?? "", after: text, name: title || id }, async () => {
    await call(withBook("v1/documents"), { method: "POST", body: { documents: [written] } });
    return changed(`${title || id} is ${stored ? "saved" : "added"}; the next answer reads it.`);
  });
}

async function remove() {
  const { document_id: id, title } = removed;
  await carryOut(remover, { before: "", after: "", name: title || id }, async () => {
    await call(withBook(`v1/documents/${encodeURIComponent(id)}`), { method: "DELETE" });
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
