/** The time slider over the past hours, on top of how full it was. Its last stop is now. */

import { byId, makeSvg, write } from "./dom.js";
import { clockMinutes, rounded, text } from "./language.js";

/** @typedef {import("./history.js").Series} Series */
/** @typedef {import("./history.js").Point} Point */

const HOUR_MS = 3_600_000;

export class Timeline {
  #range = /** @type {HTMLInputElement} */ (byId("time"));
  #back = byId("back");
  #onTime;
  /** @type {Series} */
  #series = { slotMs: 300_000, points: [] };
  /** @type {number | null} */
  #slotMs = null;
  #title = "";
  #isAway = false;

  /** @param {(slotStartMs: number | null) => void} onTime null: now */
  constructor(onTime) {
    this.#onTime = onTime;
    this.#range.addEventListener("input", () => this.#move(Number(this.#range.value)));
    this.#back.addEventListener("click", () => {
      this.#onTime(null);
      this.#range.focus();
    });
  }

  /**
   * @param {Series} series
   * @param {string} title what the curve is of
   */
  setSeries(series, title) {
    this.#series = series;
    this.#title = title;
    this.#isAway = false;
    this.#drawCurve();
    this.draw(this.#slotMs);
  }

  /** The history cannot be read: say so, and keep what is there. */
  setAway() {
    this.#isAway = true;
    this.draw(this.#slotMs);
  }

  /** @param {number | null} slotStartMs what is looked at */
  draw(slotStartMs) {
    this.#slotMs = slotStartMs;
    const { points } = this.#series;
    const place = slotStartMs === null ? -1 : points.findIndex((point) => point.start === slotStartMs);
    this.#range.max = String(points.length);
    this.#range.value = String(place < 0 ? points.length : place);
    this.#range.disabled = points.length === 0;
    this.#back.hidden = slotStartMs === null;
    write(byId("timeline-title"), this.#title || text("timeline"));
    write(byId("timeline-value"), this.#isAway ? text("timeline_away") : this.#value(slotStartMs, points[place]));
    this.#range.setAttribute("aria-valuetext", this.#value(slotStartMs, points[place]));
  }

  /** @param {number} slotStartMs @returns {{ from: string, to: string }} the slot in words */
  span(slotStartMs) {
    return { from: clockMinutes(slotStartMs), to: clockMinutes(slotStartMs + this.#series.slotMs) };
  }

  /** @param {number | null} slotStartMs @param {Point | undefined} point */
  #value(slotStartMs, point) {
    if (slotStartMs === null) return text(this.#series.points.length > 0 ? "timeline_live" : "timeline_none");
    const span = this.span(slotStartMs);
    if (!point) return text("timeline_slot", span);
    if (point.present === null) return text("timeline_slot_gap", span);
    return text("timeline_slot_value", { ...span, count: rounded(point.present) });
  }

  /** @param {number} place */
  #move(place) {
    this.#onTime(this.#series.points[place]?.start ?? null);
  }

  #drawCurve() {
    const { points } = this.#series;
    const plot = byId("plot");
    plot.setAttribute("viewBox", `0 0 ${Math.max(1, points.length)} 100`);
    const most = Math.max(1, ...points.map((point) => point.present ?? 0));
    const bars = points.map(({ present }, place) => bar(place, present === null ? null : (100 * present) / most));
    plot.replaceChildren(...bars);
    byId("scale").replaceChildren(...this.#hours(points));
  }

  /** @param {Point[]} points */
  #hours(points) {
    const isLong = points.length * this.#series.slotMs > 2 * HOUR_MS;
    const stepMs = isLong ? HOUR_MS : HOUR_MS / 4;
    return points.flatMap(({ start }, place) => {
      if (start % stepMs !== 0) return [];
      const mark = document.createElement("span");
      mark.style.insetInlineStart = `${(100 * place) / points.length}%`;
      mark.textContent = clockMinutes(start);
      return [mark];
    });
  }
}

/** @param {number} place @param {number | null} height percent of the plot; null: no data */
function bar(place, height) {
  const tall = height === null ? 100 : Math.max(1, height);
  const kind = height === null ? "gap" : "bar";
  return makeSvg("rect", { class: kind, "data-place": place, x: place + 0.08, width: 0.84, y: 100 - tall, height: tall });
}
