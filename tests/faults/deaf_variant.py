"""An alert process that falls deaf once: its client stays in the group, and gives nothing more of any topic.

Looks for it are two seconds apart. Started as `python -m tests.faults.deaf_variant run alert`.
"""

import asyncio

from duls import cli
from duls.app import alert_run
from duls.pipelines import deaf_watch
from streams.alert_streams import AlertStreams

EVERY_S = 2.0
HEARS_S = 1.0  # until it falls deaf

start = AlertStreams.start


async def start_and_fall_deaf(streams: AlertStreams) -> None:
    """Start, and hear for a while."""
    AlertStreams.start = start  # type: ignore[method-assign]  # the next one hears
    await start(streams)
    consumer = streams._app.consumer
    asyncio.get_running_loop().call_later(HEARS_S, lambda: consumer.pause_partitions(consumer.assignment()))


if __name__ == "__main__":
    deaf_watch.EVERY_S = EVERY_S  # type: ignore[misc]  # a variant
    alert_run.EVERY_S = EVERY_S  # type: ignore[misc]  # the same
    AlertStreams.start = start_and_fall_deaf  # type: ignore[method-assign]  # the same
    cli.main()
