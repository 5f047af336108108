"""A role that nobody tells the ids of its topics while a file is there: what it reads meanwhile waits for that.

Started as `python -m tests.faults.blind_variant run ROLE`, with the path of the file in TEST_BLIND_FILE.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from duls import cli
from duls.errors import ServiceAwayError
from streams import topic_watch

VARIABLE: Final = "TEST_BLIND_FILE"


def told_ids(admin: AdminClient, names: TopicCollection, answer_s: float) -> Mapping[str, UUID]:
    """Return the ids that the broker tells, unless the file is there."""
    if Path(os.environ[VARIABLE]).exists():
        message = "no answer"
        raise ServiceAwayError(message)
    return asked(admin, names, answer_s)


if __name__ == "__main__":
    asked = topic_watch.told_ids
    topic_watch.told_ids = told_ids  # type: ignore[assignment]  # the variant
    cli.main()
