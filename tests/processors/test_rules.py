"""Settings become whole microseconds and micrometres, and travel as documents."""

import msgspec
import pytest

from naive import Settings
from processors.rules import FigureSettings, rules_of
from tests.processors.position_builders import figure_settings


def test_defaults_are_those_of_the_definitions() -> None:
    """In microseconds and micrometres, as the oracle has them."""
    rules, expected = rules_of(FigureSettings()), Settings()

    assert {name: getattr(expected, name) for name in rules._fields if hasattr(expected, name)} | {
        "late_after_us": 60_000_000
    } == rules._asdict()


def test_fractions_are_rounded_to_whole_micrometres_and_microseconds() -> None:
    """0.1 is no binary fraction; the result is a whole number all the same."""
    rules = rules_of(FigureSettings(reorder_s=0.1, stop_radius_m=0.3, max_jump_m=1.1))

    assert (100_000, 300_000, 1_100_000) == (rules.reorder_us, rules.stop_radius_um, rules.max_jump_um)


def test_settings_are_read_back_from_their_document() -> None:
    """As stored with a version."""
    settings = figure_settings(Settings(slot_s=60, stop_radius_m=25.5, clock="event"))

    assert settings == msgspec.json.decode(msgspec.json.encode(settings), type=FigureSettings)


def test_a_document_with_an_unknown_setting_is_refused() -> None:
    """It would change figures that this version does not know."""
    with pytest.raises(msgspec.ValidationError, match="unknown field `trip_gap_s`"):
        msgspec.json.decode(b'{"slot_s": 300, "trip_gap_s": 1800}', type=FigureSettings)
