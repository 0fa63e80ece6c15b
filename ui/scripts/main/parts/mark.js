// The small shape before a word about a state: a tick, a cross, a question mark … so that colour is never all there is.

import { drawn } from "../chart/svg.js";

const SHAPES = {
  ok: [["path", { d: "M3.5 8.5 6.7 11.5 12.5 4.8" }]],
  stop: [["path", { d: "M4.5 4.5l7 7M11.5 4.5l-7 7" }]],
  warn: [["path", { d: "M8 3.2v6" }], ["circle", { cx: 8, cy: 12.4, r: 1.1, class: "solid" }]],
  wait: [["path", { d: "M5.6 6.2a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2.9-1.2 1.8" }], ["circle", { cx: 8, cy: 12.7, r: 1.1, class: "solid" }]],
  note: [["path", { d: "M8 7v5.4" }], ["circle", { cx: 8, cy: 3.9, r: 1.1, class: "solid" }]],
  rest: [["path", { d: "M5.8 4v8M10.2 4v8" }]],
};

/** `ok`, `note`, `wait`, `warn`, `stop` or `rest`. */
export function mark(kind) {
  const shape = drawn("svg", { viewBox: "0 0 16 16", class: `mark mark-${kind}`, "aria-hidden": "true", focusable: "false" });
  shape.append(...SHAPES[kind].map(([tag, attributes]) => drawn(tag, attributes)));
  return shape;
}
