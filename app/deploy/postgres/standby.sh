#!/bin/sh
# Copy the first database once, then follow it. Promote: psql -c 'SELECT pg_promote()'.
set -eu
pass="$HOME/.standby-pass"
umask 077
printf '%s:5432:*:standby:%s\n' "$PRIMARY_HOST" "$(cat /run/secrets/replication_password)" > "$pass"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_isready -q -h "$PRIMARY_HOST"; do sleep 1; done
  PGPASSFILE="$pass" pg_basebackup -h "$PRIMARY_HOST" -U standby -D "$PGDATA" -X stream -S standby -R -c fast
  echo "primary_conninfo = 'host=$PRIMARY_HOST user=standby passfile=$pass application_name=standby'" \
    >> "$PGDATA/postgresql.auto.conf"
fi
exec postgres -c hot_standby=on -c hot_standby_feedback=on -c max_connections=300
