#!/usr/bin/env bash
# Make the secrets of a new installation beside this file, readable by their owner only, and print the password of
# Grafana's administrator once. What exists is left alone.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

if [ -e secrets ]; then
    echo "setup.sh: secrets/ is there already; remove it only with the volumes of the database" >&2
    exit 2
fi
random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

mkdir secrets.new
trap 'rm -rf secrets.new' EXIT
duls=$(random) keys=$(random) api=$(random) operator=$(random) planner=$(random) administrator=$(random)
cat >secrets.new/database.env <<END
POSTGRES_PASSWORD=$(random)
OWNER_PASSWORD=$duls
KEYS_PASSWORD=$keys
API_PASSWORD=$api
OPERATOR_PASSWORD=$operator
PLANNER_PASSWORD=$planner
END
cat >secrets.new/duls.env <<END
DULS_DATABASE_URL=postgresql://duls:$duls@database:5432/duls
END
# migrate and intake alone know of the keys of the days
cat >secrets.new/keys.env <<END
DULS_KEYS_URL=postgresql://duls_keys:$keys@database:5432/duls_keys
END
# the API is reached from outside, and has a login that reads as others may
cat >secrets.new/api.env <<END
DULS_DATABASE_URL=postgresql://duls_http:$api@database:5432/duls
END
cat >secrets.new/grafana.env <<END
GF_SECURITY_ADMIN_PASSWORD=$administrator
GF_SECURITY_SECRET_KEY=$(random)
DULS_GRAFANA_OPERATOR_PASSWORD=$operator
DULS_GRAFANA_PLANNER_PASSWORD=$planner
END
for receiver in operators on_call control_room watchdog; do
    # nobody listens there: write the address that alerts shall be posted to
    echo http://127.0.0.1:9/ >"secrets.new/${receiver}_webhook_url"
    # read by the user of Alertmanager, who is not the owner of this folder
    chmod 0644 "secrets.new/${receiver}_webhook_url"
done
# each container sees only the file that it is given
chmod 0711 secrets.new
mv secrets.new secrets
trap - EXIT

echo "Grafana: user admin, password $administrator (shown once; it is in secrets/grafana.env)"
echo "Alerts reach nobody yet: write the addresses of your receivers into secrets/*_webhook_url"
