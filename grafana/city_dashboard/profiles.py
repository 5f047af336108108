"""Supply and delivery profiles: hour by weekday by class, as tables whose cells are filled by their figure."""

from typing import Final

from grafana.columns import Column
from grafana.kit import Kit
from grafana.layout import Line, Sized
from grafana.panels import rows

HOURS: Final = [f"h{hour:02d}" for hour in range(24)]
SCHEME: Final = "continuous-blues"  # one hue, light to dark: order is seen without telling hues apart


def profiles(kit: Kit) -> list[Line]:
    """Return the profile by weekday, by class, and by both."""
    hours = [Column(hour, unit="none", decimals=0, scheme=SCHEME, width=58) for hour in HOURS]
    weekday = Column("day_of_week", word="weekday", values="weekday", width=110)
    vehicle_class = Column("vehicle_class", width=90)
    csv = kit.words("links.csv")
    return [
        [Sized(rows(kit, "profile_weekday", [weekday, *hours], published=True), 24, 9, csv=csv)],
        [Sized(rows(kit, "profile_class", [vehicle_class, *hours], published=True), 24, 10, csv=csv)],
        [
            Sized(
                rows(kit, "profile_class_weekday", [vehicle_class, weekday, *hours], published=True),
                24,
                14,
                csv=csv,
            )
        ],
    ]
