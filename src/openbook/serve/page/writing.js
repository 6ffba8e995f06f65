// One answer from the server: asked, streamed, stopped, with how fast it came.

import { events, Problem } from "./api.js";
import { settings, state, wordsOfFilter } from "./state.js";

/**
 * Put a question to the server; `view` gets the text and citations as they come.
 * `turns` are the messages before it; where the model has no room for all of them, the first are left out.
 */
export class Writing {
  #abort = new AbortController();
  #begin = null;
  /** Kept when the server has begun the answer, whose version of the book is fixed then; or when it will not. */
  begun = new Promise((resolve) => {
    this.#begin = resolve;
  });
  finishReason = null;
  usage = null;
  seconds = 0; // from the first piece to the last
  unmentioned = null; // names of the question; null: nothing was read

  constructor(question, { retrieval, turns = [] }) {
    this.question = question;
    this.turns = turns;
    this.leftOut = 0;
    this.book = state.book;
    this.retrieval = retrieval;
    this.settings = settings();
  }

  stop() {
    this.#abort.abort();
  }

  get isStopped() {
    return this.#abort.signal.aborted;
  }

  /** Returns when the text is complete or stopped; throws a Problem where it cannot be. */
  async run(view, onPiece = () => {}) {
    try {
      await this.#streams(view, onPiece);
    } finally {
      this.#begin();
    }
  }

  async #streams(view, onPiece) {
    for (;;) {
      try {
        await this.#stream(view, onPiece);
        return;
      } catch (error) {
        const isLong = error instanceof Problem && error.code === "context_length_exceeded";
        if (!isLong || !this.turns.length) throw error;
        this.turns = this.turns.slice(2);
        this.leftOut += 1;
      }
    }
  }

  async #stream(view, onPiece) {
    let first = null;
    try {
      const following = { signal: this.#abort.signal, onBegun: this.#begin };
      for await (const event of events("v1/chat/completions", this.#body(), following)) {
        const choice = event.choices?.[0];
        const piece = choice?.delta?.content;
        if (piece) {
          first ??= performance.now();
          this.seconds = (performance.now() - first) / 1000;
          view.add(piece);
          onPiece(piece);
        }
        const citations = event.openbook?.citations;
        if (citations?.length) {
          view.cite(citations.map((citation) => this.#fromBook(citation)));
          this.#unmentionedBy(event.openbook.unmentioned ?? []);
        }
        if (choice?.finish_reason) this.finishReason = choice.finish_reason;
        if (event.usage) this.usage = event.usage;
      }
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      this.finishReason = "cancelled";
    }
    if (this.finishReason === null) throw new Problem("The answer broke off. Ask again.");
  }

  /** Names of the question that no span so far was read from a mention of. */
  #unmentionedBy(names) {
    this.unmentioned = this.unmentioned === null ? names : this.unmentioned.filter((name) => names.includes(name));
  }

  /** A citation whose neighbors know which book they are of: another one may be chosen later. */
  #fromBook(citation) {
    const neighbors = citation.neighbors.map((neighbor) => ({ ...neighbor, book: this.book || undefined }));
    return { ...citation, neighbors };
  }

  #body() {
    const { k, mode, maxTokens, temperature, filter } = this.settings;
    const openbook = { retrieval: this.retrieval };
    if (this.retrieval && k) openbook.k = k;
    if (this.retrieval && mode) openbook.mode = mode;
    if (this.retrieval && filter) openbook.filter = filter;
    if (this.book) openbook.book = this.book;
    return {
      model: state.model,
      messages: [...this.turns, { role: "user", content: this.question }],
      max_tokens: maxTokens,
      temperature,
      stream: true,
      stream_options: { include_usage: true },
      openbook,
    };
  }

  /** What is known of the finished answer, as a line. */
  facts() {
    const facts = [];
    const tokens = this.usage?.completion_tokens;
    if (tokens !== undefined) facts.push(tokens === 1 ? "1 token" : `${tokens} tokens`);
    // The first token comes when the clock starts.
    if (tokens > 1 && this.seconds > 0) facts.push(`${((tokens - 1) / this.seconds).toFixed(1)} tokens/s`);
    if (this.retrieval && this.settings.filter) facts.push(`only ${wordsOfFilter(this.settings.filter)}`);
    if (this.leftOut) facts.push(`the model had no room for the first ${this.leftOut === 1 ? "question" : `${this.leftOut} questions`}`);
    if (this.finishReason === "cancelled") facts.push("stopped");
    if (this.finishReason === "length") facts.push(`cut at the longest answer; the settings can ask for more`);
    return facts;
  }
}
