-- Statements that add flow cells. Rows are sorted by key, for concurrent flushes would deadlock otherwise.

-- name: add_flow_slot
-- Add the copied cells to core.flow_slot; cells that ended at or before the retention horizon are left out.
INSERT INTO core.flow_slot AS stored (
    zone_no, slot_start, slot_s, vehicle_class, zero_emission, source,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
)
SELECT
    given.zone_no, given.bucket, %(slot_s)s::smallint, given.vehicle_class, given.zero_emission, given.source,
    given.observations, given.vehicles, given.entries, given.exits, given.appearances, given.disappearances, given.dwell_us,
    given.visits, given.visit_us, given.stops, given.stop_us, given.distance_um, given.through, given.late
FROM pg_temp.slot_delta AS given
WHERE given.bucket + %(slot_s)s * interval '1 second' > coalesce(
    (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_slot'), '-infinity'
)
ORDER BY given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.source
ON CONFLICT (zone_no, slot_start, slot_s, vehicle_class, zero_emission, source) DO UPDATE SET
    observations = stored.observations + excluded.observations,
    vehicles = stored.vehicles + excluded.vehicles,
    entries = stored.entries + excluded.entries,
    exits = stored.exits + excluded.exits,
    appearances = stored.appearances + excluded.appearances,
    disappearances = stored.disappearances + excluded.disappearances,
    dwell_us = stored.dwell_us + excluded.dwell_us,
    visits = stored.visits + excluded.visits,
    visit_us = stored.visit_us + excluded.visit_us,
    stops = stored.stops + excluded.stops,
    stop_us = stored.stop_us + excluded.stop_us,
    distance_um = stored.distance_um + excluded.distance_um,
    through = stored.through + excluded.through,
    late = stored.late + excluded.late;

-- name: add_flow_hour
-- Add the copied cells to core.flow_hour; cells that ended at or before the retention horizon are left out.
INSERT INTO core.flow_hour AS stored (
    zone_no, hour_start, vehicle_class, zero_emission, source,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
)
SELECT
    given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.source,
    given.observations, given.vehicles, given.entries, given.exits, given.appearances, given.disappearances, given.dwell_us,
    given.visits, given.visit_us, given.stops, given.stop_us, given.distance_um, given.through, given.late
FROM pg_temp.hour_delta AS given
WHERE given.bucket + interval '1 hour' > coalesce(
    (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_hour'), '-infinity'
)
ORDER BY given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.source
ON CONFLICT (zone_no, hour_start, vehicle_class, zero_emission, source) DO UPDATE SET
    observations = stored.observations + excluded.observations,
    vehicles = stored.vehicles + excluded.vehicles,
    entries = stored.entries + excluded.entries,
    exits = stored.exits + excluded.exits,
    appearances = stored.appearances + excluded.appearances,
    disappearances = stored.disappearances + excluded.disappearances,
    dwell_us = stored.dwell_us + excluded.dwell_us,
    visits = stored.visits + excluded.visits,
    visit_us = stored.visit_us + excluded.visit_us,
    stops = stored.stops + excluded.stops,
    stop_us = stored.stop_us + excluded.stop_us,
    distance_um = stored.distance_um + excluded.distance_um,
    through = stored.through + excluded.through,
    late = stored.late + excluded.late;

-- name: add_flow_day
-- Add the copied cells to core.flow_day; cells that ended at or before the retention horizon are left out.
INSERT INTO core.flow_day AS stored (
    zone_no, day, vehicle_class, zero_emission, source,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
)
SELECT
    given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.source,
    given.observations, given.vehicles, given.entries, given.exits, given.appearances, given.disappearances, given.dwell_us,
    given.visits, given.visit_us, given.stops, given.stop_us, given.distance_um, given.through, given.late
FROM pg_temp.day_delta AS given
WHERE core.day_end(given.bucket) > coalesce(
    (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_day'), '-infinity'
)
ORDER BY given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.source
ON CONFLICT (zone_no, day, vehicle_class, zero_emission, source) DO UPDATE SET
    observations = stored.observations + excluded.observations,
    vehicles = stored.vehicles + excluded.vehicles,
    entries = stored.entries + excluded.entries,
    exits = stored.exits + excluded.exits,
    appearances = stored.appearances + excluded.appearances,
    disappearances = stored.disappearances + excluded.disappearances,
    dwell_us = stored.dwell_us + excluded.dwell_us,
    visits = stored.visits + excluded.visits,
    visit_us = stored.visit_us + excluded.visit_us,
    stops = stored.stops + excluded.stops,
    stop_us = stored.stop_us + excluded.stop_us,
    distance_um = stored.distance_um + excluded.distance_um,
    through = stored.through + excluded.through,
    late = stored.late + excluded.late;

-- name: keep_removed_visits
-- Remember visits of day cells that are left out, for the conservation law.
INSERT INTO core.removed_visits AS stored (source, opened, closed)
SELECT
    given.source,
    sum(given.entries + given.appearances),
    sum(given.exits + given.disappearances)
FROM pg_temp.day_delta AS given
WHERE core.day_end(given.bucket) <= (
    SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_day'
)
GROUP BY given.source
ORDER BY given.source
ON CONFLICT (source) DO UPDATE SET
    opened = stored.opened + excluded.opened,
    closed = stored.closed + excluded.closed;

-- name: close_lost_visits
-- Count visits that will never end as closed, for the conservation law.
INSERT INTO core.removed_visits AS stored (source, opened, closed)
VALUES (0, 0, %(visits)s)
ON CONFLICT (source) DO UPDATE SET closed = stored.closed + excluded.closed;

-- name: add_carrier_hour
-- Add the copied vehicles to core.carrier_hour; those of published days, which nobody asks for any more, are left out.
INSERT INTO core.carrier_hour AS stored (zone_no, hour_start, vehicle_class, zero_emission, carrier, vehicles)
SELECT given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.carrier, given.vehicles
FROM pg_temp.carrier_hour_delta AS given
WHERE given.bucket + interval '1 hour' > coalesce(
    (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'carrier_hour'), '-infinity'
)
    AND NOT EXISTS (
        SELECT FROM core.publication AS done
        WHERE done.source = 0 AND done.day = (given.bucket AT TIME ZONE 'Europe/Amsterdam')::date
    )
ORDER BY given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.carrier
ON CONFLICT (zone_no, hour_start, vehicle_class, zero_emission, carrier) DO UPDATE SET
    vehicles = stored.vehicles + excluded.vehicles;

-- name: add_carrier_day
-- Add the copied vehicles to core.carrier_day; those of published days, which nobody asks for any more, are left out.
INSERT INTO core.carrier_day AS stored (zone_no, day, vehicle_class, zero_emission, carrier, vehicles)
SELECT given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.carrier, given.vehicles
FROM pg_temp.carrier_day_delta AS given
WHERE core.day_end(given.bucket) > coalesce(
    (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'carrier_day'), '-infinity'
)
    AND NOT EXISTS (
        SELECT FROM core.publication AS done
        WHERE done.source = 0 AND done.day = given.bucket
    )
ORDER BY given.zone_no, given.bucket, given.vehicle_class, given.zero_emission, given.carrier
ON CONFLICT (zone_no, day, vehicle_class, zero_emission, carrier) DO UPDATE SET
    vehicles = stored.vehicles + excluded.vehicles;

-- name: add_visitors
-- Add the copied days to core.visitor; those of published months, which nobody asks for any more, are left out.
INSERT INTO core.visitor AS stored (month, zone_no, visitor, days, at_home, branch, company_size)
SELECT given.month, given.zone_no, given.visitor, given.days, given.at_home, given.branch, given.company_size
FROM pg_temp.visitor_delta AS given
WHERE given.month >= coalesce(
    (
        SELECT (kept.horizon AT TIME ZONE 'Europe/Amsterdam')::date
        FROM core.retention_horizon AS kept
        WHERE kept.table_name = 'visitor'
    ),
    '-infinity'
)
    AND NOT EXISTS (SELECT FROM core.visitor_publication AS done WHERE done.month = given.month)
ORDER BY given.month, given.zone_no, given.visitor
ON CONFLICT (month, zone_no, visitor) DO UPDATE SET days = stored.days | excluded.days
WHERE stored.days | excluded.days <> stored.days;
