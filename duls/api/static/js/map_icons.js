/** The signs of the map, drawn here so that nothing has to be fetched: a shape for each level, and the hatch of no data. */

/** @typedef {import("./palette.js").Palette} Palette */

/** Signs are drawn at twice their size, for sharp screens. */
const RATIO = 2;
const SIDE = 28 * RATIO;
const EDGE = 2.5 * RATIO;

/**
 * Return the images of the map by name.
 *
 * @param {Palette} palette
 * @returns {{ name: string, image: ImageData, ratio: number }[]}
 */
export function mapImages(palette) {
  return [
    { name: "calm", image: sign(palette, palette.calm, circle(8 * RATIO)), ratio: RATIO },
    { name: "busy", image: sign(palette, palette.busy, corners(3, 13 * RATIO, -Math.PI / 2, 2 * RATIO)), ratio: RATIO },
    { name: "full", image: sign(palette, palette.full, corners(8, 12.5 * RATIO, Math.PI / 8, 0)), ratio: RATIO },
    { name: "none", image: sign(palette, palette.none, circle(7 * RATIO)), ratio: RATIO },
    { name: "hatch", image: hatch(palette.none), ratio: RATIO },
  ];
}

/** @param {number} width @param {number} height */
function blank(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
}

/**
 * @param {Palette} palette
 * @param {string} colour
 * @param {(pen: CanvasRenderingContext2D) => void} trace
 */
function sign(palette, colour, trace) {
  const pen = blank(SIDE, SIDE);
  pen.translate(SIDE / 2, SIDE / 2);
  pen.beginPath();
  trace(pen);
  pen.closePath();
  pen.lineJoin = "round";
  pen.lineWidth = 2 * EDGE;
  pen.strokeStyle = palette.ground;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
  return pen.getImageData(0, 0, SIDE, SIDE);
}

/** @param {number} radius @returns {(pen: CanvasRenderingContext2D) => void} */
const circle = (radius) => (pen) => pen.arc(0, 0, radius, 0, 2 * Math.PI);

/**
 * @param {number} count
 * @param {number} radius
 * @param {number} turn
 * @param {number} drop how far below the middle: a triangle's weight lies low
 * @returns {(pen: CanvasRenderingContext2D) => void}
 */
const corners = (count, radius, turn, drop) => (pen) => {
  for (let corner = 0; corner < count; corner += 1) {
    const angle = turn + (corner * 2 * Math.PI) / count;
    pen.lineTo(radius * Math.cos(angle), drop + radius * Math.sin(angle));
  }
};

/** @param {string} colour a pattern whose edges meet */
function hatch(colour) {
  const side = 8 * RATIO;
  const pen = blank(side, side);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5 * RATIO;
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - side, 2 * side);
    pen.lineTo(shift + 2 * side, -side);
  }
  pen.stroke();
  return pen.getImageData(0, 0, side, side);
}
