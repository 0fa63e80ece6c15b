// An app's initial on a colour of its own, so that one app is told from another at a glance. Never a picture that
// the app brings: a picture would be the easiest way to look like somebody else.

import { element } from "./dom.js";

const HUES = 360;

/**
 * @param {string} id the app's id: the same colour every time
 * @param {string} name
 * @param {string} [size] `small`
 */
export function avatar(id, name, size = "") {
  const made = element("span", { class: `avatar ${size}`.trim(), "aria-hidden": "true" }, initial(name));
  made.style.setProperty("--hue", String(hueOf(id)));
  return made;
}

/** @param {string} name */
function initial(name) {
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name.trim());
  return first ? first.segment.toLocaleUpperCase().slice(0, 8) : "?";
}

/**
 * FNV-1a, as a hue.
 * @param {string} id
 */
function hueOf(id) {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ /** @type {number} */ (letter.codePointAt(0)), 0x01000193) >>> 0;
  return hash % HUES;
}
