-- Publication of the visitors of a local month: what is due, what is read for it, and what it writes.

-- name: due_months
-- Local months that are final and not published, with visitors that retention did not touch, in order, as their first day.
WITH clock AS (
    SELECT CASE WHEN bool_and(known.stream_time IS NOT NULL) THEN min(known.stream_time) END AS stream_time
    FROM core.feed_clock AS known
    WHERE known.source = 1
)
SELECT given.month::date - date '1970-01-01'
FROM clock
CROSS JOIN LATERAL generate_series(
    (SELECT min(known.month)::timestamp FROM core.visitor AS known),
    (SELECT max(known.month)::timestamp FROM core.visitor AS known),
    interval '1 month'
) AS given (month)
WHERE (given.month + interval '1 month') AT TIME ZONE 'Europe/Amsterdam' + %(wait_s)s * interval '1 second'
        < clock.stream_time
    AND EXISTS (SELECT FROM core.visitor AS known WHERE known.month = given.month::date)
    AND NOT EXISTS (SELECT FROM core.visitor_publication AS done WHERE done.month = given.month::date)
    AND given.month AT TIME ZONE 'Europe/Amsterdam' >= coalesce(
        (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'visitor'), '-infinity'
    )
ORDER BY given.month;

-- name: cameras_of_zones
-- Zones of the newest registry with their kind and all cameras that counted for them since before the month.
SELECT feature.zone_no, feature.kind, array_agg(DISTINCT meaning.camera_id::text)
FROM core.camera_zone AS meaning
JOIN core.zone_feature AS feature
    ON feature.zone_no = meaning.zone_no
    AND feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest)
WHERE meaning.version >= coalesce(
    (
        SELECT max(done.camera_version)
        FROM core.publication AS done
        WHERE done.source = 1 AND done.day < date '1970-01-01' + %(month)s
    ),
    0
)
GROUP BY feature.zone_no, feature.kind
ORDER BY feature.zone_no;

-- name: counted_days
-- On how many days of the month anybody was counted.
SELECT coalesce(bit_count(bit_or(known.days)::bit(32)), 0)::integer
FROM core.visitor AS known
WHERE known.month = date '1970-01-01' + %(month)s;

-- name: groups
-- Vehicles that are alike: zone, days on which they came, origin, branch, size, and how many they are.
SELECT
    known.zone_no, bit_count(known.days::bit(32))::integer, known.at_home, known.branch, known.company_size, count(*)
FROM core.visitor AS known
WHERE known.month = date '1970-01-01' + %(month)s AND known.zone_no = ANY(%(zones)s::integer[])
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5;

-- name: freeze
-- Mark a month as published; nothing where it is already.
INSERT INTO core.visitor_publication (month, camera_version, k, days, zones, shared_zones, cells, cells_ok)
VALUES (
    date '1970-01-01' + %(month)s, (SELECT coalesce(max(known.version), 0) FROM core.camera_version AS known),
    %(k)s, %(days)s, %(zones)s, %(shared_zones)s, %(cells)s, %(cells_ok)s
)
ON CONFLICT (month) DO NOTHING
RETURNING month;

-- name: add_origin
-- Add visitors by whether their plate is Dutch.
INSERT INTO core.published_visitor_origin (zone_no, month, visitor_type, province, k, k_status, vehicles)
SELECT
    given.zone_no, date '1970-01-01' + %(month)s, given.visitor_type, (ARRAY['other', 'NL'])[given.category + 1],
    %(k)s, CASE WHEN given.vehicles IS NULL THEN 1 ELSE 0 END, given.vehicles
FROM unnest(%(zone_no)s::integer[], %(visitor_type)s::smallint[], %(category)s::integer[], %(vehicles)s::bigint[])
    AS given (zone_no, visitor_type, category, vehicles);

-- name: add_branch
-- Add visitors by branch.
INSERT INTO core.published_visitor_branch (zone_no, month, visitor_type, branch_code, k, k_status, vehicles)
SELECT
    given.zone_no, date '1970-01-01' + %(month)s, given.visitor_type,
    substr('-ABCDEFGHIJKLMNOPQRSTU', given.category + 1, 1),
    %(k)s, CASE WHEN given.vehicles IS NULL THEN 1 ELSE 0 END, given.vehicles
FROM unnest(%(zone_no)s::integer[], %(visitor_type)s::smallint[], %(category)s::integer[], %(vehicles)s::bigint[])
    AS given (zone_no, visitor_type, category, vehicles);

-- name: add_company_size
-- Add visitors by company size.
INSERT INTO core.published_visitor_size (
    zone_no, month, visitor_type, vehicle_class, company_size, k, k_status, vehicles
)
SELECT
    given.zone_no, date '1970-01-01' + %(month)s, given.visitor_type, -1, (ARRAY[3, 0, 1, 2])[given.category + 1],
    %(k)s, CASE WHEN given.vehicles IS NULL THEN 1 ELSE 0 END, given.vehicles
FROM unnest(%(zone_no)s::integer[], %(visitor_type)s::smallint[], %(category)s::integer[], %(vehicles)s::bigint[])
    AS given (zone_no, visitor_type, category, vehicles);

-- name: forget_published
-- Forget who came in months that are published.
DELETE FROM core.visitor WHERE month = ANY(ARRAY(SELECT done.month FROM core.visitor_publication AS done));

-- name: forget_all
-- Forget who came, since vehicles are not known over months any more.
DELETE FROM core.visitor;
