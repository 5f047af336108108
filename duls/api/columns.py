"""The columns of every table of /v1, in order, with what they mean."""

from typing import Final

from duls.api.tables import Column, Columns, Kind
from processors.vocabulary import SOURCES, VEHICLE_CLASSES, ZERO_EMISSIONS, ZONE_KINDS

ZONE_ID: Final = Column("zone_id", Kind.TEXT, "Id that the city gives the zone.", "kade")
NAME: Final = Column("name", Kind.TEXT, "Name on screen.", "Kade")
KIND: Final = Column("kind", Kind.TEXT, "Kind of the zone.", "loading_zone", choices=ZONE_KINDS)
MUNICIPALITY: Final = Column(
    "municipality", Kind.TEXT, "CBS code; null where none was given.", "GM0363", nullable=True
)
CAPACITY: Final = Column(
    "capacity", Kind.INTEGER, "Vehicles at once; null where none was given.", 12, nullable=True
)
VEHICLE_CLASS: Final = Column(
    "vehicle_class", Kind.TEXT, "EU vehicle category.", "N1", choices=VEHICLE_CLASSES
)
ZERO_EMISSION: Final = Column(
    "zero_emission", Kind.TEXT, "Whether the vehicles drive without emission.", "no", choices=ZERO_EMISSIONS
)
SOURCE: Final = Column(
    "source", Kind.TEXT, "What observed: fms positions, anpr detections.", "fms", choices=SOURCES
)
SLOT_START: Final = Column("slot_start", Kind.INSTANT, "Start of the slot.", "2026-11-23T07:10:00+01:00")
HOUR_START: Final = Column("hour_start", Kind.INSTANT, "Start of the hour.", "2026-11-23T07:00:00+01:00")
DAY: Final = Column("day", Kind.DAY, "Local day.", "2026-11-23")
SLOT_S: Final = Column("slot_s", Kind.INTEGER, "Length of the slot, seconds.", 300)
K: Final = Column("k", Kind.INTEGER, "Least number of vehicles of a published cell.", 10)
K_STATUS: Final = Column(
    "k_status",
    Kind.TEXT,
    "ok: published; below_k: suppressed, figures are null; no_feed: nothing was measured, figures are null.",
    "ok",
    choices=("ok", "below_k", "no_feed"),
)

ZONES: Final[Columns] = (
    ZONE_ID,
    NAME,
    KIND,
    MUNICIPALITY,
    CAPACITY,
    Column("area_km2", Kind.NUMBER, "Area, square kilometres.", 0.76),
)

NOW: Final[Columns] = (
    ZONE_ID,
    NAME,
    KIND,
    MUNICIPALITY,
    CAPACITY,
    Column(
        "present", Kind.INTEGER, "Vehicles in the zone; null before there is any count.", 7, nullable=True
    ),
    Column(
        "silent", Kind.INTEGER, "Vehicles that fell silent in the zone, parked perhaps.", 2, nullable=True
    ),
    Column("load", Kind.NUMBER, "present / capacity; null without a capacity.", 0.58, nullable=True),
)

VEHICLES: Final = Column(
    "vehicles", Kind.INTEGER, "Distinct vehicles in the bucket; never add them up over buckets or zones.", 12
)
ADDITIVE: Final[Columns] = (
    Column("observations", Kind.INTEGER, "Positions or detections inside.", 144),
    Column("entries", Kind.INTEGER, "Vehicles that came in.", 12),
    Column("exits", Kind.INTEGER, "Vehicles that went out.", 11),
    Column("appearances", Kind.INTEGER, "Vehicles that were first seen inside.", 1),
    Column("disappearances", Kind.INTEGER, "Vehicles that were last seen inside.", 1),
    Column("dwell_s", Kind.NUMBER, "Time inside of all vehicles together, seconds.", 7_200.0),
    Column("visits", Kind.INTEGER, "Visits that ended.", 12),
    Column("visit_s", Kind.NUMBER, "Length of those visits together, seconds.", 7_440.0),
    Column("stops", Kind.INTEGER, "Stops that ended.", 6),
    Column("stop_s", Kind.NUMBER, "Length of those stops together, seconds.", 1_440.0),
    Column("distance_m", Kind.NUMBER, "Distance driven inside, metres.", 10_800.0),
    Column("through", Kind.INTEGER, "Passages too fast to be seen inside.", 2),
)
LATE: Final = Column(
    "late", Kind.INTEGER, "Observations that arrived more than a minute after the bucket's end.", 0
)
FIGURES: Final[Columns] = (ADDITIVE[0], VEHICLES, *ADDITIVE[1:], LATE)


def nullable(columns: Columns) -> Columns:
    """Return columns whose values may be suppressed."""
    return tuple(column._replace(nullable=True) for column in columns)


KEY: Final[Columns] = (ZONE_ID, VEHICLE_CLASS, ZERO_EMISSION, SOURCE)
LIVE_SLOTS: Final[Columns] = (SLOT_START, SLOT_S, *KEY, *FIGURES)
LIVE_HOURS: Final[Columns] = (HOUR_START, *KEY, *FIGURES)
LIVE_DAYS: Final[Columns] = (DAY, *KEY, *FIGURES)
HISTORY_HOURS: Final[Columns] = (HOUR_START, *KEY, *nullable(FIGURES), K, K_STATUS)
HISTORY_DAYS: Final[Columns] = (DAY, *KEY, *nullable(FIGURES), K, K_STATUS)

CELLS: Final = Column("cells", Kind.INTEGER, "Cells that were added up.", 365)
SUPPRESSED: Final = Column(
    "suppressed",
    Kind.INTEGER,
    "How many of the cells are suppressed: where any is, sums are lower bounds.",
    3,
)


def _totals(bucket: Column) -> Columns:
    """Return the columns of totals; parts of the key that are not told apart are null."""
    key = nullable((bucket, ZONE_ID, VEHICLE_CLASS, ZERO_EMISSION))
    return (*key, SOURCE, CELLS, SUPPRESSED, *nullable(ADDITIVE))


HOUR_TOTALS: Final[Columns] = _totals(HOUR_START)
DAY_TOTALS: Final[Columns] = _totals(DAY)

PROFILE: Final[Columns] = (
    ZONE_ID,
    Column("weekday", Kind.INTEGER, "Local weekday: 1 is Monday, 7 Sunday.", 1),
    Column("hour", Kind.INTEGER, "Local hour, 0 to 23.", 7),
    VEHICLE_CLASS,
    Column("hours", Kind.INTEGER, "Hours of the period at this weekday and hour, on days with figures.", 52),
    CELLS,
    SUPPRESSED,
    *nullable(
        (
            Column("observations", Kind.NUMBER, "Mean number of observations in such an hour.", 140.2),
            Column("vehicles", Kind.NUMBER, "Mean number of distinct vehicles in such an hour.", 11.7),
            Column("entries", Kind.NUMBER, "Mean number of entries in such an hour.", 11.5),
            Column("exits", Kind.NUMBER, "Mean number of exits in such an hour.", 11.4),
            Column("stops", Kind.NUMBER, "Mean number of stops in such an hour.", 5.8),
            Column("occupancy", Kind.NUMBER, "Mean number of vehicles there at any time of it.", 1.9),
        )
    ),
)

ALERT_STATE: Final = Column("state", Kind.TEXT, "State of the alert.", "resolved")
ALERTS: Final[Columns] = (
    Column("alert_id", Kind.TEXT, "Id of the alert.", "kade-load-1"),
    ZONE_ID,
    Column("rule", Kind.TEXT, "Rule that found it.", "load"),
    ALERT_STATE,
    Column("value", Kind.NUMBER, "Value that the rule looks at.", 14.0, nullable=True),
    CAPACITY,
    Column("pct", Kind.NUMBER, "Value as a part of the capacity, percent.", 116.7, nullable=True),
    Column("since", Kind.INSTANT, "When it began.", "2026-11-23T07:12:00+01:00"),
    Column(
        "until",
        Kind.INSTANT,
        "When it ended; null while it lasts.",
        "2026-11-23T07:40:00+01:00",
        nullable=True,
    ),
    Column("acknowledged_by", Kind.TEXT, "Who takes care of it.", "control room", nullable=True),
    Column("acknowledged_at", Kind.INSTANT, "Since when.", "2026-11-23T07:15:00+01:00", nullable=True),
    Column("reason", Kind.TEXT, "Why, for people.", "14 of 12 vehicles", nullable=True),
)

FEEDS: Final[Columns] = (
    Column("feed", Kind.TEXT, "fms positions, anpr detections.", "fms", choices=SOURCES),
    Column("last_event_time", Kind.INSTANT, "Newest event time.", "2026-11-23T11:59:58+01:00", nullable=True),
    Column("last_arrival", Kind.INSTANT, "Newest arrival.", "2026-11-23T11:59:59+01:00", nullable=True),
    Column(
        "complete_through",
        Kind.INSTANT,
        "Arrivals up to here are in the figures.",
        "2026-11-23T11:59:54+01:00",
        nullable=True,
    ),
    Column("lag_s", Kind.NUMBER, "How far complete_through lies behind, seconds.", 6.0, nullable=True),
    Column("rate_1m", Kind.NUMBER, "Accepted observations per second in the last whole minute.", 1_000.0),
    Column("accepted_1h", Kind.INTEGER, "Accepted in the last hour.", 3_600_000),
    Column("rejected_1h", Kind.INTEGER, "Rejected in the last hour.", 30),
    Column("duplicates_1h", Kind.INTEGER, "Repeated in the last hour.", 500),
    Column("out_of_order_1h", Kind.INTEGER, "Out of order in the last hour.", 400),
    Column("late_1h", Kind.INTEGER, "Too late for any figure in the last hour.", 100),
    Column("low_confidence_1h", Kind.INTEGER, "Read with too little confidence in the last hour.", 0),
)
