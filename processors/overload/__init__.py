"""Overload alerts: which zone is about to be too full, why, and when it is over. Pure: no I/O and no clock.

    document ─▶ rule_file ─▶ RuleSet ─▶ Planner ─▶ ZonePlan ─┐
                                                             ├─▶ engine.step ─▶ ZoneState, transitions
    partial counts ────────────────────▶ ZoneObservation ────┘        ▲
    slot means ─▶ forecast ─▶ Outlook ────────────────────────────────┘

A *rule* says for which zones, vehicle classes and times of the week which count is too much. A rule that is in
force for a zone has a *watch* there: the state of (zone, rule), one row of a database. What a watch raises is an
*alert*; its id is derived from zone, rule and the time since when it is too full.

The caller owns the clock and the feed: it steps each zone at stream time, at least once a second whether its
counts changed or not, makes a new plan when `ZonePlan.until_us` has come, and says when the feed is lost.
Whoever restarts loads the watches, and goes on.
"""
