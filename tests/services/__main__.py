"""Fetch the real services, or run them for a person or a benchmark."""

import argparse
import contextlib
import signal
import sys
import time

from tests.services.browser import fetch_chromium, fetch_page_tools
from tests.services.fetch import FetchError, fetch_kafka, fetch_timescale
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer


def _fetch() -> None:
    """Get what is missing, and say where it is and how long it took."""
    for fetch in (fetch_kafka, fetch_timescale, fetch_chromium, fetch_page_tools):
        begin_s = time.monotonic()
        _say(f"{fetch()} ({time.monotonic() - begin_s:.0f} s)")


def _up(kafka_port: int | None, pg_port: int | None) -> None:
    """Run both services until SIGINT or SIGTERM."""
    ends = {signal.SIGINT, signal.SIGTERM}
    with KafkaServer(kafka_port) as kafka, TimescaleServer(pg_port) as timescale:
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        _say(f"DULS_KAFKA_BOOTSTRAP_SERVERS={kafka.bootstrap_servers}")
        _say(f"DULS_DATABASE_URL={timescale.url}")
        signal.sigwait(ends)


def _say(line: str) -> None:
    """Write one line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.services", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="get Apache Kafka, TimescaleDB, Chromium and the tools of the page")
    up = commands.add_parser("up", help="run both on 127.0.0.1 until Ctrl-C; data is thrown away")
    up.add_argument("--kafka-port", type=int, help="a free one by default")
    up.add_argument("--pg-port", type=int, help="a free one by default")
    chosen = parser.parse_args()
    try:
        if chosen.command == "fetch":
            _fetch()
        else:
            with contextlib.suppress(KeyboardInterrupt):
                _up(chosen.kafka_port, chosen.pg_port)
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main())
