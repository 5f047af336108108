"""Every query of the boards on a real year of figures, as the login of its data source: answers, columns, times."""

import os
import re
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from grafana.data_sources import OPERATOR_UID, PLANNER_UID
from sinks.connection import Connection
from tests.grafana.choices import CHOICES, EVERYTHING, HOSTILE, Choice
from tests.grafana.conftest import Logins, Year
from tests.grafana.expansion import Period, expanded
from tests.grafana.reading import Asked, asked, boards, named_columns

pytestmark = pytest.mark.services

LIMIT_MS = 200.0
ZONE_NOW_LIMIT_MS = 10.0
RUNS = 3
# the limits hold on a machine that does nothing else; elsewhere a plan that went wrong is what shows, and costs more
SLACK = 1.0 if os.environ.get("DULS_TEST_SOAK") == "1" else 2.0
PATIENCE_S = 15.0
PERIODS = {OPERATOR_UID: timedelta(hours=12), PLANNER_UID: timedelta(days=365)}
RELATION = re.compile(r"(?:FROM|JOIN) ((?:live|history)\.\w+)")


def questions() -> Iterator[Asked]:
    """Yield each query of the Dutch boards once; the English ones ask the same."""
    seen = set()
    for board in boards():
        for question in asked(board):
            if board["uid"].endswith("-nl") and question.sql not in seen:
                seen.add(question.sql)
                yield question


QUESTIONS = list(questions())
IDS = [f"{question.board}: {question.place}" for question in QUESTIONS]


def question_of(question: Asked, choice: Choice, now: datetime) -> str:
    """Return the SQL of a question over the longest period that it is asked for."""
    return expanded(question.sql, choice, Period(now - PERIODS[question.source], now))


def answer(connection: Connection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and the rows of an answer."""
    cursor = connection.execute(sql.encode())
    return [column.name for column in cursor.description or ()], cursor.fetchall()


def time_ms(connection: Connection, sql: str, *, enough_ms: float, patience_s: float) -> float:
    """Return the least median of three runs in a row.

    Other work on the same cores can only add to it, so it is asked again until it is small enough or patience is over.
    """
    begin_s = time.perf_counter()
    times: list[float] = []
    least_ms = float("inf")
    while len(times) < RUNS or (least_ms > enough_ms and time.perf_counter() - begin_s < patience_s):
        start_s = time.perf_counter()
        connection.execute(sql.encode()).fetchall()
        times.append((time.perf_counter() - start_s) * 1e3)
        if len(times) >= RUNS:
            least_ms = min(least_ms, statistics.median(times[-RUNS:]))
    return least_ms


def limit_of(question: Asked) -> float:
    """Return how long a question may take: what every viewer asks of the zones now is held to a tenth."""
    is_now = set(RELATION.findall(question.sql)) == {"live.zone_load"}
    return ZONE_NOW_LIMIT_MS if is_now else LIMIT_MS


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_a_question_is_answered_in_time_whatever_is_chosen(question: Asked, year: Year) -> None:
    """One zone, some, or all 300, for a year, as a member of the role that Grafana uses."""
    connection = year.logins[question.source]

    limit_ms = limit_of(question) * SLACK
    times = {
        name: time_ms(
            connection, question_of(question, choice, year.now), enough_ms=limit_ms, patience_s=PATIENCE_S
        )
        for name, choice in CHOICES.items()
    }

    assert {} == {name: found_ms for name, found_ms in times.items() if found_ms > limit_ms}


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_an_answer_has_rows_and_the_columns_that_its_panel_names(question: Asked, year: Year) -> None:
    """A column that is misspelt in an override is shown raw, and nobody is told."""
    columns, rows = answer(year.logins[question.source], question_of(question, EVERYTHING, year.now))

    assert rows
    if question.panel is not None:
        series = columns_of_series(question.panel, columns, rows)
        assert set() == named_columns(question.panel) - set(columns) - series


def columns_of_series(panel: dict[str, Any], columns: list[str], rows: list[tuple[Any, ...]]) -> set[str]:
    """Return the names of the series that Grafana makes of (time, metric, value), and those that may come."""
    if panel["targets"][0]["format"] != "time_series":
        return set()
    assert columns[:2] == ["time", "metric"]
    known = {"M1", "M2", "M3", "N1", "N2", "N3", "L", "other", "unknown", "fms", "anpr"}
    return {row[1] for row in rows} | known


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_before_anything_is_known_there_is_nothing_and_no_zero(
    question: Asked, nothing: Logins, year: Year
) -> None:
    """Absent is not zero: a fresh installation shows no figure at all."""
    columns, rows = answer(
        nothing[question.source], question_of(question, {**EVERYTHING, "zone": [""]}, year.now)
    )

    told = [dict(zip(columns, row, strict=True)) for row in rows]
    assert [] == [
        row
        for row in told
        if any(value not in {None, "never"} for name, value in row.items() if name != "picture_of")
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_a_hostile_choice_finds_nothing(question: Asked, year: Year) -> None:
    """Values are quoted wherever they stand, so they match no zone and no municipality."""
    connection = year.logins[question.source]
    chosen = question_of(question, HOSTILE, year.now)
    if chosen == question_of(question, EVERYTHING, year.now):
        return  # it depends on no choice of zones

    columns, rows = answer(connection, chosen)

    told = [dict(zip(columns, row, strict=True)) for row in rows]
    assert [] == [
        row
        for row in told
        if any(name in row for name in ("zone_id", "name", "origin", "metric", "camera_id"))
    ]


def test_a_planner_reads_nothing_live_and_an_operator_no_history(year: Year) -> None:
    """The login of the data source is the boundary, not the board."""
    other = {OPERATOR_UID: PLANNER_UID, PLANNER_UID: OPERATOR_UID}

    for question in QUESTIONS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            answer(year.logins[other[question.source]], question_of(question, EVERYTHING, year.now))


def test_boards_read_views_only() -> None:
    """Private tables may change; what a board reads is a contract."""
    relations = {name for question in QUESTIONS for name in re.findall(r"\b(\w+)\.\w+", question.sql)}

    assert "core" not in relations
