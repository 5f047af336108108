"""Records that no sender should send: mutations of good ones, and the extremes of what JSON and Kafka allow."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from tests.faults.raw_topics import ANPR, FMS, Outgoing

FAR_POSITION: Final = (
    b'{"vehicle":"NL:FZ-001-X","time":%d,"lat":41.5000,"lon":9.5000,'
    b'"speed_kmh":31.0,"class":"N2","fuel":"diesel"}'
)
"""Outside of every zone, and many changed bits away from one."""

FAR_DETECTION: Final = (
    b'{"message_type":"anpr_observation_batch","schema_version":"anpr-2.0.0","payload":[{"observation_id":'
    b'"f0000000-0000-4000-8000-%012d","camera_id":"fffffff0-0000-4000-8000-000000000000","event_time":'
    b'"2026-11-23T07:12:15.123Z","plate_country":"NL","plate_text":"FZ001X","read_confidence":0.96}]}'
)
"""By a camera that nobody registered."""

MEBIBYTE: Final = 1 << 20
DEEP: Final = 100_000
EXTREMES_EVERY: Final = 2_000
ODD_BYTES: Final = (
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\x00",
    b'"',
    b"\\",
    b"}",
    b"{",
    b",",
    b"\xef\xbb\xbf",
)
ODD_NUMBERS: Final = (
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"9" * 400,
    b"-0",
    b"1e-400",
    b"0x10",
    b"+1",
    b"01",
)


def fuzzed(random: Random, count: int, now_ms: int, partitions: int) -> Iterator[Outgoing]:
    """Yield so many records, each of which must give exactly one row.

    Args:
        random: settles everything.
        count: of records.
        now_ms: event time of what is mutated, milliseconds since 1970.
        partitions: of the raw topics.
    """
    for number in range(count):
        source = ANPR if number % 5 == 0 else FMS
        good = FAR_DETECTION % number if source == ANPR else FAR_POSITION % now_ms
        mutate = random.choice(_MUTATIONS)
        value = _extreme(number // EXTREMES_EVERY) if number % EXTREMES_EVERY == 7 else mutate(random, good)
        yield Outgoing(source, random.randrange(partitions), value)


def _flip(random: Random, good: bytes) -> bytes:
    """Change up to three bits; a line break is left alone, since it could make two documents of one."""
    value = bytearray(good)
    for _ in range(random.randrange(1, 4)):
        value[random.randrange(len(value))] ^= 1 << random.randrange(8)
    return bytes(value).replace(b"\n", b" ")


def _cut(random: Random, good: bytes) -> bytes:
    """End somewhere."""
    return good[: random.randrange(len(good))]


def _insert(random: Random, good: bytes) -> bytes:
    """Put bytes in that do not belong there."""
    place = random.randrange(len(good))
    return good[:place] + random.choice(ODD_BYTES) + good[place:]


def _number(random: Random, good: bytes) -> bytes:
    """Put a number that is none, or too large for any float, where one stands."""
    return good.replace(random.choice((b"41.5000", b"9.5000", b"0.96", b"31.0")), random.choice(ODD_NUMBERS))


def _swap(random: Random, good: bytes) -> bytes:
    """Exchange two parts."""
    first, second = sorted(random.sample(range(len(good)), 2))
    return good[second:] + good[first:second] + good[:first]


def _nothing(_random: Random, _good: bytes) -> None:
    """Send a tombstone."""
    return


_MUTATIONS: Final[tuple[Callable[[Random, bytes], bytes | None], ...]] = (
    *(_flip, _flip, _flip, _flip, _flip, _flip),
    *(_cut, _insert, _insert, _number, _swap),
    _nothing,
)


def _extreme(number: int) -> bytes:
    """Return one of the records at the limits, in turns."""
    extremes: tuple[Callable[[], bytes], ...] = (
        lambda: b"[" * DEEP,
        lambda: b'{"a":' * DEEP,
        lambda: b'{"vehicle":"' + b"X" * MEBIBYTE + b'"}',
        lambda: b"\xff" * MEBIBYTE,
        lambda: b'{"time":' + b"9" * MEBIBYTE + b"}",
        lambda: b" " * MEBIBYTE,
        lambda: b'"' + b"\\u0000" * (MEBIBYTE // 6) + b'"',
        lambda: b"[" * DEEP + b"]" * DEEP,
    )
    return extremes[number % len(extremes)]()
