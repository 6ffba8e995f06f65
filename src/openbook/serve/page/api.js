// The server's routes: errors in plain words with what to do, streams of events. Where the server has a key,
// the browser has asked for it before it showed this page, and sends it along.

/** Something that did not work, in words for people. */
export class Problem extends Error {
  constructor(message, status = 0, code = "") {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function request(path, { method = "GET", body, form, signal } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal,
      cache: "no-store",
      body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server does not answer. See whether openbook serve still runs, then try again.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Ask a route, and get its JSON; null where it answers with nothing. */
export async function call(path, options) {
  const response = await request(path, options);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

async function problemOf(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Not of this server, or cut off: the status says enough.
  }
  return new Problem(wordsOf(response, error), response.status, error.code ?? "");
}

function wordsOf(response, error) {
  const said = typeof error.message === "string" ? error.message : "";
  const seconds = Number(response.headers.get("Retry-After"));
  const wait = seconds > 0 ? `Wait ${seconds} ${seconds === 1 ? "second" : "seconds"}` : "Wait a little";
  switch (response.status) {
    case 401:
      return "The server has another API key now. Load this page again: the browser will ask for it.";
    case 413:
      return `That is too large for this server. Send it in parts.${said ? ` (${said})` : ""}`;
    case 429:
      return `The server has as much to do as it can hold. ${wait}, then try again.`;
    case 503:
      return `The server is not ready. ${wait}, then try again.${said ? ` (${said})` : ""}`;
    default:
      break;
  }
  if (error.code === "context_length_exceeded") {
    return `Question and answer are too long for the model. Shorten the question, or ask for a shorter answer in the settings. (${said})`;
  }
  if (response.status >= 500) return "The server failed at this. Its log says why; try again, or tell whoever runs it.";
  return said || `The server refused this (${response.status}).`;
}

/**
 * Ask a route that streams, and get its events' JSON one after another; `onBegun` is called when it answers.
 * A stream that ends without [DONE] has broken off, which is a problem.
 */
export async function* events(path, body, { signal, onBegun }) {
  const response = await request(path, { method: "POST", body, signal });
  onBegun();
  try {
    for await (const data of dataOf(response.body)) {
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new Problem(event.error.message || "The server could not finish this answer. Ask again.");
      yield event;
    }
  } catch (error) {
    if (error instanceof Problem || error.name === "AbortError") throw error;
    throw new Problem("The connection broke off. Ask again.");
  }
  throw new Problem("The answer broke off. Ask again.");
}

/** The data of server-sent events: lines that begin with data:, up to an empty line. */
async function* dataOf(stream) {
  let rest = "";
  let data = [];
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
        else if (line === "" && data.length) {
          yield data.join("\n");
          data = [];
        }
      }
    }
  } finally {
    reader.releaseLock();
  }
}
