// The two drawings over the same time, one above the other. Pointing at a stretch, or moving through them with the arrow
// keys, reads it out above the drawings; to a screen reader the whole is one control that moves through time.

import { element, fill } from "../../dom.js";
import { t } from "../../words.js";
import { drawBars } from "./bars.js";
import { drawLatency } from "./latency.js";
import { shortName } from "./names.js";
import { readOut, spoken } from "./readout.js";
import { drawn } from "./svg.js";

/** Heights and margins in the size of the text, so that larger text has its room. */
const LEFT = 4.2;
const RIGHT = 0.6;
const ABOVE_BARS = 1.4;
const BARS = 9;
const AXIS = 2;
const CAPTION = 2.4;
const LATENCY = 5;
const BELOW = 0.8;
/** How wide a letter of the axis is, about. */
const LETTER = 0.6;

/** Makes the chart; `draw(shown)` shows `{view, range, edges, series}`. */
export function makeChart() {
  const readout = element("div", { class: "readout" });
  const plot = element("div", {
    class: "plot",
    role: "slider",
    tabIndex: 0,
    "aria-valuemin": "0",
    onpointermove: (event) => point(stretchAt(event)),
    onpointerleave: () => point(undefined),
    onblur: () => point(undefined),
    onkeydown: move,
  });
  const root = element("div", { class: "chart" }, readout, plot);
  let shown;
  let pointed;
  let cursor;
  let frame;

  new ResizeObserver(() => shown && redraw()).observe(plot);
  return { root, draw };

  function draw(fresh) {
    if (shown?.range !== fresh.range) pointed = undefined;
    shown = fresh;
    plot.setAttribute("aria-label", `${t(fresh.range === "day" ? "activity.calls_by_hour" : "activity.calls_by_day")}. ${t("activity.move")}`);
    plot.setAttribute("aria-valuemax", String(fresh.view.stretches.length - 1));
    redraw();
  }

  function redraw() {
    const em = Number.parseFloat(getComputedStyle(plot).fontSize);
    const width = plot.clientWidth;
    if (width === 0) return;
    const { stretches } = shown.view;
    frame = { em, left: LEFT * em, width: Math.max(width - (LEFT + RIGHT) * em, em) };
    const bars = { ...frame, top: ABOVE_BARS * em, height: BARS * em };
    const axis = bars.top + bars.height + 0.4 * em;
    const latency = { ...frame, top: axis + (AXIS + CAPTION) * em, height: LATENCY * em };
    const height = latency.top + latency.height + BELOW * em;
    cursor = drawn("rect", { class: "cursor", y: 0, height, width: frame.width / stretches.length });
    const caption = drawn("text", { class: "caption", x: 0, y: axis + (AXIS + 0.6) * em, "dominant-baseline": "middle" }, t("activity.time_title"));
    const picture = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
    picture.append(cursor, drawBars(bars, stretches, shown.series), ...axisNames(axis), caption, drawLatency(latency, stretches));
    fill(plot, picture);
    tell();
  }

  function axisNames(top) {
    const { range, edges } = shown;
    const names = edges.slice(0, -1).map((from) => shortName(range, new Date(from)));
    const step = frame.width / names.length;
    const longest = Math.max(...names.map((name) => name.length)) * LETTER * frame.em + frame.em;
    const every = Math.max(1, Math.ceil(longest / step));
    // Counted from the end: the newest stretch always has its name.
    return names.flatMap((name, index) => {
      if ((names.length - 1 - index) % every !== 0) return [];
      const centre = frame.left + step * (index + 0.5);
      const end = plot.clientWidth;
      // The last name may be wider than the room beside its bar.
      const isCut = centre + (name.length * LETTER * frame.em) / 2 > end;
      const place = isCut ? { x: end, "text-anchor": "end" } : { x: centre, "text-anchor": "middle" };
      return [drawn("text", { class: "axis", y: top + 0.7 * frame.em, "dominant-baseline": "middle", ...place }, name)];
    });
  }

  function stretchAt(event) {
    const at = (event.clientX - plot.getBoundingClientRect().left - frame.left) / frame.width;
    const index = Math.floor(at * shown.view.stretches.length);
    return index >= 0 && index < shown.view.stretches.length ? index : undefined;
  }

  function move(event) {
    const last = shown.view.stretches.length - 1;
    const from = pointed ?? last + 1;
    const to = { ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1, Home: 0, End: last, Escape: undefined };
    if (!(event.key in to) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    point(to[event.key] === undefined ? undefined : Math.min(Math.max(to[event.key], 0), last));
  }

  function point(index) {
    if (!shown || index === pointed) return;
    pointed = index;
    tell();
  }

  function tell() {
    const count = shown.view.stretches.length;
    cursor?.setAttribute("x", String(frame.left + (frame.width / count) * (pointed ?? 0)));
    cursor?.setAttribute("class", pointed === undefined ? "cursor" : "cursor is-there");
    fill(readout, ...readOut(shown, pointed));
    plot.setAttribute("aria-valuenow", String(pointed ?? count - 1));
    plot.setAttribute("aria-valuetext", spoken(shown, pointed));
  }
}
