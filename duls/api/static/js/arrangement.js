/**
 * Where feeds and alerts stand in the document: keys and voices follow that order, so it is the one that is seen.
 *
 * Two columns: key figures, feeds, map, and the alerts over the fullest zones. One column: the feeds first, and alerts
 * before the map while one asks for somebody.
 */

import { byId } from "./dom.js";

/** @param {boolean} isLoud whether an alert asks for somebody */
export function arrange(isLoud) {
  const side = byId("side");
  const tiles = byId("tiles");
  const map = byId("map-panel");
  const worst = byId("worst");
  // the style sheet decides how many columns there are: in one, the side has no box of its own
  const isOneColumn = getComputedStyle(side).display === "contents";
  place(byId("feeds"), byId("figures"), isOneColumn ? tiles : null);
  const isFirst = isOneColumn && isLoud;
  place(byId("alerts-panel"), isFirst ? byId("main") : side, isFirst ? map : worst);
}

/**
 * Move an element before another of its new parent, with the focus in it.
 *
 * @param {HTMLElement} element
 * @param {HTMLElement} parent
 * @param {HTMLElement | null} next null: to the end
 */
function place(element, parent, next) {
  if (element.parentElement === parent && element.nextElementSibling === next) return;
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(element, next);
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
}
