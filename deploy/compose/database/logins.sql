-- Logins of an installation: `duls` owns the figures and runs the roles but the API, which is reached from outside and
-- has a login of its own that reads as others may; `duls_keys` owns the keys of the days, which migrate and intake alone
-- know of; the others read for Grafana.
-- Passwords come as psql variables. Group roles are made here, by the superuser, so that `duls` need not make roles.
CREATE ROLE duls_owner NOLOGIN;
CREATE ROLE duls_ingest NOLOGIN;
CREATE ROLE duls_operator NOLOGIN;
CREATE ROLE duls_planner NOLOGIN;
CREATE ROLE duls_api NOLOGIN;
CREATE ROLE duls_pseudonymiser NOLOGIN;

CREATE ROLE duls LOGIN PASSWORD :'owner_password';
GRANT duls_owner, duls_ingest, duls_operator, duls_planner TO duls;
CREATE ROLE duls_keys LOGIN PASSWORD :'keys_password' IN ROLE duls_pseudonymiser;
GRANT duls_operator, duls_planner TO duls_api WITH INHERIT FALSE, SET TRUE;
CREATE ROLE duls_http LOGIN PASSWORD :'api_password' CONNECTION LIMIT 40 IN ROLE duls_api;

CREATE ROLE grafana_operator LOGIN PASSWORD :'operator_password' CONNECTION LIMIT 20 IN ROLE duls_operator;
CREATE ROLE grafana_planner LOGIN PASSWORD :'planner_password' CONNECTION LIMIT 20 IN ROLE duls_planner;
ALTER ROLE grafana_operator SET default_transaction_read_only = on;
ALTER ROLE grafana_operator SET statement_timeout = '5s';
ALTER ROLE grafana_planner SET default_transaction_read_only = on;
ALTER ROLE grafana_planner SET statement_timeout = '5s';

CREATE DATABASE duls OWNER duls;
CREATE DATABASE duls_keys OWNER duls_keys;
REVOKE CONNECT ON DATABASE duls_keys FROM PUBLIC;
