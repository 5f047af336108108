/**
 * The ten fullest zones. While somebody is about to choose one, by pointer or by keys, the order holds, so that nobody
 * opens the wrong one; a pointer or a focus that only rests in the list holds nothing for long.
 */

import { byId, changeSign, make, signOf, write } from "./dom.js";
import { percent, rounded, text, whole, wordOf } from "./language.js";

/** @typedef {import("./zone_features.js").Zone} Zone */
/** @typedef {import("./load.js").Level} Level */
/** @typedef {{ zone: Zone, present: number, load: number, level: Level }} Row */

export const ROWS = 10;
/** So long after the last move or key in the list its order holds. */
const HOLD_MS = 8_000;

export class WorstList {
  #list = byId("worst-list");
  #held = byId("worst-held");
  #onChoose;
  /** @type {WorstRow[]} */
  #rows = [];
  #isHeld = false;
  #timer = 0;

  /** @param {(id: string, opener: HTMLElement) => void} onChoose */
  constructor(onChoose) {
    this.#onChoose = onChoose;
    for (const event of ["pointermove", "focusin", "keydown"]) this.#list.addEventListener(event, () => this.#hold());
    this.#list.addEventListener("pointerleave", () => this.#release());
  }

  /** Zones whose figures are wanted besides the fullest, because their rows are held. @returns {string[]} */
  get heldIds() {
    return this.#isHeld ? this.#rows.map((row) => row.id) : [];
  }

  /**
   * @param {Row[]} rows the fullest first; those of `heldIds`, in their order, while it names any
   * @param {string} emptyWords what is said where there are none
   * @param {string | null} chosen
   */
  draw(rows, emptyWords, chosen) {
    while (this.#rows.length < rows.length) this.#add();
    while (this.#rows.length > rows.length) this.#rows.pop()?.element.remove();
    rows.forEach((row, place) => this.#rows[place].draw(row, row.zone.id === chosen));
    const empty = byId("worst-empty");
    empty.hidden = rows.length > 0;
    write(empty, emptyWords);
  }

  #add() {
    const row = new WorstRow(this.#onChoose);
    this.#rows.push(row);
    this.#list.append(row.element);
  }

  #hold() {
    this.#isHeld = this.#rows.length > 0;
    this.#held.hidden = !this.#isHeld;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#release(), HOLD_MS);
  }

  #release() {
    clearTimeout(this.#timer);
    this.#isHeld = false;
    this.#held.hidden = true;
  }
}

class WorstRow {
  id = "";
  #sign = signOf("calm");
  #name = make("span", { class: "name" });
  #kind = make("span", { class: "kind" });
  #fill = make("span", { class: "bar-fill" });
  #counts = make("span", { class: "counts" });
  #percent = make("span", { class: "percent" });
  #level = make("span", { class: "level" });
  #button;
  element;

  /** @param {(id: string, opener: HTMLElement) => void} onChoose */
  constructor(onChoose) {
    const words = make("span", { class: "words" }, this.#name, this.#kind);
    const bar = make("span", { class: "load-bar", "aria-hidden": "true" }, this.#fill);
    this.#button = make("button", { type: "button" }, this.#sign, words, bar, this.#counts, this.#percent, this.#level);
    this.#button.addEventListener("click", () => onChoose(this.id, this.#button));
    this.element = make("li", {}, this.#button);
  }

  /** @param {Row} row @param {boolean} isChosen */
  draw({ zone, present, load, level }, isChosen) {
    this.id = zone.id;
    this.element.dataset.level = level;
    changeSign(this.#sign, level);
    write(this.#name, zone.name);
    write(this.#kind, wordOf("kind", zone.kind));
    this.#fill.style.inlineSize = `${Math.min(100, load * 100)}%`;
    write(this.#counts, text("worst_present", { present: rounded(present), capacity: whole(zone.capacity ?? 0) }));
    write(this.#percent, Number.isFinite(load) ? percent(load) : "");
    write(this.#level, text(`level_${level}`));
    this.#button.setAttribute("aria-pressed", String(isChosen));
  }
}
