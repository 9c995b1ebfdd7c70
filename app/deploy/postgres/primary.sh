#!/bin/sh
# Run once, when the first database is made: the inner network lets in an account for the standby, and the
# owner to copy it (`ocop backup`).
set -eu
psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/replication_password)" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE standby WITH REPLICATION LOGIN PASSWORD :'password';
SELECT pg_create_physical_replication_slot('standby');
SQL
printf 'host replication %s all scram-sha-256\n' standby "$POSTGRES_USER" >> "$PGDATA/pg_hba.conf"
