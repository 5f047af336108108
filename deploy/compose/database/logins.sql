-- Logins of an installation: `duls` owns the databases and runs every role, the others read for Grafana.
-- Passwords come as psql variables. Group roles are made here, by the superuser, so that `duls` need not make roles.
CREATE ROLE duls_owner NOLOGIN;
CREATE ROLE duls_ingest NOLOGIN;
CREATE ROLE duls_operator NOLOGIN;
CREATE ROLE duls_planner NOLOGIN;
CREATE ROLE duls_pseudonymiser NOLOGIN;

CREATE ROLE duls LOGIN PASSWORD :'owner_password';
GRANT duls_owner, duls_ingest, duls_operator, duls_planner, duls_pseudonymiser TO duls;

CREATE ROLE grafana_operator LOGIN PASSWORD :'operator_password' CONNECTION LIMIT 20 IN ROLE duls_operator;
CREATE ROLE grafana_planner LOGIN PASSWORD :'planner_password' CONNECTION LIMIT 20 IN ROLE duls_planner;
ALTER ROLE grafana_operator SET default_transaction_read_only = on;
ALTER ROLE grafana_operator SET statement_timeout = '5s';
ALTER ROLE grafana_planner SET default_transaction_read_only = on;
ALTER ROLE grafana_planner SET statement_timeout = '5s';

CREATE DATABASE duls OWNER duls;
CREATE DATABASE duls_keys OWNER duls;
REVOKE CONNECT ON DATABASE duls_keys FROM PUBLIC;
