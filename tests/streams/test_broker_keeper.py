"""Clients that a broker told of no broker at all find their brokers again."""

import gc
import logging
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.broker_keeper import LONGEST_PAUSE_S, LOOK_S, NOBODY, BrokerKeeper
from streams.client_library import KafkaClient, handle_of, load_library
from streams.clients import LIBRARY_LOG, make_admin, make_consumer, make_gapless_producer
from tests.faults.waiting import wait_until
from tests.services.kafka import KafkaServer

SERVERS = "127.0.0.1:1"
DEADLINE_S = 60.0
CLIENTS = 4
STOPS = 10  # six of seven stops make a producer and a consumer forget


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


def new_client() -> Producer:
    """Return a client that can be held weakly and never meets a broker."""

    class Client(Producer):
        """A producer as the product makes them."""

    return Client({"bootstrap.servers": SERVERS, "log_level": 0})


@pytest.fixture(name="library")
def _library() -> FakeLibrary:
    """Return a library whose client has not met a broker yet."""
    return FakeLibrary()


@pytest.fixture(name="keeper")
def _keeper(library: FakeLibrary, monkeypatch: pytest.MonkeyPatch) -> BrokerKeeper:
    """Return a keeper that looks only when it is asked to."""
    monkeypatch.setattr(BrokerKeeper, "_run", lambda _self: None)
    return BrokerKeeper(library, logging.getLogger(LIBRARY_LOG))


def test_a_client_that_lost_its_brokers_is_given_them_less_and_less_often(
    keeper: BrokerKeeper, library: FakeLibrary
) -> None:
    """At once, then after pauses that double to the longest; from the start again after it met a broker."""
    client = new_client()
    keeper.keep(client, SERVERS)
    library.controller = 1
    assert keeper.look(0.0) == 0
    library.controller = NOBODY

    times = [0.5 * step for step in range(1, 60) if keeper.look(0.5 * step)]

    assert times == [0.5, 1.5, 3.5, 7.5, 15.5, 15.5 + LONGEST_PAUSE_S]
    assert set(library.added) == {SERVERS.encode()}
    library.controller = 1
    assert keeper.look(40.0) == 0
    library.controller = NOBODY
    assert [keeper.look(40.0 + LOOK_S), keeper.look(41.0 + LOOK_S)] == [1, 1]


def test_a_client_that_has_not_met_a_broker_yet_is_helped_late(keeper: BrokerKeeper) -> None:
    """It tries its bootstrap servers by itself, but may have met and lost one between two looks."""
    client = new_client()
    keeper.keep(client, SERVERS)

    assert [keeper.look(now_s) for now_s in (5.0, 6.0, 14.9, 5.0 + LONGEST_PAUSE_S)] == [0, 0, 0, 1]


def test_a_client_that_is_closed_or_gone_is_left_alone(keeper: BrokerKeeper, library: FakeLibrary) -> None:
    """Its handle may be anything by then."""
    closed, gone, kept = new_client(), new_client(), new_client()
    for client in (closed, gone, kept):
        keeper.keep(client, SERVERS)
    library.controller = 1
    keeper.look(0.0)
    library.controller = NOBODY
    assert keeper.look(1.0) == 3
    keeper.release(closed)
    del gone, client
    gc.collect()

    assert keeper.look(2.0 + LONGEST_PAUSE_S) == 1


def test_nothing_is_touched_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of an unknown release may be laid out in any way."""
    monkeypatch.setattr(BrokerKeeper, "_run", lambda _self: pytest.fail("a thread looks after nothing"))
    keeper = BrokerKeeper(None, logging.getLogger(LIBRARY_LOG))
    client = new_client()
    keeper.keep(client, SERVERS)

    assert keeper.look(100.0) == 0


@pytest.mark.services
def test_clients_of_a_broker_that_stopped_in_order_go_on_after_its_return() -> None:
    """Told of no broker during the stop, they send, read and ask again once it is back."""
    restless = {"topic.metadata.refresh.interval.ms": 10}  # so that many ask while the broker stops
    with KafkaServer() as broker:
        servers, topic = broker.bootstrap_servers, uuid.uuid4().hex
        admin = make_admin(servers, restless)
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(DEADLINE_S)
        producers = [make_gapless_producer(servers, restless) for _ in range(CLIENTS)]
        consumers = [make_consumer(servers, str(number), restless) for number in range(CLIENTS)]
        for consumer in consumers:
            consumer.assign([TopicPartition(topic, 0, 0)])
        send_and_read(producers, consumers, topic)
        for _ in range(STOPS):
            broker.stop()
            forgot = any(map(knows_nobody, producers)) and any(map(knows_nobody, consumers))
            broker.start()
            send_and_read(producers, consumers, topic)
            if forgot:
                break
        else:
            pytest.fail("no client forgot its brokers: where librdkafka keeps them now, the keeper can go")
        wait_until(lambda: tells_topics(admin), "the admin client is answered", deadline_s=DEADLINE_S)
        for consumer in consumers:
            consumer.close()


def knows_nobody(client: KafkaClient) -> bool:
    """Tell whether a client knows of no broker."""
    library: Any = load_library()
    return bool(library.rd_kafka_controllerid(handle_of(client), 0) == NOBODY)


def tells_topics(admin: AdminClient) -> bool:
    """Tell whether the broker answers an admin client."""
    return bool(admin.list_topics(timeout=DEADLINE_S).brokers)


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
