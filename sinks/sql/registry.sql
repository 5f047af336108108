-- Versions of zones, cameras and settings.

-- name: installation_id
-- Identity of this database.
SELECT installation.id FROM core.installation AS installation;

-- name: latest_versions
-- Newest versions; 0 where none is stored.
SELECT
    (SELECT coalesce(max(version), 0) FROM core.zone_version),
    (SELECT coalesce(max(version), 0) FROM core.camera_version),
    (SELECT coalesce(max(version), 0) FROM core.settings_version);

-- name: zone_version
-- That a version of zones is there.
SELECT stored.version FROM core.zone_version AS stored WHERE stored.version = %(version)s;

-- name: camera_version
-- That a version of cameras is there.
SELECT stored.version FROM core.camera_version AS stored WHERE stored.version = %(version)s;

-- name: versions_at
-- Newest versions at an instant; 0 where none was stored by then.
SELECT
    (SELECT coalesce(max(version), 0) FROM core.zone_version WHERE created_at <= core.instant(%(instant_us)s)),
    (SELECT coalesce(max(version), 0) FROM core.camera_version WHERE created_at <= core.instant(%(instant_us)s)),
    (SELECT coalesce(max(version), 0) FROM core.settings_version WHERE created_at <= core.instant(%(instant_us)s));

-- name: zone_numbers
-- Numbers of all zones that were ever loaded.
SELECT zone.zone_id, zone.zone_no FROM core.zone AS zone ORDER BY zone.zone_no;

-- name: zone_rows
-- Zones of a version, without their geometries.
SELECT
    zone.zone_no, zone.zone_id, feature.name, feature.kind, feature.municipality, feature.capacity,
    feature.area_km2, feature.geometry_hash
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
WHERE feature.version = %(version)s
ORDER BY zone.zone_no;

-- name: zone_geometries
-- Geometries of the zones of a version.
SELECT geometry.geometry_hash, geometry.geojson::text
FROM core.zone_geometry AS geometry
WHERE geometry.geometry_hash IN (
    SELECT feature.geometry_hash FROM core.zone_feature AS feature WHERE feature.version = %(version)s
);

-- name: zone_changes
-- Of each zone of the versions up to one, the last that changed its shape: in which it came, went or took another.
WITH stored AS (
    SELECT
        feature.zone_no, feature.version, feature.geometry_hash,
        lag(feature.version) OVER before AS version_before,
        lag(feature.geometry_hash) OVER before AS hash_before
    FROM core.zone_feature AS feature
    WHERE feature.version <= %(version)s
    WINDOW before AS (PARTITION BY feature.zone_no ORDER BY feature.version)
)
SELECT
    stored.zone_no,
    greatest(
        max(stored.version) FILTER (
            WHERE (stored.version_before, stored.hash_before)
                IS DISTINCT FROM (stored.version - 1, stored.geometry_hash)
        ),
        -- it is not in the version after its last one
        CASE WHEN max(stored.version) < %(version)s THEN max(stored.version) + 1 END
    )
FROM stored
GROUP BY stored.zone_no;

-- name: add_zone_version
-- Open a version of zones.
INSERT INTO core.zone_version (version) VALUES (%(version)s);

-- name: add_zones
-- Give numbers to zone ids that are new, in their order.
INSERT INTO core.zone (zone_id)
SELECT given.zone_id
FROM unnest(%(zone_id)s::text[]) WITH ORDINALITY AS given (zone_id, place)
WHERE NOT EXISTS (SELECT FROM core.zone AS known WHERE known.zone_id = given.zone_id)
ORDER BY given.place;

-- name: add_geometry
-- Store a geometry, unless it is known.
INSERT INTO core.zone_geometry (geometry_hash, geojson, label_lon, label_lat)
VALUES (%(geometry_hash)s, %(geojson)s::json, %(label_lon)s, %(label_lat)s)
ON CONFLICT (geometry_hash) DO NOTHING;

-- name: add_zone_features
-- Store the zones of a version.
INSERT INTO core.zone_feature (
    version, zone_no, name, kind, municipality, capacity, area_km2, geometry_hash
)
SELECT
    %(version)s, zone.zone_no, given.name, given.kind, given.municipality, given.capacity,
    given.area_km2, given.geometry_hash
FROM unnest(
    %(zone_id)s::text[], %(name)s::text[], %(kind)s::text[], %(municipality)s::text[],
    %(capacity)s::integer[], %(area_km2)s::double precision[], %(geometry_hash)s::bytea[]
) AS given (zone_id, name, kind, municipality, capacity, area_km2, geometry_hash)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id;

-- name: camera_rows
-- Cameras of a version.
SELECT camera.camera_id, camera.name, camera.lat, camera.lon, camera.azimuth_deg
FROM core.camera AS camera
WHERE camera.version = %(version)s
ORDER BY camera.camera_id;

-- name: camera_zone_rows
-- What the cameras of a version mean for zones.
SELECT
    meaning.camera_id, zone.zone_id, meaning.obverse, meaning.reverse, meaning.unknown_direction
FROM core.camera_zone AS meaning
JOIN core.zone AS zone ON zone.zone_no = meaning.zone_no
WHERE meaning.version = %(version)s
ORDER BY meaning.camera_id, zone.zone_id;

-- name: add_camera_version
-- Open a version of the camera registry.
INSERT INTO core.camera_version (version) VALUES (%(version)s);

-- name: add_cameras
-- Store the cameras of a version.
INSERT INTO core.camera (version, camera_id, name, lat, lon, azimuth_deg)
SELECT %(version)s, given.camera_id, given.name, given.lat, given.lon, given.azimuth_deg
FROM unnest(
    %(camera_id)s::uuid[], %(name)s::text[], %(lat)s::double precision[],
    %(lon)s::double precision[], %(azimuth_deg)s::double precision[]
) AS given (camera_id, name, lat, lon, azimuth_deg);

-- name: add_camera_zones
-- Store what the cameras of a version mean for zones.
INSERT INTO core.camera_zone (version, camera_id, zone_no, obverse, reverse, unknown_direction)
SELECT
    %(version)s, given.camera_id, zone.zone_no, given.obverse, given.reverse, given.unknown_direction
FROM unnest(
    %(camera_id)s::uuid[], %(zone_id)s::text[], %(obverse)s::smallint[],
    %(reverse)s::smallint[], %(unknown_direction)s::smallint[]
) AS given (camera_id, zone_id, obverse, reverse, unknown_direction)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id;

-- name: same_settings
-- Whether the newest settings equal the given ones.
SELECT stored.document = %(document)s::jsonb
FROM core.settings_version AS stored
ORDER BY stored.version DESC
LIMIT 1;

-- name: add_settings
-- Store a version of the settings.
INSERT INTO core.settings_version (version, document) VALUES (%(version)s, %(document)s::jsonb);

-- name: load_settings
-- Settings of a version.
SELECT stored.document::text FROM core.settings_version AS stored WHERE stored.version = %(version)s;

-- name: camera_override_rows
-- The steward's word in a version of the camera registry.
SELECT
    stored.camera_id, zone.zone_id, stored.obverse, stored.reverse, stored.unknown_direction,
    stored.was_obverse, stored.was_reverse, stored.was_unknown_direction
FROM core.camera_override AS stored
JOIN core.zone AS zone ON zone.zone_no = stored.zone_no
WHERE stored.version = %(version)s
ORDER BY stored.camera_id, zone.zone_id;

-- name: add_camera_overrides
-- Store the steward's word with a version of the camera registry.
INSERT INTO core.camera_override (
    version, camera_id, zone_no, obverse, reverse, unknown_direction,
    was_obverse, was_reverse, was_unknown_direction
)
SELECT
    %(version)s, given.camera_id, zone.zone_no, given.obverse, given.reverse, given.unknown_direction,
    given.was_obverse, given.was_reverse, given.was_unknown_direction
FROM unnest(
    %(camera_id)s::uuid[], %(zone_id)s::text[], %(obverse)s::smallint[], %(reverse)s::smallint[],
    %(unknown_direction)s::smallint[], %(was_obverse)s::smallint[], %(was_reverse)s::smallint[],
    %(was_unknown_direction)s::smallint[]
) AS given (
    camera_id, zone_id, obverse, reverse, unknown_direction, was_obverse, was_reverse, was_unknown_direction
)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id;
