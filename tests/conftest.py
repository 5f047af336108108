"""Fixtures of the whole suite: real services, started once a session and only when a test asks."""

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import structlog

from duls.app.kernel_cache import forget_outdated_kernels, save_kernels_one_at_a_time
from sinks.connection import open_connection
from sinks.embedded_database import drop_database
from sinks.migrate import migrate
from tests.services.external import Broker, Database, external_database, external_kafka, obstacle
from tests.services.fetch import FetchError, fetch_kafka, fetch_timescale
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer
from tests.year_of_figures import fill_year

IN_CI = os.environ.get("CI") == "true"
LEFT_OUT = pytest.StashKey[str]()

# compiling a kernel takes seconds in the first example, so no deadline per example; nor is a busy machine a defect
patient = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("default", patient)
hypothesis.settings.register_profile("ci", patient, derandomize=True, print_blob=True)
profile = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "default")
# kernels that are not compiled are a hundred times slower
hypothesis.settings.register_profile("uncompiled", hypothesis.settings.get_profile(profile), max_examples=10)
is_compiled = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
hypothesis.settings.load_profile(profile if is_compiled else "uncompiled")


def pytest_configure(config: pytest.Config) -> None:
    """Compile anew what was compiled from other sources, before processes share the work."""
    save_kernels_one_at_a_time()
    if not hasattr(config, "workerinput"):
        forget_outdated_kernels()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the long tests; leave out those that need services which cannot be had here."""
    # several processes share the work by file: a long file that came last would be waited for
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    needing = [item for item in items if item.get_closest_marker("services")]
    reason = obstacle() if needing else None
    if reason is None:
        return
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]
    config.stash[LEFT_OUT] = f"{len(needing)} tests with real services left out: {reason}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports what this one left out; in CI that is a failure."""
    if IN_CI and LEFT_OUT in session.config.stash and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, "")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a process left out."""
    if line := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = line


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what was left out, and why."""
    if line := config.stash.get(LEFT_OUT, None):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(autouse=True)
def _logging_left_as_found() -> Iterator[None]:
    """Let no test log to where an earlier one did: what was captured there is closed by now."""
    yield
    structlog.reset_defaults()
    logging.root.handlers = [
        found for found in logging.root.handlers if type(found) is not logging.StreamHandler
    ]


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """Run one Apache Kafka for the session; tests use topics and groups of their own."""
    if external := external_kafka():
        yield external
        return
    _fetched(fetch_kafka)
    with KafkaServer() as server:
        yield server


@pytest.fixture(scope="session")
def timescale() -> Iterator[Database]:
    """Run one TimescaleDB server for the session; tests use databases of their own."""
    if external := external_database():
        yield external
        return
    _fetched(fetch_timescale)
    with TimescaleServer() as server:
        yield server


@pytest.fixture(scope="session")
def debian() -> Path:
    """Give the Debian folder whose programs tests run: promtool, amtool, Prometheus, Alertmanager."""
    _fetched(fetch_timescale)
    return fetch_timescale()


@pytest.fixture
def database_url(timescale: Database) -> Iterator[str]:
    """Give the libpq URL of an empty database, dropped after the test."""
    url = timescale.create_database(f"test_{uuid.uuid4().hex}")
    yield url
    drop_database(url)


@pytest.fixture(scope="session")
def year_url(timescale: Database) -> Iterator[str]:
    """Give a migrated database with a year of a city of 300 zones, for tests that only read it."""
    url = timescale.create_database(f"year_{uuid.uuid4().hex}")
    migrate(url)
    with open_connection(url, application_name="test year") as connection:
        fill_year(connection, datetime.now(ZoneInfo("Europe/Amsterdam")).date())
    yield url
    drop_database(url)


def _fetched(fetch: Callable[[], Path]) -> None:
    """Get a part before it is needed; skip where it cannot be had, fail in CI."""
    try:
        fetch()
    except FetchError as error:
        (pytest.fail if IN_CI else pytest.skip)(str(error))
