// A question and its answers: one, or two side by side (with and without the book; before and after an edit).

import { Problem } from "./api.js";
import { AnswerView } from "./answer.js";
import { copyText } from "./clipboard.js";
import { speak, speakText } from "./notes.js";
import { state } from "./state.js";
import { difference, foreign, make, makeButton } from "./text.js";
import { goTo } from "./views.js";
import { Writing } from "./writing.js";

const list = document.getElementById("exchanges");
const fresh = document.getElementById("fresh");

let conversation = []; // the exchanges whose questions and answers the model is told with the next one

/** An answer in its column, with its buttons. */
class Column {
  constructor(exchange, { label = "", retrieval = true, onAgain = null } = {}) {
    this.exchange = exchange;
    this.question = exchange.question;
    this.retrieval = retrieval;
    this.heading = make("h3", "", label);
    this.heading.hidden = !label;
    this.place = make("div");
    this.facts = make("p", "facts");
    this.problem = make("p", "problem");
    this.problem.setAttribute("role", "alert");
    this.problem.hidden = true;
    this.stopButton = makeButton("Stop", "plain", () => this.writing?.stop());
    this.copyButton = makeButton("Copy", "plain", () => copyText(this.view.text, this.copyButton));
    this.citeButton = makeButton("Copy with sources", "plain", () => copyText(this.withSources(), this.citeButton));
    this.againButton = makeButton("Ask again", "plain", () => (onAgain ? onAgain() : this.write()));
    this.actions = make("div", "actions", this.stopButton, this.copyButton, this.citeButton, this.againButton);
    this.element = make("section", "column", this.heading, this.place, this.problem, this.facts, this.actions);
    this.#buttons("none");
  }

  setLabel(label) {
    this.heading.textContent = label;
    this.heading.hidden = !label;
  }

  withSources() {
    const lines = this.view.sourceLines();
    return lines.length ? `${this.view.text}\n\nRead:\n${lines.join("\n")}` : this.view.text;
  }

  #buttons(phase) {
    const isDone = phase === "done";
    // The focus would be lost with the button that it is on.
    const hadFocus = this.actions.contains(document.activeElement);
    this.stopButton.hidden = phase !== "writing";
    this.againButton.hidden = !isDone;
    this.copyButton.hidden = !isDone || !this.view.text;
    this.citeButton.hidden = !isDone || !this.view.sources.entries.length;
    if (hadFocus) (isDone ? this.againButton : this.stopButton).focus();
  }

  /** Ask, and show the answer as it comes; a problem is shown too, and returned as false. */
  async write() {
    this.writing?.stop();
    this.view?.forget();
    const view = new AnswerView();
    const { retrieval } = this;
    const writing = new Writing(this.question, { retrieval, turns: this.exchange.turnsBefore(retrieval) });
    Object.assign(this, { view, writing });
    this.changesSeen = state.changes;
    this.place.replaceChildren(view.element);
    this.problem.hidden = true;
    this.facts.textContent = "";
    this.#buttons("writing");
    const label = this.heading.textContent;
    const speech = speakText(label);
    try {
      await writing.run(view, speech.add);
    } catch (error) {
      if (!(error instanceof Problem)) console.error(error);
      this.fail(error instanceof Problem ? error.message : "The page failed at this. Load it again.");
    }
    if (this.writing !== writing) return false;
    view.finish();
    speech.end();
    this.facts.textContent = this.#facts(view, writing).join(" · ");
    this.#buttons("done");
    return this.problem.hidden;
  }

  #facts(view, writing) {
    const facts = writing.facts();
    if (this.problem.hidden && writing.finishReason !== "cancelled") {
      if (!this.retrieval) facts.push("nothing was read");
      else if (!view.citations.length) facts.push("nothing was found to read");
      if (writing.unmentioned?.length) facts.push(`nothing that was read mentions ${writing.unmentioned.join(", ")}`);
    }
    return facts;
  }

  fail(message) {
    this.problem.textContent = message;
    this.problem.hidden = false;
  }

  forget() {
    this.writing?.stop();
    this.view?.forget();
  }
}

/** A question with its columns, at the end of the page; one that stands alone is of no conversation. */
class Exchange {
  constructor(question, { standsAlone = false } = {}) {
    this.question = question;
    this.earlier = standsAlone ? [] : conversation;
    if (!standsAlone) conversation = [...conversation, this];
    fresh.hidden = !conversation.length;
    this.columns = make("div", "columns");
    this.heading = foreign("h2", "question", question);
    this.element = make("article", "exchange", this.heading, this.columns);
    this.shown = [];
    list.append(this.element);
    document.getElementById("welcome").hidden = true;
    state.lastQuestion = question;
  }

  /** What was said before, as messages. */
  turnsBefore(retrieval) {
    return this.earlier.flatMap((exchange) => exchange.turns(retrieval));
  }

  /** The question and its answer; of two the newer one that was written in this way. */
  turns(retrieval) {
    const column = this.shown.findLast((each) => each.retrieval === retrieval) ?? this.shown.at(-1);
    const answer = column?.view?.text.trim();
    if (!answer) return [];
    return [{ role: "user", content: this.question }, { role: "assistant", content: answer }];
  }

  column(options) {
    const column = new Column(this, options);
    this.shown.push(column);
    this.columns.append(column.element);
    this.columns.classList.toggle("pair", this.shown.length > 1);
    return column;
  }

  keepOnly(column) {
    for (const other of this.shown) {
      if (other === column) continue;
      other.forget();
      other.element.remove();
    }
    this.shown = [column];
    this.columns.classList.remove("pair");
  }

  reveal() {
    this.element.scrollIntoView({ block: "start" });
  }
}

/** Begin a new conversation: the model is told of nothing that stands above. */
export function beginAnew() {
  conversation = [];
  fresh.hidden = true;
  const line = make("p", "divider", "A new conversation. The model is not told what is above.");
  if (list.lastElementChild?.className !== "divider") list.append(line);
  list.lastElementChild.scrollIntoView({ block: "nearest" });
  speak("A new conversation.");
}

/** Ask a question: with the book, or with `compare` also without. */
export async function ask(question, { compare }) {
  const exchange = new Exchange(question);
  if (compare) {
    const columns = [
      exchange.column({ label: "With the book", retrieval: true }),
      exchange.column({ label: "Without the book", retrieval: false }),
    ];
    exchange.reveal();
    await Promise.all(columns.map((column) => column.write()));
    return;
  }
  const column = exchange.column({ onAgain: () => askAgain(exchange, column) });
  exchange.reveal();
  await column.write();
}

/** The same question once more; where the book has changed since, beside the answer from before. */
async function askAgain(exchange, column) {
  const last = exchange.shown.at(-1);
  if (last.changesSeen === state.changes || last.writing.book !== state.book) {
    await last.write();
    return;
  }
  exchange.keepOnly(last);
  last.setLabel("Before the edit");
  const after = exchange.column({ label: "After the edit", onAgain: () => askAgain(exchange, after) });
  await after.write();
}

/**
 * Ask before and after a change of the book, side by side; returns when the change is made.
 * It waits only until the server has begun the first answer: that one reads the book as it was, to its end.
 * `change` makes it; a Problem of it goes on to the caller, and stands where the second answer would.
 */
export async function askAround(question, { before = "", after = "", name }, change) {
  const exchange = new Exchange(question, { standsAlone: true });
  const first = exchange.column({ label: "Before the edit" });
  const second = exchange.column({ label: "After the edit", onAgain: () => askAgain(exchange, second) });
  first.againButton.remove();
  const written = first.write();
  await first.writing.begun;
  try {
    await change();
  } catch (error) {
    second.fail(`The change was not made. ${error.message}`);
    throw error;
  }
  exchange.heading.after(changeLine(before, after, name));
  goTo("ask");
  exchange.reveal();
  written.then(() => {
    speak("The book is changed. Asking again.");
    return second.write();
  });
}

function changeLine(before, after, name) {
  const line = make("p", "changed", foreign("span", "", name), ": ");
  const found = difference(before, after);
  if (!after) line.append("removed");
  else if (!found) line.append("text unchanged");
  else {
    line.append("… ", foreign("span", "", found.before));
    if (found.removed) line.append(foreign("del", "", shortened(found.removed)));
    if (found.added) line.append(" ", foreign("ins", "", shortened(found.added)));
    line.append(foreign("span", "", found.after), " …");
  }
  return line;
}

function shortened(text) {
  const points = Array.from(text);
  return points.length > 200 ? `${points.slice(0, 200).join("")} …` : text;
}
