// Dialogs: a document's text, read or edited; removing one. Each may ask a question before and after.

import { call, Problem } from "./api.js";
import { askAround } from "./exchange.js";
import { note } from "./notes.js";
import { documentPath, state } from "./state.js";
import { foreign, withLineEnds } from "./text.js";

const editor = document.getElementById("editor");
const remover = document.getElementById("remover");
const field = (id) => document.getElementById(id);

let edited = null; // as the server has it; null: a new one
let titleShown = ""; // a field for one line leaves out what begins another
let removed = null;
let isPending = false; // a change is being made
let filled = { title: "", text: "" }; // as the fields had it when the dialog came up

const NOT_SAVED = "Not saved. Press again to throw it away.";

/** Show a document's text, a passage of it selected; null: an empty one, to be written. */
export function openEditor(stored, passage = "") {
  edited = stored;
  field("editor-head").textContent = stored === null ? "Write a document" : state.edits ? "Edit" : "Read";
  fill("edit-title", stored?.title ?? "", !state.edits);
  titleShown = field("edit-title").value;
  fill("edit-id", stored?.document_id ?? "", stored !== null);
  field("edit-id").placeholder = stored === null ? "made from its text, if you give none" : "";
  fill("edit-text", stored?.text ?? "", !state.edits);
  filled = typed();
  for (const part of editor.querySelectorAll(".edit-only")) part.hidden = !state.edits;
  field("edit-origin").hidden = !(state.edits && stored?.has_origin);
  field("edit-save").textContent = "Save";
  open(editor);
  (stored === null ? field("edit-title") : field("edit-text")).focus();
  select(field("edit-text"), passage.trim().replace(/\r\n?/g, "\n"));
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

function typed() {
  return { title: field("edit-title").value, text: field("edit-text").value };
}

/** Whether something was typed that is not saved. */
function isDirty() {
  const { title, text } = typed();
  return editor.open && (title !== filled.title || text !== filled.text);
}

/** Whether a dialog may go; what was typed goes only with the second press, and typing on takes back the first. */
function mayClose(dialog) {
  if (isPending) return false;
  if (dialog !== editor || !isDirty() || isWarned()) return true;
  problem(editor, NOT_SAVED);
  editor.scrollTop = editor.scrollHeight; // it stands low, and may be out of sight
  return false;
}

function isWarned() {
  return editor.querySelector(".problem").textContent === NOT_SAVED;
}

/** Ask whether a document is to be removed. */
export function openRemover(listedDocument) {
  removed = listedDocument;
  field("remove-do").textContent = "Remove";
  field("remover-name").replaceChildren(foreign("span", "", listedDocument.title || listedDocument.document_id));
  open(remover);
}

function open(dialog) {
  problem(dialog, "");
  showPresent(dialog, null);
  dialog.querySelector(".ask-both").value = state.lastQuestion;
  if (!dialog.open) dialog.showModal();
}

function problem(dialog, message) {
  const place = dialog.querySelector(".problem");
  place.textContent = message;
  place.hidden = !message;
}

/** What the document says now, where somebody else has changed it meanwhile; null: nothing to show. */
function showPresent(dialog, present) {
  const place = dialog.querySelector(".present");
  place.hidden = present === null;
  place.querySelector("textarea").value = present?.text ?? "";
}

/**
 * Make a change, and perhaps ask a question before and after it. Until it is made the dialog is there, and the
 * browser asks whoever leaves; where it cannot be made, the dialog stays, with what was typed.
 */
async function carryOut(dialog, about, change) {
  if (isPending) return;
  const question = dialog.querySelector(".ask-both").value.trim();
  const make = async () => {
    const message = await change();
    dialog.close();
    return message;
  };
  pending(dialog, true);
  try {
    if (question) await askAround(question, about, make);
    else note(await make());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!dialog.open) dialog.showModal();
    problem(dialog, error.message);
    dialog.scrollTop = dialog.scrollHeight; // what it says stands low, and may be out of sight
  } finally {
    pending(dialog, false);
  }
}

function pending(dialog, isNow) {
  isPending = isNow;
  if (isNow) problem(dialog, "");
  for (const button of dialog.querySelectorAll("button")) button.disabled = isNow;
  dialog.querySelector(".pending").hidden = !isNow;
}

function changed(message) {
  document.dispatchEvent(new CustomEvent("book-changed", { detail: message }));
  return message;
}

async function save() {
  if (!field("edit-text").value.trim()) {
    problem(editor, "There is no text. Write some, or cancel.");
    return;
  }
  const stored = edited;
  const text = withLineEnds(field("edit-text").value, stored?.text ?? "");
  const typedTitle = field("edit-title").value;
  const title = stored && typedTitle === titleShown ? stored.title : typedTitle.trim();
  const id = stored?.document_id ?? field("edit-id").value.trim();
  const name = title || id || "The document";
  const written = { id, title, text };
  for (const kept of ["source", "language"]) if (stored?.[kept]) written[kept] = stored[kept];
  if (id) written.replaces = stored?.revision ?? "";
  const book = stored?.book ?? state.book;
  await carryOut(editor, { before: stored?.text ?? "", after: text, name }, async () => {
    await put(written, book, stored);
    return changed(`${name} is ${stored ? "saved" : "added"}; the next answer reads it.`);
  });
}

/** Store a document in the place of what was read of it, and of nothing else. */
async function put(written, book, stored) {
  const body = { documents: [written] };
  if (book) body.book = book;
  try {
    await call("v1/documents", { method: "POST", body });
  } catch (error) {
    if (!isConflict(error)) throw error;
    if (!stored) throw new Problem("There is a document with this id. Edit that one, or choose another id.");
    await meet(written, book, stored);
  }
}

function isConflict(error) {
  return error instanceof Problem && error.status === 409;
}

/** Somebody else was faster: what they wrote stands below what was typed, and is saved over only on purpose. */
async function meet(written, book, stored) {
  const present = await readAgain(written.id, book);
  if (present?.text === written.text && present.title === written.title) return;
  edited = present ?? { ...stored, revision: "" };
  titleShown = null; // what is typed there is meant
  showPresent(editor, present);
  field("edit-save").textContent = present ? "Save over it" : "Save as a new one";
  if (!present) {
    throw new Problem("Not saved: the document was removed since you opened it. Your text is kept here; save it as a new one, or cancel.");
  }
  const titled = present.title === written.title ? "" : ` Its title is now “${present.title}”.`;
  throw new Problem(`Not saved: the document was changed since you opened it.${titled} What it says now stands below; your text is kept above. Take over what you need, then save over it, or cancel.`);
}

/** A document as it is now; null: there is none any more. */
async function readAgain(id, book) {
  try {
    return await call(documentPath(id, book));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

async function remove() {
  const { document_id: id, title, revision, book = state.book } = removed; // of a list: the book that is chosen
  const name = title || id;
  await carryOut(remover, { before: "", after: "", name }, async () => {
    try {
      await call(documentPath(id, book, revision), { method: "DELETE" });
    } catch (error) {
      if (!isConflict(error)) throw error;
      const present = await readAgain(id, book);
      if (present) {
        removed = present;
        showPresent(remover, present);
        field("remove-do").textContent = "Remove it all the same";
        throw new Problem("Not removed: the document was changed since this page read it. What it says now stands above.");
      }
    }
    return changed(`${name} is removed.`);
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
  dialog.querySelector("[data-close]").addEventListener("click", () => {
    if (mayClose(dialog)) dialog.close();
  });
  dialog.addEventListener("cancel", (event) => {
    if (!mayClose(dialog)) event.preventDefault();
  });
}
editor.addEventListener("input", () => {
  if (isWarned()) problem(editor, "");
});
window.addEventListener("beforeunload", (event) => {
  if (isPending || isDirty()) event.preventDefault();
});
// Ctrl+Enter saves from inside the text, where Enter is a new line.
field("edit-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && state.edits) {
    event.preventDefault();
    save();
  }
});
