"""`duls run`: one role in this process, or several as a group of processes.

A process imports its own role only: Faust and FastAPI cost seconds that the others start without.
"""

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final, NamedTuple

import structlog

from duls.api.health import HealthServer, Vitals
from duls.app.process_group import run_group
from duls.app.readiness import Readiness
from duls.app.stopping import StopFlag
from duls.config import Settings
from duls.errors import EXIT_OK, ConfigError, ServiceAwayError
from duls.loading import loading
from duls.metrics import Metrics

ROLES: Final = ("intake", "aggregate", "alert", "api")
UNBOUNDED: Final = ("alert", "api")  # their input has no end
ALL: Final = "all"

log = structlog.get_logger()


def expand_roles(names: Sequence[str]) -> list[str]:
    """Return the roles that names ask for, each once, in the order of the data.

    Raises:
        ConfigError: A name is no role of this version.
    """
    for name in names:
        if name not in (*ROLES, ALL):
            message = f"role must be one of {', '.join((*ROLES, ALL))}, got {name!r}"
            raise ConfigError(message)
    return [role for role in ROLES if role in names or ALL in names]


def run_roles(
    settings: Settings, names: Sequence[str], *, until_drained: bool = False, from_beginning: bool = False
) -> int:
    """Run roles until SIGTERM, or until drained; return the exit code.

    Raises:
        ConfigError: A name is no role, or no role that was named knows an option.
        ServiceAwayError: A service stayed away.
    """
    roles = expand_roles(names)
    _refuse_unheeded(roles, until_drained=until_drained, from_beginning=from_beginning)
    stop = StopFlag()
    if len(roles) > 1 or roles[0] == "api":
        stop.install()  # other roles do it once their kernels are there
    if len(roles) > 1:
        flags = ["--until-drained"] * until_drained
        bounded = [role for role in roles if role not in UNBOUNDED] if until_drained else roles
        beginning = {"aggregate": ["--from-beginning"] * from_beginning}
        return run_group([["run", role, *flags, *beginning.get(role, [])] for role in bounded], stop)
    metrics = Metrics(version=version("duls"), clock=time.time, role=roles[0])
    if roles[0] == "api":
        with loading():
            from duls.app.api_role import run_api

        run_api(settings, stop, metrics)
        return EXIT_OK
    try:
        _run_worker(settings, roles[0], stop, metrics, _Flags(until_drained, from_beginning))
    except ServiceAwayError as error:
        if not stop.is_set():
            raise
        # what is not stored will be read again, so stopping without the service loses nothing
        log.warning("stopped without a service", reason=str(error))
    return EXIT_OK


def _refuse_unheeded(roles: Sequence[str], *, until_drained: bool, from_beginning: bool) -> None:
    """Refuse an option that none of the roles heeds."""
    if until_drained and not set(roles) - set(UNBOUNDED):
        message = (
            f"--until-drained is for intake and aggregate: the input of {' and '.join(roles)} has no end"
        )
        raise ConfigError(message)
    if from_beginning and "aggregate" not in roles:
        message = (
            f"--from-beginning is for aggregate; {' and '.join(roles)} would not know what to do with it"
        )
        raise ConfigError(message)


class _Flags(NamedTuple):
    """The options of a run."""

    until_drained: bool
    from_beginning: bool


def _run_worker(settings: Settings, role: str, stop: StopFlag, metrics: Metrics, flags: _Flags) -> None:
    """Run a role that has no server of its own, beside one that tells how it does."""
    readiness = Readiness(role, speaks_always=role != "alert")

    def reasons() -> list[str]:
        away = [f"the database of {sink} does not answer" for sink in metrics.sinks_away()]
        return [*readiness.reasons(), *away]

    host, _ = settings.http_address
    with HealthServer(host, settings.metrics.port, Vitals(reasons, metrics.exposition)) as health:
        log.info("health and metrics", role=role, port=health.port)
        if role == "intake":
            with loading():
                from duls.app.intake_role import run_intake

            run_intake(
                settings, stop, metrics, until_drained=flags.until_drained, tell_assigned=readiness.tell
            )
        elif role == "alert":
            with loading():
                from duls.app.alert_role import run_alert

            run_alert(settings, stop, metrics, tell_assigned=readiness.tell)
        else:
            with loading():
                from duls.app.aggregate_role import AggregateBounds, run_aggregate

            run_aggregate(settings, stop, metrics, AggregateBounds(*flags), tell_assigned=readiness.tell)
