// The page begins: what the server has, the views, the composer.

import { call, Problem } from "./api.js";
import { followDrops, loadDocuments, showEdits } from "./documents.js";
import { ask, beginAnew } from "./exchange.js";
import { clearNotes, note } from "./notes.js";
import { closeReading, coversAnswers, isReadingOpen } from "./reading.js";
import { clearSearch } from "./search.js";
import { state } from "./state.js";
import { showView, whenShown } from "./views.js";

const field = (id) => document.getElementById(id);

let learning = null;

/** Learn what the server has, once at a time. */
function learn() {
  learning ??= askServer().finally(() => {
    learning = null;
  });
  return learning;
}

async function askServer() {
  try {
    const about = await call("page/about");
    state.model = about.model;
    state.edits = about.edits;
    state.kinds = about.kinds;
    state.byMeaning = about.by_meaning;
    showBooks(about.books);
    clearNotes();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    note(error.message, { isWrong: true });
    return;
  }
  field("about").textContent = state.model;
  showEdits();
  showView();
}

function showBooks(books) {
  const choice = field("book");
  choice.replaceChildren(...books.map((name) => new Option(name, name)));
  field("book-choice").hidden = books.length < 2;
  state.book = books.length < 2 ? "" : choice.value;
  offerModes();
}

/** Offer the ways of searching that the chosen book has. */
function offerModes() {
  const isOffered = state.byMeaning.includes(field("book").value);
  for (const choice of [field("search-mode"), field("set-mode")]) {
    for (const option of choice.querySelectorAll("[value=hybrid], [value=dense]")) {
      option.hidden = option.disabled = !isOffered;
    }
    if (choice.selectedOptions[0]?.disabled) choice.value = "";
  }
}

async function sendQuestion() {
  // Who types faster than the server answers waits for it; where it does not answer, the question stays.
  if (!state.model) await learn();
  if (!state.model) return;
  const question = field("question").value.trim();
  if (!question) {
    field("question").focus();
    return;
  }
  field("question").value = "";
  ask(question, { compare: field("compare").checked });
}

field("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendQuestion();
});

field("composer").addEventListener("focusin", () => {
  if (isReadingOpen() && coversAnswers()) closeReading();
});

field("question").addEventListener("keydown", (event) => {
  // An Enter that ends the composition of a character is not meant for us.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendQuestion();
});

field("fresh").addEventListener("click", () => {
  beginAnew();
  field("question").focus();
});

field("book").addEventListener("change", () => {
  state.book = field("book").value;
  offerModes();
  clearSearch();
  showView();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (field("settings").open) {
    field("settings").open = false;
    field("settings").querySelector("summary").focus();
  } else if (isReadingOpen()) {
    closeReading();
  }
});

document.addEventListener("click", (event) => {
  if (field("settings").open && !field("settings").contains(event.target)) field("settings").open = false;
});

whenShown((view) => {
  if (view === "documents") loadDocuments();
  if (view === "search") field("search-text").focus();
});
followDrops(learn);
learn();
