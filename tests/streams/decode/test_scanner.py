"""The compiled scanner agrees with the slow reader, its twin, whatever the bytes."""

import json
import random
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.vocabulary import Outcome
from streams.decode.arrow_positions import is_arrow
from streams.decode.lexer import MARK
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions, scan
from streams.decode.scanner import new_memory
from streams.decode.templates import MOST_MISSES, REST, RESTING
from streams.raw_values import RawValues
from tests.streams.decode.scanner_twins import (
    EXAMPLES,
    MUTATED,
    TEXT,
    assert_agree,
    message,
    mutated,
    scanned_by_itself,
)


def test_both_readers_agree_on_mutated_messages() -> None:
    """A hundred thousand messages with mutated bytes give the same rows fast and slow."""
    rng = random.Random(20261123)
    messages = [message(rng) for _ in range(max(100, MUTATED // 100))]
    batch = 1_000
    for _ in range(MUTATED // batch):
        assert_agree([mutated(rng, rng.choice(messages)) for _ in range(batch)])


def test_both_readers_agree_on_keys_that_come_again() -> None:
    """Keys of any length and spelling are told apart from the keys that were there one object before."""
    rng = random.Random(3)
    keys = [
        "",
        "vehicle",
        "v\\u0065hicle",
        "vehicles",
        "lat",
        "la",
        "emission",
        "emissions",
        "\u00e9",
        "x" * 15,
    ]
    keys += ["x" * 16, "x" * 17, "x" * 14 + "\\n", "time", "lon", "lo n", "class", "fuel"]
    for _ in range(MUTATED // 500):
        drawn = [rng.sample(keys, 6) for _ in range(2)]
        lines = [
            "{" + ",".join(f'"{key}":{rng.choice(["1", "null", TEXT])}' for key in rng.choice(drawn)) + "}"
            for _ in range(6)
        ]
        assert_agree([line.encode() for line in lines])


def test_both_readers_agree_on_good_messages() -> None:
    """Messages as senders write them give the same rows fast and slow, and most are not handed over."""
    rng = random.Random(7)
    messages = [message(rng) for _ in range(MUTATED // 20)]

    assert_agree(messages)

    _, handed_over = scanned_by_itself(messages)
    assert handed_over.sum() == 0


def test_many_senders_by_turns_are_read_with_care() -> None:
    """Their objects fit no template for long, so for a while none is tried; one sender alone has one again."""
    orders = [*permutations(["vehicle", "time", "lat", "lon"])]
    texts = {"vehicle": '"NL:VB-1"', "time": TEXT, "lat": "52.1", "lon": "5.1"}
    by_turns = [",".join(f'"{key}":{texts[key]}' for key in order) for order in orders * (MOST_MISSES // 8)]
    alone = [by_turns[0].replace("52.1", f"52.{number}") for number in range(REST + 1)]
    memory = new_memory()

    states = []
    for lines in (by_turns, alone, alone[:1]):
        values = [b"{%s}" % line.encode() for line in lines]
        assert_agree(values)
        joined = RawValues.of(values)
        scanned, handed_over = scan(joined.buffer, joined.starts, PositionFormat.AUTO, memory)
        assert (len(values), 0) == (scanned.outcome.size, handed_over.sum())
        states.append(memory.flat.state[RESTING])

    assert states[0] > 0
    assert states[1:] == [0, 0]


def test_the_mark_before_utf_8_is_passed_over() -> None:
    """At the beginning of a record only; what follows is read as fast as without it."""
    rng = random.Random(11)
    messages = [message(rng) for _ in range(MUTATED // 50)]
    messages += [b"", b" ", b"[]", b"[{}]", b"{}\n" + messages[0], b"\n" + messages[1]]
    marked = [MARK + each for each in messages]

    assert_agree(marked)

    expected, decoded = decode_positions(messages), decode_positions(marked)
    for name in set(decoded._fields) - {"identity_start"}:
        assert getattr(expected, name).tobytes() == getattr(decoded, name).tobytes(), name
    assert 0 == scanned_by_itself(marked[:-6])[1].sum()
    line = MARK + b'{"vehicle":"x"}'
    amid = [b"\n" + line, MARK + line, b"{}\n" + line]
    assert_agree(amid)
    codes = [Outcome.NOT_JSON, Outcome.NOT_JSON, Outcome.MISSING_FIELD, Outcome.NOT_JSON]
    assert codes == decode_positions(amid).outcome.tolist()


@given(st.lists(st.binary(max_size=40), max_size=5))
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_bytes_raise(values: list[bytes]) -> None:
    """Any bytes give rows, the same fast and slow, at least one per record."""
    text = [value for value in values if not is_arrow(value)]
    if text:
        assert_agree([*text, *(MARK + value for value in text)])
    assert np.unique(decode_positions(values).record).tolist() == list(range(len(values)))


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["vehicle", "time", "lat", "lon", "class", "fuel", "emission", "other", "é"]),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_both_readers_agree_on_any_fields(objects: list[dict[str, object]], ascii_only: bool) -> None:
    """Objects with any scalars in the used fields give the same rows fast and slow."""
    texts = [json.dumps(each, ensure_ascii=ascii_only).encode() for each in objects]

    assert_agree([*texts, b"\n".join(texts), b"[" + b",".join(texts) + b"]"])


@given(st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
@settings(max_examples=EXAMPLES * 3, deadline=None)
def test_both_readers_agree_on_any_number(number: str) -> None:
    """Numbers of any spelling give the same bits fast and slow, as coordinates and as times."""
    text = f'{{"vehicle":"x","time":{number},"lat":1,"lon":2}}'
    assert_agree([text.encode(), text.replace(number, "7").replace('"lat":1', f'"lat":{number}').encode()])


@given(
    st.from_regex(
        r"(19[67][0-9]|20[0-9]{2}|2100)-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])",
        fullmatch=True,
    )
)
@settings(max_examples=EXAMPLES * 3, deadline=None)
def test_both_readers_agree_on_any_time(time: str) -> None:
    """Times near every rule give the same microseconds fast and slow."""
    assert_agree([f'{{"vehicle":"x","time":"{time}","lat":1,"lon":2}}'.encode()])
