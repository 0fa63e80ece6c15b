// Text for a terminal or a file, with its Copy.

import { element } from "../../dom.js";
import { t } from "../../words.js";
import { copyButton } from "./copy.js";

/** Several lines stay as they are; a long one wraps rather than hiding its end. */
export function codeBlock(text) {
  const code = element("code", { class: "selectable" }, text);
  return element("div", { class: "snippet" }, element("pre", {}, code), copyButton(t("main.copy"), () => text, code));
}

/** The address on a line of its own, under its name. */
export function addressLine(name, url) {
  const code = element("code", { class: "selectable" }, url);
  return element("div", { class: "card address" }, element("div", {}, element("p", { class: "quiet" }, name), code), copyButton(t("main.copy"), () => url, code));
}
