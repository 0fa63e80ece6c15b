// "3 min ago" is true for a minute only.

import { relative } from "../../words.js";

const PERIOD = 20_000;

/** Brings every relative time of the page up to date, now and then. */
export function keepTimesFresh() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[title]")) {
      const words = relative(time.dateTime);
      if (time.textContent !== words) time.textContent = words;
    }
  }, PERIOD);
}
