"""Metrics live on a registry of their own, and ages grow by themselves."""

from duls.metrics import Metrics


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now_s


def lines(metrics: Metrics) -> list[str]:
    """Return what Prometheus reads, line by line."""
    return metrics.exposition().decode().splitlines()


def test_two_processes_in_one_interpreter_do_not_share() -> None:
    """Each object counts for itself."""
    first, second = (Metrics(version="1", clock=Clock()) for _ in range(2))

    first.fenced_total.inc()

    assert "duls_fenced_total 1.0" in lines(first)
    assert "duls_fenced_total 0.0" in lines(second)


def test_the_age_of_stream_time_grows_without_a_call() -> None:
    """A role that stands still must look as if it does."""
    clock = Clock()
    metrics = Metrics(version="1", clock=clock)
    metrics.set_stream_time("fms", 990.0)

    clock.now_s = 1_050.0

    assert 'duls_stream_time_age_seconds{source="fms"} 60.0' in lines(metrics)


def test_ages_are_forgotten_with_the_last_partition() -> None:
    """A process that owns nothing would tell of an age that grows for ever."""
    metrics = Metrics(version="1", clock=Clock())
    metrics.set_stream_time("fms", 990.0)

    metrics.forget_stream_times()

    assert not [line for line in lines(metrics) if line.startswith("duls_stream_time_age_seconds{")]


def test_loads_of_zones_are_replaced() -> None:
    """A zone that is gone is not told of any more, and the others are never missing meanwhile."""
    metrics = Metrics(version="1", clock=Clock())
    metrics.set_zone_loads({"kade": 0.5, "plein": 1.0})

    metrics.set_zone_loads({"kade": 0.75})

    loads = [line for line in lines(metrics) if line.startswith("duls_zone_load_ratio{")]
    assert ['duls_zone_load_ratio{zone="kade"} 0.75'] == loads


def test_a_database_is_down_from_a_failure_to_the_next_success() -> None:
    """Failures are counted, and the last outcome is shown."""
    metrics = Metrics(version="1", clock=Clock())
    tell = metrics.tell_sink("figures")

    for answered in (False, False, True, False):
        tell(answered)

    assert 'duls_sink_up{sink="figures"} 0.0' in lines(metrics)
    assert 'duls_sink_failures_total{sink="figures"} 3.0' in lines(metrics)


def test_a_pool_is_read_when_somebody_asks() -> None:
    """Busy connections are those that are not available; figures that are left out are 0."""
    metrics = Metrics(version="1", clock=Clock())
    stats = {"pool_max": 8, "pool_size": 5}
    metrics.watch_pool(lambda: stats)

    stats.update(pool_available=2, requests_waiting=1)

    shown = [line for line in lines(metrics) if line.startswith("duls_pool_")]
    assert [
        'duls_pool_connections{state="busy"} 3.0',
        'duls_pool_connections{state="idle"} 2.0',
        "duls_pool_connections_max 8.0",
        "duls_pool_waiting 1.0",
    ] == shown


def test_no_label_is_of_a_vehicle() -> None:
    """Labels are few and known; none says who drives."""
    reference = Metrics(version="1", clock=Clock()).reference
    labels = {label for metric in reference for label in metric.labels}

    known = {
        "source",
        "outcome",
        "reason",
        "partition",
        "sink",
        "zone",
        "state",
        "version",
        "role",
        "channel",
        "feed",
        "reading",
        "topic",
    }
    assert known | {"method", "route", "status"} >= labels


def test_every_metric_has_the_prefix_and_a_sentence() -> None:
    """The reference lists what is exposed, with its unit in the name."""
    metrics = Metrics(version="0.1.0", clock=Clock(), role="intake")
    exposed = {line.split()[2] for line in lines(metrics) if line.startswith("# TYPE")}
    listed = {metric.name for metric in metrics.reference}

    assert listed <= {*exposed, *(f"{name}_total" for name in exposed)}
    assert all(name.startswith("duls_") for name in exposed)
    assert all(metric.meaning.endswith(".") for metric in metrics.reference)
    assert 'duls_build_info{role="intake",version="0.1.0"} 1.0' in lines(metrics)
