// Putting words and data on the page. Text only ever becomes text: nothing here parses markup.

import { surroundings } from "./bridge.js";
import { exact, find, relative, t, valueText } from "./words.js";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * The element with this id.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`there is no #${id}`);
  return found;
}

/**
 * Makes an element. `on…` members are listeners, `class` and what contains a dash are attributes, the rest properties.
 * @param {string} tag
 * @param {Record<string, any>} [members]
 * @param {...Child} children
 * @returns {any}
 */
export function element(tag, members = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class" || name === "role" || name.includes("-")) made.setAttribute(name, value);
    else /** @type {any} */ (made)[name] = value;
  }
  made.append(...present(children));
  return made;
}

/**
 * Replaces what is in an element.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...present(children));
}

/**
 * Shows or hides an element.
 * @param {Element} target
 * @param {boolean} isShown
 */
export function show(target, isShown) {
  target.toggleAttribute("hidden", !isShown);
}

/**
 * Text that a stranger chose: its direction stays its own.
 * @param {string} text
 */
export function foreign(text) {
  return element("bdi", {}, text);
}

/**
 * The words for `section.key`; each text among the values stands in a `<bdi>`, a node stands for itself.
 * @param {string} key
 * @param {Record<string, string | number | Node>} [values]
 */
export function phrase(key, values = {}) {
  const parts = (find(key, values) ?? key).split(/\{(\w+)\}/);
  const made = document.createDocumentFragment();
  parts.forEach((part, index) => {
    const value = index % 2 === 1 ? values[part] : part;
    if (value instanceof Node || index % 2 === 0) made.append(/** @type {Node | string} */ (value));
    else made.append(foreign(value === undefined ? `{${part}}` : valueText(value)));
  });
  return made;
}

/**
 * `3 min ago`, exact on hover.
 * @param {string} time RFC 3339
 * @param {number} [now] milliseconds
 */
export function timeAgo(time, now) {
  return element("time", { dateTime: time, title: exact(time) }, relative(time, now));
}

/**
 * Makes the page speak the person's language and look as they like it. Elements name their words in `data-words`,
 * attributes theirs in `data-words-…` (`data-words-title="consent.details"`).
 * @param {ParentNode} [root]
 */
export function dress(root = document) {
  document.documentElement.lang = surroundings.language;
  document.documentElement.dir = direction(surroundings.language);
  document.documentElement.dataset.appearance = surroundings.appearance;
  for (const target of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-words]"))) {
    target.textContent = t(/** @type {string} */ (target.dataset.words));
  }
  for (const attribute of ["title", "aria-label", "placeholder"]) {
    for (const target of root.querySelectorAll(`[data-words-${attribute}]`)) {
      target.setAttribute(attribute, t(/** @type {string} */ (target.getAttribute(`data-words-${attribute}`))));
    }
  }
}

/** @param {string} language */
function direction(language) {
  const locale = /** @type {any} */ (new Intl.Locale(language));
  return (locale.getTextInfo?.() ?? locale.textInfo)?.direction ?? "ltr";
}

/** @param {Child[]} children */
function present(children) {
  const there = children.filter((child) => child !== null && child !== undefined && child !== false);
  return /** @type {(Node | string)[]} */ (there.map((child) => (typeof child === "number" ? valueText(child) : child)));
}
