"""Keeps roles running as an operator's service manager does: what dies is started again, what is asked to stop stops.

It lives in the test's own thread: waits call `tend`, and nothing is restarted behind the back of the test.
"""

import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from duls.errors import EXIT_OK, EXIT_SERVICE_AWAY
from tests.faults.installation import Installation
from tests.faults.role_process import KILLED, RoleProcess
from tests.faults.waiting import wait_until

READY_S: Final = 60.0
STOP_S: Final = 10.0 if os.environ.get("DULS_TEST_SOAK") == "1" else 30.0  # the promise for SIGTERM is 10
FAILPOINT: Final = "DULS_FAILPOINT"


class Place:
    """One of the processes of a role, with the failpoints that its next incarnations get."""

    def __init__(self, role: str, number: int) -> None:
        self.role = role
        self.number = number
        self.failpoints: deque[str] = deque()
        self.process: RoleProcess | None = None
        self.is_wanted = True

    @property
    def running(self) -> RoleProcess:
        """Return the process.

        Raises:
            AssertionError: it was never started.
        """
        assert self.process is not None, f"{self.role} {self.number} was never started"
        return self.process


class Supervisor:
    """Runs the processes of the roles of one installation.

    Args:
        installation: whose roles run.
        modules: program by role, where another than `duls` stands in for it.
        tolerated: exit codes after which a process is simply started again; others fail the test.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        modules: Mapping[str, str] | None = None,
        tolerated: Iterable[int] = (KILLED,),
    ) -> None:
        self.places: list[Place] = []
        self.deaths: list[tuple[str, int]] = []
        self._installation = installation
        self._modules = dict(modules or {})
        self._tolerated = set(tolerated)
        self._planned: dict[str, deque[str]] = {}

    def tolerate_outages(self) -> None:
        """Accept from now on that a process ends because a service is away."""
        self._tolerated.add(EXIT_SERVICE_AWAY)

    def of(self, role: str) -> list[Place]:
        """Return the wanted processes of a role."""
        return [place for place in self.places if place.role == role and place.is_wanted]

    def scale(self, role: str, count: int) -> None:
        """Start or stop processes until a role has *count* of them."""
        have = self.of(role)
        for place in have[count:]:
            self.stop(place)
        for number in range(len(have), count):
            place = Place(role, number)
            self.places.append(place)
            self._start(place)

    def set_failpoints(self, place: Place, failpoints: Sequence[str]) -> None:
        """Give the next incarnations of a process the failpoints that end them."""
        place.failpoints.extend(failpoints)

    def plan(self, deaths: Iterable[tuple[str, str]]) -> None:
        """Let the first processes of each role end at failpoints, given as (role, failpoint)."""
        for role, failpoint in deaths:
            self._planned.setdefault(role, deque()).append(failpoint)

    def tend(self) -> None:
        """Start what has died again.

        Raises:
            AssertionError: a process ended in a way that no fault of the test explains.
        """
        for place in self.places:
            process = place.process
            if process is None or not place.is_wanted or process.exit_code is None:
                continue
            self.deaths.append((place.role, process.exit_code))
            if process.exit_code not in self._tolerated:
                message = f"{process.name} ended with {process.exit_code}:\n{process.log_tail()}"
                raise AssertionError(message)
            self._start(place)

    def wait_ready(self) -> None:
        """Wait until every process says that it has its assignment."""
        wait_until(
            lambda: all(place.running.is_ready for place in self.places if place.is_wanted),
            "all roles are ready",
            deadline_s=READY_S,
            tend=self.tend,
        )

    def kill(self, place: Place) -> None:
        """Kill a process and start it again."""
        place.running.kill()
        self.tend()

    def stop(self, place: Place) -> float:
        """Ask a process to end, for good; return how long it took, in seconds.

        Raises:
            AssertionError: it took longer than promised, or did not end well.
        """
        place.is_wanted = False
        code, took_s = place.running.terminate(within_s=STOP_S)
        assert code == EXIT_OK, f"{place.running.name} ended with {code}:\n{place.running.log_tail()}"
        return took_s

    def restart(self, place: Place) -> float:
        """Ask a process to end and start it again; return how long the end took, in seconds."""
        took_s = self.stop(place)
        place.is_wanted = True
        self._start(place)
        return took_s

    def stop_all(self) -> None:
        """Ask every process to end."""
        for place in self.places:
            if place.is_wanted:
                self.stop(place)

    def _start(self, place: Place) -> None:
        """Start a process, with its next failpoint if it has one left."""
        failpoints = place.failpoints or self._planned.get(place.role)
        extra = {FAILPOINT: failpoints.popleft()} if failpoints else {}
        place.process = self._installation.start(
            place.role,
            extra=extra,
            module=self._modules.get(place.role, "duls"),
            log=f"{place.role}-{place.number}",
        )
