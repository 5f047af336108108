/** What is known of the chosen zone, now or in the slot that is looked at. */

import { byId, changeSign, make, renew, signOf, write } from "./dom.js";
import { percent, rounded, text, whole, wordOf } from "./language.js";

/** @typedef {import("./zone_features.js").Zone} Zone */
/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./live_state.js").ZoneNow} ZoneNow */
/** @typedef {import("./history.js").ZoneSlot} ZoneSlot */

export class ZoneCard {
  #card = byId("card");
  #sign = signOf("calm");
  #name = make("h2", { tabindex: "-1" });
  #kind = make("p", { class: "kind" });
  #close = make("button", { type: "button", class: "close", "data-label": "zone_close" }, signOf("close"));
  #figure = make("span", { class: "figure" });
  #unit = make("span", { class: "unit" });
  #level = make("span", { class: "level" });
  #facts = make("dl", {});
  #classes = make("ul", { class: "classes" });
  #classTitle = make("h3", {});

  /** @param {() => void} onClose */
  constructor(onClose) {
    const state = make("p", { class: "state" }, this.#sign, this.#level);
    const number = make("p", { class: "number" }, this.#figure, this.#unit);
    const head = make("div", { class: "card-head" }, make("div", {}, this.#name, this.#kind), this.#close);
    this.#card.append(head, number, state, this.#facts, this.#classTitle, this.#classes);
    this.#close.addEventListener("click", onClose);
    this.#card.addEventListener("keydown", (event) => event.key === "Escape" && onClose());
  }

  /** Move the focus to the card, for who came by keyboard. */
  focus() {
    this.#name.focus();
  }

  hide() {
    this.#card.hidden = true;
  }

  /**
   * @param {Zone} zone
   * @param {Figure} figure
   * @param {{ now: ZoneNow | null, slot: ZoneSlot | null, isPast: boolean }} detail
   */
  draw(zone, figure, { now, slot, isPast }) {
    this.#card.hidden = false;
    this.#card.dataset.level = figure.level;
    write(this.#name, zone.name);
    write(this.#kind, wordOf("kind", zone.kind));
    write(this.#figure, figure.present === null ? "–" : rounded(figure.present));
    const capacity = zone.capacity === null ? "" : ` · ${text("zone_capacity", { count: whole(zone.capacity) })}`;
    write(this.#unit, `${text(isPast ? "zone_mean" : "zone_present")}${capacity}`);
    changeSign(this.#sign, figure.level);
    const load = figure.load !== null && Number.isFinite(figure.load) ? ` · ${percent(figure.load)}` : "";
    write(this.#level, `${text(`level_${figure.level}`)}${load}`);
    this.#drawFacts(isPast ? slotFacts(slot) : nowFacts(now));
    this.#drawClasses(isPast ? {} : (now?.classes ?? {}));
  }

  /** @param {[string, string][]} facts */
  #drawFacts(facts) {
    const row = (/** @type {[string, string]} */ [name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
    renew(this.#facts, facts, () => facts.map(row));
  }

  /** @param {Record<string, number>} classes */
  #drawClasses(classes) {
    const counts = Object.entries(classes).sort(([, a], [, b]) => b - a);
    const rows = counts.map(([name, count]) => ({ name: wordOf("class", name), count, share: count / counts[0][1] }));
    write(this.#classTitle, counts.length > 0 ? text("zone_classes") : "");
    renew(this.#classes, rows, () => rows.map(classRow));
  }
}

/** @param {{ name: string, count: number, share: number }} row */
function classRow({ name, count, share }) {
  const fill = make("span", { class: "bar-fill" });
  fill.style.inlineSize = `${share * 100}%`;
  const bar = make("span", { class: "load-bar", "aria-hidden": "true" }, fill);
  return make("li", {}, make("span", { class: "name" }, name), bar, make("span", { class: "count" }, whole(count)));
}

/** @param {ZoneNow | null} now @returns {[string, string][]} */
function nowFacts(now) {
  if (now === null) return [];
  const share = now.present > 0 ? percent(now.zero_emission / now.present) : "–";
  return [
    [text("zone_silent"), whole(now.silent)],
    [text("zone_zero_emission"), share],
  ];
}

/** @param {ZoneSlot | null} slot @returns {[string, string][]} */
function slotFacts(slot) {
  if (slot === null) return [];
  return [
    [text("zone_entries"), whole(slot.entries)],
    [text("zone_exits"), whole(slot.exits)],
  ];
}
