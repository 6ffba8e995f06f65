// What the parts of the page share: the server's models and books, whether edits are allowed, the settings.

export const state = {
  model: "",
  book: "", // empty: there is one, and the server takes it
  byMeaning: [], // books that have vectors
  edits: null, // whether the server allows them; null until it has said so
  kinds: [], // of files that the server reads, as .md
  changes: 0, // documents added, edited or removed from this page
  lastQuestion: "",
};

const field = (id) => document.getElementById(id);

/** A number of a field, within its bounds, whole where its step is; null where it is empty or none. */
function numberIn(input) {
  const typed = input.valueAsNumber;
  if (!Number.isFinite(typed)) return null;
  const number = Number.isInteger(Number(input.step)) ? Math.round(typed) : typed; // no step is one of 1
  return Math.min(Math.max(number, Number(input.min)), Number(input.max));
}

/** Which documents two fields choose: what is looked at, and a pattern of it; null where all. */
export function filterIn(name) {
  const pattern = field(name).value.trim();
  return pattern ? { [field(`${name}-kind`).value]: [pattern] } : null;
}

/** A filter, for people. */
export function wordsOfFilter(filter) {
  const [[kind, [pattern]]] = Object.entries(filter);
  return `${{ sources: "source", titles: "title", ids: "id" }[kind]} ${pattern}`;
}

/** How answers are to be written. */
export function settings() {
  return {
    k: numberIn(field("set-k")),
    mode: field("set-mode").value,
    maxTokens: numberIn(field("set-tokens")) ?? 128,
    temperature: numberIn(field("set-temperature")) ?? 0,
    filter: filterIn("set-filter"),
  };
}

/** Add a book to a route's path, the chosen one unless another is given. */
export function withBook(path, book = state.book) {
  if (!book) return path;
  return `${path}${path.includes("?") ? "&" : "?"}book=${encodeURIComponent(book)}`;
}

/** The route of a document, or of one revision of it; an id may hold anything, slashes too. */
export function documentPath(id, book = state.book, revision = "") {
  const path = `v1/documents/${encodeURIComponent(id)}`;
  return withBook(revision ? `${path}?revision=${encodeURIComponent(revision)}` : path, book);
}
