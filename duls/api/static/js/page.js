/** The page: one state, one view, and the parts that draw them. Everything else is told what to show. */

import { AccessDialog } from "./access_dialog.js";
import { requestJson } from "./access.js";
import { OVERVIEW, readAddress, writeAddress } from "./address.js";
import { AlertList } from "./alert_list.js";
import { Announcer } from "./announcer.js";
import { arrange } from "./arrangement.js";
import { drawBanner } from "./banner.js";
import { byId, write } from "./dom.js";
import { Figures } from "./figures.js";
import { History } from "./history.js";
import { KeyFigures } from "./key_figures.js";
import { text, useLanguage, whole, writeTexts } from "./language.js";
import { drawLegend } from "./legend.js";
import { LiveState } from "./live_state.js";
import { LiveStream } from "./live_stream.js";
import { roundScale } from "./palette.js";
import { Timeline } from "./timeline.js";
import { Tools } from "./tools.js";
import { ROWS, WorstList } from "./worst_list.js";
import { ZoneCard } from "./zone_card.js";
import { shownZones, zonesOf } from "./zone_features.js";
import { ZoneMap } from "./zone_map.js";

/** Ages and durations are written again this often. */
const CLOCK_MS = 1_000;
const SERIES_MS = 60_000;
const ZONES_RETRY_MS = 3_000;

class Page {
  #view = readAddress();
  #state = new LiveState();
  #figures = new Figures(this.#state);
  #history = new History(() => this.#state.nowMs());
  #announcer = new Announcer();
  #parts = this.#makeParts();
  #stream = new LiveStream("events", {
    onEvent: (event) => this.#state.take(event.type, JSON.parse(event.data)),
    onLink: (link, status) => this.#onLink(link, status),
  });
  #access = new AccessDialog(() => this.#stream.reconnect());
  /** @type {import("./live_stream.js").Link} */
  #link = "connecting";
  #zonesVersion = "";
  /** @type {ZoneMap | null} */
  #map = null;
  /** @type {HTMLElement | null} */
  #opener = null;
  #isDue = false;
  #seriesDueMs = 0;

  start() {
    this.#startMap();
    this.#speak();
    this.#state.addEventListener("change", () => this.#due());
    setInterval(() => this.#due(), CLOCK_MS);
    addEventListener("resize", () => this.#due());
    if (this.#view.slotMs !== null) void this.#onTime(this.#view.slotMs);
    void this.#stream.run();
  }

  /** Whether the map shows everything that it was told to. */
  get isSettled() {
    return this.#map === null || this.#map.isSettled;
  }

  #makeParts() {
    const choose = (/** @type {string} */ id, /** @type {HTMLElement} */ opener) => this.#onChoose(id, opener);
    const say = (/** @type {string} */ sentence) => this.#announcer.say(sentence);
    const nameOf = (/** @type {string} */ id) => this.#figures.zones.get(id)?.name ?? id;
    return {
      tiles: new KeyFigures(this.#state, say),
      alerts: new AlertList(this.#state, { nameOf, onChoose: choose, say }),
      worst: new WorstList(choose),
      card: new ZoneCard(() => this.#onClose()),
      timeline: new Timeline((slotMs) => void this.#onTime(slotMs)),
      tools: new Tools({
        onLanguage: (language) => this.#onLanguage(language),
        onKind: (kind) => this.#onKind(kind),
        onSearch: choose,
        onZoom: (step) => this.#map?.zoom(step),
        onWhole: () => this.#map?.fit([...this.#figures.zones.values()]),
        onRetry: () => this.#stream.retry(),
      }),
    };
  }

  #startMap() {
    const tiles = document.querySelector('meta[name="duls-tiles"]')?.getAttribute("content") ?? "";
    try {
      this.#map = new ZoneMap(byId("map"), { tiles, onChoose: (id) => this.#onChoose(id, null) });
    } catch {
      byId("map-missing").hidden = false; // no WebGL: the lists say the same
      byId("map").hidden = true;
    }
  }

  /** Write every word of the page in the language of the view. */
  #speak() {
    useLanguage(this.#view.language);
    document.title = text("page_title");
    writeTexts();
    this.#map?.nameCanvas();
    this.#parts.tools.draw([...this.#figures.zones.values()], this.#view);
    this.#seriesDueMs = 0;
    this.#due();
  }

  /** Draw with the next frame, however many reasons there are. */
  #due() {
    if (this.#isDue) return;
    this.#isDue = true;
    const draw = () => {
      this.#isDue = false;
      this.#draw();
    };
    // a hidden tab gets no frames, and its voice should still be true
    if (document.hidden) setTimeout(draw, CLOCK_MS);
    else requestAnimationFrame(draw);
  }

  #draw() {
    if (this.#state.head.zones_version !== this.#zonesVersion) void this.#loadZones();
    if (this.#figures.zones.size > 0 && Date.now() > this.#seriesDueMs) void this.#loadSeries();
    drawBanner(this.#state, this.#link);
    this.#parts.tiles.draw({ count: this.#figures.active(), where: this.#whereActive() });
    this.#parts.alerts.draw();
    arrange(this.#parts.alerts.isLoud);
    this.#parts.timeline.draw(this.#view.slotMs);
    this.#drawWorst();
    this.#drawMap();
    this.#drawCard();
  }

  #drawWorst() {
    const { worst } = this.#parts;
    const held = worst.heldIds;
    const rows = held.length > 0 ? this.#figures.rows(held) : this.#figures.fullest(ROWS);
    const isWaiting = !this.#state.hasState || this.#figures.zones.size === 0;
    write(byId("worst-title"), text(this.#figures.isPast ? "worst_ten_then" : "worst_ten"));
    worst.draw(rows, text(isWaiting ? "worst_waiting" : "worst_empty"), this.#view.zone);
  }

  #drawMap() {
    const counted = this.#shown().filter((zone) => zone.capacity === null && zone.role !== "land");
    const most = counted.map((zone) => this.#figures.of(zone).present ?? 0).reduce((a, b) => Math.max(a, b), 0);
    const scale = roundScale(most);
    this.#map?.paint({ figureOf: (zone) => this.#figures.of(zone), scale });
    drawLegend(this.#figures.limits(), counted.length > 0 ? scale : null);
    const { slotMs } = this.#view;
    byId("past-note").hidden = slotMs === null;
    write(byId("past-note"), slotMs === null ? "" : text("timeline_past", this.#parts.timeline.span(slotMs)));
    document.body.dataset.past = String(slotMs !== null);
  }

  #drawCard() {
    const zone = this.#chosen();
    if (!zone) {
      this.#parts.card.hide();
      return;
    }
    const { isPast, slot } = this.#figures;
    const detail = { now: this.#state.zone(zone.id), slot: slot?.zones.get(zone.id) ?? null, isPast };
    this.#parts.card.draw(zone, this.#figures.of(zone), detail);
  }

  /** @returns {import("./zone_features.js").Zone | undefined} */
  #chosen() {
    return this.#view.zone === null ? undefined : this.#figures.zones.get(this.#view.zone);
  }

  /** Zones that are drawn. */
  #shown() {
    return shownZones([...this.#figures.zones.values()], this.#view.kind === OVERVIEW ? null : this.#view.kind);
  }

  /** What the number of active vehicles is of, in words. */
  #whereActive() {
    const kind = this.#figures.countedKind();
    if (kind === null) return this.#figures.zones.size > 0 ? text("active_busiest") : "";
    const zones = [...this.#figures.zones.values()].filter((zone) => zone.kind === kind);
    if (zones.length === 1) return zones[0].name;
    return kind === "municipality" ? text("municipalities", { count: whole(zones.length) }) : text("whole_city");
  }

  async #loadZones() {
    const version = this.#state.head.zones_version;
    this.#zonesVersion = version;
    try {
      const zones = zonesOf(await requestJson(`page/zones?version=${encodeURIComponent(version)}`));
      this.#figures.zones = new Map(zones.map((zone) => [zone.id, zone]));
    } catch {
      setTimeout(() => (this.#zonesVersion = ""), ZONES_RETRY_MS); // asked again with the next drawing
      return;
    }
    this.#parts.tools.draw([...this.#figures.zones.values()], this.#view);
    this.#map?.setZones(this.#shown());
    this.#show();
    this.#seriesDueMs = 0;
    this.#due();
  }

  async #loadSeries() {
    this.#seriesDueMs = Date.now() + SERIES_MS;
    const zone = this.#chosen();
    const kind = this.#figures.countedKind();
    if (!zone && kind === null) return;
    const title = zone ? text("timeline_zone", { zone: zone.name }) : text("timeline_all", { where: this.#whereActive() });
    try {
      this.#parts.timeline.setSeries(await this.#history.series(zone ? { zone: zone.id } : { kind: kind ?? "" }), title);
    } catch {
      this.#parts.timeline.setAway();
    }
    this.#due();
  }

  /** @param {import("./live_stream.js").Link} link @param {number} status */
  #onLink(link, status) {
    if (link === "denied") this.#access.ask(status);
    if (link === "lost" && this.#link === "live") this.#announcer.say(text("say_lost"));
    if (link === "live" && this.#link === "lost") this.#announcer.say(text("say_back"));
    this.#link = link;
    this.#state.setCut(link !== "live");
    this.#due();
  }

  /** @param {string} id @param {HTMLElement | null} opener what gets the focus back; null: the map was clicked */
  #onChoose(id, opener) {
    this.#opener = opener ?? this.#opener;
    this.#view.zone = id;
    this.#show();
    writeAddress(this.#view);
    this.#seriesDueMs = 0;
    this.#draw();
    const zone = this.#chosen();
    if (opener) this.#parts.card.focus();
    else if (zone) this.#announcer.say(text("say_zone", { zone: zone.name, state: text(`level_${this.#figures.of(zone).level}`) }));
  }

  #onClose() {
    this.#view.zone = null;
    this.#map?.choose(null);
    writeAddress(this.#view);
    this.#seriesDueMs = 0;
    this.#draw();
    this.#opener?.focus();
    this.#opener = null;
  }

  /** Bring the chosen zone into view. */
  #show() {
    const zone = this.#chosen();
    this.#map?.choose(this.#view.zone);
    if (zone) this.#map?.fit([zone]);
  }

  /** @param {number | null} slotMs start of a past slot; null: now */
  async #onTime(slotMs) {
    this.#view.slotMs = slotMs;
    writeAddress(this.#view);
    this.#figures.isPast = slotMs !== null;
    this.#figures.slot = slotMs === null ? null : this.#history.known(slotMs);
    this.#due();
    if (slotMs === null) return;
    try {
      const slot = await this.#history.slot(slotMs);
      if (this.#view.slotMs === slotMs) this.#figures.slot = slot; // the slider may have moved on
    } catch {
      this.#parts.timeline.setAway();
    }
    this.#due();
  }

  /** @param {string} kind */
  #onKind(kind) {
    this.#view.kind = kind;
    writeAddress(this.#view);
    this.#map?.setZones(this.#shown());
    this.#due();
  }

  /** @param {import("./messages.js").Language} language */
  #onLanguage(language) {
    this.#view.language = language;
    writeAddress(this.#view);
    this.#speak();
  }
}

const page = new Page();
page.start();
/** @type {any} */ (globalThis).dulsPage = page; // tests ask it whether the map has settled
