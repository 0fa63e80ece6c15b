// A drawing of ui/icons in the colour of the words beside it. It is always beside words, so it says nothing by itself.

import { element } from "../../dom.js";

export function icon(name) {
  return element("span", { class: `glyph glyph-${name}`, "aria-hidden": "true" });
}

/** A button with a drawing and words. */
export function iconButton(name, words, members = {}) {
  return element("button", { type: "button", ...members }, icon(name), element("span", {}, words));
}
