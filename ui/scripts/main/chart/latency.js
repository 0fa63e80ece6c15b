// How long answers took: a line for the median, a band above it up to the time that 95 of 100 were faster than. Where
// nothing was called the line breaks; a stretch without neighbours is a dot in a bar of its own.

import { duration } from "../../words.js";
import { gridLine } from "./bars.js";
import { ticks } from "./scale.js";
import { drawn } from "./svg.js";

const TICKS = 2;
const SMALLEST_STEP = 10;

/** Draws into `frame`, as `drawBars` does. */
export function drawLatency(frame, stretches) {
  const marks = ticks(Math.max(...stretches.map(({ p95_ms: p95 }) => p95 ?? 0), SMALLEST_STEP), TICKS, SMALLEST_STEP);
  const y = (value) => frame.top + frame.height - (value / marks.at(-1)) * frame.height;
  const step = frame.width / stretches.length;
  const points = stretches.map(({ median_ms: median, p95_ms: p95 }, index) => {
    if (median === null || median === undefined) return undefined;
    return { x: frame.left + step * (index + 0.5), median: y(median), p95: y(p95 ?? median) };
  });
  const group = drawn("g");
  for (const value of marks) group.append(...gridLine(frame, y(value), value === 0 ? "0" : duration(value)));
  for (const run of runsOf(points)) group.append(...(run.length > 1 ? band(run) : dot(run[0], 0.28 * frame.em)));
  return group;
}

/** The stretches next to each other that have a value. */
function runsOf(points) {
  const runs = [[]];
  for (const point of points) {
    if (point) runs.at(-1).push(point);
    else if (runs.at(-1).length) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function band(run) {
  const line = (from, pick) => from.map((point) => `${point.x.toFixed(1)} ${pick(point).toFixed(1)}`).join("L");
  const upper = line(run, ({ p95 }) => p95);
  const lower = line([...run].reverse(), ({ median }) => median);
  return [
    drawn("path", { class: "band", d: `M${upper}L${lower}Z` }),
    drawn("path", { class: "median", d: `M${line(run, ({ median }) => median)}` }),
  ];
}

function dot({ x, median, p95 }, half) {
  return [
    drawn("rect", { class: "band", x: x - half, y: p95, width: 2 * half, height: Math.max(median - p95, 1) }),
    drawn("circle", { class: "median-dot", cx: x, cy: median, r: half / 2 + 1 }),
  ];
}
