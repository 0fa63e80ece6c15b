// A strip above the sections that tells one thing, with what helps in one press.

import { element } from "../../dom.js";
import { mark } from "./mark.js";
import { failureSlot, perform } from "./perform.js";

/** `kind` is one of those of `mark`; `action` has `words` and does `press()`. What is in `more` stands below the words. */
export function banner(kind, words, action, ...more) {
  const failure = failureSlot();
  const made = element("div", { class: `banner banner-${kind}`, role: ["rest", "note"].includes(kind) ? "status" : "alert" }, mark(kind), element("div", { class: "banner-words" }, element("p", {}, ...words), ...more, failure));
  if (action) {
    const button = element("button", { type: "button", class: action.isMain ? "accent" : "", onclick: () => perform(button, failure, action.press) }, action.words);
    made.append(button);
  }
  return made;
}
