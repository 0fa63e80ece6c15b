// How the bridge is, at the top of the rail: a shape and a word.

import { element, fill } from "../dom.js";
import { t } from "../words.js";
import { mark } from "./parts/mark.js";

const MARKS = { ready: "ok", asking: "wait", needs_key: "warn", offline: "warn", paused: "rest", lost: "warn" };

/** One of the bridge's own states, or `lost`. */
export function showState(place, state) {
  fill(place, mark(MARKS[state]), element("span", {}, t(`main.state_${state}`)));
}
