"""After the key of a day or a month is destroyed nobody makes a pseudonym from a plate: tried with the plates at hand.

The attacker has both databases with all their rows, every topic but the raw ones, every file of the installation and
the environment, and tries each plain hash and each keyed one with everything found there that could be a secret.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import numpy as np
import psycopg
import pytest
from confluent_kafka import Producer
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

from duls.config import Settings
from duls.local_midnights import local_midnights
from duls.pipelines.month_keys import month_of
from processors.calendar import local_day
from processors.identity import identity_of
from processors.pseudonyms import HASH_KEY_BYTES, PseudonymCache
from sinks.connection import open_connection
from sinks.keys import EPOCH_DAY, KeyStore, bound_to
from sinks.master_key import read_master_key
from sinks.month_keys import MonthKeyStore, bound_to_month
from sinks.patience import Patience
from streams.clients import make_admin
from streams.topics import DETECTIONS_TOPIC, OBSERVATIONS_TOPIC, POSITIONS_TOPIC
from tests.duls.app.draining import drain
from tests.faults.raw_topics import TOPICS, messages_of

PLATES: Final = [f"NL:{number:02d}-VB-{letter}K" for number in range(1, 20) for letter in "BDFGHJ"]
ALGORITHMS: Final = (
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512",
    "sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s",
)  # fmt: skip
SENT: Final = datetime.now(UTC) - timedelta(hours=1)
DAY: Final = int(local_day(int(SENT.timestamp()) * 1_000_000, local_midnights()))
MONTH: Final = month_of(DAY)
NONCE_BYTES: Final = 12


@pytest.fixture
def store(installed: Settings) -> Iterator[KeyStore]:
    """Give the keys of an installation as intake has them."""
    made = new_store(KeyStore, installed)
    yield made
    made.close()


@pytest.fixture
def months(installed: Settings) -> Iterator[MonthKeyStore]:
    """Give the keys of months of an installation that knows vehicles over them."""
    made = new_store(MonthKeyStore, installed)
    yield made
    made.close()


Store = TypeVar("Store", KeyStore, MonthKeyStore)


def new_store(kind: type[Store], settings: Settings) -> Store:
    """Return a store of keys."""
    return kind(
        settings.keys_url,
        read_master_key(settings.master_key_file),
        reader="intake",
        random_bytes=secrets.token_bytes,
        patience=Patience(5.0),
    )


def pseudonyms_of(key: bytes) -> set[bytes]:
    """Return the pseudonyms of the plates as intake makes them."""
    identities = [identity for plate in PLATES if isinstance(identity := identity_of(plate), bytes)]
    assert len(PLATES) == len(identities)
    lengths = np.array([len(identity) for identity in identities], np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    table = PseudonymCache(bytes(HASH_KEY_BYTES), key)
    found = table.pseudonyms(np.frombuffer(b"".join(identities), np.uint8), starts, lengths)
    return {int(hi).to_bytes(8, "big") for hi in found.hi}


def dump_of(url: str) -> bytes:
    """Return every row of every table of a database, as text."""
    parts = []
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, table))
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                parts += [bytes(data) for data in copy]
    return b"".join(parts)


def topics_of(settings: Settings) -> bytes:
    """Return all that is in the topics but the raw ones."""
    kafka = settings.kafka
    found = make_admin(kafka.bootstrap_servers, kafka.client).list_topics(timeout=10).topics
    return b"".join(
        b"".join((message.key() or b"", b" ", message.value() or b"", repr(message.headers()).encode()))
        for topic, told in sorted(found.items())
        if topic not in TOPICS.values()
        for message in messages_of(kafka.bootstrap_servers, topic, len(told.partitions))
    )


def send(settings: Settings) -> None:
    """Send a position and a detection of each vehicle."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap_servers})
    for plate in PLATES:
        message = {"vehicle": plate, "time": SENT.isoformat(), "lat": 52.09, "lon": 5.12, "carrier": plate}
        producer.produce(POSITIONS_TOPIC, json.dumps(message).encode())
    detections = [
        {
            "observation_id": str(UUID(int=number)),
            "camera_id": str(UUID(int=1)),
            "event_time": SENT.isoformat(),
            "plate_country": "NL",
            "plate_text": plate.partition(":")[2],
        }
        for number, plate in enumerate(PLATES)
    ]
    batch = {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": detections}
    producer.produce(DETECTIONS_TOPIC, json.dumps(batch).encode())
    assert 0 == producer.flush(20.0)


def secrets_in(haystack: bytes) -> set[bytes]:
    """Return whatever could be a secret: words, and what they spell in hexadecimal."""
    words = set(re.findall(rb"[^\s\t,;\"'{}=]{8,}", haystack))
    spelled = re.findall(rb"(?:[0-9a-fA-F]{2}){16,}", haystack)
    return words | {bytes.fromhex(text.decode()) for text in spelled}


def unwrapped(candidates: set[bytes], master: bytes) -> set[bytes]:
    """Return the keys that the master key makes of candidates."""
    cipher = AESGCM(master)
    found = set()
    bounds = (bound_to(DAY), bound_to_month(EPOCH_DAY + timedelta(days=MONTH)))
    for candidate in candidates:
        for bound in bounds if len(candidate) > NONCE_BYTES + 16 else ():
            with contextlib.suppress(InvalidTag):
                found.add(cipher.decrypt(candidate[:NONCE_BYTES], candidate[NONCE_BYTES:], bound))
    return found


def attack(settings: Settings, environment: dict[str, str]) -> set[bytes]:
    """Return everything that could be a pseudonym, by every way of making one."""
    haystack = everything(settings)
    haystack += "\n".join(f"{name} {value}" for name, value in {**os.environ, **environment}.items()).encode()
    files = [path.read_bytes() for path in _files(settings)]
    candidates = secrets_in(haystack) | set(files) | {read_master_key(settings.master_key_file)}
    candidates |= unwrapped(candidates, read_master_key(settings.master_key_file))
    made = set()
    for plate in PLATES:
        identity = identity_of(plate)
        assert isinstance(identity, bytes)
        for text in (identity, plate.encode(), plate.partition(":")[2].encode()):
            for name in ALGORITHMS:
                made.add(hashlib.new(name, text).digest()[:8])
    for secret in candidates:
        for plate in PLATES[:10]:
            identity = identity_of(plate)
            assert isinstance(identity, bytes)
            for name in ALGORITHMS:
                made.add(hmac.digest(secret, identity, name)[:8])
                made.add(hashlib.new(name, secret + identity).digest()[:8])
    return made


def everything(settings: Settings) -> bytes:
    """Return what the installation holds, but for its files."""
    return dump_of(settings.database_url) + dump_of(settings.keys_url) + topics_of(settings)


def _files(settings: Settings) -> list[Path]:
    """Return the files of the installation that hold secrets."""
    return [path for path in settings.master_key_file.parent.iterdir() if path.is_file()]


def test_a_destroyed_key_takes_its_pseudonyms_with_it(
    installed: Settings, environment: dict[str, str], store: KeyStore, months: MonthKeyStore
) -> None:
    """The same attack finds them while the keys are there, so it is known to bite; of days and of months."""
    send(installed)
    code, said = drain("intake", {**environment, "DULS_PRIVACY_MONTH_KEY": "true"})
    assert 0 == code, said
    keys = [store.day_row(DAY, 2, {}).key, months.month_key(MONTH)]
    topics = topics_of(installed)
    assert OBSERVATIONS_TOPIC not in TOPICS.values()
    pseudonyms = [pseudonyms_of(key) for key in keys if key is not None]
    assert 2 == len(pseudonyms)
    assert all(known[::-1] in topics for both in pseudonyms for known in both), (
        "these are what the topics hold"
    )

    found = attack(installed, environment)
    assert all(10 <= len(known & found) for known in pseudonyms)

    with open_connection(installed.keys_url, application_name="test") as connection:
        connection.execute("UPDATE keys.day_row SET destroy_after = now()")
        connection.execute("UPDATE keys.month_row SET destroy_after = now()")
    assert DAY in store.destroy_expired()
    assert MONTH in months.destroy_expired()

    assert set() == set.union(*pseudonyms) & attack(installed, environment)
    left = everything(installed) + b"".join(path.read_bytes() for path in _files(installed))
    for key in keys:
        assert key is not None
        for spelled in (key, key.hex().encode(), base64.b64encode(key)):
            assert spelled not in left
    assert store.day_row(DAY, 2, {}).key is None is months.month_key(MONTH)
