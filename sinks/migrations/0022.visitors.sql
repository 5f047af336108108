-- Visitor types: who came to zones on which days of a month, until the month is published, and what that needs.
-- depends: 0011.boards 0016.publication
CREATE TABLE core.visitor (
    month date NOT NULL,
    zone_no integer NOT NULL,
    visitor bigint NOT NULL,
    days integer NOT NULL,
    at_home smallint NOT NULL,
    branch smallint NOT NULL,
    company_size smallint NOT NULL,
    PRIMARY KEY (month, zone_no, visitor)
) WITH (fillfactor = 70);
COMMENT ON TABLE core.visitor IS 'On which local days of a month detected vehicles came to zones, private; empty unless privacy.month_key is on, deleted once the month is published';
COMMENT ON COLUMN core.visitor.month IS 'First day of the local month';
COMMENT ON COLUMN core.visitor.zone_no IS 'Zone';
COMMENT ON COLUMN core.visitor.visitor IS 'Pseudonym of the vehicle in this month';
COMMENT ON COLUMN core.visitor.days IS 'Days on which it came: bit 0 is the first day of the month';
COMMENT ON COLUMN core.visitor.at_home IS '1 where the plate is Dutch';
COMMENT ON COLUMN core.visitor.branch IS 'Section of SBI 2008 of its holder: 1 is A, 2 is B; 0 where no register knows';
COMMENT ON COLUMN core.visitor.company_size IS 'Size of its holder: 1 small, 2 medium, 3 large; 0 where no register knows';

CREATE TABLE core.visitor_publication (
    month date PRIMARY KEY,
    published_at timestamptz NOT NULL DEFAULT now(),
    camera_version integer NOT NULL,
    k smallint NOT NULL,
    days smallint NOT NULL,
    zones integer NOT NULL,
    shared_zones integer NOT NULL,
    cells integer NOT NULL,
    cells_ok integer NOT NULL
);
COMMENT ON TABLE core.visitor_publication IS 'Local months whose visitors are published and frozen; a row comes in the transaction that publishes, and is never changed';
COMMENT ON COLUMN core.visitor_publication.month IS 'First day of the local month';
COMMENT ON COLUMN core.visitor_publication.published_at IS 'When';
COMMENT ON COLUMN core.visitor_publication.camera_version IS 'Newest version of the cameras that it was published by';
COMMENT ON COLUMN core.visitor_publication.k IS 'Distinct vehicles that a shown cell must have';
COMMENT ON COLUMN core.visitor_publication.days IS 'Local days of the month on which anybody was counted';
COMMENT ON COLUMN core.visitor_publication.zones IS 'Zones published';
COMMENT ON COLUMN core.visitor_publication.shared_zones IS 'Zones left out, for they share cameras with one that is published';
COMMENT ON COLUMN core.visitor_publication.cells IS 'Cells that are not zero';
COMMENT ON COLUMN core.visitor_publication.cells_ok IS 'Of these the shown ones';

INSERT INTO core.branch (branch_code, name)
VALUES
    ('A', 'Landbouw, bosbouw en visserij'),
    ('B', 'Winning van delfstoffen'),
    ('C', 'Industrie'),
    ('D', 'Energievoorziening'),
    ('E', 'Waterbedrijven en afvalbeheer'),
    ('F', 'Bouwnijverheid'),
    ('G', 'Groot- en detailhandel; reparatie van auto''s'),
    ('H', 'Vervoer en opslag'),
    ('I', 'Horeca'),
    ('J', 'Informatie en communicatie'),
    ('K', 'Financiële dienstverlening'),
    ('L', 'Verhuur van en handel in onroerend goed'),
    ('M', 'Advisering, onderzoek en overige specialistische zakelijke dienstverlening'),
    ('N', 'Verhuur van roerende goederen en overige zakelijke dienstverlening'),
    ('O', 'Openbaar bestuur en overheidsdiensten'),
    ('P', 'Onderwijs'),
    ('Q', 'Gezondheids- en welzijnszorg'),
    ('R', 'Cultuur, sport en recreatie'),
    ('S', 'Overige dienstverlening'),
    ('T', 'Huishoudens als werkgever'),
    ('U', 'Extraterritoriale organisaties'),
    ('-', 'Onbekend')
ON CONFLICT (branch_code) DO NOTHING;
COMMENT ON TABLE core.branch IS 'Groups of economic activity: the sections of SBI 2008, named as CBS names them; a dash where no register knows';

COMMENT ON TABLE core.published_visitor_origin IS 'Visitors of a zone by how often they came in a month and whether their plate is Dutch, frozen; empty unless privacy.month_key is on';
COMMENT ON COLUMN core.published_visitor_origin.visitor_type IS 'On how many days of the month: 0 once, 1 occasional (2 to 9 days), 2 daily (10 days or more)';
COMMENT ON COLUMN core.published_visitor_origin.province IS 'NL, or other: provinces are in no open register';
COMMENT ON TABLE core.published_visitor_branch IS 'Visitors of a zone by how often they came in a month and the branch of their holder, frozen; empty unless privacy.month_key is on';
COMMENT ON COLUMN core.published_visitor_branch.visitor_type IS 'On how many days of the month: 0 once, 1 occasional (2 to 9 days), 2 daily (10 days or more)';
COMMENT ON COLUMN core.published_visitor_branch.branch_code IS 'Section of SBI 2008; a dash where no register knows';
COMMENT ON TABLE core.published_visitor_size IS 'Visitors of a zone by how often they came in a month and the size of the company that holds them, frozen; empty unless privacy.month_key is on';
COMMENT ON COLUMN core.published_visitor_size.visitor_type IS 'On how many days of the month: 0 once, 1 occasional (2 to 9 days), 2 daily (10 days or more)';
COMMENT ON COLUMN core.published_visitor_size.vehicle_class IS 'Code of the class; -1: over all classes, as all published cells are';
COMMENT ON COLUMN core.published_visitor_size.company_size IS '0 small, 1 medium, 2 large, 3 where no register knows';

CREATE OR REPLACE VIEW history.zone_visitor_origin AS
SELECT
    cell.zone_no,
    cell.month,
    (ARRAY['once', 'occasional', 'daily'])[cell.visitor_type + 1] AS visitor_type,
    cell.visitor_type AS visitor_type_no,
    cell.province,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status,
    done.days::integer AS counted_days
FROM core.published_visitor_origin AS cell
LEFT JOIN core.visitor_publication AS done ON done.month = cell.month;
COMMENT ON VIEW history.zone_visitor_origin IS 'Visitors of a zone by how often they came in a month and whether their plate is Dutch, k-safe; published once and then frozen';
COMMENT ON COLUMN history.zone_visitor_origin.visitor_type IS 'once: on one day of the month; occasional: on 2 to 9 days; daily: on 10 days or more';
COMMENT ON COLUMN history.zone_visitor_origin.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN history.zone_visitor_origin.counted_days IS 'Local days of the month on which vehicles were counted: fewer than it has where counting began within it';

CREATE OR REPLACE VIEW history.zone_visitor_branch AS
SELECT
    cell.zone_no,
    cell.month,
    (ARRAY['once', 'occasional', 'daily'])[cell.visitor_type + 1] AS visitor_type,
    cell.visitor_type AS visitor_type_no,
    cell.branch_code,
    branch.name AS branch_name,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status,
    done.days::integer AS counted_days
FROM core.published_visitor_branch AS cell
LEFT JOIN core.branch AS branch ON branch.branch_code = cell.branch_code
LEFT JOIN core.visitor_publication AS done ON done.month = cell.month;
COMMENT ON VIEW history.zone_visitor_branch IS 'Visitors of a zone by how often they came in a month and the branch of their holder (a section of SBI 2008, a dash where no register knows), k-safe; published once and then frozen';
COMMENT ON COLUMN history.zone_visitor_branch.visitor_type IS 'once: on one day of the month; occasional: on 2 to 9 days; daily: on 10 days or more';
COMMENT ON COLUMN history.zone_visitor_branch.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN history.zone_visitor_branch.counted_days IS 'Local days of the month on which vehicles were counted: fewer than it has where counting began within it';

CREATE OR REPLACE VIEW history.zone_visitor_size AS
SELECT
    cell.zone_no,
    cell.month,
    (ARRAY['once', 'occasional', 'daily'])[cell.visitor_type + 1] AS visitor_type,
    cell.visitor_type AS visitor_type_no,
    nullif(cell.vehicle_class, -1)::smallint AS vehicle_class_no,
    (ARRAY['small', 'medium', 'large', 'unknown'])[cell.company_size + 1] AS company_size,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status,
    done.days::integer AS counted_days
FROM core.published_visitor_size AS cell
LEFT JOIN core.visitor_publication AS done ON done.month = cell.month;
COMMENT ON VIEW history.zone_visitor_size IS 'Visitors of a zone by how often they came in a month and the size of the company that holds them, over all classes (the class is null), k-safe; published once and then frozen';
COMMENT ON COLUMN history.zone_visitor_size.visitor_type IS 'once: on one day of the month; occasional: on 2 to 9 days; daily: on 10 days or more';
COMMENT ON COLUMN history.zone_visitor_size.company_size IS 'small, medium, large, or unknown where no register knows';
COMMENT ON COLUMN history.zone_visitor_size.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN history.zone_visitor_size.counted_days IS 'Local days of the month on which vehicles were counted: fewer than it has where counting began within it';
