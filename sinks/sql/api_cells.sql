-- Cells for the API. Names without a schema are found in that of the role that reads: live or history.

-- name: slots
-- One page of slot cells, in the order of time.
SELECT
    cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source, cell.slot_s,
    cell.observations, cell.vehicles, cell.entries, cell.exits, cell.appearances, cell.disappearances, cell.dwell_us,
    cell.visits, cell.visit_us, cell.stops, cell.stop_us, cell.distance_um, cell.through, cell.late
FROM cell_slot AS cell
WHERE cell.bucket >= %(first)s AND cell.bucket < %(end)s
    AND (%(zones)s::integer[] IS NULL OR cell.zone_no = ANY (%(zones)s))
    AND (%(classes)s::smallint[] IS NULL OR cell.vehicle_class = ANY (%(classes)s))
    AND (%(emissions)s::smallint[] IS NULL OR cell.zero_emission = ANY (%(emissions)s))
    AND (%(sources)s::smallint[] IS NULL OR cell.source = ANY (%(sources)s))
    AND (
        %(after_bucket)s::timestamptz IS NULL
        OR (
            cell.bucket >= %(after_bucket)s
            AND (cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source, cell.slot_s)
                > (%(after_bucket)s, %(after_zone)s, %(after_class)s, %(after_emission)s, %(after_source)s, %(after_slot_s)s)
        )
    )
ORDER BY cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source, cell.slot_s
LIMIT %(limit)s;

-- name: hours
-- One page of hour cells, in the order of time.
SELECT
    cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source, NULL AS slot_s,
    cell.observations, cell.vehicles, cell.entries, cell.exits, cell.appearances, cell.disappearances, cell.dwell_us,
    cell.visits, cell.visit_us, cell.stops, cell.stop_us, cell.distance_um, cell.through, cell.late,
    cell.k, cell.k_status
FROM cell_hour AS cell
WHERE cell.bucket >= %(first)s AND cell.bucket < %(end)s
    AND (%(zones)s::integer[] IS NULL OR cell.zone_no = ANY (%(zones)s))
    AND (%(classes)s::smallint[] IS NULL OR cell.vehicle_class = ANY (%(classes)s))
    AND (%(emissions)s::smallint[] IS NULL OR cell.zero_emission = ANY (%(emissions)s))
    AND (%(sources)s::smallint[] IS NULL OR cell.source = ANY (%(sources)s))
    AND (
        %(after_bucket)s::timestamptz IS NULL
        OR (
            cell.bucket >= %(after_bucket)s
            AND (cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source)
                > (%(after_bucket)s, %(after_zone)s, %(after_class)s, %(after_emission)s, %(after_source)s)
        )
    )
ORDER BY cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source
LIMIT %(limit)s;

-- name: days
-- One page of day cells, in the order of time.
SELECT
    cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source, NULL AS slot_s,
    cell.observations, cell.vehicles, cell.entries, cell.exits, cell.appearances, cell.disappearances, cell.dwell_us,
    cell.visits, cell.visit_us, cell.stops, cell.stop_us, cell.distance_um, cell.through, cell.late,
    cell.k, cell.k_status
FROM cell_day AS cell
WHERE cell.bucket >= %(first)s AND cell.bucket < %(end)s
    AND (%(zones)s::integer[] IS NULL OR cell.zone_no = ANY (%(zones)s))
    AND (%(classes)s::smallint[] IS NULL OR cell.vehicle_class = ANY (%(classes)s))
    AND (%(emissions)s::smallint[] IS NULL OR cell.zero_emission = ANY (%(emissions)s))
    AND (%(sources)s::smallint[] IS NULL OR cell.source = ANY (%(sources)s))
    AND (
        %(after_bucket)s::date IS NULL
        OR (
            cell.bucket >= %(after_bucket)s
            AND (cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source)
                > (%(after_bucket)s, %(after_zone)s, %(after_class)s, %(after_emission)s, %(after_source)s)
        )
    )
ORDER BY cell.bucket, cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.source
LIMIT %(limit)s;

-- name: hour_totals
-- Additive figures of hours, summed over everything that is not asked to be told apart. Distinct vehicles are left out.
SELECT
    CASE WHEN %(by_bucket)s THEN cell.bucket END AS bucket,
    CASE WHEN %(by_zone)s THEN cell.zone_no END AS zone_no,
    CASE WHEN %(by_class)s THEN cell.vehicle_class END AS vehicle_class,
    CASE WHEN %(by_emission)s THEN cell.zero_emission END AS zero_emission,
    count(*) AS cells,
    count(*) FILTER (WHERE cell.k_status <> 0) AS suppressed,
    sum(cell.observations)::bigint, sum(cell.entries)::bigint, sum(cell.exits)::bigint,
    sum(cell.appearances)::bigint, sum(cell.disappearances)::bigint, sum(cell.dwell_us)::bigint,
    sum(cell.visits)::bigint, sum(cell.visit_us)::bigint, sum(cell.stops)::bigint, sum(cell.stop_us)::bigint,
    sum(cell.distance_um)::bigint, sum(cell.through)::bigint,
    max(cell.k) AS k
FROM cell_hour AS cell
WHERE cell.bucket >= %(first)s AND cell.bucket < %(end)s
    AND (%(zones)s::integer[] IS NULL OR cell.zone_no = ANY (%(zones)s))
    AND (%(classes)s::smallint[] IS NULL OR cell.vehicle_class = ANY (%(classes)s))
    AND (%(emissions)s::smallint[] IS NULL OR cell.zero_emission = ANY (%(emissions)s))
    AND (%(sources)s::smallint[] IS NULL OR cell.source = ANY (%(sources)s))
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
LIMIT %(limit)s;

-- name: day_totals
-- Additive figures of local days, summed over everything that is not asked to be told apart.
SELECT
    CASE WHEN %(by_bucket)s THEN cell.bucket END AS bucket,
    CASE WHEN %(by_zone)s THEN cell.zone_no END AS zone_no,
    CASE WHEN %(by_class)s THEN cell.vehicle_class END AS vehicle_class,
    CASE WHEN %(by_emission)s THEN cell.zero_emission END AS zero_emission,
    count(*) AS cells,
    count(*) FILTER (WHERE cell.k_status <> 0) AS suppressed,
    sum(cell.observations)::bigint, sum(cell.entries)::bigint, sum(cell.exits)::bigint,
    sum(cell.appearances)::bigint, sum(cell.disappearances)::bigint, sum(cell.dwell_us)::bigint,
    sum(cell.visits)::bigint, sum(cell.visit_us)::bigint, sum(cell.stops)::bigint, sum(cell.stop_us)::bigint,
    sum(cell.distance_um)::bigint, sum(cell.through)::bigint,
    max(cell.k) AS k
FROM cell_day AS cell
WHERE cell.bucket >= %(first)s AND cell.bucket < %(end)s
    AND (%(zones)s::integer[] IS NULL OR cell.zone_no = ANY (%(zones)s))
    AND (%(classes)s::smallint[] IS NULL OR cell.vehicle_class = ANY (%(classes)s))
    AND (%(emissions)s::smallint[] IS NULL OR cell.zero_emission = ANY (%(emissions)s))
    AND (%(sources)s::smallint[] IS NULL OR cell.source = ANY (%(sources)s))
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
LIMIT %(limit)s;

-- name: profile
-- Hour cells by local weekday, local hour and class: how many there are, how many are suppressed, and their sums.
SELECT
    cell.zone_no,
    extract(isodow FROM cell.bucket AT TIME ZONE 'Europe/Amsterdam')::smallint AS weekday,
    extract(hour FROM cell.bucket AT TIME ZONE 'Europe/Amsterdam')::smallint AS hour,
    cell.vehicle_class,
    count(*) AS cells,
    count(*) FILTER (WHERE cell.k_status <> 0) AS suppressed,
    sum(cell.observations)::bigint, sum(cell.vehicles)::bigint, sum(cell.entries)::bigint, sum(cell.exits)::bigint,
    sum(cell.stops)::bigint, sum(cell.dwell_us)::bigint,
    max(cell.k) AS k
FROM cell_hour AS cell
WHERE cell.bucket >= %(first)s AND cell.bucket < %(end)s
    AND (%(zones)s::integer[] IS NULL OR cell.zone_no = ANY (%(zones)s))
    AND (%(classes)s::smallint[] IS NULL OR cell.vehicle_class = ANY (%(classes)s))
    AND (%(emissions)s::smallint[] IS NULL OR cell.zero_emission = ANY (%(emissions)s))
    AND (%(sources)s::smallint[] IS NULL OR cell.source = ANY (%(sources)s))
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: hours_of_week
-- How many hours of a period lie at each local weekday and hour, on days that have any cell.
WITH day AS (
    SELECT day::date AS day
    FROM generate_series(
        (%(first)s::timestamptz AT TIME ZONE 'Europe/Amsterdam')::date,
        (%(end)s::timestamptz AT TIME ZONE 'Europe/Amsterdam')::date,
        interval '1 day'
    ) AS day
    -- LIMIT makes it one step in an index per day; EXISTS would read every cell of the period (12 ms and 240 ms a year)
    CROSS JOIN LATERAL (SELECT FROM cell_day AS cell WHERE cell.bucket = day::date LIMIT 1) AS any_cell
)
SELECT
    extract(isodow FROM hour_start AT TIME ZONE 'Europe/Amsterdam')::smallint AS weekday,
    extract(hour FROM hour_start AT TIME ZONE 'Europe/Amsterdam')::smallint AS hour,
    count(*) AS hours
FROM generate_series(
    %(first)s::timestamptz, %(end)s::timestamptz - interval '1 microsecond', interval '1 hour'
) AS hour_start
JOIN day ON day.day = (hour_start AT TIME ZONE 'Europe/Amsterdam')::date
GROUP BY 1, 2;

-- name: published_through
-- The last local day that has cells; for planners that is what was published.
SELECT max(cell.bucket) FROM cell_day AS cell;
