#!/usr/bin/env bash
# Make the secrets of a new installation beside this file, readable by their owner only. What exists is left alone.
#
#   ./setup.sh          # asks for three addresses, as postgresql://duls:…@db.example/duls; or reads them, one a line
#
# They hold passwords, which arguments would show to every user of this machine and leave in the history of the shell.
# The last login is that of the API, which is reached from outside: a member of duls_api, see docs/installation.md.
# The second database holds the keys of the days: no backup may hold it. Keep a copy of secrets/master.key in a safe.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

if [ $# != 0 ]; then
    echo "setup.sh: takes no arguments: it asks for the addresses, or reads them from standard input, one a line" >&2
    exit 2
fi
if [ -e secrets ]; then
    echo "setup.sh: secrets/ is there already; another master key would make the keys of the days useless" >&2
    exit 2
fi
# what is typed is not shown; the last line may lack its end
ask() {
    read -rsp "$1, which is not shown: " url || true
    if [ -t 0 ]; then echo >&2; fi
    if ! [[ $url =~ ^postgres(ql)?://. ]]; then
        echo "setup.sh: $1 must be an address such as postgresql://login:password@host/database" >&2
        exit 2
    fi
}
ask "Database of the figures" && figures=$url
ask "Database of the keys of the days" && keys=$url
ask "Database of the figures, with the login of the API" && api=$url

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
