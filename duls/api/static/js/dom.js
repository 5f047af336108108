/** Small helpers around the document. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Return the element of the page that has *id*.
 *
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}

/**
 * Make an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
export function makeSvg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Return a sign of the page as a picture that a screen reader passes over. @param {string} name */
export function signOf(name) {
  const svg = makeSvg("svg", { class: `sign sign-${name}`, "aria-hidden": "true" });
  svg.append(makeSvg("use", { href: `#sign-${name}` }));
  return svg;
}

/** Change the picture that `signOf` returned. @param {Element} svg @param {string} name */
export function changeSign(svg, name) {
  svg.setAttribute("class", `sign sign-${name}`);
  svg.firstElementChild?.setAttribute("href", `#sign-${name}`);
}

/** @type {WeakMap<Element, string>} what `renew` made the children of an element from */
const made = new WeakMap();

/**
 * Make the children of an element anew where what they show has changed: who reads them aloud keeps the place.
 *
 * @param {Element} element
 * @param {unknown} shown
 * @param {() => (Node | string)[]} build
 */
export function renew(element, shown, build) {
  const key = JSON.stringify(shown);
  if (made.get(element) === key) return;
  made.set(element, key);
  element.replaceChildren(...build());
}

/** Write words where they differ from what stands there. @param {Element} element @param {string} words */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
