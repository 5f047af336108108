/** The colours of the page, read from its style sheet, which is their one home. */

/** @typedef {import("./load.js").Level} Level */

const NAMES = /** @type {const} */ ([
  "ground", "land", "land-line", "text", "text-quiet", "chosen", "few", "many", "calm-low", "calm", "busy", "full", "none",
]);

/** @typedef {Record<typeof NAMES[number], string>} Palette */

/** @returns {Palette} */
export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const entries = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return /** @type {Palette} */ (Object.fromEntries(entries));
}

/**
 * Mix two colours of the form `#rrggbb`.
 *
 * @param {string} from
 * @param {string} to
 * @param {number} share of *to*, cut to 0..1
 */
export function mix(from, to, share) {
  const part = Math.min(1, Math.max(0, share));
  const channels = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * part).toString(16).padStart(2, "0");
  });
  return `#${channels.join("")}`;
}

/**
 * Return the colour of a zone with a capacity: the blue deepens with the load, then yellow, then vermilion.
 *
 * @param {Palette} palette
 * @param {Level} level
 * @param {number} load
 * @param {number} busy load from which a zone is busy
 */
export function loadColour(palette, level, load, busy) {
  if (level === "full" || level === "busy") return palette[level];
  return mix(palette["calm-low"], palette.calm, load / busy);
}

/**
 * Return the colour of a zone without a capacity, by the share of its number in the largest shown.
 *
 * @param {Palette} palette
 * @param {number} share
 */
export function countColour(palette, share) {
  return mix(palette.few, palette.many, Math.sqrt(share));
}

/** Return the smallest of 1, 2, 5, 10, 20, … that is not below *value*: a scale that seldom changes. @param {number} value */
export function roundScale(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= value) ?? 10 * power;
}
