"""The page about feeds says what works: each of its examples is read."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from processors.vocabulary import Outcome
from streams.decode.detection_formats import DetectionFormat
from streams.decode.detections import decode_detections
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions

PAGE: Final = (Path(__file__).parent.parent / "docs" / "feeds.md").read_text(encoding="utf-8")
SHOWN: Final[list[tuple[str, str]]] = re.findall(r"```(?:json|text) ([a-z0-9 ]+)\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES: Final = [(kind, text) for kind, text in SHOWN if not kind.startswith("detection ")]
DETECTIONS: Final = [
    (kind.removeprefix("detection "), text) for kind, text in SHOWN if kind.startswith("detection ")
]
PROGRAM: Final[list[str]] = re.findall(r"```python arrow\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_an_example_is_read(kind: str, example: str) -> None:
    """Told by its content, and in its format."""
    name, _, registered = kind.partition(" ")
    expected = [Outcome.REGISTERED if registered else Outcome.ACCEPTED]

    assert expected == decode_positions([example.encode()]).outcome.tolist()
    assert expected == decode_positions([example.encode()], PositionFormat[name.upper()]).outcome.tolist()


@pytest.mark.parametrize(("kind", "example"), DETECTIONS)
def test_an_example_of_detections_is_read(kind: str, example: str) -> None:
    """Told by its content, and in its format."""
    name, _, registered = kind.partition(" ")
    expected = [Outcome.REGISTERED if registered else Outcome.ACCEPTED]

    assert expected == decode_detections([example.encode()]).outcome.tolist()
    assert expected == decode_detections([example.encode()], DetectionFormat[name.upper()]).outcome.tolist()


def test_the_program_makes_a_stream_that_is_read() -> None:
    """With one row per vehicle."""
    made: dict[str, Any] = {}
    exec(PROGRAM[0], made)  # noqa: S102  # a page of ours

    assert [Outcome.ACCEPTED] * 2 == decode_positions([made["value"]]).outcome.tolist()


def test_every_format_has_an_example() -> None:
    """And every setting for the format is on the page."""
    shown = {kind.partition(" ")[0] for kind, _ in EXAMPLES}

    assert {format_.name.lower() for format_ in PositionFormat} - {"auto"} == shown
    detections = {kind.partition(" ")[0] for kind, _ in DETECTIONS}
    assert {format_.name.lower() for format_ in DetectionFormat} - {"auto"} == detections
    assert "intake.positions_format" in PAGE
    assert "intake.detections_format" in PAGE
