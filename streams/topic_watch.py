"""Whether topics are still those of the start: their ids, asked of the broker again and again.

A client reads a topic under its name. Where one is deleted, made anew and filled beyond the offset that is read next,
the client goes on at that offset without a word, and what the new topic holds below it would be skipped.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final
from uuid import UUID

import structlog
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from duls.errors import ServiceAwayError, TopicChangedError
from streams.topics import uuid_of, way_on

ANSWER_S: Final = 1.0  # to wait for the broker, where what was read can wait and it is asked again
LAST_ANSWER_S: Final = 3.0  # where it cannot: a role ends within 10 s, whatever the broker does
PATIENT_ANSWER_S: Final = 10.0  # where nothing presses, as at an assignment

log = structlog.get_logger()


class TopicWatch:
    """Vouches for what was read.

    The id of a topic that was deleted never comes back. So an answer that tells the ids of the start vouches for
    everything that was read before it was asked for.

    Args:
        topic_ids: By name, as they were at the start.
        ask: Returns the ids that the topics have now, within so many seconds; raises as `told_ids` does.
    """

    def __init__(self, topic_ids: Mapping[str, UUID], ask: Callable[[float], Mapping[str, UUID]]) -> None:
        self._topic_ids = dict(topic_ids)
        self._ask = ask
        self._was_told = True  # by the last answer

    def confirm(self) -> bool:
        """Tell whether the topics are those of the start; False where the broker does not say.

        Raises:
            TopicChangedError: One of them was made anew.
        """
        try:
            self._compare(ANSWER_S)
        except ServiceAwayError as error:
            if self._was_told:  # once, not for each attempt
                log.warning("what was read waits", reason=str(error))
            self._was_told = False
            return False
        self._was_told = True
        return True

    def require(self, answer_s: float = LAST_ANSWER_S) -> None:
        """Go on only where the topics are those of the start, with so many seconds for the answer.

        Raises:
            TopicChangedError: One of them was made anew.
            ServiceAwayError: The broker does not say.
        """
        self._compare(answer_s)

    def _compare(self, answer_s: float) -> None:
        """Do what `require` does, with so many seconds for the answer."""
        for name, topic_id in self._ask(answer_s).items():
            if topic_id != self._topic_ids[name]:
                message = (
                    f"topic {name} was made anew while it was read: it was {self._topic_ids[name]}, it is {topic_id} "
                    f"now; {way_on(name)}"
                )
                raise TopicChangedError(message)


def watch_topics(admin: AdminClient, topic_ids: Mapping[str, UUID]) -> TopicWatch:
    """Return a watch that asks the broker of *admin*."""
    names = TopicCollection(list(topic_ids))
    return TopicWatch(topic_ids, lambda answer_s: told_ids(admin, names, answer_s))


def told_ids(admin: AdminClient, names: TopicCollection, answer_s: float) -> dict[str, UUID]:
    """Return the ids that the broker tells within so many seconds.

    Raises:
        ServiceAwayError: It does not answer, or a topic is gone: its reader says so, or another one takes its name.
    """
    described = admin.describe_topics(names, request_timeout=answer_s)
    try:
        return {name: uuid_of(future.result(answer_s).topic_id) for name, future in described.items()}
    except (KafkaException, FutureTimeoutError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer"
        message = f"the broker does not tell the ids of topics: {reason}"
        raise ServiceAwayError(message) from error
