"""The colours of the boards are seen and told apart by all eyes, and never stand alone."""

import json
import re
from itertools import combinations

import pytest

from grafana import palette
from grafana.words import LANGUAGES, words_of
from tests.grafana.reading import BOARDS, UIDS, Json
from tests.page.colours import EYES, apart, contrast

COLOUR = re.compile(r'"(#[0-9A-Fa-f]{6})"')
NAMED_COLOUR = re.compile(
    r'"(?:(?:super-light|light|semi-dark|dark)-)?(?:green|red|orange|yellow|blue|purple)"'
)
STATES = (palette.BLUE, palette.YELLOW, palette.VERMILLION, palette.GREY)


def test_states_are_seen_on_the_dark_panel_of_a_wall_screen() -> None:
    """3 to 1 is what WCAG asks of graphics, 4.5 to 1 of the labels on a map."""
    assert [] == [colour for colour in STATES if contrast(colour, palette.DARK_PANEL) < 3]
    assert contrast(palette.DARK_TEXT, palette.YELLOW) >= 4.5


@pytest.mark.parametrize("panel_colour", [palette.DARK_PANEL, palette.LIGHT_PANEL])
def test_series_are_seen_on_dark_and_light_panels(panel_colour: str) -> None:
    """Planners choose their theme."""
    series = {**palette.CLASS_COLOURS, **palette.FEED_COLOURS, **palette.ROLE_COLOURS}

    assert [] == [name for name, colour in series.items() if contrast(colour, panel_colour) < 3]


@pytest.mark.parametrize("eyes", EYES)
def test_all_eyes_tell_states_apart(eyes: str) -> None:
    """A distance of 20 by CIEDE2000 is nine times what the eye just sees."""
    distances = {(one, other): apart(one, other, eyes) for one, other in combinations(STATES, 2)}

    assert {} == {pair: round(distance) for pair, distance in distances.items() if distance < 20}


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_every_colour_is_of_the_palette(board: Json) -> None:
    """None of Grafana's own reds and greens."""
    text = json.dumps(board)
    known = {*STATES, palette.DARK_TEXT, *palette.CLASS_COLOURS.values(), *palette.FEED_COLOURS.values()}

    assert set(COLOUR.findall(text)) <= known
    assert [] == NAMED_COLOUR.findall(text)


def test_a_state_is_a_colour_and_a_word_with_a_sign() -> None:
    """Nobody needs to see the colour, nor know the sign."""
    for language in LANGUAGES:
        for group in ("state", "phase", "k_status", "severity", "up"):
            texts = list(words_of(language).group(f"values.{group}").values())
            assert len(texts) == len({text[0] for text in texts}), group
            assert [] == [text for text in texts if not re.match(r"\W \w{2}", text)]
