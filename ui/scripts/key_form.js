// What a key looks like: the same rule as the program's, so that a slip is seen before anything is sent.

/** How every key starts. */
export const PREFIX = "jean_sk_";
const MIN_BODY = 16;
const MAX_LENGTH = 256;
/** More than any key with what is copied along with it; a longer paste is not even looked at. */
const MAX_PASTE = 1024;

const FITS = /^[A-Za-z0-9_-]*$/;
/** Blanks, quotes and invisible characters that come along when a key is copied. */
const AROUND = /^[\s"'`\u200b-\u200f\u2060\ufeff]+|[\s"'`\u200b-\u200f\u2060\ufeff]+$/g;

/**
 * How far a text is on its way to a key: `begun` may still become one, `other` may not.
 * @param {string} text
 * @returns {"empty" | "begun" | "key" | "other"}
 */
export function formOf(text) {
  if (text === "") return "empty";
  if (!FITS.test(text) || text.length > MAX_LENGTH) return "other";
  if (!text.startsWith(PREFIX)) return PREFIX.startsWith(text) ? "begun" : "other";
  return text.length >= PREFIX.length + MIN_BODY ? "key" : "begun";
}

/**
 * The part of a pasted text that may go into the field; none when it is no key and no piece of one.
 * @param {string} pasted
 */
export function cleaned(pasted) {
  if (pasted.length > MAX_PASTE) return undefined;
  const text = pasted.replaceAll(AROUND, "");
  return text !== "" && text.length <= MAX_LENGTH && FITS.test(text) ? text : undefined;
}
