"""When a flush begins, by times that are told."""

import pytest

from duls.pipelines.flush_pace import FlushPace


def pace_after_a_flush(cost_s: float = 0.02, waited_s: float = 1.0) -> FlushPace:
    """Return the pace of a second, after a flush at 100 that cost so much, and so much waiting since."""
    pace = FlushPace(1.0)
    pace.flushed(100.0, 100.0 + cost_s)
    pace.waited(waited_s)
    return pace


def test_the_first_flush_begins_at_once() -> None:
    """Nothing is known of the time before."""
    assert FlushPace(1.0).is_time(100.0, is_news=False)


@pytest.mark.parametrize(("now_s", "is_news", "is_time"), [
    (100.19, True, False), (100.21, True, True), (100.99, False, False), (101.0, False, True),
])  # fmt: skip
def test_news_is_stored_after_a_fifth_and_all_else_when_it_is_due(
    now_s: float, is_news: bool, is_time: bool
) -> None:
    """Time alone is no news."""
    assert pace_after_a_flush().is_time(now_s, is_news=is_news) == is_time


def test_a_costly_flush_is_followed_by_three_times_as_much_of_other_work() -> None:
    """Transactions take a quarter of the time at most."""
    pace = pace_after_a_flush(cost_s=0.2)
    assert pace.soonest_s == pytest.approx(100.8)
    assert not pace.is_time(100.7, is_news=True)


def test_no_flush_comes_early_where_reading_does_not_wait() -> None:
    """Half of the time must have gone by without messages."""
    pace = pace_after_a_flush(waited_s=0.2)
    assert pace.is_time(100.3, is_news=True)
    assert not pace.is_time(100.5, is_news=True)
    assert pace.is_time(101.0, is_news=True)


def test_reading_ends_its_wait_for_the_next_flush_that_can_be() -> None:
    """A wait is not longer than until then."""
    pace = pace_after_a_flush()
    assert pace.next_s(100.1, is_news=True) == pytest.approx(100.2)
    assert pace.next_s(100.1, is_news=False) == pytest.approx(101.0)
    assert pace.next_s(100.3, is_news=True) == pytest.approx(101.0)
    assert pace.longest_wait_s == pytest.approx(0.2)
