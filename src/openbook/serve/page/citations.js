// What the citations of an answer say: which documents, how much each was looked at, which words are theirs.

import { codePointPlaces, joinRanges, placeOf, sameWords } from "./text.js";

/** A neighbor counts as read where it got at least this part of what it would get if all got the same. */
const READ = 0.5;
const NUM_TINTS = 6;

/** The tint of a document by its number in an answer, from 1. */
export function tintOf(number) {
  return `tint-${((number - 1) % NUM_TINTS) + 1}`;
}

/** Whether words were copied from this neighbor; what was said before has chunks of its own, numbered alike. */
function isFrom(copy, neighbor) {
  return copy.document_id === neighbor.document_id && copy.chunk_id === neighbor.chunk_id;
}

/** Whether a neighbor was read, as far as attention and copying tell. */
function isRead(neighbor, citation) {
  if (neighbor.attention === null || neighbor.attention === undefined) return true;
  if ((citation.copied ?? []).some((copy) => isFrom(copy, neighbor))) return true;
  return neighbor.attention * citation.neighbors.length >= READ;
}

/** A neighbor's text and what follows it: what offsets of copied words count through. */
export function passageOf(neighbor) {
  return neighbor.text + (neighbor.continuation ?? "");
}

/**
 * The words of a span that a neighbor has too, as UTF-16 ranges of the span and of the passage.
 * Copied ones where the server knows them; else words that are the same in both, which says less.
 */
function commonWords(spanText, citation, neighbor) {
  const passage = passageOf(neighbor);
  const copies = (citation.copied ?? []).filter((copy) => isFrom(copy, neighbor));
  if (!copies.length) {
    const { left, right } = sameWords(spanText, passage);
    return { isCopied: false, inSpan: left, inPassage: right };
  }
  const spanPlaces = codePointPlaces(spanText);
  const passagePlaces = codePointPlaces(passage);
  const range = (places, start, end) => [placeOf(places, start), placeOf(places, end)];
  return {
    isCopied: true,
    inSpan: joinRanges(copies.map((copy) => range(spanPlaces, copy.start - citation.start, copy.end - citation.start))),
    inPassage: joinRanges(copies.map((copy) => range(passagePlaces, copy.source_start, copy.source_end))),
  };
}

/**
 * What is known of a span's neighbors: {neighbor, isRead, hasWords, isCopied, inSpan, inPassage}.
 * First those that were read and have its words (at least half as many as the one with most), then the others
 * that were read, then the rest; each part in the order given, the most attended first.
 */
export function rankNeighbors(spanText, citation) {
  const found = citation.neighbors.map((neighbor) => ({
    neighbor,
    isRead: isRead(neighbor, citation),
    ...commonWords(spanText, citation, neighbor),
  }));
  const share = ({ inSpan }) => inSpan.reduce((sum, [start, end]) => sum + end - start, 0);
  const most = Math.max(0, ...found.filter((each) => each.isRead).map(share));
  for (const each of found) each.hasWords = each.isRead && most > 0 && 2 * share(each) >= most;
  return found.sort((a, b) => b.hasWords - a.hasWords || b.isRead - a.isRead);
}

/** The documents that an answer was written from, numbered in the order in which spans read them. */
export class Sources {
  #numbers = new Map();
  #entries = [];

  /** Take in what a span read; its documents get numbers. */
  add(span) {
    for (const { neighbor, hasWords } of span.ranked.filter((each) => each.isRead)) {
      if (!this.#numbers.has(neighbor.document_id)) {
        this.#numbers.set(neighbor.document_id, this.#entries.length + 1);
        this.#entries.push({ number: this.#entries.length + 1, neighbor, span, hasWords });
      }
      const entry = this.#entries[this.numberOf(neighbor) - 1];
      if (hasWords && !entry.hasWords) Object.assign(entry, { span, hasWords });
    }
  }

  /** A document's number; undefined where no span read it. */
  numberOf(neighbor) {
    return this.#numbers.get(neighbor.document_id);
  }

  /** The numbers of the documents that have a span's words; where none has, of all that were read for it. */
  numbersOf(ranked) {
    const having = ranked.filter((each) => each.hasWords);
    const shown = having.length ? having : ranked.filter((each) => each.isRead);
    return [...new Set(shown.map(({ neighbor }) => this.numberOf(neighbor)))];
  }

  get entries() {
    return this.#entries;
  }
}

/** A document's name for people. */
export function nameOf(neighbor) {
  return neighbor.title || neighbor.document_id;
}
