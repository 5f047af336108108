"""The ids of topics, asked of real Kafka: a topic that was made anew is told from the one of the start."""

import uuid

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from duls.errors import ServiceAwayError, TopicChangedError
from duls.local_process import LOCALHOST, free_port
from streams.clients import make_admin
from streams.embedded_broker import EmbeddedBroker
from streams.topic_watch import watch_topics
from streams.topics import describe_topic, describe_topics
from tests.faults.waiting import wait_until
from tests.services.external import Broker

DEADLINE_S = 30.0


def make(admin: AdminClient, name: str) -> None:
    """Make a topic and wait until the broker tells of it."""
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(DEADLINE_S)
    wait_until(lambda: describe_topics(admin, [name])[name], "the topic is there", deadline_s=DEADLINE_S)


def delete(admin: AdminClient, name: str) -> None:
    """Delete a topic and wait until the broker does not tell of it."""
    admin.delete_topics([name])[name].result(DEADLINE_S)
    wait_until(lambda: describe_topics(admin, [name])[name] is None, "it is gone", deadline_s=DEADLINE_S)


@pytest.mark.services
def test_a_topic_made_anew_is_another_one(kafka: Broker) -> None:
    """Nobody vouches for one that is gone, and one of its name is told from it; others of the watch may stay."""
    admin = make_admin(kafka.bootstrap_servers, {})
    names = [f"watched-{uuid.uuid4().hex}" for _ in range(2)]
    for name in names:
        make(admin, name)
    watch = watch_topics(admin, {name: describe_topic(admin, name).topic_id for name in names})
    assert watch.confirm()
    delete(admin, names[1])
    assert not watch.confirm()
    make(admin, names[1])

    with pytest.raises(TopicChangedError, match=f"topic {names[1]} was made anew"):
        watch.confirm()


def test_the_broker_of_the_demo_tells_ids() -> None:
    """It is asked the same."""
    with EmbeddedBroker() as broker:
        admin = make_admin(broker.bootstrap_servers, {})
        make(admin, "watched")

        assert watch_topics(admin, {"watched": describe_topic(admin, "watched").topic_id}).confirm()


def test_a_broker_that_is_away_vouches_for_nothing() -> None:
    """What was read waits, or the process ends where it cannot."""
    admin = make_admin(f"{LOCALHOST}:{free_port()}", {"log_level": 0})
    watch = watch_topics(admin, {"watched": uuid.uuid4()})

    assert not watch.confirm()
    with pytest.raises(ServiceAwayError, match="ids of topics"):
        watch.require()
