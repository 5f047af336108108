#!/usr/bin/env bash
# Restore a backup into an empty database that exists.
#
#   DULS_DATABASE_URL=postgresql://… deploy/backup/restore.sh FOLDER/duls-…
#
# Stop all roles first. Afterwards run `duls migrate`, then start the roles: they read the observation topic from where
# the restored figures stand, so nothing that came after the backup is lost or counted twice.
set -euo pipefail

url=${DULS_DATABASE_URL:?is not set}
backup=${1:?usage: restore.sh FOLDER/duls-…}
here=$(dirname "$0")

ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$url" "$@"; }

users=$(ask --command="SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'duls %'")
if [ "$users" != 0 ]; then
    echo "restore.sh: $users sessions of DULS use this database: stop all roles first" >&2
    exit 2
fi
if [ "$(ask --command="SELECT count(*) FROM pg_namespace WHERE nspname = 'core'")" != 0 ]; then
    echo "restore.sh: this database is not empty: drop it, make it anew and try again" >&2
    exit 2
fi

timescale=$(sed -n 's/^timescaledb //p' "$backup/versions")
if [ -n "$timescale" ]; then
    ask --command="CREATE EXTENSION IF NOT EXISTS timescaledb VERSION '$timescale'"
    ask --command="SELECT timescaledb_pre_restore()" >/dev/null
fi
# a role that exists already stays as it is
while read -r statement; do
    ask --command="$statement" 2>/dev/null || true
done <"$backup/roles.sql"
pg_restore --dbname="$url" --no-owner --exit-on-error "$backup/figures.dump"
if [ -n "$timescale" ]; then
    ask --command="SELECT timescaledb_post_restore()" >/dev/null
fi
ask --file="$here/restore.sql"
echo "restored; now: duls migrate, then start the roles"
