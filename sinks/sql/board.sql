-- name: fullest_zones
-- The zones with the most vehicles now, those near their capacity first.
SELECT z.name,
       z.kind,
       sum(n.present)::bigint AS present,
       sum(n.silent)::bigint AS silent,
       z.capacity,
       (sum(n.present)::float8 / nullif(z.capacity, 0)) AS load
FROM live.zone_now AS n
JOIN live.zone AS z USING (zone_id)
GROUP BY z.zone_id, z.name, z.kind, z.capacity
ORDER BY load DESC NULLS LAST, present DESC, z.name
LIMIT %(limit)s;

-- name: vehicles_in_city
-- Vehicles present: each is in one neighbourhood at most.
SELECT coalesce(sum(n.present), 0)::bigint
FROM live.zone_now AS n
JOIN live.zone AS z USING (zone_id)
WHERE z.kind = 'neighbourhood';

-- name: running_slot
-- Flows of the newest slot between neighbourhoods, by class: zones that overlap would count a vehicle again.
SELECT core.microseconds(f.slot_start) AS slot_start_us,
       f.vehicle_class,
       sum(f.observations)::bigint AS observations,
       sum(f.entries)::bigint AS entries,
       sum(f.exits)::bigint AS exits,
       sum(f.through)::bigint AS through
FROM live.zone_flow AS f
JOIN live.zone AS z USING (zone_id)
WHERE f.source = 'fms'
  AND z.kind = 'neighbourhood'
  AND f.slot_start = (SELECT max(slot_start) FROM live.zone_flow WHERE source = 'fms')
GROUP BY f.slot_start, f.vehicle_class
ORDER BY observations DESC;

-- name: feeds
-- Age and rate of the feeds.
SELECT feed,
       extract(epoch FROM now() - last_arrival)::float8 AS age_s,
       rate_1m::float8 AS rate_per_s,
       accepted_1h::bigint,
       rejected_1h::bigint
FROM live.feed
ORDER BY feed DESC;

-- name: zone_collection
-- The zones of the newest version as GeoJSON whose features have their zone id; coordinates as they were loaded.
SELECT
    count(*),
    json_build_object(
        'type', 'FeatureCollection',
        'features', coalesce(json_agg(
            json_build_object(
                'type', 'Feature',
                'id', zone.zone_id,
                'properties', json_build_object('name', zone.name, 'kind', zone.kind),
                'geometry', zone.geojson
            ) ORDER BY zone.zone_id
        ), '[]'::json)
    )::text
FROM live.zone AS zone;
