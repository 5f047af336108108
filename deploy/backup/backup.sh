#!/usr/bin/env bash
# Back up the figures database: figures and the offsets that they stand at, as of one moment, while everything runs.
#
#   DULS_DATABASE_URL=postgresql://… deploy/backup/backup.sh FOLDER
#
# Left out: snapshots, which hold positions of vehicles (they are computed again from the log), and the keys, which are
# in a database of their own. Backups older than KEEP_DAYS are removed: small live figures may not be kept longer than
# 8 days, in a backup neither. A password in the URL is seen by other users of this machine: use PGPASSFILE.
set -euo pipefail
umask 077

url=${DULS_DATABASE_URL:?is not set}
folder=${1:?usage: backup.sh FOLDER}
keep_days=${KEEP_DAYS:-7}

mkdir -p "$folder"
unfinished=$(mktemp -d "$folder/.unfinished.XXXXXX")
trap 'rm -rf "$unfinished"' EXIT

pg_dump --dbname="$url" --format=custom --no-owner \
    --exclude-table-data='core.snapshot' --exclude-table-data='core.snapshot_chunk' \
    --file="$unfinished/figures.dump"
# logins and their passwords are not ours; the roles that grants name are
pg_dumpall --dbname="$url" --roles-only --no-role-passwords | grep -E '^(CREATE|ALTER) ROLE "?duls_' >"$unfinished/roles.sql"
psql --no-psqlrc --tuples-only --no-align --dbname="$url" --file="$(dirname "$0")/versions.sql" >"$unfinished/versions"

if pg_restore --list "$unfinished/figures.dump" | grep -E 'TABLE DATA (core snapshot|keys )'; then
    echo "backup.sh: the dump holds snapshots or keys; it is not kept" >&2
    exit 70
fi

name=duls-$(date -u +%Y%m%dT%H%M%SZ)
mv "$unfinished" "$folder/$name"
trap - EXIT
find "$folder" -mindepth 1 -maxdepth 1 -name 'duls-*' -mtime "+$keep_days" -exec rm -rf {} +
echo "$folder/$name"
