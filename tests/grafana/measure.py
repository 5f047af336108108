"""Measure every query of the boards on the year of figures, and write the page about it.

`python -m tests.grafana.measure` starts a database of its own; run it when the machine has nothing else to do.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sinks.connection import Connection, open_connection
from sinks.migrate import migrate
from tests.grafana import board_year
from tests.grafana.choices import CHOICES
from tests.grafana.conftest import ROLES
from tests.grafana.reading import Asked
from tests.grafana.test_queries import QUESTIONS, limit_of, question_of, time_ms
from tests.services.timescale import TimescaleServer

PAGE = Path(__file__).parents[2] / "docs" / "board-queries.md"
PATIENCE_S = 0.5
HEAD = """# How long the boards ask

<!-- made by python -m tests.grafana.measure -->

Every query of the boards, on TimescaleDB with a simulated year.
There are {zones} zones, {classes} classes, 365 published days, and half a day of slots.
Each query runs as the role of its data source, over the whole period.
The time is the least median of three runs in a row, from sending the query to having all rows.
The machine has {machine}.
A query may take 200 ms, one that reads the zones as they are now 10 ms.
`tests/grafana/test_queries.py` holds them to it.

| board | query | everything | some zones | one zone | may take |
|---|---|---:|---:|---:|---:|
"""


class Line(NamedTuple):
    """The times of one query, in milliseconds."""

    question: Asked
    everything_ms: float
    some_ms: float
    one_ms: float


def lines(connection: Connection, now: datetime) -> Iterator[Line]:
    """Yield every query with its times."""
    for question in QUESTIONS:
        connection.execute(f"SET ROLE {ROLES[question.source]}".encode())
        times = {
            name: time_ms(connection, question_of(question, choice, now), enough_ms=0, patience_s=PATIENCE_S)
            for name, choice in CHOICES.items()
        }
        connection.execute(b"RESET ROLE")
        yield Line(question, times["everything"], times["some"], times["one"])


def machine() -> str:
    """Say what this machine is."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if "model name" in line
        ),
        "an unknown processor",
    )
    return f"{os.cpu_count()} cores of {model}"


def main() -> int:
    """Write the page; fail when a query takes longer than it may."""
    now = datetime.now(UTC)
    with TimescaleServer() as server:
        url = server.create_database("boards")
        migrate(url)
        with open_connection(url, application_name="measure") as connection:
            board_year.fill(connection, now)
            found = list(lines(connection, now))
    rows = [
        f"| {line.question.board} | {line.question.place} | {line.everything_ms:.1f} ms | {line.some_ms:.1f} ms "
        f"| {line.one_ms:.1f} ms | {limit_of(line.question):.0f} ms |"
        for line in found
    ]
    head = HEAD.format(zones=board_year.ZONES, classes=board_year.CLASSES, machine=machine())
    PAGE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    slow = [line for line in found if max(line[1:]) > limit_of(line.question)]
    for line in slow:
        sys.stderr.write(f"{line.question.board}: {line.question.place} took {max(line[1:]):.0f} ms\n")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
