"""What a user of the page sees, asked of the browser: where the focus goes, what is cut off, sizes and colours."""

import base64
import re
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page

MOST_STOPS = 40

# where somebody clicked before is where Tab would go on
FROM_THE_TOP = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
}"""

FOCUSED = """() => {
  const element = document.activeElement;
  const { left, top } = element.getBoundingClientRect();
  const main = document.querySelector('main').getBoundingClientRect();
  const side = document.querySelector('.side').getBoundingClientRect();
  const column = top < main.top ? 0 : side.width === 0 || left < side.left ? 1 : 2;
  return [nameOf(element), column, Math.round(top + scrollY)];

  function nameOf(element) {
    if (element.matches('.skip')) return 'skip';
    if (element.matches('canvas')) return 'map';
    const row = element.closest('#worst-list li');
    if (row) return `row ${[...row.parentElement.children].indexOf(row) + 1}`;
    if (element.closest('#alerts li')) return 'alert';
    return element.id || element.textContent.trim().slice(0, 2);
  }
}"""

OUTSIDE = """(elements) => elements
  .filter((element) => !element.closest('#map') && element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => `${element.tagName} ${element.id || element.className}`)"""

TEXT_ENDS = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const { left, right } = range.getBoundingClientRect();
  return [left, right];
}"""

BOTTOM = "(element) => element.getBoundingClientRect().bottom"

LOOKS = """() => {
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const plain = document.body.appendChild(document.createElement('p'));
  plain.style.cssText = 'color: CanvasText; background: Canvas';
  const { color: text, backgroundColor: canvas } = getComputedStyle(plain);
  plain.remove();
  return {
    text,
    canvas,
    edge: style('#alerts li').borderInlineStartColor,
    chosen: style('[data-language=nl]').outlineStyle,
    other: style('[data-language=en]').outlineStyle,
    bar: style('#plot .bar').opacity,
    gap: style('#plot .gap').opacity,
    track: style('#worst-list .load-bar').borderBlockStartWidth,
    sign: style('#worst-list .sign').fill,
  };
}"""

CUT = "(names) => names.filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent)"

OVERFLOW = """() => {
  const { scrollHeight, scrollWidth } = document.documentElement;
  return [scrollHeight - innerHeight, scrollWidth - innerWidth];
}"""


class Stop(NamedTuple):
    """Where the focus was: in the bar (0), the first column (1) or the second (2)."""

    name: str
    column: int
    top_px: int


def walk(page: Page) -> list[Stop]:
    """Go through the page by Tab, from its top to the last of the fullest zones."""
    page.evaluate(FROM_THE_TOP)
    walked: list[Stop] = []
    while not walked or walked[-1].name != "row 10":
        assert len(walked) < MOST_STOPS, walked
        page.keyboard.press("Tab")
        walked.append(Stop(*page.evaluate(FOCUSED)))
    return walked


def judged(page: Page, tools: Path) -> list[str]:
    """Return what axe finds, one line each."""
    page.evaluate((tools / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate("() => axe.run()")
    return [
        f"{found['id']}: {node['target']} {node.get('failureSummary', '')}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def shows_under_a_moving_pointer(row: Locator, pattern: str) -> bool:
    """Tell whether a row says what it should; the pointer moves in it, as a resting one holds nothing for long."""
    box = row.bounding_box()
    assert box is not None
    for offset_px in (10, 12):
        row.page.mouse.move(box["x"] + offset_px, box["y"] + box["height"] / 2)
    return re.search(pattern, row.inner_text(), re.DOTALL) is not None


def percentages(page: Page) -> list[int]:
    """Return the loads of the list."""
    return [int(word.rstrip("%")) for word in page.locator("#worst-list .percent").all_inner_texts()]


def top_px(place: Locator) -> float:
    """Return where something begins, from the top of the page."""
    return float(place.evaluate("(element) => element.getBoundingClientRect().top"))


def font_px(page: Page, selector: str) -> float:
    """Return the size of letters."""
    size = page.locator(selector).first.evaluate("(element) => getComputedStyle(element).fontSize")
    return float(size.removesuffix("px"))


def map_colours(page: Page) -> dict[str, bool]:
    """Tell which colours of levels are on the map, as it was drawn."""
    picture = page.locator("#map canvas").screenshot()
    script = """async ([encoded, names]) => {
      const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const pen = canvas.getContext('2d');
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
      const style = getComputedStyle(document.documentElement);
      return Object.fromEntries(names.map((name) => {
        const wanted = parseInt(style.getPropertyValue(`--${name}`).trim().slice(1), 16);
        for (let at = 0; at < data.length; at += 4) {
          if (((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]) === wanted) return [name, true];
        }
        return [name, false];
      }));
    }"""
    return page.evaluate(script, [base64.b64encode(picture).decode(), ["full", "busy"]])
