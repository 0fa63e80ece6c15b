// Calls over time: one bar for each stretch, a part of it for each app, a cross over it when some failed.

import { amount } from "../../words.js";
import { ticks } from "./scale.js";
import { callsBySeries, totalOf } from "./series.js";
import { drawn } from "./svg.js";

const BAR_SHARE = 0.68;
const WIDEST_BAR = 3;
const TICKS = 3;
/** Half the size of a cross. */
const CROSS = 0.24;

/** Draws into `frame` (left, top, width, height, em): bars for `stretches`. */
export function drawBars(frame, stretches, series) {
  const totals = stretches.map(totalOf);
  const marks = ticks(Math.max(...totals.map(({ calls }) => calls), 1), TICKS);
  const top = marks.at(-1);
  const y = (value) => frame.top + frame.height - (value / top) * frame.height;
  const step = frame.width / stretches.length;
  const width = Math.min(step * BAR_SHARE, WIDEST_BAR * frame.em);
  const group = drawn("g");

  for (const value of marks) group.append(...gridLine(frame, y(value), amount(value)));
  stretches.forEach((stretch, index) => {
    const left = frame.left + step * index + (step - width) / 2;
    let stacked = 0;
    callsBySeries(stretch, series).forEach((calls, place) => {
      if (calls === 0) return;
      const [from, to] = [y(stacked), y(stacked + calls)];
      stacked += calls;
      group.append(drawn("rect", { class: `bar series-${series[place].slot}`, x: left, y: to, width, height: Math.max(from - to, 1) }));
    });
    if (totals[index].failures > 0) group.append(cross(left + width / 2, y(stacked) - 0.5 * frame.em, CROSS * frame.em));
  });
  return group;
}

/** A line across the frame with its value at the left. */
export function gridLine(frame, y, words) {
  const line = drawn("line", { class: "grid", x1: frame.left, x2: frame.left + frame.width, y1: Math.round(y) + 0.5, y2: Math.round(y) + 0.5 });
  const text = drawn("text", { class: "axis", x: frame.left - 0.5 * frame.em, y, "text-anchor": "end", "dominant-baseline": "middle" }, words);
  return [line, text];
}

function cross(x, y, half) {
  const path = `M${x - half} ${y - half}L${x + half} ${y + half}M${x - half} ${y + half}L${x + half} ${y - half}`;
  return drawn("path", { class: "cross", d: path });
}
