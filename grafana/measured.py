"""What Prometheus is asked by the board of whoever runs DULS: every expression has a name, as SQL queries do."""

from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.kit import Kit, prometheus_ref
from grafana.words import Language, words_of


class Measured(NamedTuple):
    """An expression, and how each of its series is called."""

    expression: str
    legend: str = ""


BY_ROLE: Final = "* on (instance) group_left (role) duls_build_info"
MEASURED: Final = {
    # how it is now
    "ops_firing": Measured(
        # the watchdog always fires: without it nobody knows, and nothing is shown in place of a zero
        'count(ALERTS{alertstate="firing"}) - on () count(ALERTS{alertstate="firing", alertname="Watchdog"})'
    ),
    "ops_processes": Measured("count by (role) (duls_build_info)", "{{role}}"),
    "ops_age": Measured("duls:stream_time_age_seconds:max", "{{source}}"),
    "ops_sinks": Measured("min by (sink) (duls_sink_up)", "{{sink}}"),
    "ops_disk": Measured("min(duls:disk_free_ratio)"),
    "ops_alerts": Measured(
        'count by (alertname, severity, source, role, sink) (ALERTS{alertstate="firing", alertname!="Watchdog"})'
    ),
    # rows
    "ops_rows": Measured(
        "sum by (source, outcome) (rate(duls_observations_total[5m]))", "{{source}} {{outcome}}"
    ),
    "ops_rejected": Measured("sum by (reason) (rate(duls_dead_letters_total[5m])) * 60", "{{reason}}"),
    "ops_late": Measured("sum by (source) (rate(duls_late_total[5m])) * 60", "{{source}}"),
    # time
    "ops_ages": Measured("duls:stream_time_age_seconds:max", "{{source}}"),
    "ops_delays": Measured("duls:delay_seconds:p99_5m", "{{source}}"),
    "ops_gaps": Measured("sum(increase(duls_offset_gap_total[1h]))", "gaps"),
    # storing
    "ops_flushes": Measured(
        "histogram_quantile(0.99, sum by (le) (rate(duls_flush_seconds_bucket[5m])))", "p99"
    ),
    "ops_partitions": Measured("sum by (instance) (duls_owned_partitions)", "{{instance}}"),
    "ops_outbox": Measured("max(duls_outbox_age_seconds)", "max"),
    "ops_database": Measured("max(duls_database_bytes)", "bytes"),
    # alerts of zones
    "ops_watches": Measured("sum by (state) (duls_alert_watches)", "{{state}}"),
    "ops_deliveries": Measured(
        "sum by (channel, outcome) (rate(duls_alert_deliveries_total[5m])) * 60", "{{channel}} {{outcome}}"
    ),
    "ops_waiting": Measured("sum by (channel) (duls_alert_waiting)", "{{channel}}"),
    # page and API
    "ops_requests": Measured("sum by (status) (rate(duls_http_requests_total[5m]))", "{{status}}"),
    "ops_request_times": Measured(
        "histogram_quantile(0.99, sum by (route, le) (rate(duls_http_request_seconds_bucket[5m])))",
        "{{route}}",
    ),
    "ops_streams": Measured("sum by (instance) (duls_event_streams_open)", "{{instance}}"),
    "ops_pool": Measured(
        'max by (instance) (duls_pool_connections{state="busy"} / on (instance) duls_pool_connections_max)',
        "{{instance}}",
    ),
    # processes
    "ops_cores": Measured(f"sum by (role) (rate(duls_process_cpu_seconds_total[5m]) {BY_ROLE})", "{{role}}"),
    "ops_memory": Measured(f"sum by (role) (duls_process_resident_memory_bytes {BY_ROLE})", "{{role}}"),
    "ops_files": Measured(
        f"max by (role) (duls_process_open_fds / duls_process_max_fds {BY_ROLE})", "{{role}}"
    ),
}


class MetricsKit(Kit):
    """Words of one language, and what Prometheus is asked."""

    def target(self, query: str, *, form: str = "table") -> Builder[variants.Dataquery]:
        """Return a named expression as the target of a panel: its series, or with the form `table` its last values."""
        target = prometheus.Dataquery().datasource(self.source).ref_id("A").expr(self.queries[query])
        if form == "table":
            return target.instant().format(PromQueryFormat.TABLE)
        return target.range().legend_format(MEASURED[query].legend)


def metrics_kit(language: Language) -> MetricsKit:
    """Return what the board of whoever runs DULS is made with."""
    expressions = {name: measured.expression for name, measured in MEASURED.items()}
    return MetricsKit(words_of(language), prometheus_ref(), expressions)
