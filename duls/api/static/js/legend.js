/** What the colours and signs of the map mean, with their thresholds. */

import { byId, make, renew, signOf } from "./dom.js";
import { currentLanguage, percent, text, whole } from "./language.js";

/** @typedef {{ busy: number, full: number }} Thresholds */

/**
 * @param {Thresholds | null} thresholds null: zones have different ones
 * @param {number | null} scale number that has the last colour of zones without a capacity; null where there are none
 */
export function drawLegend(thresholds, scale) {
  renew(byId("legend"), [thresholds, scale, currentLanguage()], () => parts(thresholds, scale));
}

/** @param {Thresholds | null} thresholds @param {number | null} scale */
function parts(thresholds, scale) {
  const [busy, full] = thresholds ? [percent(thresholds.busy), percent(thresholds.full)] : ["", ""];
  const rows = [
    row("calm", text("level_calm"), busy && `< ${busy}`),
    row("busy", text("level_busy"), busy && `≥ ${busy}`),
    row("full", text("level_full"), full && `≥ ${full}`),
    row("none", text("level_none"), ""),
  ];
  const list = make("ul", { "aria-label": text("legend_load") }, ...rows);
  return scale === null ? [list] : [list, ramp(scale)];
}

/** @param {string} level @param {string} word @param {string} range */
function row(level, word, range) {
  const swatch = make("span", { class: "swatch", "aria-hidden": "true" }, signOf(level));
  return make("li", { "data-level": level }, swatch, make("span", { class: "word" }, word), make("span", { class: "range" }, range));
}

/** @param {number} scale */
function ramp(scale) {
  const bar = make("span", { class: "ramp", "aria-hidden": "true" });
  const ends = make("span", { class: "ends" }, make("span", {}, "0"), make("span", {}, whole(scale)));
  return make("div", { class: "counted" }, make("span", { class: "word" }, text("legend_present")), bar, ends);
}
