-- What senders tell of vehicles and cameras beside observations: references of vehicles, and the steward's word on cameras.
-- depends: 0002.registry
CREATE TABLE core.vehicle_reference (
    reference_hash bytea PRIMARY KEY CHECK (octet_length(reference_hash) = 16),
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    told_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX vehicle_reference_told_at ON core.vehicle_reference (told_at);
COMMENT ON TABLE core.vehicle_reference IS 'What the ids of vehicles stand for that positions refer to; says of no vehicle where it was';
COMMENT ON COLUMN core.vehicle_reference.reference_hash IS 'Keyed hash of the id; the key is made from the master key and is in no database';
COMMENT ON COLUMN core.vehicle_reference.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.vehicle_reference.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.vehicle_reference.told_at IS 'When a sender told it last, to the day unless it changed';

CREATE TABLE core.camera_override (
    version integer NOT NULL REFERENCES core.camera_version,
    camera_id uuid NOT NULL,
    zone_no integer NOT NULL REFERENCES core.zone,
    obverse smallint,
    reverse smallint,
    unknown_direction smallint,
    was_obverse smallint,
    was_reverse smallint,
    was_unknown_direction smallint,
    PRIMARY KEY (version, camera_id, zone_no),
    CHECK ((obverse IS NULL) = (reverse IS NULL) AND (obverse IS NULL) = (unknown_direction IS NULL)),
    CHECK ((was_obverse IS NULL) = (was_reverse IS NULL) AND (was_obverse IS NULL) = (was_unknown_direction IS NULL))
);
COMMENT ON TABLE core.camera_override IS 'What the steward says of cameras and zones; it is in core.camera_zone in place of what was derived';
COMMENT ON COLUMN core.camera_override.version IS 'Version of the registry';
COMMENT ON COLUMN core.camera_override.camera_id IS 'Camera, registered or not yet';
COMMENT ON COLUMN core.camera_override.zone_no IS 'Zone';
COMMENT ON COLUMN core.camera_override.obverse IS 'Movement when the front plate was read: 0 in, 1 out, 2 unknown; null: the camera does not count for the zone';
COMMENT ON COLUMN core.camera_override.reverse IS 'Movement when the rear plate was read';
COMMENT ON COLUMN core.camera_override.unknown_direction IS 'Movement when the direction is unknown';
COMMENT ON COLUMN core.camera_override.was_obverse IS 'What it would be without the steward; null: the camera would not count for the zone';
COMMENT ON COLUMN core.camera_override.was_reverse IS 'The same when the rear plate was read';
COMMENT ON COLUMN core.camera_override.was_unknown_direction IS 'The same when the direction is unknown';
