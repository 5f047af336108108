-- Publication of history: which local days are published, and what it needs to know of carriers until then.
-- depends: 0004.flow 0006.published 0011.boards
CREATE TABLE core.publication (
    source smallint NOT NULL,
    day date NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    zone_version integer NOT NULL,
    camera_version integer NOT NULL,
    k smallint NOT NULL,
    carriers smallint NOT NULL,
    guests integer NOT NULL,
    hour_cells integer NOT NULL,
    hour_cells_ok integer NOT NULL,
    day_cells integer NOT NULL,
    day_cells_ok integer NOT NULL,
    counted bigint NOT NULL,
    PRIMARY KEY (source, day)
);
COMMENT ON TABLE core.publication IS 'Local days whose history is published and frozen; a row comes in the transaction that publishes, and is never changed';
COMMENT ON COLUMN core.publication.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.publication.day IS 'Local day';
COMMENT ON COLUMN core.publication.published_at IS 'When';
COMMENT ON COLUMN core.publication.zone_version IS 'Version of the zones that it was published by';
COMMENT ON COLUMN core.publication.camera_version IS 'Version of the cameras that it was published by; 0 where there were none';
COMMENT ON COLUMN core.publication.k IS 'Distinct vehicles that a shown cell must have';
COMMENT ON COLUMN core.publication.carriers IS 'Carriers that a shown cell of positions must have; 0: the rule did not hold';
COMMENT ON COLUMN core.publication.guests IS 'Zones left out, for they cross others of higher rank';
COMMENT ON COLUMN core.publication.hour_cells IS 'Hour cells that are not zero';
COMMENT ON COLUMN core.publication.hour_cells_ok IS 'Of these the shown ones';
COMMENT ON COLUMN core.publication.day_cells IS 'Day cells that are not zero';
COMMENT ON COLUMN core.publication.day_cells_ok IS 'Of these the shown ones';
COMMENT ON COLUMN core.publication.counted IS 'Observations of the day when it was published: what is counted later came after it';

CREATE TABLE core.carrier_hour (
    zone_no integer NOT NULL,
    hour_start timestamptz NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    carrier bigint NOT NULL,
    vehicles bigint NOT NULL,
    PRIMARY KEY (zone_no, hour_start, vehicle_class, zero_emission, carrier)
) WITH (fillfactor = 70);
CREATE INDEX carrier_hour_hour_start ON core.carrier_hour (hour_start);
COMMENT ON TABLE core.carrier_hour IS 'Distinct vehicles of positions by cell and carrier, private; deleted once the day is published';
COMMENT ON COLUMN core.carrier_hour.zone_no IS 'Zone';
COMMENT ON COLUMN core.carrier_hour.hour_start IS 'Start of the UTC hour';
COMMENT ON COLUMN core.carrier_hour.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.carrier_hour.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.carrier_hour.carrier IS 'Pseudonym of the carrier on this local day';
COMMENT ON COLUMN core.carrier_hour.vehicles IS 'Distinct vehicles; adds up over observation partitions';

CREATE TABLE core.carrier_day (
    zone_no integer NOT NULL,
    day date NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    carrier bigint NOT NULL,
    vehicles bigint NOT NULL,
    PRIMARY KEY (zone_no, day, vehicle_class, zero_emission, carrier)
) WITH (fillfactor = 70);
CREATE INDEX carrier_day_by_day ON core.carrier_day (day);
COMMENT ON TABLE core.carrier_day IS 'The same by local day';
COMMENT ON COLUMN core.carrier_day.zone_no IS 'Zone';
COMMENT ON COLUMN core.carrier_day.day IS 'Local day';
COMMENT ON COLUMN core.carrier_day.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.carrier_day.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.carrier_day.carrier IS 'Pseudonym of the carrier on this local day';
COMMENT ON COLUMN core.carrier_day.vehicles IS 'Distinct vehicles; adds up over observation partitions';

COMMENT ON TABLE core.published_hour IS 'Published cells by UTC hour, frozen; hours of withheld days have no row, for they are withheld';
COMMENT ON TABLE core.published_day IS 'Published cells by local day, frozen; every zone has one for each class and emission';
COMMENT ON TABLE core.published_feed_day IS 'How complete the input of a published local day was';
COMMENT ON COLUMN core.published_feed_day.accepted IS 'Rows that passed intake; null where it would tell of withheld cells';
COMMENT ON COLUMN core.published_feed_day.taken IS 'Rows that are in flow cells; null where it would tell of withheld cells';
COMMENT ON VIEW history.zone_flow_hour IS 'K-safe cells by UTC hour, published once per local day and then frozen; an hour of a published day that has no row is below k';
COMMENT ON VIEW history.zone_flow_day IS 'K-safe cells by local day, published once per local day and then frozen';
