/** The map: zones filled by load, their signs, and the one that is chosen. Asks no other host for anything but tiles that were set. */

import * as maplibregl from "../vendor/maplibre-gl/maplibre-gl.mjs";
import { percent, rounded, text } from "./language.js";
import { mapImages } from "./map_icons.js";
import { POINTED, SIGNS, ZONES, zoneLayers } from "./map_layers.js";
import { countColour, loadColour, readPalette } from "./palette.js";
import { boxOfAll } from "./zone_features.js";

/** @typedef {import("./zone_features.js").Zone} Zone */
/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {{ figureOf: (zone: Zone) => Figure, scale: number }} Picture scale: number that has the last colour */

const FIT_PADDING = 28;
/** Height of what lies on the map at its top (tools) and, unless it is narrow, at its bottom (legend), in letters of the page. */
const OVERLAY_REM = 4.5;
/** Part of the map that the card of the chosen zone covers, where it lies on the map. */
const CARD_SHARE = 0.34;
const NARROW_PX = 700;
const CLOSEST_FIT = 15;

export class ZoneMap {
  #map;
  #palette = readPalette();
  /** @type {Zone[]} */
  #zones = [];
  /** @type {Map<string, number>} what the map knows each zone by: its states are keys of objects, and an id may be `__proto__` */
  #numbers = new Map();
  /** @type {Picture | null} */
  #picture = null;
  /** @type {Map<string, string>} what each zone looks like now */
  #looks = new Map();
  #signs = "";
  /** @type {string | null} */
  #chosen = null;
  #ready = false;

  /**
   * @param {HTMLElement} container
   * @param {{ tiles: string, onChoose: (id: string) => void }} options tiles: address of a style or of raster tiles, or ""
   * @throws {Error} the browser cannot draw it
   */
  constructor(container, { tiles, onChoose }) {
    this.#map = new maplibregl.Map({
      container,
      style: groundStyle(tiles, this.#palette.ground),
      attributionControl: tiles ? {} : false,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 18,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    if (isStyle(tiles)) this.#map.setStyle(tiles, { transformStyle: (_old, style) => ({ ...style, glyphs: undefined }) });
    this.#map.once("load", () => this.#begin(tiles !== ""));
    this.#map.on("click", (event) => this.#point(event.point, onChoose));
    for (const layer of POINTED) {
      this.#map.on("mousemove", layer, () => (this.#map.getCanvas().style.cursor = "pointer"));
      this.#map.on("mouseleave", layer, () => (this.#map.getCanvas().style.cursor = ""));
    }
    const message = container.querySelector(".maplibregl-mobile-message");
    message?.setAttribute("data-text", "two_fingers");
    container.querySelector(".maplibregl-desktop-message")?.setAttribute("data-text", "use_ctrl");
    this.nameCanvas();
  }

  /** Tell a screen reader what the canvas is, in the language of now. */
  nameCanvas() {
    this.#map.getCanvas().setAttribute("aria-label", text("map_hint"));
  }

  /** Whether everything that was asked for is on the screen. */
  get isSettled() {
    return this.#ready && this.#map.loaded() && !this.#map.isMoving();
  }

  /** @param {Zone[]} zones what is drawn from now on, the largest first */
  setZones(zones) {
    const isFirst = this.#zones.length === 0;
    this.#zones = zones;
    if (this.#ready) this.#place();
    if (isFirst && zones.length > 0) this.fit(zones, false);
  }

  /** @param {Picture} picture */
  paint(picture) {
    this.#picture = picture;
    if (this.#ready) this.#repaint();
  }

  /** @param {string | null} id */
  choose(id) {
    if (this.#ready && this.#chosen !== null) this.#mark(this.#chosen, false);
    this.#chosen = id;
    if (this.#ready && id !== null) this.#mark(id, true);
  }

  /** @param {Zone[]} zones @param {boolean} [isFlown] */
  fit(zones, isFlown = true) {
    const isStill = !isFlown || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { clientWidth: width } = this.#map.getContainer();
    const isNarrow = width <= NARROW_PX;
    const left = this.#chosen !== null && !isNarrow ? width * CARD_SHARE : FIT_PADDING;
    const overlay = OVERLAY_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const padding = { top: overlay, right: FIT_PADDING, bottom: isNarrow ? FIT_PADDING : overlay, left };
    this.#map.fitBounds(boxOfAll(zones), { padding, maxZoom: CLOSEST_FIT, duration: isStill ? 0 : 600 });
  }

  /** @param {1 | -1} step */
  zoom(step) {
    this.#map.zoomTo(this.#map.getZoom() + step);
  }

  /** @param {boolean} isOnTiles */
  #begin(isOnTiles) {
    for (const { name, image, ratio } of mapImages(this.#palette)) this.#map.addImage(name, image, { pixelRatio: ratio });
    this.#map.addSource(ZONES, { type: "geojson", data: collection([]), promoteId: "number", tolerance: 0.2 });
    this.#map.addSource(SIGNS, { type: "geojson", data: collection([]) });
    for (const layer of zoneLayers(this.#palette, isOnTiles)) this.#map.addLayer(layer);
    this.#ready = true;
    this.#place();
  }

  #place() {
    this.#numbers = new Map(this.#zones.map(({ id }, place) => [id, place + 1]));
    const features = this.#zones.map(({ id, role, geometry }, place) => feature(geometry, { number: place + 1, id, role }));
    source(this.#map, ZONES).setData(collection(features));
    this.#map.removeFeatureState({ source: ZONES });
    this.#looks.clear();
    this.#signs = "";
    this.#repaint();
    this.choose(this.#chosen);
  }

  #repaint() {
    const picture = this.#picture;
    if (picture === null) return;
    const signs = [];
    for (const zone of this.#zones) {
      const figure = picture.figureOf(zone);
      this.#fill(zone, figure, picture);
      if (zone.role !== "land" && zone.capacity !== null) signs.push(sign(zone, figure));
    }
    const drawn = JSON.stringify(signs.map((feature) => feature.properties));
    if (drawn === this.#signs) return;
    this.#signs = drawn;
    source(this.#map, SIGNS).setData(collection(signs));
  }

  /** @param {Zone} zone @param {Figure} figure @param {Picture} picture */
  #fill(zone, figure, picture) {
    const colour = this.#colour(zone, figure, picture.scale);
    if (this.#looks.get(zone.id) === colour) return;
    this.#looks.set(zone.id, colour);
    this.#tell(zone.id, { fill: colour, hatched: figure.level === "none" });
  }

  /** @param {Zone} zone @param {Figure} figure @param {number} scale */
  #colour(zone, { present, load, level }, scale) {
    if (level === "none") return this.#palette.land;
    if (load === null) return countColour(this.#palette, (present ?? 0) / scale);
    return loadColour(this.#palette, level, load, zone.busy);
  }

  /** @param {string} id @param {boolean} isChosen */
  #mark(id, isChosen) {
    this.#tell(id, { chosen: isChosen });
  }

  /** Tell the map what a zone looks like; one that is not drawn looks like nothing. @param {string} id @param {object} looks */
  #tell(id, looks) {
    const number = this.#numbers.get(id);
    if (number !== undefined) this.#map.setFeatureState({ source: ZONES, id: number }, looks);
  }

  /** @param {maplibregl.Point} point @param {(id: string) => void} onChoose */
  #point(point, onChoose) {
    if (!this.#ready) return;
    // a finger is not as fine as a loading bay
    const reach = 6;
    const box = /** @type {[[number, number], [number, number]]} */ ([
      [point.x - reach, point.y - reach],
      [point.x + reach, point.y + reach],
    ]);
    for (const layer of POINTED) {
      const [hit] = this.#map.queryRenderedFeatures(layer === "tile-fill" ? point : box, { layers: [layer] });
      if (hit) {
        onChoose(hit.properties.id);
        return;
      }
    }
  }
}

/** @param {string} tiles */
const isStyle = (tiles) => tiles !== "" && !tiles.includes("{z}");

/** @param {string} tiles @param {string} ground @returns {maplibregl.StyleSpecification} */
function groundStyle(tiles, ground) {
  const background = /** @type {const} */ ({ id: "ground", type: "background", paint: { "background-color": ground } });
  if (tiles === "" || isStyle(tiles)) return { version: 8, sources: {}, layers: [background] };
  const raster = /** @type {const} */ ({ id: "tiles", type: "raster", source: "tiles" });
  return { version: 8, sources: { tiles: { type: "raster", tiles: [tiles], tileSize: 256 } }, layers: [background, raster] };
}

/** @param {maplibregl.Map} map @param {string} id */
const source = (map, id) => /** @type {maplibregl.GeoJSONSource} */ (map.getSource(id));

/** @param {GeoJSON.Feature[]} features @returns {GeoJSON.FeatureCollection} */
const collection = (features) => ({ type: "FeatureCollection", features });

/** @param {GeoJSON.Geometry} geometry @param {object} properties @returns {GeoJSON.Feature} */
const feature = (geometry, properties) => ({ type: "Feature", geometry, properties: { ...properties } });

/** @param {Zone} zone @param {Figure} figure */
function sign(zone, { present, load, level }) {
  const isFinite = load !== null && Number.isFinite(load);
  const figure = figureOf(present, load);
  const properties = { id: zone.id, role: zone.role, name: zone.name, level, figure, load: isFinite ? load : 1_000 };
  return feature({ type: "Point", coordinates: zone.anchor }, properties);
}

/** @param {number | null} present @param {number | null} load @returns {string} nothing where nobody is */
function figureOf(present, load) {
  if (present === null) return text("level_none");
  if (present === 0) return "";
  return load !== null && Number.isFinite(load) ? percent(load) : rounded(present);
}
