"""The two streams of the alert role as Faust agents: partial counts, and what operators do.

Faust reads, decodes nothing and stores nothing. Its group has one member, for every alert process sees all counts;
who watches which zones is settled in the database, and so are the offsets where reading goes on: they are sought
whenever partitions are assigned, and what Faust commits is read by nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, cast

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, StreamT
from mode.threads import ServiceThread, WorkerThread

from duls.errors import ServiceAwayError
from streams.faust_credentials import Properties, faust_credentials

SESSION_S: Final = 10.0  # of a group with one member: nobody waits for its end
HEARTBEAT_S: Final = 1.0
REQUEST_S: Final = 30.0  # Faust wants requests to last longer than sessions
COMMIT_S: Final = 60.0  # nobody reads what is committed
BUFFER: Final = 4_096  # messages between the reading thread and the agents

Handler = Callable[["StreamMessage"], Awaitable[None]]


class StreamMessage(NamedTuple):
    """A message as it was read."""

    offset: int
    told_us: int  # when the broker or the sender stamped it
    value: bytes | None


class AlertStreams:
    """Faust between `start` and `stop`, within the running event loop.

    Args:
        bootstrap_servers: of the broker.
        properties: from the settings file.
        group: name of the group, which no other process has.
        starts: first offset to read, by topic; each topic has one partition.
        handlers: what takes the messages, by topic.

    `failed` raises what a handler raised, or ServiceAwayError where Faust itself ended; nothing is read any more then.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        properties: Properties,
        group: str,
        *,
        starts: Mapping[str, int],
        handlers: Mapping[str, Handler],
    ) -> None:
        self.positions = dict(starts)
        self._handling: set[str] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._assigned = asyncio.Event()
        self._is_ending = False
        loop = asyncio.get_running_loop()

        def on_end(reason: BaseException) -> None:
            """Hear of a crash, from the thread that reads or from this one."""
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._on_crash, reason)

        self._app = _application(bootstrap_servers, properties, group, on_end)
        self._app.transport = _transport(self._app, self.positions, self._assigned.set)
        for topic, handler in handlers.items():
            self._add_agent(topic, handler)

    async def start(self) -> None:
        """Begin to read, and return once the broker has assigned the partitions.

        It may never do so: a group that cannot be joined is logged by the library and tried no more.
        """
        await self._app.start()
        await self._assigned.wait()

    def waiting_positions(self) -> dict[str, int]:
        """Return the next offset of each topic, but for those whose handler is still at work."""
        return {topic: offset for topic, offset in self.positions.items() if topic not in self._handling}

    async def stop(self) -> None:
        """End reading; what was read and not handled is read again by the next."""
        self._is_ending = True
        await self._app.stop()

    def _add_agent(self, name: str, handler: Handler) -> None:
        """Let an agent hand the messages of a topic to a handler."""
        topic = self._app.topic(name, key_serializer="raw", value_serializer="raw", internal=False)

        async def agent(stream: StreamT[bytes]) -> None:
            async for event in stream.events():
                message = event.message
                self._handling.add(name)
                try:
                    await handler(
                        StreamMessage(message.offset, round(message.timestamp * 1e6), message.value)
                    )
                except Exception as error:  # noqa: BLE001  # whatever it is ends the role, in its own thread of control
                    self._fail(error)
                    return
                self.positions[name] = message.offset + 1
                self._handling.discard(name)

        self._app.agent(topic, name=f"duls-{name}")(agent)

    def _on_crash(self, reason: BaseException) -> None:
        """Hear that a part of Faust ended, which takes the rest with it."""
        if not self._is_ending:
            message = f"the alert role cannot read any more ({type(reason).__name__}): is the broker running?"
            away = ServiceAwayError(message)
            away.__cause__ = reason
            self._fail(away)

    def _fail(self, error: Exception) -> None:
        """Tell whoever waits for it."""
        if not self.failed.done():
            self.failed.set_exception(error)


class _Application(faust.App):
    """Faust without a folder: it would make one for each group in the working directory, which may be read-only.

    Whoever set `on_end` hears when it crashes, from the thread that did.
    """

    on_end: Callable[[BaseException], object]

    def _crash(self, reason: BaseException) -> None:
        """Crash, and tell."""
        super()._crash(reason)
        self.on_end(reason)

    def _create_directories(self) -> None:
        """Make none: there are no tables."""


def _application(
    bootstrap_servers: str, properties: Properties, group: str, on_end: Callable[[BaseException], object]
) -> faust.App:
    """Return an application without a web server, tables or topics of its own."""
    application = _Application(
        group,
        broker=[f"kafka://{server.strip()}" for server in bootstrap_servers.split(",")],
        broker_credentials=faust_credentials(properties),
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_request_timeout=REQUEST_S,
        broker_commit_interval=COMMIT_S,
        consumer_auto_offset_reset="latest",
        stream_buffer_maxsize=BUFFER,
        stream_wait_empty=False,  # what is under way at the end is read again
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        store="memory://",
    )
    application.on_end = on_end
    return application


class _DaemonThread(WorkerThread):
    """A thread for which the interpreter does not wait at its end."""

    def __init__(self, service: ServiceThread, **named: Any) -> None:
        super().__init__(service, **named)
        self.daemon = True


def _transport(app: AppT, positions: Mapping[str, int], on_assigned: Callable[[], None]) -> driver.Transport:
    """Return a transport whose consumer goes on at *positions* whenever it is assigned partitions."""

    class PositionedConsumer(driver.Consumer):
        """Reads from where the database says."""

        async def seek_to_committed(self) -> Mapping[TP, int]:
            """Seek to the position of each assigned partition, in place of what the group has committed."""
            offsets = {tp: positions[tp.topic] for tp in self.assignment()}
            await self.seek_wait(offsets)
            if offsets.keys() >= {TP(topic, 0) for topic in positions}:
                on_assigned()
            return offsets

        def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
            """Return the thread that reads, which keeps no process: without a broker it may never end."""
            reading = super()._new_consumer_thread()
            reading.Worker = _DaemonThread
            return reading

    class PositionedTransport(driver.Transport):
        """Makes such consumers."""

        Consumer = PositionedConsumer

    return cast("driver.Transport", PositionedTransport(app.conf.broker_consumer, app))
