// What is said: notes at the top of the page, and to those who listen to it.

import { make, makeButton } from "./text.js";

const notes = document.getElementById("notes");
const spoken = document.getElementById("spoken");

const SECONDS = 8;

/** Show a note: one of something wrong until it is closed, others for a while; none twice at a time. */
export function note(message, { isWrong = false } = {}) {
  if ([...notes.children].some((each) => each.dataset.message === message)) return;
  const element = make("div", isWrong ? "note wrong" : "note", make("p", "", message));
  element.dataset.message = message;
  element.append(makeButton("Close", "plain", () => element.remove()));
  notes.append(element);
  if (!isWrong) setTimeout(() => element.remove(), 1000 * SECONDS);
}

export function clearNotes() {
  notes.replaceChildren();
}

/** Tell screen readers something; the page shows it otherwise. */
export function speak(message) {
  spoken.append(make("p", "", message));
  while (spoken.childElementCount > 8) spoken.firstElementChild.remove();
}

/** Tell screen readers a text as it comes, sentence by sentence: word by word would be noise. */
export function speakText(label) {
  let rest = "";
  let isFirst = true;
  const say = (text) => {
    if (!text.trim()) return;
    speak(isFirst && label ? `${label}: ${text}` : text);
    isFirst = false;
  };
  return {
    add(piece) {
      rest += piece;
      const border = Math.max(...[". ", "! ", "? ", "\n", "。"].map((mark) => rest.lastIndexOf(mark)));
      if (border < 0) return;
      say(rest.slice(0, border + 1));
      rest = rest.slice(border + 1);
    },
    end() {
      say(rest);
      rest = "";
    },
  };
}
