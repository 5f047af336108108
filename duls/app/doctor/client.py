"""The Kafka client of this installation: one whose inside is known, or another."""

from importlib.metadata import version
from typing import Any

from duls.app.doctor.findings import Finding, ok, wrong
from streams.client_library import KNOWN_RELEASES


def look_at_client(library: Any | None) -> Finding:
    """Say whether roles can read below message objects, and are given brokers that they forgot.

    Args:
        library: see `streams.client_library.load_library`.
    """
    release = version("confluent-kafka")
    if library is not None:
        return ok("client", f"confluent-kafka {release} is a Kafka client that DULS looks into")
    known = " or ".join(f"{start}*" for start in KNOWN_RELEASES)
    return wrong(
        "client",
        f"DULS cannot look into confluent-kafka {release} as it stands here: intake needs several times the processor "
        "time, and a role may stay deaf after the last broker stopped in order",
        f"install the wheel of confluent-kafka {known}, as requirements.lock does",
    )
