"""Colours that the colour-blind tell apart: blue, yellow, vermillion; never red against green.

States always come with a word and a sign too. Hues are those of Okabe and Ito, some darkened: a series must be
seen on a dark and on a white panel, at a contrast of 3 to 1 or more.
"""

from typing import Final

BLUE: Final = "#0072B2"
YELLOW: Final = "#F0E442"
VERMILLION: Final = "#D55E00"
GREY: Final = "#7F7F7F"  # no data
DARK_TEXT: Final = "#141414"  # on the light fills of a map

DARK_PANEL: Final = "#181B1F"  # what Grafana's themes draw panels on
LIGHT_PANEL: Final = "#FFFFFF"

STATE_COLOURS: Final = {
    "free": BLUE,
    "busy": YELLOW,
    "full": VERMILLION,
    "no_capacity": GREY,
    "no_data": GREY,
}
PHASE_COLOURS: Final = {"firing": VERMILLION, "acknowledged": YELLOW, "ended": BLUE}
AGE_COLOURS: Final = {"fresh": BLUE, "frozen": VERMILLION, "never": GREY, "at": GREY, "settling": YELLOW}
K_COLOURS: Final = {"ok": BLUE, "below_k": GREY, "no_feed": GREY}

CLASS_COLOURS: Final = {
    "M1": "#7F7F7F",
    "M2": "#9C6BB0",
    "M3": "#CC79A7",
    "N1": "#0072B2",
    "N2": "#B07D00",
    "N3": "#D55E00",
    "L": "#009E73",
    "other": "#8C6D5A",
    "unknown": "#6F7F8F",
}
ROLE_COLOURS: Final = {"intake": "#0072B2", "aggregate": "#D55E00", "alert": "#CC79A7", "api": "#009E73"}
SEVERITY_COLOURS: Final = {"critical": VERMILLION, "warning": YELLOW}
FEED_COLOURS: Final = {"fms": BLUE, "anpr": VERMILLION}
