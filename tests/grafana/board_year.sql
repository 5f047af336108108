-- The year of `board_year.py`, in order. Parameters are those of psycopg.

-- name: camera_version
INSERT INTO core.camera_version (version) VALUES (1);

-- name: camera
INSERT INTO core.camera (version, camera_id, name, lat, lon, azimuth_deg)
SELECT 1, lpad(to_hex(no), 32, '0')::uuid, 'Camera ' || no, 52 + no * 0.002, 5 + no * 0.002, no * 9
FROM generate_series(1, 40) AS no;

-- name: camera_zone
INSERT INTO core.camera_zone (version, camera_id, zone_no, obverse, reverse, unknown_direction)
SELECT 1, lpad(to_hex(no), 32, '0')::uuid, no, 0, 1, 2 FROM generate_series(1, 40) AS no;

-- name: branch
INSERT INTO core.branch (branch_code, name)
SELECT chr(64 + no), 'Branch ' || no FROM generate_series(1, 20) AS no
ON CONFLICT (branch_code) DO UPDATE SET name = excluded.name;

-- name: published_feed_day
INSERT INTO core.published_feed_day
SELECT source, day::date, 10, 24, 24 - (extract(day FROM day)::integer + source) / 30, 100000, 99000, 100, 50, 3
FROM generate_series(%(first_day)s::timestamp, %(last_day)s::timestamp, interval '1 day') AS day,
    generate_series(0, 1) AS source;

-- name: published_left_out
INSERT INTO core.published_left_out
SELECT source, day::date, zone, 2, zone + 1
FROM generate_series(%(first_day)s::timestamp, %(last_day)s::timestamp, interval '1 day') AS day,
    generate_series(0, 1) AS source,
    generate_series(1, 20) AS zone;

-- name: published_days
INSERT INTO core.published_days
SELECT
    figure, 0, month::date, zone, class,
    CASE WHEN days >= 1 AND figure <> 7 OR zone %% 11 = 1 THEN amount + 1 * figure END,
    CASE WHEN days >= 2 AND figure <> 7 OR zone %% 11 = 2 THEN amount + 2 * figure END,
    CASE WHEN days >= 3 AND figure <> 7 OR zone %% 11 = 3 THEN amount + 3 * figure END,
    CASE WHEN days >= 4 AND figure <> 7 OR zone %% 11 = 4 THEN amount + 4 * figure END,
    CASE WHEN days >= 5 AND figure <> 7 OR zone %% 11 = 5 THEN amount + 0 * figure END,
    CASE WHEN days >= 6 AND figure <> 7 OR zone %% 11 = 6 THEN amount + 1 * figure END,
    CASE WHEN days >= 7 AND figure <> 7 OR zone %% 11 = 7 THEN amount + 2 * figure END,
    CASE WHEN days >= 8 AND figure <> 7 OR zone %% 11 = 8 THEN amount + 3 * figure END,
    CASE WHEN days >= 9 AND figure <> 7 OR zone %% 11 = 9 THEN amount + 4 * figure END,
    CASE WHEN days >= 10 AND figure <> 7 OR zone %% 11 = 10 THEN amount + 0 * figure END,
    CASE WHEN days >= 11 AND figure <> 7 OR zone %% 11 = 0 THEN amount + 1 * figure END,
    CASE WHEN days >= 12 AND figure <> 7 OR zone %% 11 = 1 THEN amount + 2 * figure END,
    CASE WHEN days >= 13 AND figure <> 7 OR zone %% 11 = 2 THEN amount + 3 * figure END,
    CASE WHEN days >= 14 AND figure <> 7 OR zone %% 11 = 3 THEN amount + 4 * figure END,
    CASE WHEN days >= 15 AND figure <> 7 OR zone %% 11 = 4 THEN amount + 0 * figure END,
    CASE WHEN days >= 16 AND figure <> 7 OR zone %% 11 = 5 THEN amount + 1 * figure END,
    CASE WHEN days >= 17 AND figure <> 7 OR zone %% 11 = 6 THEN amount + 2 * figure END,
    CASE WHEN days >= 18 AND figure <> 7 OR zone %% 11 = 7 THEN amount + 3 * figure END,
    CASE WHEN days >= 19 AND figure <> 7 OR zone %% 11 = 8 THEN amount + 4 * figure END,
    CASE WHEN days >= 20 AND figure <> 7 OR zone %% 11 = 9 THEN amount + 0 * figure END,
    CASE WHEN days >= 21 AND figure <> 7 OR zone %% 11 = 10 THEN amount + 1 * figure END,
    CASE WHEN days >= 22 AND figure <> 7 OR zone %% 11 = 0 THEN amount + 2 * figure END,
    CASE WHEN days >= 23 AND figure <> 7 OR zone %% 11 = 1 THEN amount + 3 * figure END,
    CASE WHEN days >= 24 AND figure <> 7 OR zone %% 11 = 2 THEN amount + 4 * figure END,
    CASE WHEN days >= 25 AND figure <> 7 OR zone %% 11 = 3 THEN amount + 0 * figure END,
    CASE WHEN days >= 26 AND figure <> 7 OR zone %% 11 = 4 THEN amount + 1 * figure END,
    CASE WHEN days >= 27 AND figure <> 7 OR zone %% 11 = 5 THEN amount + 2 * figure END,
    CASE WHEN days >= 28 AND figure <> 7 OR zone %% 11 = 6 THEN amount + 3 * figure END,
    CASE WHEN days >= 29 AND figure <> 7 OR zone %% 11 = 7 THEN amount + 4 * figure END,
    CASE WHEN days >= 30 AND figure <> 7 OR zone %% 11 = 8 THEN amount + 0 * figure END,
    CASE WHEN days >= 31 AND figure <> 7 OR zone %% 11 = 9 THEN amount + 1 * figure END
FROM (
    SELECT
        figure, month, zone, class,
        extract(day FROM month + interval '1 month' - interval '1 day') AS days,
        CASE WHEN figure < 6 THEN 15 + (zone * 7 + class * 13) %% 40 ELSE figure END AS amount
    FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
        generate_series(0, 11) AS figure,
        generate_series(1, 300) AS zone,
        generate_series(0, 7) AS class
) AS cell
ORDER BY figure, month, zone, class;

-- name: published_month
INSERT INTO core.published_month
SELECT 0, month::date, zone, weekday, class, 12, zone %% 3, 90, 80, 400, 60, 50, 70000, 90000, 20, 70
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone,
    generate_series(1, 7) AS weekday,
    generate_series(0, 7) AS class
ORDER BY month, zone, weekday, class;

-- name: published_profile
INSERT INTO core.published_profile
SELECT
    figure, 0, month::date, zone, weekday, class, 300, 20,
    zone, zone, zone, zone, zone, class, class, class + zone, class + zone, class + zone, zone, zone,
    zone, zone, zone, zone, zone, class, class, class + zone, class + zone, class + zone, zone, NULL
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(0, 3) AS figure,
    generate_series(1, 300) AS zone,
    generate_series(1, 7) AS weekday,
    generate_series(0, 7) AS class
WHERE figure = 0 OR zone <= 60;

-- name: published_od_month
INSERT INTO core.published_od_month
SELECT month::date, origin, 1 + (origin * 7 + place * 13) %% 300, class, 30, 4, CASE WHEN place < 20 THEN origin + place END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS origin,
    generate_series(0, 22) AS place,
    generate_series(3, 3) AS class;

-- name: published_camera_profile
INSERT INTO core.published_camera_profile
SELECT
    lpad(to_hex(camera), 32, '0')::uuid, month::date, weekday, hour, movement, class, 4, 10, hour %% 7 / 6,
    CASE WHEN hour %% 7 < 6 THEN 80 + hour END, CASE WHEN hour %% 7 < 6 THEN 40 + hour END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 40) AS camera,
    generate_series(1, 7) AS weekday,
    generate_series(0, 23) AS hour,
    generate_series(0, 1) AS movement,
    generate_series(3, 3) AS class;

-- name: published_window
INSERT INTO core.published_window
SELECT
    zone, month::date, weekday, is_window, start * 60, (start + 4) * 60, class, branch, 10, (zone %% 9 = 0)::integer,
    CASE WHEN zone %% 9 > 0 THEN 90 + start END, CASE WHEN zone %% 9 > 0 THEN 30 + start END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone,
    generate_series(1, 7) AS weekday,
    unnest(ARRAY[7, 16]) AS start,
    unnest(ARRAY[3]) AS class,
    unnest(ARRAY['', 'G']) AS branch,
    unnest(ARRAY[false, true]) AS is_window
WHERE branch = '' OR NOT is_window;

-- name: published_origin
INSERT INTO core.published_origin
SELECT
    zone, month::date, class, 'NL' || area, 'Province ' || area / 4, 10, (area = 11)::integer,
    CASE WHEN area < 11 THEN 50 + area END, CASE WHEN area < 11 THEN 20 + area END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone,
    generate_series(0, 11) AS area,
    generate_series(3, 3) AS class;

-- name: published_visitor_origin
INSERT INTO core.published_visitor_origin
SELECT zone, month::date, visitor, 'Province ' || area, 10, 0, 20 + area
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone, generate_series(0, 2) AS visitor, generate_series(0, 3) AS area;

-- name: published_visitor_branch
INSERT INTO core.published_visitor_branch
SELECT zone, month::date, visitor, chr(64 + branch), 10, (branch = 3)::integer, CASE WHEN branch <> 3 THEN 20 + branch END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone, generate_series(0, 2) AS visitor, generate_series(1, 4) AS branch;

-- name: published_visitor_size
INSERT INTO core.published_visitor_size
SELECT zone, month::date, visitor, class, size, 10, 0, 20 + class
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone, generate_series(0, 2) AS visitor, generate_series(3, 3) AS class,
    generate_series(0, 2) AS size;

-- name: published_crosstab
INSERT INTO core.published_crosstab
SELECT
    zone, month::date, chr(64 + branch), class, fuel, '', '', -1, 10, (branch = 3)::integer,
    CASE WHEN branch <> 3 THEN 90 END, CASE WHEN branch <> 3 THEN 45 END, CASE WHEN branch <> 3 THEN 30 END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 300) AS zone, generate_series(1, 4) AS branch, unnest(ARRAY[3, 5]) AS class,
    unnest(ARRAY['diesel', 'electric']) AS fuel;

-- name: published_camera_month
INSERT INTO core.published_camera_month
SELECT lpad(to_hex(camera), 32, '0')::uuid, month::date, CASE WHEN camera %% 9 > 0 THEN 100 - camera %% 7 END
FROM generate_series(date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month') AS month,
    generate_series(1, 39) AS camera;

-- name: zone_now_part
INSERT INTO core.zone_now_part
SELECT part, zone, class, emission, (zone + class) %% 5 + 1, class %% 3
FROM generate_series(0, %(partitions)s - 1) AS part, generate_series(1, 299) AS zone,
    generate_series(0, 7) AS class, generate_series(0, 0) AS emission;

-- name: now_clock
INSERT INTO core.now_clock SELECT part, %(now)s FROM generate_series(0, %(partitions)s - 1) AS part;

-- name: feed_clock
INSERT INTO core.feed_clock
SELECT part, 0, %(now)s, %(now)s, %(now)s FROM generate_series(0, %(partitions)s - 1) AS part;

-- name: feed_minute
INSERT INTO core.feed_minute
SELECT 0, date_trunc('minute', %(now)s) - minute * interval '1 minute', 60000, 59000, 10, 5, 5, 5, 0
FROM generate_series(0, %(slots)s * 5) AS minute
WHERE minute NOT BETWEEN 61 AND 75;

-- name: flow_slot
INSERT INTO core.flow_slot
SELECT
    zone, class, 1, date_bin('5 minutes', %(now)s, 'epoch') - slot * interval '5 minutes', 300, 0,
    100, 5 + (zone + slot) %% 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0
FROM generate_series(0, %(slots)s) AS slot, generate_series(1, 300) AS zone, generate_series(0, 7) AS class
WHERE slot NOT BETWEEN 13 AND 15
ORDER BY slot DESC, zone, class;

-- name: alert
INSERT INTO core.alert
SELECT
    'alert-' || no, no, 'occupancy', CASE WHEN no %% 3 = 0 THEN 'ended' ELSE 'firing' END, 90, 80, 112.5,
    %(now)s - no * interval '7 minutes', CASE WHEN no %% 3 = 0 THEN %(now)s - no * interval '3 minutes' END,
    CASE WHEN no %% 3 = 1 THEN 'operator' END, CASE WHEN no %% 3 = 1 THEN %(now)s END, 'N1 90 of 80'
FROM generate_series(1, 60) AS no;
