/** The zones as the map draws them: what each is to the eye, and where its sign stands. Pure. */

/** @typedef {"land" | "tile" | "wide" | "small"} Role land: the ground; tile: part of a mosaic; wide: drawn as an outline */
/** @typedef {[number, number]} Point longitude, latitude */
/**
 * @typedef {{
 *   id: string, name: string, kind: string, municipality: string | null, capacity: number | null, areaKm2: number,
 *   busy: number, full: number, role: Role, anchor: Point, box: [number, number, number, number], geometry: GeoJSON.Polygon | GeoJSON.MultiPolygon
 * }} Zone
 */

/** Zones larger than this would hide what lies in them, so they are drawn as an outline. */
const WIDE_KM2 = 1;
/** Kinds that tile a city; the finest one that is loaded becomes the mosaic of the overview. */
const TILINGS = ["neighbourhood", "district"];

/**
 * @param {GeoJSON.FeatureCollection} collection as the server sends it
 * @returns {Zone[]} the largest first, so that small ones lie on top
 */
export function zonesOf(collection) {
  const zones = collection.features.map((feature) => {
    const geometry = /** @type {GeoJSON.Polygon | GeoJSON.MultiPolygon} */ (feature.geometry);
    const { area_km2: areaKm2, lon, lat, ...told } = /** @type {any} */ (feature.properties);
    const role = roleOf(told.kind, told.capacity, areaKm2);
    const rings = outerRings(geometry);
    const anchor = role === "wide" ? northernmost(rings) : [lon, lat];
    return { ...told, areaKm2, role, anchor, box: boxOf(rings), geometry };
  });
  return zones.sort((a, b) => b.areaKm2 - a.areaKm2);
}

/** @param {Zone[]} zones @returns {string | null} the kind that makes the mosaic of the overview */
export function mosaicKind(zones) {
  const kinds = new Set(zones.filter((zone) => zone.role === "tile").map((zone) => zone.kind));
  return TILINGS.find((kind) => kinds.has(kind)) ?? null;
}

/**
 * Return what is drawn, each with its role in this picture.
 *
 * @param {Zone[]} zones
 * @param {string | null} kind only this kind, above the ground; null: the overview, with one mosaic
 * @returns {Zone[]}
 */
export function shownZones(zones, kind) {
  if (kind === null) {
    const mosaic = mosaicKind(zones);
    return zones.filter((zone) => zone.role !== "tile" || !TILINGS.includes(zone.kind) || zone.kind === mosaic);
  }
  return zones.flatMap((zone) => {
    if (zone.kind === kind) return [{ ...zone, role: zone.capacity === null ? /** @type {Role} */ ("tile") : "small" }];
    return zone.role === "land" ? [zone] : [];
  });
}

/** @param {Zone[]} zones @returns {[number, number, number, number]} west, south, east, north of all of them */
export function boxOfAll(zones) {
  return /** @type {[number, number, number, number]} */ (
    [0, 1, 2, 3].map((side) => zones.map((zone) => zone.box[side]).reduce(side < 2 ? least : most))
  );
}

/**
 * @param {string} kind
 * @param {number | null} capacity
 * @param {number} areaKm2
 * @returns {Role}
 */
function roleOf(kind, capacity, areaKm2) {
  if (kind === "municipality") return "land";
  if (capacity === null) return "tile";
  return areaKm2 > WIDE_KM2 ? "wide" : "small";
}

/** @param {GeoJSON.Polygon | GeoJSON.MultiPolygon} geometry @returns {Point[][]} */
function outerRings(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return /** @type {Point[][]} */ (polygons.map((polygon) => polygon[0]));
}

/** @param {Point[][]} rings */
const northernmost = (rings) => rings.flat().reduce((best, point) => (point[1] > best[1] ? point : best));

/** @param {Point[][]} rings @returns {[number, number, number, number]} */
function boxOf(rings) {
  const points = rings.flat();
  const [lons, lats] = [points.map((point) => point[0]), points.map((point) => point[1])];
  return [lons.reduce(least), lats.reduce(least), lons.reduce(most), lats.reduce(most)];
}

/** @param {number} a @param {number} b */
const least = (a, b) => Math.min(a, b);
/** @param {number} a @param {number} b */
const most = (a, b) => Math.max(a, b);
