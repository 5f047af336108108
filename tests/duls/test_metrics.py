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


def test_every_metric_has_the_prefix_and_a_sentence() -> None:
    """The reference lists what is exposed, with its unit in the name."""
    metrics = Metrics(version="0.1.0", clock=Clock())
    exposed = {line.split()[2] for line in lines(metrics) if line.startswith("# TYPE")}
    listed = {metric.name for metric in metrics.reference}

    assert listed <= {*exposed, *(f"{name}_total" for name in exposed)}
    assert all(name.startswith("duls_") for name in exposed)
    assert all(metric.meaning.endswith(".") for metric in metrics.reference)
    assert 'duls_build_info{version="0.1.0"} 1.0' in lines(metrics)
