// An answer while it is written and after: spans tinted by what they read, numbers of sources, what is known of it.

import { nameOf, rankNeighbors, Sources, tintOf } from "./citations.js";
import { coversAnswers, forgetReading, showReading } from "./reading.js";
import { appendMarked, appendText, codePointPlaces, foreign, joinRanges, make, makeButton, placeOf } from "./text.js";

/** A tinted part of an answer, with the number of its sources beside it. */
class Span {
  constructor(citation, text, sources) {
    this.citation = citation;
    this.ranked = rankNeighbors(text, citation);
    this.sources = sources;
    sources.add(this);
    const numbers = sources.numbersOf(this.ranked);
    this.element = make("span", `read ${tintOf(numbers[0] ?? 1)}`);
    const words = this.ranked.filter((each) => each.isRead).flatMap((each) => each.inSpan);
    appendMarked(this.element, text, joinRanges(words), "b");
    this.ref = makeButton(numbers.join(" ") || "?", `ref ${tintOf(numbers[0] ?? 1)}`, () => this.show());
    this.ref.setAttribute("aria-label", `Read for this part: ${this.names()}`);
    this.ref.setAttribute("aria-controls", "reading");
    this.ref.setAttribute("aria-expanded", "false");
    this.ref.addEventListener("focus", () => {
      if (!this.isClosing && !coversAnswers()) this.show();
    });
    this.element.addEventListener("click", () => this.show());
    for (const part of [this.element, this.ref]) {
      part.addEventListener("pointerenter", (event) => {
        if (event.pointerType === "mouse" && !coversAnswers()) this.show();
      });
    }
  }

  names() {
    const read = this.ranked.filter((each) => each.isRead);
    return [...new Set(read.map(({ neighbor }) => nameOf(neighbor)))].join(", ");
  }

  show(first) {
    showReading(this, first);
  }

  mark(isShown) {
    this.element.classList.toggle("shown", isShown);
    this.ref.setAttribute("aria-expanded", String(isShown));
  }

  /** Take the focus back from a panel that was closed, without opening it again. */
  focus() {
    this.isClosing = true;
    this.ref.focus();
    this.isClosing = false;
  }
}

/** The text of an answer in the page. */
export class AnswerView {
  text = "";
  citations = [];
  sources = new Sources();
  #spans = [];
  #done = 0; // code points that stand in closed parts
  #open = make("span");

  constructor() {
    this.text = "";
    this.body = foreign("div", "answer waiting", "");
    this.body.setAttribute("aria-busy", "true");
    this.sourceList = make("details", "sources");
    this.sourceList.hidden = true;
    this.element = make("div", "", this.body, this.sourceList);
    this.body.append(this.#open);
  }

  /** The text goes on. */
  add(piece) {
    this.text += piece;
    this.body.classList.remove("waiting");
    appendText(this.#open, piece);
  }

  /** Spans whose reading is known now; those that are known already may come again. */
  cite(citations) {
    const known = new Map(this.citations.map((citation) => [citation.start, citation]));
    const fresh = citations.filter((citation) => known.get(citation.start)?.end !== citation.end);
    if (!fresh.length) return;
    if (fresh.every((citation) => citation.start >= this.#done)) {
      fresh.sort((a, b) => a.start - b.start);
      for (const citation of fresh) this.#close(citation);
    } else {
      this.#again(citations);
    }
  }

  /** What is before the span becomes plain text, the span a tinted part, the rest goes on. */
  #close(citation) {
    const places = codePointPlaces(this.text);
    const start = placeOf(places, citation.start);
    const end = placeOf(places, citation.end);
    if (end <= start) return;
    this.citations.push(citation);
    const before = make("span");
    appendText(before, this.text.slice(placeOf(places, this.#done), start));
    const span = new Span(citation, this.text.slice(start, end), this.sources);
    this.#spans.push(span);
    this.#open.before(before, span.element, span.ref);
    this.#open.replaceChildren();
    appendText(this.#open, this.text.slice(end));
    this.#done = Math.min(citation.end, places.length - 1);
  }

  /** Spans that are known changed: all are made anew. */
  #again(citations) {
    forgetReading((span) => this.#spans.includes(span));
    this.citations = [];
    this.sources = new Sources();
    this.#spans = [];
    this.#done = 0;
    this.body.replaceChildren(this.#open);
    for (const citation of [...citations].sort((a, b) => a.start - b.start)) this.#close(citation);
  }

  /** The text is complete. */
  finish() {
    this.body.classList.remove("waiting");
    this.body.setAttribute("aria-busy", "false");
    const entries = this.sources.entries;
    if (!entries.length) return;
    const list = make("ol");
    for (const entry of entries) list.append(sourceLine(entry));
    this.sourceList.replaceChildren(make("summary", "", `Sources read (${entries.length})`), list);
    this.sourceList.hidden = false;
  }

  /** The answer goes out of the page. */
  forget() {
    forgetReading((span) => this.#spans.includes(span));
  }

  /** The sources as lines, for copying. */
  sourceLines() {
    return this.sources.entries.map(({ number, neighbor }) => {
      const source = neighbor.source && neighbor.source !== nameOf(neighbor) ? ` (${neighbor.source})` : "";
      return `[${number}] ${nameOf(neighbor)}${source}`;
    });
  }
}

function sourceLine({ number, neighbor, span, hasWords }) {
  const button = makeButton(String(number), `ref ${tintOf(number)}`, () => span.show(neighbor.document_id));
  button.setAttribute("aria-label", `Show what was read in ${nameOf(neighbor)}`);
  const line = make("li", "", button, foreign("span", "", nameOf(neighbor)));
  if (neighbor.source && neighbor.source !== nameOf(neighbor)) line.append(foreign("span", "muted", neighbor.source));
  if (hasWords) line.append(make("span", "badge", "has words of the answer"));
  return line;
}
