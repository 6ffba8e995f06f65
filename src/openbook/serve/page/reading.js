// The panel beside an answer: the neighbors of a span, what of them stands in it, how much each was looked at.

import { nameOf, passageOf, tintOf } from "./citations.js";
import { state } from "./state.js";
import { appendMarked, foreign, make, makeButton } from "./text.js";

const panel = document.getElementById("reading");
const body = document.getElementById("reading-body");

let shown = null;

/** Where a source is a web address, a link to it; else its text. Other schemes than http would run or read things. */
export function sourceElement(source) {
  if (!/^https?:\/\//i.test(source)) return foreign("span", "", source);
  const link = foreign("a", "", source);
  link.href = source;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  return link;
}

/** Make a neighbor's or a hit's card. */
export function passageCard(neighbor, { number, ranges = [], legend = "" } = {}) {
  const card = make("article", number ? `passage ${tintOf(number)}` : "passage");
  const title = make("h3", "passage-title");
  if (number) title.append(make("span", "chip", String(number)));
  title.append(foreign("span", "", nameOf(neighbor)));
  card.append(title);
  if (neighbor.source) card.append(make("p", "passage-source", sourceElement(neighbor.source)));
  card.append(measures(neighbor));
  card.append(passageText(neighbor, ranges));
  if (legend) card.append(make("p", "legend", legend));
  card.append(openButton(neighbor));
  return card;
}

/** A button to the whole document, for reading or editing it. */
function openButton(neighbor) {
  const button = makeButton(state.edits ? "Edit the document" : "Read the document", "plain open", () => {
    document.dispatchEvent(new CustomEvent("document-wanted", { detail: neighbor }));
  });
  button.setAttribute("aria-label", `${button.textContent} ${nameOf(neighbor)}`);
  return button;
}

function measures(neighbor) {
  const line = make("p", "measures");
  const { attention, influence, score } = neighbor;
  if (typeof attention === "number") {
    const filled = make("span");
    filled.style.width = `${100 * attention}%`;
    line.append(make("span", "bar", filled), make("span", "", `${Math.round(attention * 100)} % of attention`));
  }
  if (typeof influence === "number") line.append(make("span", "", `influence ${influence.toFixed(2)}`));
  if (typeof score === "number") line.append(make("span", "", `score ${score.toPrecision(3)}`));
  return line;
}

function passageText(neighbor, ranges) {
  const passage = passageOf(neighbor);
  const border = neighbor.text.length;
  const text = foreign("p", "passage-text", "");
  const inText = ranges.filter(([start]) => start < border).map(([start, end]) => [start, Math.min(end, border)]);
  const inRest = ranges.filter(([, end]) => end > border).map(([start, end]) => [Math.max(0, start - border), end - border]);
  appendMarked(text, passage.slice(0, border), inText, "mark");
  const rest = make("span", "continuation");
  appendMarked(rest, passage.slice(border), inRest, "mark");
  text.append(rest);
  return text;
}

function cardOf({ neighbor, isCopied, inPassage }, sources) {
  let legend = "";
  if (inPassage.length) legend = isCopied ? "Marked: copied from here." : "Marked: words that this part of the answer has too.";
  return passageCard(neighbor, { number: sources.numberOf(neighbor), ranges: inPassage, legend });
}

/**
 * Show what a span was written from: `span.ranked`, a document of it first if one is given.
 * The span is told when the panel shows something else, so that it is not marked any more.
 */
export function showReading(span, first) {
  if (shown && shown.span === span && shown.first === first) return;
  release();
  shown = { span, first };
  span.mark(true);
  const cards = (those) => those.map((each) => cardOf(each, span.sources));
  const isFirst = ({ neighbor }) => neighbor.document_id === first;
  const read = span.ranked.filter((each) => each.isRead).sort((a, b) => isFirst(b) - isFirst(a));
  const rest = span.ranked.filter((each) => !each.isRead);
  const begin = read.filter((each) => each.hasWords || isFirst(each));
  body.replaceChildren(...cards(begin.length ? begin : read));
  if (begin.length && begin.length < read.length) {
    body.append(make("h3", "also", "Also read"), ...cards(read.filter((each) => !begin.includes(each))));
  }
  if (rest.length) {
    body.append(make("details", "folded", make("summary", "", `Found, hardly looked at (${rest.length})`), ...cards(rest)));
  }
  panel.classList.remove("empty");
  bringIntoView(body.querySelector("mark"));
}

/** Scroll the panel to its beginning, or as far as its first marked words need. */
function bringIntoView(marked) {
  panel.scrollTop = 0;
  if (!marked) return;
  const below = marked.getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom;
  if (below > 0) panel.scrollTop = below + panel.clientHeight / 3;
}

function release() {
  shown?.span.mark(false);
  shown = null;
}

/** Empty the panel; the focus goes back to the span that it belonged to, if it stood in the panel. */
export function closeReading() {
  const span = shown?.span;
  const hadFocus = panel.contains(document.activeElement);
  release();
  panel.classList.add("empty");
  body.replaceChildren(make("p", "muted", "Point at a tinted part of an answer, or at its number, to see what was read for it."));
  if (hadFocus) span?.focus();
}

/** Whether the panel lies over the answers and the question, as in a narrow window: there it opens only on purpose. */
export function coversAnswers() {
  return getComputedStyle(panel).position === "fixed";
}

export function isReadingOpen() {
  return shown !== null;
}

/** Close the panel if it belongs to an answer that goes away. */
export function forgetReading(isOfIt) {
  if (shown && isOfIt(shown.span)) closeReading();
}

document.getElementById("reading-close").addEventListener("click", closeReading);
closeReading();
