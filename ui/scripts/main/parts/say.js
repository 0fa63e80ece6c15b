// What was done is said once, where everybody sees it and screen readers hear it; then it goes.

import { byId, fill } from "../../dom.js";

const LASTS = 6000;
let leaving;

/** Says a sentence: text, or nodes. */
export function say(...words) {
  clearTimeout(leaving);
  fill(byId("toast"), ...words);
  leaving = setTimeout(() => fill(byId("toast")), LASTS);
}
