// Everything a person reads, in their language: sentences from the word file, times and amounts from Intl.

import { Failed, surroundings } from "./bridge.js";

const language = surroundings.language;
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);
const oneDigit = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const distance = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KILO = 1000;
/** Between a number and its unit. */
const NARROW_SPACE = "\u202f";

/** @typedef {Record<string, string | number>} Values */

/**
 * The text for `section.key`, not yet filled in. With a `count` among the values, its `.one`, `.other`, … form.
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 * @returns {string | undefined}
 */
export function find(key, values = {}) {
  const dot = key.indexOf(".");
  const section = surroundings.words[key.slice(0, dot)] ?? {};
  const name = key.slice(dot + 1);
  const { count } = values;
  const form = typeof count === "number" ? section[`${name}.${plural.select(count)}`] ?? section[`${name}.other`] : undefined;
  return form ?? section[name];
}

/**
 * The text for `section.key` with its {placeholders} filled in; the key itself where a word is missing.
 * Names that strangers chose belong into `phrase` of dom.js instead.
 * @param {string} key
 * @param {Values} [values]
 */
export function t(key, values = {}) {
  return filled(find(key, values) ?? key, values);
}

/**
 * @param {string} text
 * @param {Values} values
 */
function filled(text, values) {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name) => (name in values ? valueText(values[name]) : whole));
}

/** @param {string | number} value */
export function valueText(value) {
  return typeof value === "number" ? number.format(value) : value;
}

/**
 * What a person reads about a failure: what happened, what it means, what to do.
 * @param {unknown} failure
 */
export function explain(failure) {
  const { code, message, details } = Failed.of(failure);
  const text = find(`failure.${code}`);
  return text === undefined ? message : filled(text, details);
}

/**
 * What a person reads about a `Problem`.
 * @param {{code: string, [detail: string]: any}} problem
 */
export function problem({ code, ...details }) {
  return t(`problem.${code}`, details);
}

/**
 * `3 min ago`, `in 2 hr`, `now`.
 * @param {string | Date} time RFC 3339, or a date
 * @param {number} [now] milliseconds
 */
export function relative(time, now = Date.now()) {
  const away = new Date(time).getTime() - now;
  const far = Math.abs(away);
  if (far < MINUTE) return distance.format(0, "second");
  if (far < HOUR) return distance.format(Math.trunc(away / MINUTE), "minute");
  if (far < DAY) return distance.format(Math.trunc(away / HOUR), "hour");
  return distance.format(Math.trunc(away / DAY), "day");
}

/**
 * The exact time, for what is shown on hover.
 * @param {string | Date} time
 */
export function exact(time) {
  return moment.format(new Date(time));
}

/** @param {number} count */
export function amount(count) {
  return number.format(count);
}

/**
 * `850 ms`, `1.2 s`, `3 min`, `2 h`.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  if (milliseconds < SECOND) return unit(Math.round(milliseconds), "ms");
  if (milliseconds < MINUTE) return unit(milliseconds / SECOND, "s");
  if (milliseconds < HOUR) return unit(Math.round(milliseconds / MINUTE), "min");
  return unit(milliseconds / HOUR, "h");
}

/**
 * `512 B`, `3.4 kB`, `10 MB`.
 * @param {number} count
 */
export function bytes(count) {
  if (count < KILO) return unit(count, "B");
  if (count < KILO * KILO) return unit(count / KILO, "kB");
  return unit(count / (KILO * KILO), "MB");
}

/**
 * @param {number} value
 * @param {string} symbol
 */
function unit(value, symbol) {
  return `${oneDigit.format(value)}${NARROW_SPACE}${symbol}`;
}
