/** What the page is steered with: language, search, kind of zone, and the buttons of the map. */

import { OVERVIEW } from "./address.js";
import { byId, make } from "./dom.js";
import { wordOf } from "./language.js";

/** @typedef {import("./zone_features.js").Zone} Zone */
/** @typedef {import("./messages.js").Language} Language */
/**
 * @typedef {{
 *   onLanguage: (language: Language) => void, onKind: (kind: string) => void,
 *   onSearch: (zone: string, opener: HTMLElement) => void, onZoom: (step: 1 | -1) => void,
 *   onWhole: () => void, onRetry: () => void
 * }} Actions
 */

export class Tools {
  #search = /** @type {HTMLInputElement} */ (byId("search"));
  #kind = /** @type {HTMLSelectElement} */ (byId("kind"));
  #languages = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-language]"));
  #onSearch;
  /** @type {Zone[]} */
  #zones = [];

  /** @param {Actions} actions */
  constructor({ onLanguage, onKind, onSearch, onZoom, onWhole, onRetry }) {
    this.#onSearch = onSearch;
    byId("zoom-in").addEventListener("click", () => onZoom(1));
    byId("zoom-out").addEventListener("click", () => onZoom(-1));
    byId("whole-map").addEventListener("click", onWhole);
    byId("retry").addEventListener("click", onRetry);
    this.#kind.addEventListener("change", () => onKind(this.#kind.value));
    this.#search.addEventListener("change", () => this.#find());
    byId("map-tools").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#find();
    });
    for (const button of this.#languages) {
      button.addEventListener("click", () => onLanguage(/** @type {Language} */ (button.dataset.language)));
    }
  }

  /** @param {Zone[]} zones @param {import("./address.js").View} view */
  draw(zones, { language, kind }) {
    for (const button of this.#languages) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    const kinds = [...new Set(zones.map((zone) => zone.kind))];
    this.#kind.replaceChildren(...[OVERVIEW, ...kinds].map((known) => make("option", { value: known }, wordOf("kind", known))));
    this.#kind.value = kinds.includes(kind) ? kind : OVERVIEW;
    if (this.#zones === zones) return;
    this.#zones = zones;
    byId("zone-names").replaceChildren(...zones.map(({ name }) => make("option", { value: name })));
  }

  /** Open the zone whose name or id was typed. */
  #find() {
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    const found = this.#zones.find(({ id, name }) => [id, name].some((known) => known.toLocaleLowerCase() === wanted));
    if (!found) return;
    this.#search.value = "";
    this.#onSearch(found.id, this.#search);
  }
}
