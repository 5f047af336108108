/** The ten fullest zones. While a pointer or the focus is in the list its order holds, so that nobody opens the wrong one. */

import { byId, changeSign, make, signOf, write } from "./dom.js";
import { percent, rounded, text, whole, wordOf } from "./language.js";

/** @typedef {import("./zone_features.js").Zone} Zone */
/** @typedef {import("./load.js").Level} Level */
/** @typedef {{ zone: Zone, present: number, load: number, level: Level }} Row */

export const ROWS = 10;

export class WorstList {
  #list = byId("worst-list");
  #held = byId("worst-held");
  #onChoose;
  /** @type {WorstRow[]} */
  #rows = [];
  #isHeld = false;

  /** @param {(id: string, opener: HTMLElement) => void} onChoose */
  constructor(onChoose) {
    this.#onChoose = onChoose;
    const hold = () => this.#hold(true);
    const release = () => this.#hold(this.#list.matches(":hover, :focus-within"));
    for (const event of ["pointerenter", "focusin"]) this.#list.addEventListener(event, hold);
    for (const event of ["pointerleave", "focusout"]) this.#list.addEventListener(event, () => setTimeout(release));
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

  /** @param {boolean} isHeld */
  #hold(isHeld) {
    this.#isHeld = isHeld && this.#rows.length > 0;
    this.#held.hidden = !this.#isHeld;
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
