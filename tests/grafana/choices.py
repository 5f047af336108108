"""What people may choose in the heads of the boards."""

from collections.abc import Mapping, Sequence

from tests.grafana.board_year import LAYERS, ZONES

Choice = Mapping[str, Sequence[str]]

EVERYTHING: Choice = {
    "municipality": ["-", "GM0000", "GM0001"],
    "kind": LAYERS,
    "zone": [f"zone-{number:03d}" for number in range(ZONES)],
    "class": list("012345678"),
    "source": ["0"],
    "weekday": list("1234567"),
    "block": list("12345"),
    "figure": ["0"],
    "weeks": ["26"],
}
ONE: Choice = {
    **EVERYTHING,
    "municipality": ["GM0001"],
    "kind": ["neighbourhood"],
    "zone": ["zone-007"],
    "class": ["3"],
    "weekday": ["2"],
    "block": ["2"],
    "figure": ["1"],
    "weeks": ["4"],
}
SOME: Choice = {
    **EVERYTHING,
    "zone": EVERYTHING["zone"][::15],
    "class": ["3", "4", "5"],
    "weekday": list("12345"),
    "block": ["2", "4"],
}
HOSTILE: Choice = {
    **EVERYTHING,
    "municipality": ["x' OR '1'='1"],
    "kind": ["'; SELECT 1 --"],
    "zone": ["' OR zone_id <> '"],
}
CHOICES = {"everything": EVERYTHING, "one": ONE, "some": SOME}
