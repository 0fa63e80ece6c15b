// How stretches of time are called: short under the axis, in full where one is read out.

import { surroundings } from "../../bridge.js";

const format = (options) => new Intl.DateTimeFormat(surroundings.language, options);
const hour = format({ hour: "numeric" });
const hours = format({ weekday: "short", hour: "numeric", minute: "2-digit" });
const weekday = format({ weekday: "short" });
const date = format({ day: "numeric", month: "short" });
const day = format({ weekday: "short", day: "numeric", month: "short" });

/** Under the axis. */
export function shortName(range, from) {
  return { day: hour, week: weekday, month: date }[range].format(from);
}

/** Read out: `Thu, 19 Nov`, or `Thu 14:00 – 15:00`. */
export function fullName(range, from, to) {
  return range === "day" ? hours.formatRange(from, to) : day.format(from);
}
