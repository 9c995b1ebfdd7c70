"""Part stamps by stretches of their index and scans by months, on PostgreSQL; nothing on SQLite.

Rules: import nothing from app; schema and data apart; the previous release must still run on the
new schema; every upgrade has its downgrade.

Rows are copied: about a minute for ten million stamps, during which nothing else is done with them. The
columns stay as they were, and so do the models. Each part has a unique index of (roll, place) of its own;
the whole has none any more, because a unique index of the whole would need the index of the stamp in it.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STRETCH = 10_000_000
# Indexes and constraints that must be called as before once the whole table is laid anew.
_STAMP_KEYS = (
    "ADD CONSTRAINT fk_stamps_roll_id_stamp_rolls FOREIGN KEY (roll_id) REFERENCES stamp_rolls (id)",
    "ADD CONSTRAINT fk_stamps_withdrawal_id_stamp_withdrawals FOREIGN KEY (withdrawal_id) "
    "REFERENCES stamp_withdrawals (id)",
)
_MONTHS = (
    "SELECT month::date, (month + interval '1 month')::date FROM generate_series("
    "date_trunc('month', (SELECT coalesce(min(at), now()) FROM scan_events) "
    "AT TIME ZONE 'Asia/Ho_Chi_Minh'), "
    "date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') + interval '1 month', "
    "interval '1 month') AS month"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _part_stamps()
    _part_scans()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _join_scans()
    _join_stamps()


def _part_stamps() -> None:
    connection = op.get_bind()
    stretches = {
        number
        for (number,) in connection.exec_driver_sql(
            f'SELECT DISTINCT "index" / {STRETCH} FROM stamps'
        )
    }
    op.execute("ALTER TABLE stamps RENAME TO stamps_whole")
    op.execute("ALTER TABLE stamps_whole RENAME CONSTRAINT pk_stamps TO pk_stamps_whole")
    op.execute(
        "ALTER TABLE stamps_whole RENAME CONSTRAINT uq_stamps_roll_id_place TO uq_stamps_whole"
    )
    op.execute(
        "CREATE TABLE stamps (LIKE stamps_whole INCLUDING DEFAULTS, "
        'CONSTRAINT pk_stamps PRIMARY KEY ("index")) PARTITION BY RANGE ("index")'
    )
    _stamp_part("stamps_rest", "DEFAULT")
    for number in sorted(stretches | {0}):
        first = number * STRETCH
        _stamp_part(f"stamps_from_{first}", f"FOR VALUES FROM ({first}) TO ({first + STRETCH})")
    op.execute("INSERT INTO stamps SELECT * FROM stamps_whole")
    op.execute("DROP TABLE stamps_whole")
    for key in _STAMP_KEYS:
        op.execute(f"ALTER TABLE stamps {key}")


def _stamp_part(name: str, holds: str) -> None:
    op.execute(f"CREATE TABLE {name} PARTITION OF stamps {holds}")
    op.execute(f"CREATE UNIQUE INDEX uq_{name}_roll_id_place ON {name} (roll_id, place)")


def _part_scans() -> None:
    months = op.get_bind().exec_driver_sql(_MONTHS).all()
    op.execute("ALTER TABLE scan_events RENAME TO scans_whole")
    op.execute("ALTER TABLE scans_whole RENAME CONSTRAINT pk_scan_events TO pk_scans_whole")
    for index in ("ix_scan_events_at", "ix_scan_events_stamp_at"):
        op.execute(f"ALTER INDEX {index} RENAME TO {index}_whole")
    op.execute(
        "CREATE TABLE scan_events (LIKE scans_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS, "
        "CONSTRAINT pk_scan_events PRIMARY KEY (id, at)) PARTITION BY RANGE (at)"
    )
    op.execute("ALTER SEQUENCE scan_events_id_seq OWNED BY scan_events.id")
    op.execute("CREATE INDEX ix_scan_events_at ON scan_events (at)")
    op.execute("CREATE INDEX ix_scan_events_stamp_at ON scan_events (stamp_index, at)")
    op.execute("CREATE TABLE scan_events_rest PARTITION OF scan_events DEFAULT")
    for first, after in months:
        op.execute(
            f"CREATE TABLE scan_events_{first:%Y_%m} PARTITION OF scan_events "
            f"FOR VALUES FROM ('{first} 00:00+07') TO ('{after} 00:00+07')"
        )
    op.execute("INSERT INTO scan_events SELECT * FROM scans_whole")
    op.execute("DROP TABLE scans_whole")


def _join_scans() -> None:
    op.execute("ALTER TABLE scan_events RENAME TO scans_in_parts")
    op.execute("ALTER TABLE scans_in_parts RENAME CONSTRAINT pk_scan_events TO pk_scans_in_parts")
    for index in ("ix_scan_events_at", "ix_scan_events_stamp_at"):
        op.execute(f"ALTER INDEX {index} RENAME TO {index}_in_parts")
    op.execute(
        "CREATE TABLE scan_events (LIKE scans_in_parts INCLUDING DEFAULTS INCLUDING CONSTRAINTS, "
        "CONSTRAINT pk_scan_events PRIMARY KEY (id))"
    )
    op.execute("ALTER SEQUENCE scan_events_id_seq OWNED BY scan_events.id")
    op.execute("INSERT INTO scan_events SELECT * FROM scans_in_parts")
    op.execute("DROP TABLE scans_in_parts")
    op.execute("CREATE INDEX ix_scan_events_at ON scan_events (at)")
    op.execute("CREATE INDEX ix_scan_events_stamp_at ON scan_events (stamp_index, at)")


def _join_stamps() -> None:
    op.execute("ALTER TABLE stamps RENAME TO stamps_in_parts")
    op.execute("ALTER TABLE stamps_in_parts RENAME CONSTRAINT pk_stamps TO pk_stamps_in_parts")
    op.execute(
        "CREATE TABLE stamps (LIKE stamps_in_parts INCLUDING DEFAULTS, "
        'CONSTRAINT pk_stamps PRIMARY KEY ("index"))'
    )
    op.execute("INSERT INTO stamps SELECT * FROM stamps_in_parts")
    op.execute("DROP TABLE stamps_in_parts")
    op.execute("ALTER TABLE stamps ADD CONSTRAINT uq_stamps_roll_id_place UNIQUE (roll_id, place)")
    for key in _STAMP_KEYS:
        op.execute(f"ALTER TABLE stamps {key}")
