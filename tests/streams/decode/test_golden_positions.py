"""Files as senders write them, in every format of positions, give the rows that stand beside them here."""

from pathlib import Path
from typing import Any, Final

import pytest

from processors.columns import DecodedPositions
from processors.vocabulary import Outcome
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions

GOLDEN: Final = Path(__file__).parent / "golden"
T: Final = 1_795_417_935_000_000  # 2026-11-23T07:12:15Z
REFERENCE: Final = "id::0c9e7d52-2b7e-4f0e-8f6e-1d2a3b4c5d6e"
VIN: Final = "id::YV2E4C3A5VB18069"
IMEI: Final = "id::359633100458590"
HERE: Final = (52.0907, 5.1214)

Row = tuple[Any, ...]


def accepted(identity: str, event_us: int, place: tuple[float, float], what: str = "unknown unknown") -> Row:
    """Return an accepted row: identity, time, place, and class and emission in words."""
    return ("ACCEPTED", identity, event_us, *place, *what.split())


def registered(identity: str, what: str) -> Row:
    """Return a row that tells what a reference stands for."""
    return ("REGISTERED", identity, 0, 0.0, 0.0, *what.split())


def rejected(reason: str) -> Row:
    """Return a rejected row."""
    return (reason,)


FILES: Final[dict[str, tuple[PositionFormat, list[Row]]]] = {
    "canonical.ndjson": (
        PositionFormat.CANONICAL,
        [accepted("plate:NL:VB123K", T + 120_000, HERE, "N2 no"), accepted("id::unit-7", T + 120_000, HERE)],
    ),
    "otm_inline.json": (PositionFormat.OTM, [accepted("plate:NL:VB123K", T + 120_000, HERE, "N3 no")]),
    "otm_reference.ndjson": (
        PositionFormat.OTM,
        [
            accepted(REFERENCE, T, HERE),
            accepted(REFERENCE, T + 10_000_000, (52.0910, 5.1220)),
            accepted(REFERENCE, T + 20_000_000, (52.0915, 5.1230)),
            rejected("UNKNOWN_MESSAGE"),
        ],
    ),
    "otm_vehicle.json": (
        PositionFormat.OTM,
        [registered(REFERENCE, "N1 yes"), registered("id::11111111-2222-4333-8444-555555555555", "N1 no")],
    ),
    "rfms_positions.json": (
        PositionFormat.RFMS,
        [
            accepted(VIN + "1", T - 1_000_000, HERE),
            accepted(VIN + "2", T, (52.1, 5.2)),
            rejected("MISSING_FIELD"),
        ],
    ),
    "rfms_statuses.json": (PositionFormat.RFMS, [accepted(VIN + "1", T + 463_500_000, HERE)]),
    "rfms_vehicles.json": (
        PositionFormat.RFMS,
        [
            registered(VIN + "1", "N3 no"),
            registered(VIN + "2", "N3 yes"),
            registered(VIN + "3", "M3 no"),
        ],
    ),
    "traccar.ndjson": (
        PositionFormat.TRACCAR,
        [
            accepted(IMEI, T - 1_000_000, HERE, "N3 unknown"),
            accepted(IMEI, T + 9_000_000, (52.0911, 5.1220), "N3 unknown"),
            accepted(IMEI, T + 19_000_000, (52.0912, 5.1221), "N1 unknown"),
            rejected("NO_FIX"),
            rejected("NO_FIX"),
        ],
    ),
    "gtfs.json": (
        PositionFormat.GTFS,
        [
            accepted("id::bus-4711", T - 1_000_000, HERE),
            accepted("plate:NL:BX45KL", T - 2_000_000, (52.1, 5.2)),
            accepted("id::bus-4713", T, (52.2, 5.3)),
            rejected("UNKNOWN_MESSAGE"),
        ],
    ),
}


def rows(decoded: DecodedPositions) -> list[Row]:
    """Return decoded rows as they are written above."""
    classes = ("M1", "M2", "M3", "N1", "N2", "N3", "L", "other", "unknown")
    found: list[Row] = []
    for row in range(decoded.outcome.size):
        start, length = decoded.identity_start[row], decoded.identity_length[row]
        outcome = Outcome(decoded.outcome[row])
        if outcome >= Outcome.NOT_JSON:
            found.append((outcome.name,))
            continue
        found.append(
            (
                outcome.name,
                decoded.identity[start : start + length].tobytes().decode(),
                int(decoded.event_us[row]),
                float(decoded.lat[row]),
                float(decoded.lon[row]),
                classes[decoded.vehicle_class[row]],
                ("yes", "no", "unknown")[decoded.zero_emission[row]],
            )
        )
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_its_rows(name: str) -> None:
    """Told apart by content, and in the format that a setting gives."""
    format_, expected = FILES[name]
    content = (GOLDEN / name).read_bytes()

    assert expected == rows(decode_positions([content]))
    assert expected == rows(decode_positions([content], format_))


def test_all_files_are_read_in_one_batch() -> None:
    """Formats may follow each other in a topic: each record is told by itself."""
    contents = [(GOLDEN / name).read_bytes() for name in FILES]

    decoded = decode_positions(contents * 2)

    assert [row for _, expected in FILES.values() for row in expected] * 2 == rows(decoded)


def test_a_reference_tells_its_plate() -> None:
    """A message about a vehicle names the plate by which a register knows it, and no position shows it."""
    decoded = decode_positions([(GOLDEN / "otm_vehicle.json").read_bytes()])
    inline = decode_positions([b'{"vehicle":"NL:AB12CD","time":0,"lat":52,"lon":5}'])

    assert [inline.plate[0], 0] == decoded.plate.tolist()


@pytest.mark.parametrize("format_", [f for f in PositionFormat if f is not PositionFormat.AUTO])
@pytest.mark.parametrize("name", FILES)
def test_a_file_in_another_format_gives_reasons(name: str, format_: PositionFormat) -> None:
    """A setting that names the wrong format rejects what it does not find, and fails nowhere."""
    if FILES[name][0] is not format_:
        decoded = decode_positions([(GOLDEN / name).read_bytes()], format_)
        assert all(outcome >= Outcome.NOT_JSON for outcome in decoded.outcome)
