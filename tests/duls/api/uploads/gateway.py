"""The API with uploads, a producer that notes what the broker has taken, and what is sent to it."""

import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx
from confluent_kafka import Producer

from duls.api.gate import Gate
from duls.api.tokens import Grant, Scope, issue
from duls.api.upload_bounds import Room
from duls.api.uploads import Uploads
from duls.metrics import Metrics
from sinks.reading import Reader
from streams.upload_sender import UploadSender
from tests.duls.api.conftest import KEY, Api

POSITION: Final = {"vehicle": "NL:VB-123-K", "time": "2026-11-23T07:12:15Z", "lat": 52.09, "lon": 5.12}
ERROR: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("code", "message", "trace_id")},
            "required": ["code", "message", "trace_id"],
            "additionalProperties": False,
        }
    },
    "required": ["error"],
    "additionalProperties": False,
}


class NotingProducer(Producer):
    """A producer that notes what the broker has taken."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.taken: list[tuple[str, bytes]] = []

    def produce(self, topic: str, value: bytes, *, on_delivery: Callable[[Any, Any], None]) -> None:
        """Send a record."""

        def report(error: Any, message: Any) -> None:
            if error is None:
                self.taken.append((topic, value))
            on_delivery(error, message)

        super().produce(topic, value, on_delivery=report)


class Gateway:
    """An API that takes uploads, the broker that has them, and tokens."""

    def __init__(self, api: Api, producer: "NotingProducer") -> None:
        self.api = api
        self._producer = producer

    def headers(self, *scopes: Scope, sender: str = "supplier") -> dict[str, str]:
        """Return the headers of a sender with a token."""
        token = issue(Grant(sender, scopes, None, 3_600), KEY, now_s=int(time.time()), serial="serial-2")
        return {"Authorization": f"Bearer {token}"}

    def positions(self, content: bytes, **more: str) -> httpx.Response:
        """Send positions."""
        headers = {**self.headers(Scope.SEND_POSITIONS), **more}
        return self.api.client.post("/v1/positions", content=content, headers=headers)

    def vesdi(self, content: bytes, *, sender: str = "supplier", **more: str) -> httpx.Response:
        """Send a message as VESDI has it."""
        bearer = self.headers(Scope.SEND_DETECTIONS, sender=sender)["Authorization"]
        headers = {"X-API-Key": bearer.removeprefix("Bearer "), **more}
        return self.api.client.post("/", content=content, headers=headers)

    def new(self, topic: str) -> list[bytes]:
        """Return what the broker has taken into a topic since the test began, in the order of its reports."""
        return [value for name, value in self._producer.taken if name == topic]

    def forget(self) -> None:
        """Forget what the broker has taken before."""
        self._producer.taken.clear()


def uploads_to(sender: UploadSender, room: Room | None = None) -> Callable[[Gate, Reader, Metrics], Uploads]:
    """Return what makes uploads to a sender."""
    return lambda gate, reader, metrics: Uploads(
        gate, sender, reader, metrics, clock=time.monotonic, room=room
    )


def batch(count: int, padding: str = "") -> dict[str, Any]:
    """Return a message of VESDI."""
    row = {
        "camera_id": str(uuid.uuid4()),
        "event_time": "2026-11-23T07:12:15.123Z",
        "plate_country": "NL",
        "plate_text": "VB123K",
        "notes": padding,
    }
    rows = [{"observation_id": str(uuid.uuid4()), **row} for _ in range(count)]
    return {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": rows}
