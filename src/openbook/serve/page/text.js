// Text from books and models: put into the page as text, never as markup; its offsets; its common words.

/** What turns the direction of text, and control characters: shown by their numbers instead of obeyed. */
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u206f]/u;
const OBEYED_PART = new RegExp(`(${OBEYED.source})`, "u");

/** Make an element: its class, and children that are elements or strings, which become text. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Make a button that does something. */
export function makeButton(label, className, onClick) {
  const button = make("button", className, label);
  button.type = "button";
  button.addEventListener("click", onClick);
  return button;
}

/** Put text at the end of an element; what a browser would obey is shown by its number. */
export function appendText(parent, text) {
  for (const part of text.split(OBEYED_PART)) {
    if (part === "\r") continue;
    if (part.length === 1 && OBEYED.test(part)) {
      const number = part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      parent.append(make("span", "control", `U+${number}`));
    } else if (part) {
      parent.append(part);
    }
  }
}

/** Make an element of foreign text, which keeps its own direction. */
export function foreign(tag, className, text) {
  const element = make(tag, `foreign ${className}`.trim());
  element.dir = "auto";
  appendText(element, text);
  return element;
}

/** Put text at the end of an element, parts of it inside elements of a tag. Ranges are UTF-16, in order. */
export function appendMarked(parent, text, ranges, tag) {
  let done = 0;
  for (const [start, end] of ranges) {
    appendText(parent, text.slice(done, start));
    const marked = make(tag);
    appendText(marked, text.slice(start, end));
    parent.append(marked);
    done = end;
  }
  appendText(parent, text.slice(done));
}

/**
 * Where each code point of a text begins in its UTF-16 form, and where the last one ends.
 * The server counts code points: in "a😀b" the b is number 2, and stands at 3 here.
 */
export function codePointPlaces(text) {
  const places = [0];
  for (const point of text) places.push(places.at(-1) + point.length);
  return places;
}

/** The UTF-16 place of a code point, at most the end. */
export function placeOf(places, point) {
  return places[Math.max(0, Math.min(point, places.length - 1))];
}

/** Ranges in order, those that touch or overlap joined, cut to [start, end). */
export function joinRanges(ranges, start = 0, end = Infinity) {
  const joined = [];
  const cut = ranges.map(([from, to]) => [Math.max(from, start), Math.min(to, end)]);
  for (const [from, to] of cut.filter(([a, b]) => b > a).sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

/** The words of a text: lower case, with their UTF-16 places. */
function wordsOf(text) {
  if (segmenter) {
    return [...segmenter.segment(text)]
      .filter((part) => part.isWordLike)
      .map((part) => ({ word: part.segment.toLowerCase(), start: part.index, end: part.index + part.segment.length }));
  }
  return [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)]
    .map((found) => ({ word: found[0].toLowerCase(), start: found.index, end: found.index + found[0].length }));
}

/** Whether words in a row say something together: short ones such as "of the" stand everywhere. */
function isTelling(words) {
  return words.some(({ word }) => /\p{N}/u.test(word) || word.length >= 5 || /[^\p{ASCII}]/u.test(word))
    || words.filter(({ word }) => word.length >= 3).length >= 3;
}

/**
 * Words in a row that stand in both texts, as ranges of each: {left, right}.
 * It says that the words are the same, not that they were copied.
 */
export function sameWords(leftText, rightText) {
  const left = wordsOf(leftText);
  const right = wordsOf(rightText);
  const runs = [];
  for (let place = 0; place < right.length;) {
    const [begin, length] = longestRun(left, right, place);
    if (isTelling(right.slice(place, place + length))) runs.push({ begin, place, length });
    place += Math.max(1, length);
  }
  // Beside a long run, single words and pairs of them say nothing.
  const shortest = runs.some(({ length }) => length >= 4) ? 3 : 1;
  const kept = runs.filter(({ length }) => length >= shortest);
  const ranges = (words, from) => kept.map((run) => [words[run[from]].start, words[run[from] + run.length - 1].end]);
  return { left: joinRanges(ranges(left, "begin")), right: joinRanges(ranges(right, "place")) };
}

function longestRun(left, right, place) {
  let best = [0, 0];
  for (let begin = 0; begin < left.length; begin += 1) {
    let length = 0;
    while (left[begin + length] && left[begin + length].word === right[place + length]?.word) length += 1;
    if (length > best[1]) best = [begin, length];
  }
  return best;
}

/** What differs between two texts: the middle of each, with some characters around; null: nothing does. */
export function difference(before, after) {
  const old = Array.from(before);
  const now = Array.from(after);
  let start = 0;
  while (start < old.length && old[start] === now[start]) start += 1;
  if (start === old.length && start === now.length) return null;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  [start, end] = wholeWords(old, now, start, end);
  const around = 32; // and no word cut, where there are words
  const left = old.slice(Math.max(0, start - around), start).join("");
  const right = now.slice(now.length - end, now.length - end + around).join("");
  return {
    before: start > around ? left.replace(/^\S*\s/, "") : left,
    removed: old.slice(start, old.length - end).join(""),
    added: now.slice(start, now.length - end).join(""),
    after: end > around ? right.replace(/\s\S*$/, "") : right,
  };
}

/** Move both borders outward to where no word is cut. */
function wholeWords(old, now, start, end) {
  const inWord = (point) => point !== undefined && /[\p{L}\p{M}\p{N}]/u.test(point);
  const cuts = (points, place) => inWord(points[place - 1]) && inWord(points[place]);
  while (start > 0 && (cuts(old, start) || cuts(now, start))) start -= 1;
  while (end > 0 && (cuts(old, old.length - end) || cuts(now, now.length - end))) end -= 1;
  return [start, end];
}

/**
 * A text that was edited in a field, where every line ends with \n, with the line ends that are stored: after the
 * lines at the beginning that stayed, before those at the end that did, and in between the most frequent kind.
 */
export function withLineEnds(text, stored) {
  const ends = stored.match(/\r\n?|\n/g) ?? [];
  const count = (kind) => ends.filter((end) => end === kind).length;
  const [usual] = ["\n", "\r\n", "\r"].sort((a, b) => count(b) - count(a));
  const old = stored.split(/\r\n?|\n/);
  const lines = text.split("\n");
  const least = Math.min(old.length, lines.length);
  let start = 0;
  while (start < least && lines[start] === old[start]) start += 1;
  let tail = 0;
  while (tail < least - start && lines.at(-1 - tail) === old.at(-1 - tail)) tail += 1;
  const endOf = (place) => {
    if (place < start) return ends[place] ?? usual;
    return place < lines.length - tail - 1 ? usual : ends.at(place - lines.length + 1) ?? usual;
  };
  return lines.map((line, place) => (place < lines.length - 1 ? line + endOf(place) : line)).join("");
}
