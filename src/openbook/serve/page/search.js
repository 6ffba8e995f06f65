// Searching the book.

import { call, Problem } from "./api.js";
import { passageCard } from "./reading.js";
import { filterIn, state } from "./state.js";
import { make, sameWords } from "./text.js";

const NUM_HITS = 10;
const field = (id) => document.getElementById(id);

let latest = 0;

/** Search, and show the hits; an answer that a later search has overtaken is dropped. */
async function search() {
  const query = field("search-text").value.trim();
  if (!query) return;
  latest += 1;
  const number = latest;
  field("search-count").textContent = "Searching …";
  const body = { query, k: NUM_HITS };
  if (field("search-mode").value) body.mode = field("search-mode").value;
  const filter = filterIn("search-filter");
  if (filter) body.filter = filter;
  if (state.book) body.book = state.book;
  let hits;
  try {
    hits = await call("v1/search", { method: "POST", body });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (number === latest) show([], error.message);
    return;
  }
  for (const hit of hits) hit.book = body.book;
  if (number === latest) show(hits, counted(hits.length), query);
}

function counted(number) {
  if (!number) return "Nothing was found. Try other words.";
  return number === 1 ? "1 passage" : `${number} passages`;
}

function show(hits, said, query = "") {
  field("search-count").textContent = said;
  field("hits").replaceChildren(...hits.map((hit) => {
    const ranges = sameWords(query, hit.text + (hit.continuation ?? "")).right;
    return make("li", "", passageCard(hit, { ranges }));
  }));
}

/** Forget what was found: another book was chosen, or this one has changed. */
export function clearSearch() {
  latest += 1;
  field("search-count").textContent = "";
  field("hits").replaceChildren();
}

field("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
