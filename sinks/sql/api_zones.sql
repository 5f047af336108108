-- Zones for the API. Names without a schema are found in that of the role that reads: live or history.

-- name: keys_where
-- Every zone that ever was and that the filters let through, with the number that cells carry.
SELECT zone.zone_no, zone.zone_id
FROM zone_key AS zone
WHERE (%(zones)s::text[] IS NULL OR zone.zone_id = ANY (%(zones)s))
    AND (%(municipalities)s::text[] IS NULL OR zone.municipality = ANY (%(municipalities)s))
    AND (%(granted)s::text[] IS NULL OR zone.municipality = ANY (%(granted)s))
    AND (%(kinds)s::text[] IS NULL OR zone.kind = ANY (%(kinds)s));

-- name: keys_of
-- The ids of zones by number.
SELECT zone.zone_no, zone.zone_id FROM zone_key AS zone WHERE zone.zone_no = ANY (%(numbers)s);

-- name: shapes_of
-- GeoJSON of the geometries of zones, as it was loaded.
SELECT zone.zone_id, shape.geojson::text
FROM zone_key AS zone
JOIN zone_shape AS shape ON shape.geometry_hash = zone.geometry_hash
WHERE zone.zone_id = ANY (%(zones)s);

-- name: zones
-- One page of the zones of the newest version, by id.
SELECT zone.zone_id, zone.name, zone.kind, zone.municipality, zone.capacity, zone.area_km2
FROM zone
WHERE (%(zones)s::text[] IS NULL OR zone.zone_id = ANY (%(zones)s))
    AND (%(municipalities)s::text[] IS NULL OR zone.municipality = ANY (%(municipalities)s))
    AND (%(granted)s::text[] IS NULL OR zone.municipality = ANY (%(granted)s))
    AND (%(kinds)s::text[] IS NULL OR zone.kind = ANY (%(kinds)s))
    AND (%(after)s::text IS NULL OR zone.zone_id > %(after)s)
ORDER BY zone.zone_id
LIMIT %(limit)s;
