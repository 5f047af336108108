"""Clients that a broker told of no broker at all find their brokers again."""

import ctypes
import gc
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from streams import clients
from streams.broker_keeper import FIRST_HELP_S, LONGEST_PAUSE_S, LOOK_S, NOBODY, BrokerKeeper
from streams.client_library import KafkaClient, handle_of, load_library
from streams.clients import (
    LIBRARY_LOG,
    KeptAdmin,
    KeptConsumer,
    KeptProducer,
    Properties,
    make_admin,
    make_alert_producer,
    make_consumer,
    make_deed_producer,
    make_gapless_producer,
    make_producer,
    make_upload_producer,
)
from tests.faults.waiting import wait_until
from tests.services.kafka import KafkaServer

SERVERS = "127.0.0.1:1"
DEADLINE_S = 60.0
CLIENTS = 4
STOPS = 10  # six of seven stops make a producer and a consumer forget
LOGGER = logging.getLogger(LIBRARY_LOG)
MAKERS = [
    make_admin,
    make_producer,
    make_gapless_producer,
    make_upload_producer,
    partial(make_alert_producer, lease_s=1.0),
    partial(make_deed_producer, timeout_s=1.0),
    lambda servers, properties: make_consumer(servers, "g", properties),
]
ENDINGS = ["close", "__exit__"]


class FakeLibrary:
    """Answers as librdkafka does about one client."""

    def __init__(self) -> None:
        self.controller = NOBODY
        self.added: list[bytes] = []

    def rd_kafka_controllerid(self, _handle: int, timeout_ms: int) -> int:
        """Return the controller that the client knows of, without waiting."""
        assert timeout_ms == 0
        return self.controller

    def rd_kafka_brokers_add(self, _handle: int, servers: bytes) -> int:
        """Note what brokers the client is given."""
        self.added.append(servers)
        return 1


class PatientKeeper(BrokerKeeper):
    """A keeper that looks only when it is asked to."""

    def _run(self) -> None:
        """Look at nothing."""


class Client(Producer):
    """A producer that can be held weakly, as those of the product, and never meets a broker."""

    def __init__(self) -> None:
        super().__init__({"bootstrap.servers": SERVERS, "log_level": 0})


@pytest.fixture(name="library")
def _library() -> FakeLibrary:
    """Return a library whose clients have not met a broker yet."""
    return FakeLibrary()


@pytest.fixture(name="keeper")
def _keeper(library: FakeLibrary) -> BrokerKeeper:
    """Return a keeper that looks only when it is asked to."""
    return PatientKeeper(library, LOGGER)


def test_a_client_that_lost_its_brokers_is_given_them_less_and_less_often(
    keeper: BrokerKeeper, library: FakeLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, then after pauses that double to the longest; from the start again after it met a broker."""
    client = Client()
    keeper.keep(client, SERVERS)
    library.controller = 1
    assert keeper.look(0.0) == 0
    library.controller = NOBODY

    times = [0.5 * step for step in range(1, 300) if keeper.look(0.5 * step)]

    assert times == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 63.5 + LONGEST_PAUSE_S]
    assert set(library.added) == {SERVERS.encode()}
    assert [record.args for record in caplog.records] == [(1,)]
    library.controller = 1
    assert keeper.look(200.0) == 0
    library.controller = NOBODY
    assert [keeper.look(200.0 + LOOK_S), keeper.look(201.0 + LOOK_S)] == [1, 1]
    assert [record.args for record in caplog.records] == [(1,), (1,)]


def test_a_client_that_has_not_met_a_broker_yet_is_helped_late(
    keeper: BrokerKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    """It tries its bootstrap servers by itself, but may have met and lost one between two looks."""
    client = Client()
    keeper.keep(client, SERVERS)

    times = [float(now_s) for now_s in range(5, 80) if keeper.look(float(now_s))]

    assert times == [5.0 + FIRST_HELP_S, 5.0 + FIRST_HELP_S + LONGEST_PAUSE_S]
    assert not caplog.records


def test_a_client_that_is_released_closed_or_gone_is_left_alone(
    keeper: BrokerKeeper, library: FakeLibrary
) -> None:
    """Its handle may be anything by then."""
    released, closed, gone, kept = Client(), Client(), Client(), Client()
    for client in (released, closed, gone, kept):
        keeper.keep(client, SERVERS)
    library.controller = 1
    keeper.look(0.0)
    library.controller = NOBODY
    assert keeper.look(1.0) == 4
    keeper.release(released)
    closed.close()
    del gone, client
    gc.collect()

    assert keeper.look(2.0 + LONGEST_PAUSE_S) == 1


def test_looking_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """One look that fails is told of, and the next one is made."""

    class Failing(BrokerKeeper):
        """Fails at its first look."""

        looks = 0
        again = threading.Event()

        def look(self, now_s: float) -> int:
            """Fail once."""
            self.looks += 1
            if self.looks == 1:
                message = f"at {now_s}"
                raise ValueError(message)
            self.again.set()
            return 0

    keeper = Failing(FakeLibrary(), LOGGER)
    client = Client()

    keeper.keep(client, SERVERS)

    assert keeper.again.wait(DEADLINE_S)
    assert caplog.records[0].exc_info is not None


def test_nothing_is_touched_without_the_library() -> None:
    """A client of an unknown release may be laid out in any way."""
    keeper = BrokerKeeper(None, LOGGER)
    client = Client()
    keeper.keep(client, SERVERS)

    assert keeper.look(100.0) == 0


@pytest.mark.parametrize(
    ("make", "ending"),
    [(make, ending) for make in MAKERS for ending in ENDINGS if (make, ending) != (make_admin, "close")],
)
def test_every_client_is_kept_until_it_is_being_closed(
    make: Callable[[str, Properties], KeptConsumer | KeptProducer | KeptAdmin],
    ending: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its handle where the library finds its name, and released while that is still so."""
    events: list[tuple[str, str]] = []

    class Recorder(PatientKeeper):
        """Writes down who is kept and released, by the name behind the handle."""

        def keep(self, client: KafkaClient, bootstrap_servers: str) -> None:
            """Note the client."""
            assert bootstrap_servers == SERVERS
            events.append(("kept", name_of(client)))

        def release(self, client: KafkaClient) -> None:
            """Note the client."""
            events.append(("released", name_of(client)))

    monkeypatch.setattr(clients, "KEEPER", Recorder(None, LOGGER))
    client = make(SERVERS, {"log_level": 0})
    getattr(client, ending)(*(() if ending == "close" else (None, None, None)))

    (kept, name), (released, same) = events
    assert (kept, released) == ("kept", "released")
    assert same == name
    assert name.startswith(("rdkafka#consumer", "rdkafka#producer"))
    assert not handle_of(client)


def name_of(client: KafkaClient) -> str:
    """Return the name of the client behind a handle."""
    library: Any = load_library()
    library.rd_kafka_name.restype, library.rd_kafka_name.argtypes = ctypes.c_char_p, [ctypes.c_size_t]
    return bytes(library.rd_kafka_name(handle_of(client))).decode()


@pytest.mark.services
def test_clients_of_a_broker_that_stopped_in_order_go_on_after_its_return() -> None:
    """Told of no broker during the stop, they send and read again once it is back."""
    restless = {"topic.metadata.refresh.interval.ms": 10}  # so that many ask while the broker stops
    with KafkaServer() as broker:
        servers, topic = broker.bootstrap_servers, uuid.uuid4().hex
        admin = make_admin(servers, {})
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(DEADLINE_S)
        producers = [make_gapless_producer(servers, restless) for _ in range(CLIENTS)]
        consumers = [make_consumer(servers, str(number), restless) for number in range(CLIENTS)]
        for consumer in consumers:
            consumer.assign([TopicPartition(topic, 0, 0)])
        send_and_read(producers, consumers, topic)
        for _ in range(STOPS):
            broker.stop()
            forgot = [sum(map(knows_nobody, made)) for made in (producers, consumers)]
            broker.start()
            send_and_read(producers, consumers, topic)
            if all(forgot):
                break
        else:
            pytest.fail(f"forgot their brokers: {forgot}; if librdkafka keeps them now, the keeper can go")
        for consumer in consumers:
            consumer.close()


def knows_nobody(client: KafkaClient) -> bool:
    """Tell whether a client knows of no broker."""
    library: Any = load_library()
    return bool(library.rd_kafka_controllerid(handle_of(client), 0) == NOBODY)


def send_and_read(producers: Sequence[Producer], consumers: Sequence[Consumer], topic: str) -> None:
    """Let each producer send a message and each consumer read all of them."""
    values = {uuid.uuid4().bytes for _ in producers}
    for producer, value in zip(producers, values, strict=True):
        producer.produce(topic, value, partition=0)
    for producer in producers:
        assert producer.flush(DEADLINE_S) == 0
    for consumer in consumers:
        missing = set(values)
        wait_until(lambda: read_away(consumer, missing), "what was sent is read", deadline_s=DEADLINE_S)  # noqa: B023


def read_away(consumer: Consumer, missing: set[bytes]) -> bool:
    """Read, and tell whether nothing is missing any more."""
    for message in consumer.consume(100, 0.1):
        if message.error() is None:
            missing.discard(message.value() or b"")
    return not missing
