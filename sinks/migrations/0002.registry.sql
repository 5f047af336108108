-- Zones, cameras and settings: every version is kept, for the log may be replayed under it.
-- depends: 0001.foundation
CREATE TABLE core.zone (
    zone_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    zone_id text NOT NULL UNIQUE
);
COMMENT ON TABLE core.zone IS 'Numbers of zones: one per zone id, for ever';
COMMENT ON COLUMN core.zone.zone_no IS 'Compact key used in all figures';
COMMENT ON COLUMN core.zone.zone_id IS 'Id that the city gives the zone';

CREATE TABLE core.zone_version (
    version integer PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.zone_version IS 'Loaded sets of zones; a control record in the log says where each one starts';
COMMENT ON COLUMN core.zone_version.version IS 'From 1 on, without gaps';
COMMENT ON COLUMN core.zone_version.created_at IS 'When it was loaded';

CREATE TABLE core.zone_geometry (
    geometry_hash bytea PRIMARY KEY CHECK (octet_length(geometry_hash) = 32),
    geojson json NOT NULL
);
COMMENT ON TABLE core.zone_geometry IS 'Geometries of zones, each stored once however many versions share it';
COMMENT ON COLUMN core.zone_geometry.geometry_hash IS 'SHA-256 of the GeoJSON text';
COMMENT ON COLUMN core.zone_geometry.geojson IS 'MultiPolygon; text kept as written, so that every float64 coordinate comes back exactly';

CREATE TABLE core.zone_feature (
    version integer NOT NULL REFERENCES core.zone_version,
    zone_no integer NOT NULL REFERENCES core.zone,
    name text NOT NULL,
    kind text NOT NULL,
    municipality text,
    capacity integer CHECK (capacity >= 0),
    area_km2 double precision NOT NULL,
    geometry_hash bytea NOT NULL REFERENCES core.zone_geometry,
    PRIMARY KEY (version, zone_no)
);
COMMENT ON TABLE core.zone_feature IS 'Zones of a version';
COMMENT ON COLUMN core.zone_feature.version IS 'Version of the set';
COMMENT ON COLUMN core.zone_feature.zone_no IS 'Zone';
COMMENT ON COLUMN core.zone_feature.name IS 'Name on screen';
COMMENT ON COLUMN core.zone_feature.kind IS 'Kind, as in the contract';
COMMENT ON COLUMN core.zone_feature.municipality IS 'CBS code such as GM0363; null where none is given';
COMMENT ON COLUMN core.zone_feature.capacity IS 'Vehicles at once; null where the city gives none';
COMMENT ON COLUMN core.zone_feature.area_km2 IS 'Area on the sphere, square kilometres';
COMMENT ON COLUMN core.zone_feature.geometry_hash IS 'Geometry';

CREATE TABLE core.camera_version (
    version integer PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.camera_version IS 'Loaded camera registries';
COMMENT ON COLUMN core.camera_version.version IS 'From 1 on, without gaps';
COMMENT ON COLUMN core.camera_version.created_at IS 'When it was loaded';

CREATE TABLE core.camera (
    version integer NOT NULL REFERENCES core.camera_version,
    camera_id uuid NOT NULL,
    name text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    azimuth_deg double precision,
    PRIMARY KEY (version, camera_id)
);
COMMENT ON TABLE core.camera IS 'Cameras of a registry version';
COMMENT ON COLUMN core.camera.version IS 'Version of the registry';
COMMENT ON COLUMN core.camera.camera_id IS 'Id that detections carry';
COMMENT ON COLUMN core.camera.name IS 'Name on screen';
COMMENT ON COLUMN core.camera.lat IS 'Degrees WGS84';
COMMENT ON COLUMN core.camera.lon IS 'Degrees WGS84';
COMMENT ON COLUMN core.camera.azimuth_deg IS 'Where the camera looks, degrees from north; null where unknown';

CREATE TABLE core.camera_zone (
    version integer NOT NULL,
    camera_id uuid NOT NULL,
    zone_no integer NOT NULL REFERENCES core.zone,
    obverse smallint NOT NULL,
    reverse smallint NOT NULL,
    unknown_direction smallint NOT NULL,
    PRIMARY KEY (version, camera_id, zone_no),
    FOREIGN KEY (version, camera_id) REFERENCES core.camera
);
COMMENT ON TABLE core.camera_zone IS 'What a detection means for a zone, by direction: 0 in, 1 out, 2 unknown';
COMMENT ON COLUMN core.camera_zone.version IS 'Version of the registry';
COMMENT ON COLUMN core.camera_zone.camera_id IS 'Camera';
COMMENT ON COLUMN core.camera_zone.zone_no IS 'Zone';
COMMENT ON COLUMN core.camera_zone.obverse IS 'Movement when the front plate was read';
COMMENT ON COLUMN core.camera_zone.reverse IS 'Movement when the rear plate was read';
COMMENT ON COLUMN core.camera_zone.unknown_direction IS 'Movement when the direction is unknown';

CREATE TABLE core.settings_version (
    version integer PRIMARY KEY,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.settings_version IS 'Settings that decide figures; a control record says where each version starts';
COMMENT ON COLUMN core.settings_version.version IS 'From 1 on, without gaps';
COMMENT ON COLUMN core.settings_version.document IS 'The settings; views read clock and reorder_s';
COMMENT ON COLUMN core.settings_version.created_at IS 'When it was stored';
