// What the citations of an answer say: which documents, how much each was looked at, which words are theirs.

import { codePointPlaces, joinRanges, placeOf, sameWords } from "./text.js";

/** A neighbor counts as read where it got at least this part of what it would get if all got the same. */
const READ = 0.5;
const NUM_TINTS = 6;

/** The tint of a document by its number in an answer, from 1. */
export function tintOf(number) {
  return `tint-${((number - 1) % NUM_TINTS) + 1}`;
}

/** Whether a span was written from a neighbor, as far as attention and copying tell. */
export function isRead(neighbor, citation) {
  if (neighbor.attention === null || neighbor.attention === undefined) return true;
  if ((citation.copied ?? []).some((copy) => copy.chunk_id === neighbor.chunk_id)) return true;
  return neighbor.attention * citation.neighbors.length >= READ;
}

/** A citation's neighbors that were read, the most attended first. */
export function readNeighbors(citation) {
  return citation.neighbors.filter((neighbor) => isRead(neighbor, citation));
}

/** A neighbor's text and what follows it: what offsets of copied words count through. */
export function passageOf(neighbor) {
  return neighbor.text + (neighbor.continuation ?? "");
}

/**
 * The words of a span that a neighbor holds too, as UTF-16 ranges of the span and of the passage.
 * Copied ones where the server knows them; else words that are the same in both, which is less.
 */
export function commonWords(spanText, citation, neighbor) {
  const passage = passageOf(neighbor);
  const copies = (citation.copied ?? []).filter((copy) => copy.chunk_id === neighbor.chunk_id);
  if (!copies.length) {
    const { left, right } = sameWords(spanText, passage);
    return { copied: false, inSpan: left, inPassage: right };
  }
  const spanPlaces = codePointPlaces(spanText);
  const passagePlaces = codePointPlaces(passage);
  const range = (places, start, end) => [placeOf(places, start), placeOf(places, end)];
  return {
    copied: true,
    inSpan: joinRanges(copies.map((copy) => range(spanPlaces, copy.start - citation.start, copy.end - citation.start))),
    inPassage: joinRanges(copies.map((copy) => range(passagePlaces, copy.source_start, copy.source_end))),
  };
}

/** The documents that an answer was written from, numbered in the order in which spans read them. */
export class Sources {
  #numbers = new Map();
  #entries = [];

  /** Take a citation in; its documents get numbers. */
  add(citation) {
    for (const neighbor of readNeighbors(citation)) {
      if (!this.#numbers.has(neighbor.document_id)) {
        this.#numbers.set(neighbor.document_id, this.#entries.length + 1);
        this.#entries.push({ number: this.#entries.length + 1, neighbor, citations: [] });
      }
      const entry = this.#entries[this.numberOf(neighbor) - 1];
      if (!entry.citations.includes(citation)) entry.citations.push(citation);
    }
  }

  /** A document's number; undefined where no span read it. */
  numberOf(neighbor) {
    return this.#numbers.get(neighbor.document_id);
  }

  /** The numbers of a citation's documents, without repetition. */
  numbersOf(citation) {
    return [...new Set(readNeighbors(citation).map((neighbor) => this.numberOf(neighbor)))];
  }

  get entries() {
    return this.#entries;
  }
}

/** A document's name for people. */
export function nameOf(neighbor) {
  return neighbor.title || neighbor.document_id;
}
