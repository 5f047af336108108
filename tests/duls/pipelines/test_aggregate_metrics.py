"""What aggregate tells of stalled partitions is taken back when it is over."""

from duls.metrics import Metrics
from duls.pipelines.aggregate_metrics import AggregateMetrics
from processors.source_clock import Mark, SourceClock

FMS_ID = b"f" * 16


def stalled(metrics: Metrics) -> list[str]:
    """Return the lines of the alert."""
    lines = metrics.exposition().decode().splitlines()
    return [line for line in lines if line.startswith("duls_clock_stalled{")]


def test_a_stall_is_an_alert_until_it_is_over() -> None:
    """Also when there is nothing left to read, as after a rebalance."""
    now_s = 0.0
    metrics = Metrics(version="1", clock=lambda: 0.0)
    told = AggregateMetrics(metrics, clock=lambda: 0.0, monotonic=lambda: now_s)
    clock = SourceClock(FMS_ID, 0)
    clock.progress(Mark(FMS_ID, 0, 1, 0, 1, 1))
    for _ in range(17):
        told.watch([clock])
        now_s += 1.0
    during = stalled(metrics)

    told.watch_nothing()

    assert ['duls_clock_stalled{partition="0",source="fms"} 1.0'] == during
    assert ['duls_clock_stalled{partition="0",source="fms"} 0.0'] == stalled(metrics)
