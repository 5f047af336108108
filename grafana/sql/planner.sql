-- What the City Dashboard asks, as duls_planner. Grafana puts ${variables} and $__macros in.
-- Days are local days. Vehicles are never summed over days or zones; figures below k are not in any sum.

-- name: municipalities
-- Municipalities that have zones; a dash stands for none.
SELECT DISTINCT zone.municipality FROM history.zone_label AS zone ORDER BY zone.municipality;

-- name: layers
-- Kinds of zones of the chosen municipalities.
SELECT DISTINCT zone.kind
FROM history.zone_label AS zone
WHERE zone.municipality IN (${municipality:sqlstring})
ORDER BY zone.kind;

-- name: zones
-- Zones of the chosen municipalities and layers, by name.
SELECT zone.name AS __text, zone.zone_id AS __value
FROM history.zone_label AS zone
WHERE zone.municipality IN (${municipality:sqlstring}) AND zone.kind IN (${kind:sqlstring})
ORDER BY zone.name, zone.zone_id;

-- name: in_zones
-- The chosen zones.
zone_no IN (SELECT chosen.zone_no FROM history.zone_label AS chosen WHERE chosen.zone_id IN (${zone:sqlstring}))

-- name: in_classes
-- The chosen classes, by code.
vehicle_class_no IN (${class:sqlstring})

-- name: first_day
-- The local day in which the period starts.
($__timeFrom()::timestamptz AT TIME ZONE 'Europe/Amsterdam')::date

-- name: last_day
-- The local day in which the period ends.
($__timeTo()::timestamptz AT TIME ZONE 'Europe/Amsterdam')::date

-- name: in_months
-- The local months that the period touches.
month BETWEEN date_trunc('month', @first_day::timestamp)::date AND @last_day

-- name: in_hours
-- The hours of the chosen time blocks.
hour IN (SELECT block.hour FROM history.time_block AS block WHERE block.block_no IN (${block:sqlstring}))

-- name: chosen_cells
-- Cells of everything that is chosen, but for figure and time.
source_no = ${source:sqlstring}
        AND @in_classes
        AND @in_zones

-- name: day_sums
-- Each day of a month summed over rows.
sum(d01) AS d01, sum(d02) AS d02, sum(d03) AS d03, sum(d04) AS d04, sum(d05) AS d05, sum(d06) AS d06,
        sum(d07) AS d07, sum(d08) AS d08, sum(d09) AS d09, sum(d10) AS d10, sum(d11) AS d11, sum(d12) AS d12,
        sum(d13) AS d13, sum(d14) AS d14, sum(d15) AS d15, sum(d16) AS d16, sum(d17) AS d17, sum(d18) AS d18,
        sum(d19) AS d19, sum(d20) AS d20, sum(d21) AS d21, sum(d22) AS d22, sum(d23) AS d23, sum(d24) AS d24,
        sum(d25) AS d25, sum(d26) AS d26, sum(d27) AS d27, sum(d28) AS d28, sum(d29) AS d29, sum(d30) AS d30,
        sum(d31) AS d31

-- name: day_values
-- The days of a month as rows: their place in the month, and their sum.
CROSS JOIN LATERAL (VALUES
        (0, d01), (1, d02), (2, d03), (3, d04), (4, d05), (5, d06), (6, d07), (7, d08),
        (8, d09), (9, d10), (10, d11), (11, d12), (12, d13), (13, d14), (14, d15), (15, d16),
        (16, d17), (17, d18), (18, d19), (19, d20), (20, d21), (21, d22), (22, d23), (23, d24),
        (24, d25), (25, d26), (26, d27), (27, d28), (28, d29), (29, d30), (30, d31)
    ) AS listed (place, value)

-- name: daily_of_figures
-- Sums by day, class and figure; the months and figures follow.
SELECT summed.month + listed.place AS day, summed.vehicle_class_no, summed.figure_no, listed.value
    FROM (
        SELECT
            month,
            vehicle_class_no,
            figure_no,
        @day_sums
        FROM history.zone_days
        WHERE @chosen_cells

-- name: end_of_daily
-- Chosen weekdays of those sums.
GROUP BY month, vehicle_class_no, figure_no
    ) AS summed
    @day_values
    WHERE listed.value IS NOT NULL
        AND extract(isodow FROM summed.month + listed.place)::text IN (${weekday:sqlstring})

-- name: chosen_days
-- Sums of the chosen figure by day and class.
@daily_of_figures
            AND figure_no = ${figure:sqlstring}
            AND @in_months
        @end_of_daily
        AND summed.month + listed.place BETWEEN @first_day AND @last_day

-- name: publication
-- How far publication is, and how much of the chosen period is there and can be shown.
WITH daily AS (
    @daily_of_figures
            AND figure_no IN (6, 7)
            AND @in_months
        @end_of_daily
        AND summed.month + listed.place BETWEEN @first_day AND @last_day
)
SELECT
    (SELECT to_char(max(told.day), 'DD-MM-YYYY') FROM history.feed_day AS told WHERE told.source_no = ${source:sqlstring})
        AS published_through,
    (SELECT max(told.k) FROM history.feed_day AS told WHERE told.day BETWEEN @first_day AND @last_day) AS k,
    (
        SELECT 100 * sum(told.hours_with_feed)::double precision / nullif(sum(told.hours), 0)
        FROM history.feed_day AS told
        WHERE told.source_no = ${source:sqlstring} AND told.day BETWEEN @first_day AND @last_day
    ) AS complete_pct,
    100 * sum(daily.value) FILTER (WHERE daily.figure_no = 7)::double precision
        / nullif(sum(daily.value) FILTER (WHERE daily.figure_no = 6), 0) AS suppressed_pct
FROM daily;

-- name: fed_days
-- Days of the period with a feed, of the chosen weekdays: what means per day are over.
SELECT count(*)::double precision AS days
    FROM history.feed_day AS told
    WHERE told.source_no = ${source:sqlstring}
        AND told.hours_with_feed > 0
        AND extract(isodow FROM told.day)::text IN (${weekday:sqlstring})

-- name: totals
-- Means of the period: whole months by their sums, the first and last one by their days.
WITH part AS (
    SELECT
        listed.figure_no, listed.value
    FROM (
        SELECT
            sum(entries) AS entries, sum(stops) AS stops, sum(vehicles) AS vehicles, sum(visits) AS visits,
            sum(visit_s) AS visit_s, sum(distance_m) AS distance_m, sum(zero_emission_entries) AS zero_emission,
            sum(known_emission_entries) AS known_emission
        FROM history.zone_month
        WHERE @chosen_cells
            AND iso_weekday IN (${weekday:sqlstring})
            AND month >= @first_day
            AND (month + interval '1 month')::date - 1 <= @last_day
    ) AS whole
    CROSS JOIN LATERAL (VALUES
        (0, whole.entries), (1, whole.stops), (8, whole.vehicles), (9, whole.visits), (10, whole.visit_s),
        (11, whole.distance_m), (4, whole.zero_emission), (5, whole.known_emission)
    ) AS listed (figure_no, value)
    UNION ALL
    SELECT daily.figure_no, daily.value
    FROM (
        @daily_of_figures
            AND figure_no IN (0, 1, 4, 5, 8, 9, 10, 11)
            AND month IN (date_trunc('month', @first_day::timestamp)::date, date_trunc('month', @last_day::timestamp)::date)
            AND NOT (month >= @first_day AND (month + interval '1 month')::date - 1 <= @last_day)
        @end_of_daily
        AND summed.month + listed.place BETWEEN @first_day AND @last_day
    ) AS daily
),
counted AS (
    @fed_days
        AND told.day BETWEEN @first_day AND @last_day
),
zones AS (
    SELECT count(*) AS zones FROM history.zone_label AS chosen WHERE chosen.zone_id IN (${zone:sqlstring})
),
figure AS (
    SELECT
        sum(part.value) FILTER (WHERE part.figure_no = 0) AS entries,
        sum(part.value) FILTER (WHERE part.figure_no = 1) AS stops,
        sum(part.value) FILTER (WHERE part.figure_no = 4) AS zero_emission,
        sum(part.value) FILTER (WHERE part.figure_no = 5) AS known_emission,
        sum(part.value) FILTER (WHERE part.figure_no = 8) AS vehicles,
        sum(part.value) FILTER (WHERE part.figure_no = 9) AS visits,
        sum(part.value) FILTER (WHERE part.figure_no = 10) AS visit_s,
        sum(part.value) FILTER (WHERE part.figure_no = 11) AS distance_m
    FROM part
)
SELECT
    figure.entries::double precision / nullif(counted.days, 0) AS entries_per_day,
    figure.stops::double precision / nullif(counted.days, 0) AS stops_per_day,
    figure.vehicles::double precision / nullif(counted.days * zones.zones, 0) AS vehicles_per_zone_day,
    figure.visit_s::double precision / nullif(figure.visits, 0) / 60 AS visit_min,
    100 * figure.zero_emission::double precision / nullif(figure.known_emission, 0) AS zero_emission_pct,
    figure.distance_m::double precision / 1000 / nullif(counted.days, 0) AS km_per_day
FROM figure
CROSS JOIN counted
CROSS JOIN zones;

-- name: days_by_class
-- The chosen figure by local day and class.
WITH daily AS (
    @chosen_days
)
SELECT
    daily.day::timestamp AT TIME ZONE 'Europe/Amsterdam' AS time,
    class.vehicle_class AS metric,
    daily.value::double precision AS value
FROM daily
JOIN history.vehicle_class AS class ON class.vehicle_class_no = daily.vehicle_class_no
ORDER BY daily.day, class.vehicle_class_no;

-- name: weekday_days
-- How many days of each weekday the chosen months have with a feed: what profiles are divided by.
SELECT extract(isodow FROM told.day)::smallint AS iso_weekday, count(*)::double precision AS days
    FROM history.feed_day AS told
    WHERE told.source_no = ${source:sqlstring}
        AND told.hours_with_feed > 0
        AND date_trunc('month', told.day::timestamp)::date BETWEEN date_trunc('month', @first_day::timestamp)::date AND @last_day
    GROUP BY 1

-- name: profile_cells
-- Profile rows of everything that is chosen.
figure_no = ${figure:sqlstring}
        AND @chosen_cells
        AND iso_weekday IN (${weekday:sqlstring})
        AND @in_months

-- name: hour_sums
-- Each hour summed over profile rows.
sum(h00) AS h00, sum(h01) AS h01, sum(h02) AS h02, sum(h03) AS h03, sum(h04) AS h04, sum(h05) AS h05,
        sum(h06) AS h06, sum(h07) AS h07, sum(h08) AS h08, sum(h09) AS h09, sum(h10) AS h10, sum(h11) AS h11,
        sum(h12) AS h12, sum(h13) AS h13, sum(h14) AS h14, sum(h15) AS h15, sum(h16) AS h16, sum(h17) AS h17,
        sum(h18) AS h18, sum(h19) AS h19, sum(h20) AS h20, sum(h21) AS h21, sum(h22) AS h22, sum(h23) AS h23

-- name: hour_means
-- Each hour of a day, from its sum over days.
h00 / days AS h00, h01 / days AS h01, h02 / days AS h02, h03 / days AS h03, h04 / days AS h04, h05 / days AS h05,
    h06 / days AS h06, h07 / days AS h07, h08 / days AS h08, h09 / days AS h09, h10 / days AS h10, h11 / days AS h11,
    h12 / days AS h12, h13 / days AS h13, h14 / days AS h14, h15 / days AS h15, h16 / days AS h16, h17 / days AS h17,
    h18 / days AS h18, h19 / days AS h19, h20 / days AS h20, h21 / days AS h21, h22 / days AS h22, h23 / days AS h23

-- name: profile_weekday
-- The chosen figure by weekday and local hour, mean per day.
WITH summed AS (
    SELECT
        iso_weekday,
        @hour_sums
    FROM history.zone_profile
    WHERE @profile_cells
    GROUP BY iso_weekday
),
counted AS (
    @weekday_days
)
SELECT
    summed.iso_weekday AS day_of_week,
    @hour_means
FROM summed
JOIN counted ON counted.iso_weekday = summed.iso_weekday
ORDER BY summed.iso_weekday;

-- name: profile_class
-- The chosen figure by class and local hour, mean per day of the chosen weekdays.
WITH summed AS (
    SELECT
        vehicle_class_no,
        @hour_sums
    FROM history.zone_profile
    WHERE @profile_cells
    GROUP BY vehicle_class_no
),
counted AS (
    SELECT sum(known.days) AS days
    FROM (
        @weekday_days
    ) AS known
    WHERE known.iso_weekday IN (${weekday:sqlstring})
)
SELECT
    class.vehicle_class,
    @hour_means
FROM summed
CROSS JOIN counted
JOIN history.vehicle_class AS class ON class.vehicle_class_no = summed.vehicle_class_no
ORDER BY class.vehicle_class_no;

-- name: profile_class_weekday
-- The chosen figure by class, weekday and local hour, mean per day.
WITH summed AS (
    SELECT
        vehicle_class_no,
        iso_weekday,
        @hour_sums
    FROM history.zone_profile
    WHERE @profile_cells
    GROUP BY vehicle_class_no, iso_weekday
),
counted AS (
    @weekday_days
)
SELECT
    class.vehicle_class,
    summed.iso_weekday AS day_of_week,
    @hour_means
FROM summed
JOIN counted ON counted.iso_weekday = summed.iso_weekday
JOIN history.vehicle_class AS class ON class.vehicle_class_no = summed.vehicle_class_no
ORDER BY class.vehicle_class_no, summed.iso_weekday;

-- name: before_after
-- The chosen figure per day, by weekday: the period against the one that lies the chosen number of weeks before it.
WITH per_day AS (
    SELECT daily.day, sum(daily.value) AS value
    FROM (
        @daily_of_figures
            AND figure_no = ${figure:sqlstring}
            AND (
                @in_months
                OR month BETWEEN
                    date_trunc('month', (@first_day - 7 * ${weeks:sqlstring}::integer)::timestamp)::date
                    AND @last_day - 7 * ${weeks:sqlstring}::integer
            )
        @end_of_daily
    ) AS daily
    GROUP BY daily.day
),
compared AS (
    SELECT per_day.day, per_day.value AS after_value, NULL::numeric AS before_value
    FROM per_day
    WHERE per_day.day BETWEEN @first_day AND @last_day
    UNION ALL
    SELECT per_day.day, NULL, per_day.value
    FROM per_day
    WHERE per_day.day BETWEEN @first_day - 7 * ${weeks:sqlstring}::integer AND @last_day - 7 * ${weeks:sqlstring}::integer
)
SELECT
    extract(isodow FROM compared.day)::integer AS day_of_week,
    avg(compared.before_value)::double precision AS before_mean,
    avg(compared.after_value)::double precision AS after_mean,
    (100 * (avg(compared.after_value) / nullif(avg(compared.before_value), 0) - 1))::double precision AS change_pct,
    count(compared.before_value) AS before_days,
    count(compared.after_value) AS after_days
FROM compared
GROUP BY 1
ORDER BY 1;

-- name: year_on_year
-- The chosen figure by week, and 52 weeks earlier, so that weekdays meet the same weekdays.
WITH per_day AS (
    SELECT daily.day, sum(daily.value) AS value
    FROM (
        @daily_of_figures
            AND figure_no = ${figure:sqlstring}
            AND (
                @in_months
                OR month BETWEEN date_trunc('month', (@first_day - 364)::timestamp)::date AND @last_day - 364
            )
        @end_of_daily
    ) AS daily
    GROUP BY daily.day
)
SELECT
    date_trunc('week', shown.day::timestamp) AT TIME ZONE 'Europe/Amsterdam' AS time,
    sum(shown.this_year)::double precision AS this_year,
    sum(shown.year_before)::double precision AS year_before
FROM (
    SELECT per_day.day, per_day.value AS this_year, NULL::numeric AS year_before
    FROM per_day
    WHERE per_day.day BETWEEN @first_day AND @last_day
    UNION ALL
    SELECT per_day.day + 364, NULL, per_day.value
    FROM per_day
    WHERE per_day.day BETWEEN @first_day - 364 AND @last_day - 364
) AS shown
GROUP BY 1
ORDER BY 1;

-- name: zone_comparison
-- The chosen zones beside each other, over the whole months that the period touches.
WITH summed AS (
    SELECT
        zone_no,
        sum(entries) AS entries,
        sum(stops) AS stops,
        sum(vehicles) AS vehicles,
        sum(visits) AS visits,
        sum(visit_s) AS visit_s,
        sum(zero_emission_entries) AS zero_emission,
        sum(known_emission_entries) AS known_emission,
        sum(suppressed) AS suppressed,
        sum(cells) AS cells
    FROM history.zone_month
    WHERE @chosen_cells
        AND iso_weekday IN (${weekday:sqlstring})
        AND @in_months
    GROUP BY zone_no
),
counted AS (
    @fed_days
        AND date_trunc('month', told.day::timestamp)::date
            BETWEEN date_trunc('month', @first_day::timestamp)::date AND @last_day
)
SELECT
    zone.zone_id,
    zone.name AS zone_name,
    summed.entries::double precision / nullif(counted.days, 0) AS entries_per_day,
    summed.stops::double precision / nullif(counted.days, 0) AS stops_per_day,
    summed.vehicles::double precision / nullif(counted.days, 0) AS vehicles_per_day,
    summed.visit_s::double precision / nullif(summed.visits, 0) / 60 AS visit_min,
    100 * summed.zero_emission::double precision / nullif(summed.known_emission, 0) AS zero_emission_pct,
    100 * summed.suppressed::double precision / nullif(summed.cells, 0) AS suppressed_pct
FROM summed
CROSS JOIN counted
JOIN history.zone_label AS zone ON zone.zone_no = summed.zone_no
ORDER BY entries_per_day DESC NULLS LAST, zone.name;

-- name: zero_emission_share
-- Share of entries by vehicles without emission, of those whose emission is known, by week and class.
WITH daily AS (
    @daily_of_figures
            AND figure_no IN (4, 5)
            AND @in_months
        @end_of_daily
        AND summed.month + listed.place BETWEEN @first_day AND @last_day
)
SELECT
    date_trunc('week', daily.day::timestamp) AT TIME ZONE 'Europe/Amsterdam' AS time,
    class.vehicle_class AS metric,
    100 * sum(daily.value) FILTER (WHERE daily.figure_no = 4)::double precision
        / nullif(sum(daily.value) FILTER (WHERE daily.figure_no = 5), 0) AS value
FROM daily
JOIN history.vehicle_class AS class ON class.vehicle_class_no = daily.vehicle_class_no
GROUP BY 1, class.vehicle_class_no, class.vehicle_class
ORDER BY 1, class.vehicle_class_no;

-- name: trips
-- Trips of the chosen months and classes that start or end in a chosen zone.
SELECT flow.origin_zone_no, flow.destination_zone_no, sum(flow.trips) AS trips, sum(flow.suppressed) AS suppressed
    FROM history.od_month AS flow
    WHERE @in_months
        AND @in_classes
        AND (
            origin_zone_no IN (SELECT chosen.zone_no FROM history.zone_label AS chosen WHERE chosen.zone_id IN (${zone:sqlstring}))
            OR destination_zone_no IN (SELECT chosen.zone_no FROM history.zone_label AS chosen WHERE chosen.zone_id IN (${zone:sqlstring}))
        )
    GROUP BY flow.origin_zone_no, flow.destination_zone_no

-- name: od_matrix
-- Trips between the fifteen origins and the fifteen destinations that have most.
WITH pair AS (
    @trips
),
origin AS (
    SELECT pair.origin_zone_no, sum(pair.trips) AS trips
    FROM pair GROUP BY pair.origin_zone_no ORDER BY trips DESC NULLS LAST LIMIT 15
),
destination AS (
    SELECT pair.destination_zone_no, sum(pair.trips) AS trips
    FROM pair GROUP BY pair.destination_zone_no ORDER BY trips DESC NULLS LAST LIMIT 15
)
SELECT starts.name AS origin, ends.name AS destination, pair.trips::double precision AS trips
FROM pair
JOIN origin ON origin.origin_zone_no = pair.origin_zone_no
JOIN destination ON destination.destination_zone_no = pair.destination_zone_no
JOIN history.zone_label AS starts ON starts.zone_no = pair.origin_zone_no
JOIN history.zone_label AS ends ON ends.zone_no = pair.destination_zone_no
ORDER BY origin.trips DESC NULLS LAST, starts.name, destination.trips DESC NULLS LAST, ends.name;

-- name: od_list
-- Trips from zone to zone, most first.
WITH pair AS (
    @trips
)
SELECT
    starts.name AS origin,
    ends.name AS destination,
    pair.trips::double precision AS trips,
    pair.suppressed::double precision AS suppressed_cells
FROM pair
JOIN history.zone_label AS starts ON starts.zone_no = pair.origin_zone_no
JOIN history.zone_label AS ends ON ends.zone_no = pair.destination_zone_no
ORDER BY pair.trips DESC NULLS LAST, starts.name, ends.name
LIMIT 1000;

-- name: chosen_in_order
-- The chosen zones by name, and beside each what follows: its rows come zone by zone, and only until there are enough.
FROM (
        SELECT zone_no, zone_id, name
        FROM history.zone_label
        WHERE zone_id IN (${zone:sqlstring})
        ORDER BY name, zone_id
    ) AS chosen
    CROSS JOIN LATERAL (

-- name: camera_hours
-- Passages by camera, direction, class, weekday and hour of the chosen months.
WITH cell AS (
    SELECT told.*, camera.camera_name
    FROM (
        SELECT DISTINCT camera_name, camera_id FROM history.camera WHERE @in_zones ORDER BY camera_name, camera_id
    ) AS camera
    CROSS JOIN LATERAL (
        SELECT *
        FROM history.camera_profile
        WHERE camera_id = camera.camera_id
            AND @in_months
            AND @in_classes
            AND iso_weekday IN (${weekday:sqlstring})
            AND @in_hours
        ORDER BY month, movement_no, vehicle_class_no, iso_weekday, hour
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.camera_id::text AS camera_id,
    cell.camera_name AS location,
    cell.movement AS zone_travel_direction,
    class.vehicle_class AS vehicle_type,
    cell.passages AS passage_count,
    cell.vehicles AS unique_vehicle_count,
    cell.passages::double precision / nullif(cell.days, 0) AS passages_per_hour,
    cell.iso_weekday AS day_of_week,
    cell.hour AS hour_of_day,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
JOIN history.vehicle_class AS class ON class.vehicle_class_no = cell.vehicle_class_no
ORDER BY
    cell.camera_name, cell.camera_id, cell.month, cell.movement_no, cell.vehicle_class_no, cell.iso_weekday, cell.hour;

-- name: time_blocks
-- Vehicles that drive into a zone by fixed block of the day.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_window
        WHERE zone_no = chosen.zone_no
            AND @in_months
            AND NOT is_window
            AND @in_classes
            AND iso_weekday IN (${weekday:sqlstring})
            AND start_minute / 60 IN (
                SELECT block.hour FROM history.time_block AS block WHERE block.block_no IN (${block:sqlstring})
            )
        ORDER BY month, iso_weekday, start_minute, end_minute, vehicle_class_no, branch_code
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    class.vehicle_class AS vehicle_type,
    cell.passages AS passage_count,
    cell.vehicles AS unique_vehicle_count,
    cell.iso_weekday AS day_of_week,
    cell.time_window,
    cell.branch_code AS sbi08_code,
    cell.branch_name AS sbi08_description,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
JOIN history.vehicle_class AS class ON class.vehicle_class_no = cell.vehicle_class_no
ORDER BY cell.name, cell.zone_id, cell.month, cell.iso_weekday, cell.start_minute, cell.end_minute, cell.vehicle_class_no, cell.branch_code;

-- name: time_windows
-- Vehicles that drive into a zone by time window of the municipality and the blocks between them.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_window
        WHERE zone_no = chosen.zone_no
            AND @in_months
            AND is_window
            AND @in_classes
            AND iso_weekday IN (${weekday:sqlstring})
            AND start_minute / 60 IN (
                SELECT block.hour FROM history.time_block AS block WHERE block.block_no IN (${block:sqlstring})
            )
        ORDER BY month, iso_weekday, start_minute, end_minute, vehicle_class_no, branch_code
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    class.vehicle_class AS vehicle_type,
    cell.passages AS passage_count,
    cell.vehicles AS unique_vehicle_count,
    cell.iso_weekday AS day_of_week,
    cell.time_window,
    cell.branch_code AS sbi08_code,
    cell.branch_name AS sbi08_description,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
JOIN history.vehicle_class AS class ON class.vehicle_class_no = cell.vehicle_class_no
ORDER BY cell.name, cell.zone_id, cell.month, cell.iso_weekday, cell.start_minute, cell.end_minute, cell.vehicle_class_no, cell.branch_code;

-- name: origins
-- Where vehicles in a zone are registered.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_origin
        WHERE zone_no = chosen.zone_no
            AND @in_months
            AND @in_classes
        ORDER BY month, province, nuts3, vehicle_class_no
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    cell.nuts3 AS origin_nuts3,
    cell.province AS origin_province,
    class.vehicle_class AS vehicle_type,
    cell.passages AS passage_count,
    cell.vehicles AS unique_vehicle_count,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
JOIN history.vehicle_class AS class ON class.vehicle_class_no = cell.vehicle_class_no
ORDER BY cell.name, cell.zone_id, cell.month, cell.province, cell.nuts3, cell.vehicle_class_no;

-- name: visitors_by_origin
-- How often visitors come, by where they are registered.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_visitor_origin
        WHERE zone_no = chosen.zone_no
            AND @in_months
        ORDER BY month, visitor_type_no, province
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    cell.visitor_type,
    cell.province AS origin_province,
    cell.vehicles AS unique_vehicle_count,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
ORDER BY cell.name, cell.zone_id, cell.month, cell.visitor_type_no, cell.province;

-- name: visitors_by_branch
-- How often visitors come, by the branch of their holder.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_visitor_branch
        WHERE zone_no = chosen.zone_no
            AND @in_months
        ORDER BY month, visitor_type_no, branch_code
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    cell.visitor_type,
    cell.branch_code AS sbi08_code,
    cell.branch_name AS sbi08_description,
    cell.vehicles AS unique_vehicle_count,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
ORDER BY cell.name, cell.zone_id, cell.month, cell.visitor_type_no, cell.branch_code;

-- name: visitors_by_size
-- How often visitors come, by the size of the company that holds them.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_visitor_size
        WHERE zone_no = chosen.zone_no
            AND @in_months
            AND (vehicle_class_no IS NULL OR @in_classes)
        ORDER BY month, visitor_type_no, vehicle_class_no, company_size
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    cell.visitor_type,
    class.vehicle_class AS vehicle_type,
    cell.company_size,
    cell.vehicles AS unique_vehicle_count,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
LEFT JOIN history.vehicle_class AS class ON class.vehicle_class_no = cell.vehicle_class_no
ORDER BY cell.name, cell.zone_id, cell.month, cell.visitor_type_no, cell.vehicle_class_no, cell.company_size;

-- name: crosstabs
-- Vehicles by at most three crossed properties.
WITH cell AS (
    SELECT told.*, chosen.zone_id, chosen.name
    @chosen_in_order
        SELECT *
        FROM history.zone_crosstab
        WHERE zone_no = chosen.zone_no
            AND @in_months
            AND (vehicle_class_no IS NULL OR @in_classes)
        ORDER BY month, branch_code, vehicle_class_no, fuel, emission_class, body, company_size
        LIMIT 5000
    ) AS told
    LIMIT 5000
)
SELECT
    cell.zone_id,
    cell.name AS zone_name,
    cell.branch_code AS sbi08_code,
    cell.branch_name AS sbi08_name,
    class.vehicle_class AS vehicle_type,
    cell.fuel AS fuel_type,
    cell.emission_class AS emissionclass,
    cell.body AS body_type,
    cell.company_size,
    cell.passages AS passage_count,
    cell.trips AS trips_count,
    cell.vehicles AS unique_vehicle_count,
    extract(month FROM cell.month)::integer AS month,
    extract(year FROM cell.month)::integer AS year,
    cell.k_status
FROM cell
LEFT JOIN history.vehicle_class AS class ON class.vehicle_class_no = cell.vehicle_class_no
ORDER BY cell.name, cell.zone_id, cell.month, cell.branch_code, cell.vehicle_class_no, cell.fuel, cell.emission_class, cell.body, cell.company_size;

-- name: cameras
-- Cameras, what they can tell, and how much of each month they worked.
SELECT
    camera.camera_id::text AS camera_id,
    camera.camera_name,
    camera.lat AS latitude,
    camera.lon AS longitude,
    camera.azimuth_deg,
    camera.plate_direction AS plate_direction_capability,
    camera.zone_id,
    camera.travel_direction AS zone_travel_direction_capability,
    extract(month FROM camera.month)::integer AS month,
    extract(year FROM camera.month)::integer AS year,
    camera.uptime_pct AS uptime_percentage
FROM history.camera AS camera
WHERE (camera.month IS NULL OR camera.@in_months)
    AND camera.zone_id IN (${zone:sqlstring})
ORDER BY camera.camera_name, camera.camera_id, camera.zone_id, camera.month
LIMIT 5000;

-- name: camera_map
-- Where the cameras of the chosen zones stand, with their newest uptime in the period.
SELECT DISTINCT ON (camera.camera_id)
    camera.camera_id::text AS camera_id,
    camera.camera_name,
    camera.lat AS latitude,
    camera.lon AS longitude,
    camera.uptime_pct AS uptime_percentage
FROM history.camera AS camera
WHERE (camera.month IS NULL OR camera.@in_months)
    AND camera.zone_id IN (${zone:sqlstring})
ORDER BY camera.camera_id, camera.month DESC NULLS LAST;

-- name: completeness
-- Share of the hours of each day in which a feed was there.
SELECT told.day::timestamp AT TIME ZONE 'Europe/Amsterdam' AS time, told.source AS metric, told.complete_pct
FROM history.feed_day AS told
WHERE told.day BETWEEN @first_day AND @last_day
ORDER BY told.day, told.source;

-- name: feed_days
-- What became of the input of each day, newest day first.
SELECT
    told.day::text AS day,
    told.source,
    told.complete_pct,
    told.accepted,
    told.taken,
    told.rejected,
    told.late,
    told.after_publication
FROM history.feed_day AS told
WHERE told.day BETWEEN @first_day AND @last_day
ORDER BY told.day DESC, told.source
LIMIT 1000;

-- name: zones_left_out
-- Zones of which nothing or not all is published in the period, and why.
SELECT
    label.name AS zone_name,
    told.source,
    told.figures,
    told.reason,
    crossed.name AS crossed_zone,
    told.first_day::text AS first_day,
    told.last_day::text AS last_day,
    told.days AS days_left_out
FROM history.zone_left_out AS told
JOIN history.zone_label AS label ON label.zone_id = told.zone_id
LEFT JOIN history.zone_label AS crossed ON crossed.zone_id = told.crossed_zone_id
WHERE told.first_day <= @last_day AND told.last_day >= @first_day
ORDER BY label.name, told.source, told.figures, told.first_day
LIMIT 1000;
