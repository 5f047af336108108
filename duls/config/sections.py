"""The sections of the settings, with the default, the bounds and one sentence for every key."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from duls.config.addresses import TILES_ADDRESS, is_loopback, is_readable_url
from duls.config.section import Section
from processors.rules import FigureSettings

HOUR_MS: Final = 3_600_000
DAY_S: Final = 86_400
FIGURES: Final = FigureSettings()

OWN_CLIENT_PROPERTIES: Final = frozenset(
    {
        "acks",
        "auto.offset.reset",
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.gapless.guarantee",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "isolation.level",
        "message.timeout.ms",
        "partition.assignment.strategy",
        "transactional.id",
    }
)
"""Client properties that exactly-once figures rest on, so nobody else sets them."""

ClientProperty = str | int | float | bool


def _integer(value: object) -> object:
    """Return the integer that a text spells, anything else as it is."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class KafkaSettings(Section):
    """Where Kafka is and how its topics are made."""

    bootstrap_servers: str = Field("", description="Brokers as host:port, separated by commas.")
    partitions: int = Field(
        8,
        ge=1,
        le=1000,
        description="Partitions of the raw and observation topics; may be raised later, never lowered.",
    )
    replication_factor: int | None = Field(
        None, ge=1, le=32, description="Copies of every partition; the broker's default when not set."
    )
    retention_ms: int = Field(
        HOUR_MS,
        ge=60_000,
        le=24 * HOUR_MS,
        description="How long raw records are kept, at most 24 hours: they carry plates.",
    )
    trust_create_time: bool = Field(
        False,
        description="Take times that senders stamp for arrival times; only where every sender is our own.",
    )
    client: dict[str, ClientProperty] = Field(
        default_factory=dict,
        repr=False,  # it may hold passwords
        description="Properties of librdkafka for every client, such as SASL and TLS; a variable holds JSON.",
    )

    @field_validator("client")
    @classmethod
    def _refuse_own_properties(cls, client: dict[str, ClientProperty]) -> dict[str, ClientProperty]:
        """Refuse properties that figures depend on."""
        for name in sorted(OWN_CLIENT_PROPERTIES & client.keys()):
            message = f"must leave {name!r} alone, for DULS sets it"
            raise ValueError(message)
        return client


class DatabaseSettings(Section):
    """Where figures and day keys are kept, and for how long."""

    url: SecretStr = Field(SecretStr(""), description="libpq URL of the figures database.")
    keys_url: SecretStr = Field(
        SecretStr(""),
        description=(
            "libpq URL of the database of the day keys, kept out of backups; "
            "the same server with `_keys` after the database name when not set."
        ),
    )
    master_key_file: Path = Field(
        Path("~/.config/duls/master.key"),
        description="File with 32 random bytes in base64 that wrap the day keys; `duls migrate` makes it.",
    )
    retention_slot_h: int = Field(48, ge=1, le=24 * 366, description="Hours that slot figures are kept.")

    @field_validator("url", "keys_url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        """Refuse what libpq cannot read; its own words would quote the secret."""
        if not is_readable_url(url.get_secret_value()):
            message = "must be a libpq URL, such as postgresql://user:password@host:5432/name"
            raise ValueError(message)
        return url


class FigureOptions(Section):
    """Numbers that the figures depend on; each change is a version that the log announces."""

    # a variable gives text, which is no choice of integers yet
    slot_s: Annotated[Literal[60, 300, 900], BeforeValidator(_integer)] = Field(
        300, description="Length of a slot in seconds."
    )
    clock: Literal["arrival", "event"] = Field(
        "arrival", description="Arrival is the broker's append time, or, for history, the newest event time."
    )
    max_gap_s: int = Field(
        FIGURES.max_gap_s,
        ge=1,
        le=DAY_S,
        description="Longest time between two linked positions, in seconds.",
    )
    park_gap_s: int = Field(
        FIGURES.park_gap_s,
        ge=1,
        le=DAY_S,
        validate_default=True,
        description="The same for a vehicle that stood still, in seconds; at least as long.",
    )
    stop_radius_m: float = Field(
        FIGURES.stop_radius_m, ge=0, le=10_000, description="How far a vehicle that stands may seem to move."
    )
    stop_min_s: int = Field(FIGURES.stop_min_s, ge=1, le=DAY_S, description="Shortest stop, in seconds.")
    max_jump_m: float = Field(
        FIGURES.max_jump_m, ge=0, le=1_000_000, description="Longest link that can pass through a zone."
    )
    allowed_lateness_s: int = Field(
        FIGURES.allowed_lateness_s,
        ge=0,
        le=7 * DAY_S,
        description="Positions that arrive later than this after their time are in no figure.",
    )
    detection_lateness_s: int = Field(
        FIGURES.detection_lateness_s, ge=0, le=7 * DAY_S, description="The same for detections."
    )
    reorder_s: float = Field(
        FIGURES.reorder_s, ge=0, le=3_600, description="Disorder of arrival that is repaired, in seconds."
    )
    dedupe_s: int = Field(
        FIGURES.dedupe_s,
        ge=1,
        le=3_600,
        description="Detections by one camera within this are one, in seconds.",
    )
    confidence_floor: float = Field(
        FIGURES.confidence_floor, ge=0, le=1, description="Lowest read confidence of a detection that counts."
    )
    late_after_s: int = Field(
        FIGURES.late_after_s,
        ge=0,
        le=DAY_S,
        description="How long after the end of its bucket an observation counts as late, in seconds.",
    )

    @field_validator("park_gap_s")
    @classmethod
    def _check_park_gap(cls, park_gap_s: int, given: ValidationInfo) -> int:
        """Refuse gaps under which silence would be proven before the last position that can be linked."""
        max_gap_s = given.data.get("max_gap_s", park_gap_s)
        if park_gap_s < max_gap_s:
            message = f"must be at least max_gap_s, which is {max_gap_s}"
            raise ValueError(message)
        return park_gap_s

    def document(self) -> FigureSettings:
        """Return the settings as the document that the database keeps versions of."""
        return FigureSettings(**self.model_dump())


class IntakeSettings(Section):
    """How intake reads the feeds, and paces itself."""

    positions_format: Literal["auto", "canonical", "otm", "rfms", "traccar", "gtfs"] = Field(
        "auto",
        description="Format of duls.fms.position.v1; by default each message is told by its content.",
    )
    detections_format: Literal["auto", "vesdi", "vesdi1", "passage", "utrecht"] = Field(
        "auto",
        description="Format of duls.anpr.detection.v1; by default each record is told by its content.",
    )

    registers_folder: Path = Field(
        Path("~/.local/share/duls/registers"),
        description="Folder of the registers of plates that `duls rdw load` writes, on each machine of intake.",
    )
    purpose: str = Field(
        "",
        description="What positions are taken for: those of carriers without a grant for it are dropped; "
        "no grants are asked for when empty.",
    )
    batch_messages: int = Field(20_000, ge=1, le=1_000_000, description="Most records read in one step.")
    progress_ms: int = Field(250, ge=10, le=10_000, description="Time between two progress messages.")
    commit_ms: int = Field(1_000, ge=10, le=60_000, description="Time between two commits of offsets.")


class AggregateSettings(Section):
    """How aggregate paces itself."""

    flush_ms: int = Field(
        1_000,
        ge=10,
        le=60_000,
        description="Longest time between two transactions; "
        "a fifth of it where figures are new and reading keeps up.",
    )
    snapshot_replay_s: float = Field(
        5.0, ge=0, le=600, description="A snapshot is taken when a replay after a restart would last longer."
    )


class PublicationSettings(Section):
    """What a cell of the history for planners must have before it is shown."""

    k: int = Field(10, ge=10, le=1_000, description="Distinct vehicles of a shown cell, at least.")
    carriers: int = Field(
        3,
        ge=0,
        le=100,
        description="Carriers of a shown cell of positions, none with more than half of its vehicles; "
        "0 where the city decided that the rule does not hold.",
    )


class PrivacySettings(Section):
    """What is known of vehicles for longer than a day."""

    month_key: bool = Field(
        False,
        description="Know detected vehicles by a pseudonym of a whole month, to count how often they come; "
        "docs/privacy.md says what that means. The same for all processes; `false` destroys what there is.",
    )


class AlertSettings(Section):
    """How overload alerts are raised, and who is told."""

    lease_s: float = Field(
        10.0,
        ge=0.5,
        le=300,
        description="An alert process that is not heard of for so long is replaced, in seconds.",
    )
    feed_lost_s: float = Field(
        45.0,
        ge=1,
        le=3_600,
        description="Nothing is known of zones once positions stayed away for so long, in seconds.",
    )
    catch_up_s: float = Field(
        600.0,
        ge=0,
        le=86_400,
        description="Alert processes that were all away judge what they missed, so far back at most, in seconds.",
    )
    page_interval_s: float = Field(
        600.0, ge=1, le=86_400, description="Shortest time between two pages of one zone, in seconds."
    )
    alertmanager_url: str = Field(
        "", description="Alertmanager, such as http://alertmanager:9093; none when empty."
    )
    alertmanager_resend_s: float = Field(
        60.0,
        ge=1,
        le=3_600,
        description="Time between two tellings of an alert that runs to Alertmanager, in seconds.",
    )
    webhook_urls: str = Field(
        "",
        repr=False,
        description="Addresses that alerts are posted to, separated by spaces; they may hold secrets.",
    )
    webhook_hosts: str = Field(
        "", description="Hosts that these addresses may name, separated by spaces; no other is ever asked."
    )
    webhook_secret_file: Path | None = Field(
        None, description="File with the secret that posts are signed with; needed for webhooks."
    )
    retry_max_s: float = Field(
        60.0,
        ge=0.1,
        le=3_600,
        description="Longest wait before something that was not delivered is tried again, in seconds.",
    )


class HttpSettings(Section):
    """Where the page and the API are served."""

    bind: str = Field(
        "127.0.0.1:8080", description="Address and port of `duls run api`; port 0 is any free one."
    )
    token_key_file: Path = Field(
        Path("~/.config/duls/token.key"),
        description="File with the key that signs tokens of the API; `duls token issue` makes it.",
    )
    anonymous: Literal["nothing", "operator", "planner", "act"] = Field(
        "nothing",
        description="What may be done without a token, where `bind` is an address of this machine only: read as an "
        "operator or a planner, or read as an operator and act on alerts.",
    )
    tiles: str = Field(
        "",
        description="Background of the map: address of a MapLibre style, or of raster tiles with {z}, {x} and {y}, "
        "all from one host; empty for the outlines of the municipalities.",
    )

    @field_validator("bind")
    @classmethod
    def _check_address(cls, bind: str) -> str:
        """Refuse what is no address and port."""
        host, colon, port = bind.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65_536):
            message = "must be an address and a port, such as 127.0.0.1:8080"
            raise ValueError(message)
        return bind

    @field_validator("anonymous")
    @classmethod
    def _check_anonymous(cls, anonymous: str, info: ValidationInfo) -> str:
        """Refuse that others than this machine read without a token."""
        host = str(info.data.get("bind", "")).rpartition(":")[0].strip("[]")
        if anonymous != "nothing" and not is_loopback(host):
            message = "must be nothing unless http.bind is an address of this machine, such as 127.0.0.1:8080"
            raise ValueError(message)
        return anonymous

    @field_validator("tiles")
    @classmethod
    def _check_tiles(cls, tiles: str) -> str:
        """Refuse what is no address of a web server: it becomes part of the page's security policy."""
        if tiles and not TILES_ADDRESS.fullmatch(tiles):
            message = "must be an address, such as https://tiles.example/{z}/{x}/{y}.png"
            raise ValueError(message)
        return tiles


class GrafanaSettings(Section):
    """Where Grafana is, for `duls grafana push`, and what its data sources are told."""

    url: str = Field("", description="Address of Grafana, such as https://grafana.example.")
    token: SecretStr = Field(SecretStr(""), description="Token of a service account with the role Admin.")
    language: Literal["nl", "en"] = Field("nl", description="Language of the boards.")
    database: str = Field("", description="Figures database as Grafana reaches it, as host:port.")
    database_name: str = Field("duls", description="Name of that database.")
    ssl_mode: Literal["disable", "require", "verify-ca", "verify-full"] = Field(
        "require", description="How Grafana secures its connections to the database."
    )
    operator_user: str = Field("", description="Login that is a member of duls_operator.")
    operator_password: SecretStr = Field(SecretStr(""), description="Its password.")
    planner_user: str = Field("", description="Login that is a member of duls_planner.")
    planner_password: SecretStr = Field(SecretStr(""), description="Its password.")
    prometheus_url: str = Field(
        "", description="Prometheus as Grafana reaches it, such as http://prometheus:9090."
    )


class MetricsSettings(Section):
    """Where every role tells how it does."""

    port: int = Field(
        9464, ge=0, le=65_535, description="Port of /metrics, /healthz and /readyz; 0 is any free one."
    )


class LogSettings(Section):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    format: Literal["console", "json"] = Field(
        "console", description="For people, or one JSON object a line."
    )
