-- Flow cells by slot, hour and local day: additive figures of (zone, bucket, class, emission, source).
-- depends: 0002.registry
CREATE TABLE core.flow_slot (
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    slot_start timestamptz NOT NULL,
    slot_s smallint NOT NULL,
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
    late bigint NOT NULL,
    PRIMARY KEY (zone_no, slot_start, slot_s, vehicle_class, zero_emission, source)
) WITH (fillfactor = 70);
CREATE INDEX flow_slot_slot_start ON core.flow_slot (slot_start);
COMMENT ON TABLE core.flow_slot IS 'Flow cells by slot; fillfactor leaves room for in-place updates, a cell changes every second';
COMMENT ON COLUMN core.flow_slot.zone_no IS 'Zone';
COMMENT ON COLUMN core.flow_slot.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.flow_slot.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.flow_slot.slot_start IS 'Start of the slot';
COMMENT ON COLUMN core.flow_slot.slot_s IS 'Length of the slot, seconds';
COMMENT ON COLUMN core.flow_slot.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.flow_slot.observations IS 'Taken positions or detections';
COMMENT ON COLUMN core.flow_slot.vehicles IS 'Distinct pseudonyms in the bucket; never summed over buckets';
COMMENT ON COLUMN core.flow_slot.entries IS 'Outside to inside, linked';
COMMENT ON COLUMN core.flow_slot.exits IS 'Inside to outside, linked';
COMMENT ON COLUMN core.flow_slot.appearances IS 'Inside without a linked position before';
COMMENT ON COLUMN core.flow_slot.disappearances IS 'Inside without a linked position after';
COMMENT ON COLUMN core.flow_slot.dwell_us IS 'Time inside, microseconds, split over buckets';
COMMENT ON COLUMN core.flow_slot.visits IS 'Visits that ended here';
COMMENT ON COLUMN core.flow_slot.visit_us IS 'Length of those visits, microseconds';
COMMENT ON COLUMN core.flow_slot.stops IS 'Stops that ended here';
COMMENT ON COLUMN core.flow_slot.stop_us IS 'Length of those stops, microseconds';
COMMENT ON COLUMN core.flow_slot.distance_um IS 'Distance driven inside, micrometres';
COMMENT ON COLUMN core.flow_slot.through IS 'Segments across the zone with both ends outside';
COMMENT ON COLUMN core.flow_slot.late IS 'Observations that arrived over 60 s after the end of the bucket';

CREATE TABLE core.flow_hour (
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    hour_start timestamptz NOT NULL,
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
    late bigint NOT NULL,
    PRIMARY KEY (zone_no, hour_start, vehicle_class, zero_emission, source)
) WITH (fillfactor = 70);
CREATE INDEX flow_hour_hour_start ON core.flow_hour (hour_start);
COMMENT ON TABLE core.flow_hour IS 'Flow cells by UTC hour; fillfactor leaves room for in-place updates, a cell changes every second';
COMMENT ON COLUMN core.flow_hour.zone_no IS 'Zone';
COMMENT ON COLUMN core.flow_hour.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.flow_hour.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.flow_hour.hour_start IS 'Start of the UTC hour';
COMMENT ON COLUMN core.flow_hour.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.flow_hour.observations IS 'Taken positions or detections';
COMMENT ON COLUMN core.flow_hour.vehicles IS 'Distinct pseudonyms in the bucket; never summed over buckets';
COMMENT ON COLUMN core.flow_hour.entries IS 'Outside to inside, linked';
COMMENT ON COLUMN core.flow_hour.exits IS 'Inside to outside, linked';
COMMENT ON COLUMN core.flow_hour.appearances IS 'Inside without a linked position before';
COMMENT ON COLUMN core.flow_hour.disappearances IS 'Inside without a linked position after';
COMMENT ON COLUMN core.flow_hour.dwell_us IS 'Time inside, microseconds, split over buckets';
COMMENT ON COLUMN core.flow_hour.visits IS 'Visits that ended here';
COMMENT ON COLUMN core.flow_hour.visit_us IS 'Length of those visits, microseconds';
COMMENT ON COLUMN core.flow_hour.stops IS 'Stops that ended here';
COMMENT ON COLUMN core.flow_hour.stop_us IS 'Length of those stops, microseconds';
COMMENT ON COLUMN core.flow_hour.distance_um IS 'Distance driven inside, micrometres';
COMMENT ON COLUMN core.flow_hour.through IS 'Segments across the zone with both ends outside';
COMMENT ON COLUMN core.flow_hour.late IS 'Observations that arrived over 60 s after the end of the bucket';

CREATE TABLE core.flow_day (
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    day date NOT NULL,
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
    late bigint NOT NULL,
    PRIMARY KEY (zone_no, day, vehicle_class, zero_emission, source)
) WITH (fillfactor = 70);
CREATE INDEX flow_day_by_day ON core.flow_day (day);
COMMENT ON TABLE core.flow_day IS 'Flow cells by local day; fillfactor leaves room for in-place updates, a cell changes every second';
COMMENT ON COLUMN core.flow_day.zone_no IS 'Zone';
COMMENT ON COLUMN core.flow_day.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.flow_day.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.flow_day.day IS 'Local day, Europe/Amsterdam';
COMMENT ON COLUMN core.flow_day.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.flow_day.observations IS 'Taken positions or detections';
COMMENT ON COLUMN core.flow_day.vehicles IS 'Distinct pseudonyms in the bucket; never summed over buckets';
COMMENT ON COLUMN core.flow_day.entries IS 'Outside to inside, linked';
COMMENT ON COLUMN core.flow_day.exits IS 'Inside to outside, linked';
COMMENT ON COLUMN core.flow_day.appearances IS 'Inside without a linked position before';
COMMENT ON COLUMN core.flow_day.disappearances IS 'Inside without a linked position after';
COMMENT ON COLUMN core.flow_day.dwell_us IS 'Time inside, microseconds, split over buckets';
COMMENT ON COLUMN core.flow_day.visits IS 'Visits that ended here';
COMMENT ON COLUMN core.flow_day.visit_us IS 'Length of those visits, microseconds';
COMMENT ON COLUMN core.flow_day.stops IS 'Stops that ended here';
COMMENT ON COLUMN core.flow_day.stop_us IS 'Length of those stops, microseconds';
COMMENT ON COLUMN core.flow_day.distance_um IS 'Distance driven inside, micrometres';
COMMENT ON COLUMN core.flow_day.through IS 'Segments across the zone with both ends outside';
COMMENT ON COLUMN core.flow_day.late IS 'Observations that arrived over 60 s after the end of the bucket';

CREATE TABLE core.removed_visits (
    source smallint PRIMARY KEY,
    opened numeric NOT NULL,
    closed numeric NOT NULL
);
COMMENT ON TABLE core.removed_visits IS 'What retention removed from flow_day, or kept out of it: keeps the conservation law checkable for ever';
COMMENT ON COLUMN core.removed_visits.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.removed_visits.opened IS 'Entries and appearances of removed day cells';
COMMENT ON COLUMN core.removed_visits.closed IS 'Exits and disappearances of removed day cells';

CREATE TABLE core.open_visit (
    partition integer PRIMARY KEY,
    open_visits bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE core.open_visit IS 'Open visits of positions in the vehicle state: entries and appearances less exits and disappearances must equal their sum';
COMMENT ON COLUMN core.open_visit.partition IS 'Observation partition';
COMMENT ON COLUMN core.open_visit.open_visits IS 'Number of (vehicle, zone) visits that have not ended';
