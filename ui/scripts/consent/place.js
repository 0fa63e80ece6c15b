// Which of the waiting questions this is, kept up to date while others come and go.

import { follow } from "../bridge.js";
import { byId, show } from "../dom.js";
import { t } from "../words.js";

/** From this many on it is kind to offer one answer for all. */
const MANY = 3;

/** @typedef {{number: number, of: number}} Place */

/**
 * @param {Place} place
 * @param {() => void} moved the buttons may stand elsewhere now, under a click that was meant for something else
 */
export function showPlace(place, moved) {
  follow("consent_place_next", draw(place), (next) => {
    moved();
    return draw(next);
  });
}

/** @param {Place} place */
function draw(place) {
  byId("place").textContent = place.of > 1 ? t("consent.place", place) : "";
  // Those before this one have their answer.
  const left = place.of - place.number + 1;
  byId("deny-all").textContent = t("consent.deny_all", { count: left });
  show(byId("deny-all"), left >= MANY);
  return place;
}
