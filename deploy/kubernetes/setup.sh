#!/usr/bin/env bash
# Make the secrets of a new installation beside this file, readable by their owner only. What exists is left alone.
#
#   ./setup.sh postgresql://duls:…@db.example/duls postgresql://duls_keys:…@keys.example/duls_keys postgresql://duls_http:…@db.example/duls
#
# The last login is that of the API, which is reached from outside: a member of duls_api, see docs/installation.md.
# The second database holds the keys of the days: no backup may hold it. Keep a copy of secrets/master.key in a safe.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

usage='usage: setup.sh FIGURES_DATABASE_URL KEYS_DATABASE_URL FIGURES_DATABASE_URL_OF_THE_API'
figures=${1:?$usage}
keys=${2:?$usage}
api=${3:?$usage}
if [ -e secrets ]; then
    echo "setup.sh: secrets/ is there already; another master key would make the keys of the days useless" >&2
    exit 2
fi

mkdir secrets.new
trap 'rm -rf secrets.new' EXIT
echo "DULS_DATABASE_URL=$figures" >secrets.new/database.env
echo "DULS_DATABASE_URL=$api" >secrets.new/api-database.env
echo "DULS_KEYS_URL=$keys" >secrets.new/keys-database.env
for key in master token; do
    head -c 32 /dev/urandom | base64 >"secrets.new/$key.key"
done
mv secrets.new secrets
trap - EXIT
