// Names and values, each pair in a row of its own.

import { element } from "../../dom.js";

/**
 * `rows` are pairs of a word and what belongs to it: text, a node, or a list of them; without a value a row goes.
 * `isLine` puts the pairs beside each other, as many as fit.
 */
export function facts(rows, { isLine = false } = {}) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined);
  return element("dl", { class: isLine ? "facts facts-line" : "facts" }, ...shown.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, ...[value].flat()))));
}
