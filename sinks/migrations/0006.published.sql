-- K-safe history for planners: tables that publication will fill once per local day, and their views. Empty until then.
-- depends: 0002.registry
CREATE TABLE core.published_hour (
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    hour_start timestamptz NOT NULL,
    source smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    observations bigint,
    vehicles bigint,
    entries bigint,
    exits bigint,
    appearances bigint,
    disappearances bigint,
    dwell_us bigint,
    visits bigint,
    visit_us bigint,
    stops bigint,
    stop_us bigint,
    distance_um bigint,
    through bigint,
    late bigint,
    PRIMARY KEY (zone_no, hour_start, vehicle_class, zero_emission, source)
);
CREATE INDEX published_hour_hour_start ON core.published_hour (hour_start);
COMMENT ON TABLE core.published_hour IS 'Published cells by UTC hour, frozen; empty until publication exists';
COMMENT ON COLUMN core.published_hour.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_hour.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_hour.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.published_hour.hour_start IS 'Bucket';
COMMENT ON COLUMN core.published_hour.source IS 'Source code';
COMMENT ON COLUMN core.published_hour.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_hour.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_hour.observations IS 'Taken positions or detections; null unless ok';
COMMENT ON COLUMN core.published_hour.vehicles IS 'Distinct pseudonyms in the bucket; never summed over buckets; null unless ok';
COMMENT ON COLUMN core.published_hour.entries IS 'Outside to inside, linked; null unless ok';
COMMENT ON COLUMN core.published_hour.exits IS 'Inside to outside, linked; null unless ok';
COMMENT ON COLUMN core.published_hour.appearances IS 'Inside without a linked position before; null unless ok';
COMMENT ON COLUMN core.published_hour.disappearances IS 'Inside without a linked position after; null unless ok';
COMMENT ON COLUMN core.published_hour.dwell_us IS 'Time inside, microseconds, split over buckets; null unless ok';
COMMENT ON COLUMN core.published_hour.visits IS 'Visits that ended here; null unless ok';
COMMENT ON COLUMN core.published_hour.visit_us IS 'Length of those visits, microseconds; null unless ok';
COMMENT ON COLUMN core.published_hour.stops IS 'Stops that ended here; null unless ok';
COMMENT ON COLUMN core.published_hour.stop_us IS 'Length of those stops, microseconds; null unless ok';
COMMENT ON COLUMN core.published_hour.distance_um IS 'Distance driven inside, micrometres; null unless ok';
COMMENT ON COLUMN core.published_hour.through IS 'Segments across the zone with both ends outside; null unless ok';
COMMENT ON COLUMN core.published_hour.late IS 'Observations that arrived over 60 s after the end of the bucket; null unless ok';

CREATE VIEW history.zone_flow_hour AS
SELECT
    zone.zone_id,
    cell.hour_start,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    core.source_name(cell.source) AS source,
    cell.observations,
    cell.vehicles,
    cell.entries,
    cell.exits,
    cell.appearances,
    cell.disappearances,
    cell.dwell_us / 1e6::double precision AS dwell_s,
    cell.visits,
    cell.visit_us / 1e6::double precision AS visit_s,
    cell.stops,
    cell.stop_us / 1e6::double precision AS stop_s,
    cell.distance_um / 1e6::double precision AS distance_m,
    cell.through,
    cell.late,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_hour AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no;
COMMENT ON VIEW history.zone_flow_hour IS 'K-safe cells by UTC hour, published once per local day and then frozen; empty until publication exists';

CREATE TABLE core.published_day (
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    day date NOT NULL,
    source smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    observations bigint,
    vehicles bigint,
    entries bigint,
    exits bigint,
    appearances bigint,
    disappearances bigint,
    dwell_us bigint,
    visits bigint,
    visit_us bigint,
    stops bigint,
    stop_us bigint,
    distance_um bigint,
    through bigint,
    late bigint,
    PRIMARY KEY (zone_no, day, vehicle_class, zero_emission, source)
);
CREATE INDEX published_day_by_day ON core.published_day (day);
COMMENT ON TABLE core.published_day IS 'Published cells by local day, frozen; empty until publication exists';
COMMENT ON COLUMN core.published_day.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_day.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_day.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.published_day.day IS 'Bucket';
COMMENT ON COLUMN core.published_day.source IS 'Source code';
COMMENT ON COLUMN core.published_day.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_day.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_day.observations IS 'Taken positions or detections; null unless ok';
COMMENT ON COLUMN core.published_day.vehicles IS 'Distinct pseudonyms in the bucket; never summed over buckets; null unless ok';
COMMENT ON COLUMN core.published_day.entries IS 'Outside to inside, linked; null unless ok';
COMMENT ON COLUMN core.published_day.exits IS 'Inside to outside, linked; null unless ok';
COMMENT ON COLUMN core.published_day.appearances IS 'Inside without a linked position before; null unless ok';
COMMENT ON COLUMN core.published_day.disappearances IS 'Inside without a linked position after; null unless ok';
COMMENT ON COLUMN core.published_day.dwell_us IS 'Time inside, microseconds, split over buckets; null unless ok';
COMMENT ON COLUMN core.published_day.visits IS 'Visits that ended here; null unless ok';
COMMENT ON COLUMN core.published_day.visit_us IS 'Length of those visits, microseconds; null unless ok';
COMMENT ON COLUMN core.published_day.stops IS 'Stops that ended here; null unless ok';
COMMENT ON COLUMN core.published_day.stop_us IS 'Length of those stops, microseconds; null unless ok';
COMMENT ON COLUMN core.published_day.distance_um IS 'Distance driven inside, micrometres; null unless ok';
COMMENT ON COLUMN core.published_day.through IS 'Segments across the zone with both ends outside; null unless ok';
COMMENT ON COLUMN core.published_day.late IS 'Observations that arrived over 60 s after the end of the bucket; null unless ok';

CREATE VIEW history.zone_flow_day AS
SELECT
    zone.zone_id,
    cell.day,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    core.source_name(cell.source) AS source,
    cell.observations,
    cell.vehicles,
    cell.entries,
    cell.exits,
    cell.appearances,
    cell.disappearances,
    cell.dwell_us / 1e6::double precision AS dwell_s,
    cell.visits,
    cell.visit_us / 1e6::double precision AS visit_s,
    cell.stops,
    cell.stop_us / 1e6::double precision AS stop_s,
    cell.distance_um / 1e6::double precision AS distance_m,
    cell.through,
    cell.late,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_day AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no;
COMMENT ON VIEW history.zone_flow_day IS 'K-safe cells by local day, published once per local day and then frozen; empty until publication exists';

CREATE TABLE core.published_od (
    origin_zone_no integer NOT NULL,
    destination_zone_no integer NOT NULL,
    slot_start timestamptz NOT NULL,
    slot_s smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    trips bigint,
    PRIMARY KEY (origin_zone_no, destination_zone_no, slot_start, slot_s, vehicle_class)
);
CREATE INDEX published_od_slot_start ON core.published_od (slot_start);
COMMENT ON TABLE core.published_od IS 'Published trips from zone to zone, frozen; empty until publication exists';
COMMENT ON COLUMN core.published_od.origin_zone_no IS 'Zone of the first position of the trip';
COMMENT ON COLUMN core.published_od.destination_zone_no IS 'Zone of the last position of the trip';
COMMENT ON COLUMN core.published_od.slot_start IS 'Slot in which the trip started';
COMMENT ON COLUMN core.published_od.slot_s IS 'Length of the slot, seconds';
COMMENT ON COLUMN core.published_od.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_od.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_od.k_status IS '0 ok, 1 below k (trips null), 2 no feed';
COMMENT ON COLUMN core.published_od.trips IS 'Trips; null unless ok';

CREATE VIEW history.od_flow AS
SELECT
    origin.zone_id AS origin_zone_id,
    destination.zone_id AS destination_zone_id,
    cell.slot_start,
    cell.slot_s::integer AS slot_s,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    cell.trips,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_od AS cell
JOIN core.zone AS origin ON origin.zone_no = cell.origin_zone_no
JOIN core.zone AS destination ON destination.zone_no = cell.destination_zone_no;
COMMENT ON VIEW history.od_flow IS 'K-safe trips from zone to zone, published once per local day and then frozen; empty until publication exists';
