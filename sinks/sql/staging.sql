-- Session tables that a flush copies its rows into; emptied at every commit, so the catalog does not grow.

-- name: stage_slot_delta
-- Make the session table of slot cells to add.
CREATE TEMPORARY TABLE IF NOT EXISTS slot_delta (
    zone_no integer NOT NULL,
    bucket timestamptz NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    source smallint NOT NULL,
    observations bigint NOT NULL,
    vehicles bigint NOT NULL,
    entries bigint NOT NULL,
    exits bigint NOT NULL,
    appearances bigint NOT NULL,
    disappearances bigint NOT NULL,
    dwell_us bigint NOT NULL,
    visits bigint NOT NULL,
    visit_us bigint NOT NULL,
    stops bigint NOT NULL,
    stop_us bigint NOT NULL,
    distance_um bigint NOT NULL,
    through bigint NOT NULL,
    late bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: clear_slot_delta
-- Empty the session table of slot cells within a transaction, for cells of another slot length.
DELETE FROM slot_delta;

-- name: stage_hour_delta
-- Make the session table of hour cells to add.
CREATE TEMPORARY TABLE IF NOT EXISTS hour_delta (
    zone_no integer NOT NULL,
    bucket timestamptz NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    source smallint NOT NULL,
    observations bigint NOT NULL,
    vehicles bigint NOT NULL,
    entries bigint NOT NULL,
    exits bigint NOT NULL,
    appearances bigint NOT NULL,
    disappearances bigint NOT NULL,
    dwell_us bigint NOT NULL,
    visits bigint NOT NULL,
    visit_us bigint NOT NULL,
    stops bigint NOT NULL,
    stop_us bigint NOT NULL,
    distance_um bigint NOT NULL,
    through bigint NOT NULL,
    late bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: stage_day_delta
-- Make the session table of day cells to add.
CREATE TEMPORARY TABLE IF NOT EXISTS day_delta (
    zone_no integer NOT NULL,
    bucket date NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    source smallint NOT NULL,
    observations bigint NOT NULL,
    vehicles bigint NOT NULL,
    entries bigint NOT NULL,
    exits bigint NOT NULL,
    appearances bigint NOT NULL,
    disappearances bigint NOT NULL,
    dwell_us bigint NOT NULL,
    visits bigint NOT NULL,
    visit_us bigint NOT NULL,
    stops bigint NOT NULL,
    stop_us bigint NOT NULL,
    distance_um bigint NOT NULL,
    through bigint NOT NULL,
    late bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: stage_carrier_hour_delta
-- Make the session table of vehicles by carrier to add to hour cells.
CREATE TEMPORARY TABLE IF NOT EXISTS carrier_hour_delta (
    zone_no integer NOT NULL,
    bucket timestamptz NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    carrier bigint NOT NULL,
    vehicles bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: stage_carrier_day_delta
-- Make the session table of vehicles by carrier to add to day cells.
CREATE TEMPORARY TABLE IF NOT EXISTS carrier_day_delta (
    zone_no integer NOT NULL,
    bucket date NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    carrier bigint NOT NULL,
    vehicles bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: stage_visitor_delta
-- Make the session table of days on which vehicles came to zones.
CREATE TEMPORARY TABLE IF NOT EXISTS visitor_delta (
    month date NOT NULL,
    zone_no integer NOT NULL,
    visitor bigint NOT NULL,
    days integer NOT NULL,
    at_home smallint NOT NULL,
    branch smallint NOT NULL,
    company_size smallint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: stage_now_part
-- Make the session table of present and silent counts to set.
CREATE TEMPORARY TABLE IF NOT EXISTS now_part (
    partition integer NOT NULL,
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    present bigint NOT NULL,
    silent bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- name: copy_slot_delta
-- Take a binary image of slot cells.
COPY pg_temp.slot_delta (
    zone_no, bucket, vehicle_class, zero_emission, source,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
) FROM STDIN (FORMAT binary);

-- name: copy_hour_delta
-- Take a binary image of hour cells.
COPY pg_temp.hour_delta (
    zone_no, bucket, vehicle_class, zero_emission, source,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
) FROM STDIN (FORMAT binary);

-- name: copy_day_delta
-- Take a binary image of day cells.
COPY pg_temp.day_delta (
    zone_no, bucket, vehicle_class, zero_emission, source,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
) FROM STDIN (FORMAT binary);

-- name: copy_carrier_hour_delta
-- Take a binary image of vehicles by carrier of hour cells.
COPY pg_temp.carrier_hour_delta (zone_no, bucket, vehicle_class, zero_emission, carrier, vehicles)
FROM STDIN (FORMAT binary);

-- name: copy_carrier_day_delta
-- Take a binary image of vehicles by carrier of day cells.
COPY pg_temp.carrier_day_delta (zone_no, bucket, vehicle_class, zero_emission, carrier, vehicles)
FROM STDIN (FORMAT binary);

-- name: copy_visitor_delta
-- Take a binary image of days on which vehicles came to zones.
COPY pg_temp.visitor_delta (month, zone_no, visitor, days, at_home, branch, company_size)
FROM STDIN (FORMAT binary);

-- name: copy_now_part
-- Take a binary image of present and silent counts.
COPY pg_temp.now_part (partition, zone_no, vehicle_class, zero_emission, present, silent)
FROM STDIN (FORMAT binary);
