/** The language of the page, and how it writes numbers, times and durations. */

import { LANGUAGES, MESSAGES } from "./messages.js";

/** @typedef {import("./messages.js").Language} Language */
/** @typedef {import("./messages.js").MessageKey} MessageKey */

/** Times on screen are the city's, wherever the screen stands. */
const CITY_ZONE = "Europe/Amsterdam";
const LOCALES = { nl: "nl-NL", en: "en-GB" };

/** @type {Language} */
let language = "nl";
let formats = formatsOf("nl");

/** @param {Language} chosen */
function formatsOf(chosen) {
  const locale = LOCALES[chosen];
  const zone = { timeZone: CITY_ZONE };
  return {
    whole: new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }),
    tenth: new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    percent: new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }),
    second: new Intl.DateTimeFormat(locale, { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    minute: new Intl.DateTimeFormat(locale, { ...zone, hour: "2-digit", minute: "2-digit" }),
    date: new Intl.DateTimeFormat(locale, { ...zone, weekday: "long", day: "numeric", month: "long" }),
  };
}

/** @param {string | null} wanted @returns {Language} the wanted language where we speak it, else Dutch */
export function knownLanguage(wanted) {
  return LANGUAGES.find((known) => known === wanted) ?? "nl";
}

/** @param {Language} chosen */
export function useLanguage(chosen) {
  language = chosen;
  formats = formatsOf(chosen);
  document.documentElement.lang = chosen;
}

/** @returns {Language} */
export function currentLanguage() {
  return language;
}

/**
 * Return a message in the current language, its `{names}` filled in.
 *
 * @param {MessageKey} key
 * @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
  return MESSAGES[key][language].replace(/\{(\w+)\}/g, (_whole, name) => String(values[name] ?? ""));
}

/**
 * Return the message of a word that came from the server, or the word itself where we have none for it.
 *
 * @param {"kind" | "class" | "state" | "feed"} family
 * @param {string} word
 */
export function wordOf(family, word) {
  const key = `${family}_${word}`;
  return key in MESSAGES ? text(/** @type {MessageKey} */ (key)) : word.replaceAll("_", " ");
}

/** @param {number} value */
export const whole = (value) => formats.whole.format(value);

/** @param {number} value one decimal below ten, none above */
export const rounded = (value) => (value < 9.95 && !Number.isInteger(value) ? formats.tenth : formats.whole).format(value);

/** @param {number} ratio */
export const percent = (ratio) => formats.percent.format(ratio);

/** @param {number} ms since 1970 */
export const clockSeconds = (ms) => formats.second.format(ms);

/** @param {number} ms since 1970 */
export const clockMinutes = (ms) => formats.minute.format(ms);

/** @param {number} ms since 1970 */
export const dateOf = (ms) => formats.date.format(ms);

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 90) return text("duration_s", { count: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return text("duration_min", { count: minutes });
  return text("duration_h", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** Write the words of every element that names its message in `data-text`, `data-label` or `data-placeholder`. */
export function writeTexts(root = /** @type {ParentNode} */ (document)) {
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = text(/** @type {MessageKey} */ (element.getAttribute("data-text")));
  }
  for (const [attribute, target] of [["data-label", "aria-label"], ["data-placeholder", "placeholder"]]) {
    for (const element of root.querySelectorAll(`[${attribute}]`)) {
      element.setAttribute(target, text(/** @type {MessageKey} */ (element.getAttribute(attribute))));
    }
  }
}
