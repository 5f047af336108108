"""What the demo adds to the simulated city: rules of overload alerts, and an overload that comes again and again."""

from typing import Any, Final

from duls.app.rules import Author, put_rules, usable, watched_zones
from duls.app.simulate import CrowdPlan
from duls.config import Settings
from processors.overload.rule_file import read_rules
from sinks.connection import open_connection

CROWD: Final = CrowdPlan("markten", vehicles=24, after_s=45.0, fill_s=30.0, hold_s=120.0, every_s=600.0)
AREAS: Final = ("zero_emission_zone", "environmental_zone", "smart_zone", "other", "hub")
RULES: Final[dict[str, Any]] = {
    "rules": [
        # shorter than in a city, so that a visitor sees an alert begin and end
        *(
            {"id": f"{kind}-full", "kind": kind, "capacity": "zone", "raise_s": 20, "clear_s": 30}
            for kind in AREAS
        ),
        {
            "id": "loading-zone-full",
            "kind": "loading_zone",
            "classes": "freight",
            "measure": "present_and_silent",
            "capacity": "zone",
            "raise_s": 60,
            "clear_s": 60,
            "severity": "info",
            "rising_pct": False,
            "text": {"nl": "Laadplek vol", "en": "Loading bay full"},
        },
    ]
}


def crowd_option(plan: CrowdPlan) -> str:
    """Return a crowd as `duls simulate --crowd` takes it."""
    return ":".join(format(part, "g") if isinstance(part, float) else str(part) for part in plan)


def load_demo_rules(settings: Settings) -> int:
    """Put the rules of the demo in force beside others that there may be; return their version."""
    with open_connection(settings.database_url, application_name="duls demo") as connection:
        given = usable("the demo", read_rules(RULES))
        author = Author("duls demo", "rules of the simulated city")
        return put_rules(connection, given, author, "merge", zones=watched_zones(connection)).version
