#!/bin/bash
# Run once by the database image, while it makes its data.
set -euo pipefail
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=owner_password="$OWNER_PASSWORD" \
    --set=keys_password="$KEYS_PASSWORD" \
    --set=api_password="$API_PASSWORD" \
    --set=operator_password="$OPERATOR_PASSWORD" \
    --set=planner_password="$PLANNER_PASSWORD" \
    --file=/opt/logins.sql
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=duls --command='CREATE EXTENSION IF NOT EXISTS timescaledb'
# readers write nothing: large objects outlive a session, and only the superuser can forbid them
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=duls --command='REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC'
