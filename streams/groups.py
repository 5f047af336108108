"""Who reads: the members of consumer groups."""

from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from duls.errors import ServiceAwayError

ANSWER_S: Final = 10.0
UNKNOWN: Final = frozenset({KafkaError.GROUP_ID_NOT_FOUND, KafkaError.NOT_COORDINATOR})
"""What a broker answers about a group that never was."""


def members_of(admin: AdminClient, group: str) -> int:
    """Return how many members a consumer group has now.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    try:
        described = admin.describe_consumer_groups([group])[group].result(ANSWER_S)
    except KafkaException as error:
        if error.args[0].code() in UNKNOWN:
            return 0
        message = f"cannot ask who reads as {group}: {error.args[0].str()}; is the broker running?"
        raise ServiceAwayError(message) from error
    except FutureTimeoutError as error:
        message = f"cannot ask who reads as {group}: no answer; is the broker running?"
        raise ServiceAwayError(message) from error
    return len(described.members)
