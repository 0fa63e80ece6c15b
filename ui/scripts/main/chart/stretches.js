// The edges of the stretches that calls are counted in. Computed in local time: a day is from midnight to midnight where
// the person is, also when the clocks change and it has 23 or 25 hours.

/** What a person can look at, with how many stretches it has. */
export const RANGES = { day: 24, week: 7, month: 30 };

const HOUR = 3_600_000;

/** n + 1 edges as RFC 3339; the last stretch is the one that `now` is in. */
export function edgesOf(range, now) {
  const count = RANGES[range];
  return range === "day" ? hours(count, now) : days(count, now);
}

function hours(count, now) {
  const start = new Date(now);
  start.setMinutes(0, 0, 0);
  return Array.from({ length: count + 1 }, (_, i) => new Date(start.getTime() + (i - count + 1) * HOUR).toISOString());
}

function days(count, now) {
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  // The day of the month may be below 1 or beyond the last: Date counts on into the months beside it.
  return Array.from({ length: count + 1 }, (_, i) => new Date(year, month, day - count + 1 + i).toISOString());
}
