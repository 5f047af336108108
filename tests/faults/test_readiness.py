"""/readyz while the broker is away: a role that lost its partitions does not work, and works again with new ones."""

import json
import re
from http import HTTPStatus
from typing import Final

import httpx
import pytest

from tests.faults.installation import Installation
from tests.faults.role_process import RoleProcess
from tests.faults.waiting import wait_until
from tests.services.kafka import KafkaServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

DEADLINE_S: Final = 120.0


def answer(role: RoleProcess) -> tuple[int, list[str]]:
    """Return the status of /readyz and the reasons that it gives."""
    told = next(line for line in role.log_text().splitlines() if '"health and metrics"' in line)
    response = httpx.get(f"http://127.0.0.1:{json.loads(told)['port']}/readyz", timeout=DEADLINE_S)
    return response.status_code, response.json()["reasons"]


def await_answer(role: RoleProcess, status: HTTPStatus, said: str) -> None:
    """Wait until a role answers so, and what it says is of this form."""

    def answers_so() -> bool:
        found, reasons = answer(role)
        return found == status and re.fullmatch(said, "; ".join(reasons)) is not None

    wait_until(answers_so, f"{role.name} is {status}", deadline_s=DEADLINE_S)


def test_a_role_without_its_partitions_is_not_ready(squares: Installation, broker: KafkaServer) -> None:
    """A session without heartbeats is over, and whatever it owned may be another's."""
    roles = {name: squares.start(name) for name in ("intake", "aggregate")}
    wait_until(lambda: all(role.is_ready for role in roles.values()), "ready", deadline_s=DEADLINE_S)
    for role in roles.values():
        await_answer(role, HTTPStatus.OK, "")

    broker.kill()
    try:
        for name, role in roles.items():
            # who waits for acknowledgements meanwhile does not ask the group
            said = f"{name} (has no assignment any more|stands still for [0-9]+ s)"
            await_answer(role, HTTPStatus.SERVICE_UNAVAILABLE, said)
    finally:
        broker.start()

    for role in roles.values():
        await_answer(role, HTTPStatus.OK, "")
