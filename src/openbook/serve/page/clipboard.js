// Copying: by the clipboard where the page may use it, else by a selection, as pages without TLS must.

import { speak } from "./notes.js";
import { make } from "./text.js";

/** Copy a text, and say so on the button for a moment. */
export async function copyText(text, button) {
  const label = button.textContent;
  const isCopied = await written(text);
  button.textContent = isCopied ? "Copied" : "Could not copy";
  speak(button.textContent);
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

function copiedBySelection(text) {
  const area = make("textarea", "unseen");
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return isCopied;
}
