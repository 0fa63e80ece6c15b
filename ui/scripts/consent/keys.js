// The keyboard: Escape folds what is open or refuses, Alt and the marked letter press a button.

import { byId, element, fill } from "../dom.js";
import { ignoreHeldKeys, watchAlt } from "../guard.js";
import { t } from "../words.js";

const BUTTONS = ["allow", "deny"];
/** On a Mac, Alt and a letter write another letter. */
const HAS_LETTERS = !navigator.platform.startsWith("Mac");

/** @param {{refuse: () => void, fold: () => boolean}} actions */
export function listenToKeys({ refuse, fold }) {
  ignoreHeldKeys();
  const isAltOurs = watchAlt();
  for (const id of BUTTONS) label(byId(id), t(`consent.${id}`), letterOf(id));
  addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (!fold()) refuse();
    }
    if (!HAS_LETTERS || !event.altKey || event.ctrlKey || event.metaKey || !isAltOurs()) return;
    const id = BUTTONS.find((button) => letterOf(button) === event.key.toLowerCase());
    if (!id) return;
    event.preventDefault();
    byId(id).focus();
    byId(id).click();
  });
}

/** @param {string} id */
function letterOf(id) {
  return t(`consent.${id}_letter`).toLowerCase();
}

/**
 * Words with the letter underlined that presses the button.
 * @param {HTMLElement} button
 * @param {string} words
 * @param {string} letter
 */
function label(button, words, letter) {
  if (!HAS_LETTERS) {
    fill(button, words);
    return;
  }
  const at = words.toLowerCase().indexOf(letter);
  button.setAttribute("aria-keyshortcuts", `Alt+${letter.toUpperCase()}`);
  const underlined = element("u", {}, words.slice(at, at + 1));
  fill(button, element("span", {}, words.slice(0, at), underlined, words.slice(at + 1)));
}
