/** The layers of the map, lowest first. Colours of zones come from their feature state, so that a change repaints only. */

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {import("../vendor/maplibre-gl/maplibre-gl.mjs").LayerSpecification} Layer */

export const ZONES = "zones";
export const SIGNS = "signs";
/** Layers whose zones can be pointed at, the topmost first. */
export const POINTED = ["small-fill", "wide-line", "tile-fill"];

const FILL = /** @type {any} */ (["coalesce", ["feature-state", "fill"], "rgba(0,0,0,0)"]);
const HATCHED = /** @type {any} */ (["case", ["boolean", ["feature-state", "hatched"], false], 0.8, 0]);
const CHOSEN = /** @type {any} */ (["case", ["boolean", ["feature-state", "chosen"], false], 1, 0]);
/** @param {string} role @returns {any} */
const ofRole = (role) => ["==", ["get", "role"], role];
/** @param {string} level @returns {any} */
const ofLevel = (level) => ["==", ["get", "level"], level];

/**
 * @param {Palette} palette
 * @param {boolean} isOnTiles the ground is somebody's map, which must stay readable below
 * @returns {Layer[]}
 */
export function zoneLayers(palette, isOnTiles) {
  const tileOpacity = isOnTiles ? 0.5 : 0.9;
  return /** @type {Layer[]} */ ([
    ...(isOnTiles ? [] : [fill("land-fill", "land", { "fill-color": palette.land })]),
    line("land-line", "land", { "line-color": palette["land-line"], "line-width": 2 }),
    fill("tile-fill", "tile", { "fill-color": FILL, "fill-opacity": tileOpacity }),
    line("tile-line", "tile", { "line-color": palette.ground, "line-width": 1.2 }),
    hatch("tile-hatch", "tile"),
    fill("wide-fill", "wide", { "fill-color": FILL, "fill-opacity": 0.1 }),
    line("wide-edge", "wide", { "line-color": palette.ground, "line-width": 6.5 }),
    line("wide-line", "wide", { "line-color": FILL, "line-width": 3.5 }),
    fill("small-fill", "small", { "fill-color": FILL, "fill-opacity": 0.85 }),
    line("small-line", "small", { "line-color": palette.ground, "line-width": 1.5 }),
    hatch("small-hatch", "small"),
    chosen("chosen-edge", palette.ground, 8),
    chosen("chosen-line", palette.chosen, 4),
    signs("signs-calm", ["any", ofLevel("calm"), ofLevel("none")], signSizes(0.34, 0.8)),
    signs("signs-busy", ofLevel("busy"), signSizes(0.7, 0.95)),
    signs("signs-full", ofLevel("full"), signSizes(0.8, 1)),
    names(palette, "names-calm", ["any", ofLevel("calm"), ofLevel("none")], 14),
    names(palette, "names-loud", ["any", ofLevel("busy"), ofLevel("full")], 0),
  ]);
}

/** @param {string} id @param {string} role @param {object} paint */
function fill(id, role, paint) {
  return { id, type: "fill", source: ZONES, filter: ofRole(role), paint };
}

/** @param {string} id @param {string} role @param {object} paint */
function line(id, role, paint) {
  return { id, type: "line", source: ZONES, filter: ofRole(role), layout: { "line-join": "round" }, paint };
}

/** @param {string} id @param {string} role */
function hatch(id, role) {
  return fill(id, role, { "fill-pattern": "hatch", "fill-opacity": HATCHED });
}

/** @param {string} id @param {string} colour @param {number} width */
function chosen(id, colour, width) {
  const paint = { "line-color": colour, "line-width": width, "line-opacity": CHOSEN };
  return { id, type: "line", source: ZONES, layout: { "line-join": "round" }, paint };
}

/** @param {number} far @param {number} near */
const signSizes = (far, near) => ["interpolate", ["linear"], ["zoom"], 11, far, 15, near];

/** @param {string} id @param {any} filter @param {any} size */
function signs(id, filter, size) {
  const layout = {
    "icon-image": ["get", "level"],
    "icon-size": size,
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "symbol-sort-key": ["get", "load"],
  };
  return { id, type: "symbol", source: SIGNS, filter: ["all", ["==", ["get", "role"], "small"], filter], layout };
}

/** @param {Palette} palette @param {string} id @param {any} filter @param {number} minzoom */
function names(palette, id, filter, minzoom) {
  const layout = {
    "text-field": ["format", ["get", "name"], {}, "\n", {}, ["get", "figure"], { "font-scale": 1.15 }],
    "text-font": ["Inter Bold"],
    "text-size": ["interpolate", ["linear"], ["zoom"], 11, 16, 15, 18],
    "text-variable-anchor": ["left", "right", "top", "bottom"],
    "text-radial-offset": 0.9,
    "text-justify": "auto",
    "text-max-width": 14,
    "text-optional": true,
    "symbol-sort-key": ["-", 0, ["get", "load"]],
  };
  const paint = { "text-color": palette.text, "text-halo-color": palette.ground, "text-halo-width": 2 };
  return { id, type: "symbol", source: SIGNS, filter, minzoom, layout, paint };
}
