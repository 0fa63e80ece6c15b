// Copying: the button itself says that it is done, and when the system does not let us, the text is selected instead.

import { element, fill } from "../../dom.js";
import { t } from "../../words.js";
import { icon } from "./icon.js";
import { say } from "./say.js";

const LASTS = 2500;

/** A button that copies what `text()` gives, now or later; `shown` is where that text stands, if it does. */
export function copyButton(words, text, shown) {
  const label = element("span", {}, words);
  const drawing = element("span", { class: "swap" }, icon("copy"));
  const button = element("button", { type: "button", onclick: copy }, drawing, label);
  let leaving;

  async function copy() {
    const isCopied = await copyText(text());
    if (!isCopied && shown) select(shown);
    clearTimeout(leaving);
    tell(isCopied ? "check" : "copy", t(isCopied ? "main.copied" : "main.copy_failed"));
    say(label.textContent);
    leaving = setTimeout(() => tell("copy", words), LASTS);
  }

  function tell(drawingName, text) {
    fill(drawing, icon(drawingName));
    label.textContent = text;
  }

  return button;
}

/** Whether the text is on the clipboard now. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Not every web view gives pages the clipboard; all of them copy what is selected. */
function copyBySelection(text) {
  const field = element("textarea", { value: text, readOnly: true, class: "unseen", "aria-hidden": "true", tabIndex: -1 });
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return isCopied;
}

function select(shown) {
  getSelection().selectAllChildren(shown);
}
