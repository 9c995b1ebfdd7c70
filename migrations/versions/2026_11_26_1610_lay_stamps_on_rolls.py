"""lay stamps on rolls: keys with a purpose, batches that are issued step by step, stamps of a roll.

Rules: import nothing from app. The previous release runs on this schema but for its pages of stamps:
while two releases run side by side, no stamps are ordered or issued (nothing of them is lost).
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES_A_KEY = 40_000_000
PROTECTED = ("output_declarations", "stamp_changes")
_OLD_STATES = ("ordered", "approved", "refused", "issued", "delivered", "in_use", "closed")
_NEW_STATES = ("ordered", "approved", "refused", "issuing", *_OLD_STATES[3:])
_PURPOSES = ("stamps", "answers", "root")
_APPROVED = (
    "approved_count IS NULL OR (approved_count > 0 AND approved_count <= quantity "
    "AND issued_count <= approved_count)"
)
_VALID, _VOID, _NOT_ACTIVATED = 0, 1, 3


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _batch_columns() -> list[sa.Column[str]]:
    text = sqlmodel.sql.sqltypes.AutoString
    moment = sqlmodel.sql.sqltypes.UTCDateTime
    return [
        sa.Column("markets", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("with_pin", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("roll_size", sa.Integer(), nullable=False, server_default="1000"),
        sa.Column("balance", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("approved_count", sa.Integer(), nullable=True),
        sa.Column("started_at", moment(), nullable=True),
        sa.Column("started_by", text(), nullable=True),
        sa.Column("halt_reason", text(), nullable=False, server_default=""),
        sa.Column("first_index", sa.BigInteger(), nullable=True),
    ]


def _key_columns() -> list[sa.Column[int]]:
    return [
        sa.Column("first_index", sa.BigInteger(), nullable=True),
        sa.Column("last_index", sa.BigInteger(), nullable=True),
    ]


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(
        "ALTER TABLE stamp_keys ADD COLUMN purpose VARCHAR(40) DEFAULT 'stamps' NOT NULL "
        f"CONSTRAINT ck_stamp_keys_keypurpose CHECK ({_one_of('purpose', _PURPOSES)})"
    )
    for column in _key_columns():
        op.add_column("stamp_keys", column)
    for column in _batch_columns():
        op.add_column("stamp_batches", column)
    _protect(on_sqlite)
    if on_sqlite:
        _lay_batches_anew(_NEW_STATES, grown=True)
    else:
        op.drop_constraint("ck_stamp_batches_batchstate", "stamp_batches")
        op.create_check_constraint(
            op.f("ck_stamp_batches_batchstate"), "stamp_batches", _one_of("state", _NEW_STATES)
        )
        op.create_check_constraint(
            op.f("ck_stamp_batches_approved_within_quantity"), "stamp_batches", _APPROVED
        )
    _give_keys_their_indexes()
    _roll_up()
    if on_sqlite:
        _lay_stamps_on_rolls()
    else:
        _alter_stamps()
    op.add_column(
        "products",
        sa.Column(
            "gtin",
            sqlmodel.sql.sqltypes.AutoString(length=14),
            nullable=False,
            server_default="",
        ),
    )
    op.create_index(
        "uq_products_gtin",
        "products",
        ["gtin"],
        unique=True,
        sqlite_where=sa.text("gtin <> ''"),
        postgresql_where=sa.text("gtin <> ''"),
    )


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_index("uq_products_gtin", "products")
    op.drop_column("products", "gtin")
    if on_sqlite:
        _lay_stamps_on_batches()
    else:
        _alter_stamps_back()
    op.execute("UPDATE stamp_batches SET state = 'approved' WHERE state = 'issuing'")
    if on_sqlite:
        _lay_batches_anew(_OLD_STATES, grown=False)
    else:
        op.drop_constraint("ck_stamp_batches_approved_within_quantity", "stamp_batches")
        op.drop_constraint("ck_stamp_batches_batchstate", "stamp_batches")
        op.create_check_constraint(
            op.f("ck_stamp_batches_batchstate"), "stamp_batches", _one_of("state", _OLD_STATES)
        )
        for column in _batch_columns():
            op.drop_column("stamp_batches", column.name)
    if on_sqlite:
        # A column with a check of its own cannot be dropped: the table is built again.
        op.execute(
            "CREATE TABLE keys_anew (kid INTEGER NOT NULL, jwk JSON NOT NULL, "
            "created_at DATETIME NOT NULL, signs_from DATETIME NOT NULL, retired_at DATETIME, "
            "CONSTRAINT pk_stamp_keys PRIMARY KEY (kid), "
            "CONSTRAINT ck_stamp_keys_kid_range CHECK (kid BETWEEN 0 AND 255))"
        )
        op.execute(
            "INSERT INTO keys_anew SELECT kid, jwk, created_at, signs_from, retired_at "
            "FROM stamp_keys WHERE purpose = 'stamps'"
        )
        op.execute("DROP TABLE stamp_keys")
        op.execute("ALTER TABLE keys_anew RENAME TO stamp_keys")
    else:
        op.execute("DELETE FROM stamp_keys WHERE purpose <> 'stamps'")
        for name in ("purpose", "first_index", "last_index"):
            op.drop_column("stamp_keys", name)
    op.execute("DELETE FROM number_series WHERE name LIKE 'stamps/index/%'")
    op.execute("DELETE FROM number_series WHERE name = 'stamps/changes'")
    op.execute(
        "INSERT INTO number_series (name, last) "
        "SELECT 'stamps/index', max(last_index) FROM signing_records HAVING count(*) > 0"
    )
    _unprotect(on_sqlite)


def _protect(on_sqlite: bool) -> None:
    for table in PROTECTED:
        if not on_sqlite:
            op.execute(
                f"CREATE TRIGGER {table}_protected BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _unprotect(on_sqlite: bool) -> None:
    for table in PROTECTED:
        if not on_sqlite:
            op.execute(f"DROP TRIGGER {table}_protected ON {table}")
            continue
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")


def _give_keys_their_indexes() -> None:
    """Give each key a stretch of its own, after what was signed; the newest goes on in what is left."""
    connection = op.get_bind()
    given = connection.execute(
        sa.text("SELECT last FROM number_series WHERE name = 'stamps/index'")
    ).scalar()
    op.execute("DELETE FROM number_series WHERE name = 'stamps/index'")
    first = 1
    for (kid,) in connection.execute(
        sa.text("SELECT kid FROM stamp_keys ORDER BY signs_from, kid")
    ).all():
        connection.execute(
            sa.text("UPDATE stamp_keys SET first_index = :first, last_index = :last WHERE kid = :kid"),
            {"first": first, "last": first + INDEXES_A_KEY - 1, "kid": kid},
        )
        first += INDEXES_A_KEY
    newest = connection.execute(
        sa.text("SELECT kid, first_index FROM stamp_keys ORDER BY signs_from DESC, kid DESC LIMIT 1")
    ).one_or_none()
    if given is not None and newest is not None:
        # Whatever was given before counts against the newest key, so that no index comes twice.
        connection.execute(
            sa.text("INSERT INTO number_series (name, last) VALUES (:name, :last)"),
            {"name": f"stamps/index/{newest.kid}", "last": max(given - newest.first_index + 1, 0)},
        )


def _roll_up() -> None:
    """Lay every issued batch on one roll, its void stamps on withdrawals, and tell the status lists."""
    connection = op.get_bind()
    op.execute(
        "UPDATE stamp_batches SET approved_count = quantity WHERE approved_at IS NOT NULL"
    )
    op.execute(
        "UPDATE stamp_batches SET roll_size = quantity, started_at = issued_at, first_index = "
        "(SELECT min(first_index) FROM signing_records WHERE signing_records.batch_id = stamp_batches.id) "
        "WHERE issued_at IS NOT NULL"
    )
    change = 0
    batches = connection.execute(
        sa.text(
            "SELECT b.id, b.code, b.state, b.issued_count, b.first_index, b.activated_at, "
            "b.closed_at, b.delivered_at FROM stamp_batches b WHERE b.issued_count > 0 ORDER BY b.id"
        )
    ).all()
    for batch in batches:
        void = connection.execute(
            sa.text(
                "SELECT void_reason, voided_at, count(*) AS stamps FROM stamps "
                "WHERE batch_id = :batch AND state = 'void' GROUP BY void_reason, voided_at "
                "ORDER BY voided_at"
            ),
            {"batch": batch.id},
        ).all()
        active = batch.activated_at is not None
        state = "activated" if active else "delivered" if batch.delivered_at else "in_store"
        connection.execute(
            sa.text(
                "INSERT INTO stamp_rolls (id, batch_id, number, size, state, first_index, void_count, "
                "activated_at, suspension_reason) VALUES (:id, :id, 1, :size, :state, :first, :void, "
                ":activated, '')"
            ),
            {
                "id": batch.id,
                "size": batch.issued_count,
                "state": state,
                "first": batch.first_index,
                "void": sum(one.stamps for one in void),
                "activated": batch.activated_at,
            },
        )
        for number, one in enumerate(void, 1):
            connection.execute(
                sa.text(
                    "INSERT INTO stamp_withdrawals (code, batch_id, kind, reason, stamps, "
                    "withdrawn_at, withdrawn_by) VALUES (:code, :batch, 'spoilt', :reason, :stamps, "
                    ":at, '')"
                ),
                {
                    "code": f"RT-{batch.id}-{number}",
                    "batch": batch.id,
                    "reason": one.void_reason,
                    "stamps": one.stamps,
                    "at": one.voided_at,
                },
            )
        told = [(batch.first_index, batch.issued_count, _VALID if active else _NOT_ACTIVATED)]
        told += [
            (index, 1, _VOID)
            for (index,) in connection.execute(
                sa.text(
                    "SELECT \"index\" FROM stamps WHERE batch_id = :batch AND state = 'void' "
                    'ORDER BY "index"'
                ),
                {"batch": batch.id},
            )
        ]
        for first, count, status in told:
            change += 1
            connection.execute(
                sa.text(
                    "INSERT INTO stamp_changes (id, first_index, count, status, changed_at) "
                    "SELECT :id, :first, :count, :status, coalesce(activated_at, issued_at) "
                    "FROM stamp_batches WHERE id = :batch"
                ),
                {
                    "id": change,
                    "first": first,
                    "count": count,
                    "status": status,
                    "batch": batch.id,
                },
            )
    if change:
        connection.execute(
            sa.text("INSERT INTO number_series (name, last) VALUES ('stamps/changes', :last)"),
            {"last": change},
        )
    if connection.dialect.name == "postgresql" and batches:
        op.execute(
            "SELECT setval(pg_get_serial_sequence('stamp_rolls', 'id'), (SELECT max(id) FROM stamp_rolls))"
        )


_WITHDRAWN = (
    "(SELECT w.id FROM stamp_withdrawals w WHERE w.batch_id = stamps.batch_id "
    "AND w.reason = stamps.void_reason AND w.withdrawn_at = stamps.voided_at)"
)


def _lay_stamps_on_rolls() -> None:
    op.execute("DROP INDEX ix_stamps_batch_state")
    op.execute(
        'CREATE TABLE stamps_anew ("index" INTEGER NOT NULL, roll_id INTEGER NOT NULL, '
        "place INTEGER NOT NULL, header BLOB NOT NULL, signature BLOB NOT NULL, "
        'withdrawal_id INTEGER, CONSTRAINT pk_stamps PRIMARY KEY ("index"), '
        "CONSTRAINT uq_stamps_roll_id_place UNIQUE (roll_id, place), "
        "CONSTRAINT fk_stamps_roll_id_stamp_rolls FOREIGN KEY(roll_id) REFERENCES stamp_rolls (id), "
        "CONSTRAINT fk_stamps_withdrawal_id_stamp_withdrawals FOREIGN KEY(withdrawal_id) "
        "REFERENCES stamp_withdrawals (id))"
    )
    op.execute(
        'INSERT INTO stamps_anew SELECT "index", batch_id, position, header, signature, '
        f"CASE state WHEN 'void' THEN {_WITHDRAWN} END FROM stamps ORDER BY \"index\""
    )
    op.execute("DROP TABLE stamps")
    op.execute("ALTER TABLE stamps_anew RENAME TO stamps")


def _alter_stamps() -> None:
    op.drop_index("ix_stamps_batch_state", "stamps")
    op.add_column("stamps", sa.Column("roll_id", sa.Integer(), nullable=True))
    op.add_column("stamps", sa.Column("withdrawal_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE stamps SET roll_id = batch_id, "
        f"withdrawal_id = CASE state WHEN 'void' THEN {_WITHDRAWN} END"
    )
    op.drop_constraint("uq_stamps_batch_id_position", "stamps")
    op.drop_constraint("fk_stamps_batch_id_stamp_batches", "stamps")
    op.drop_constraint("ck_stamps_stampstate", "stamps")
    op.alter_column("stamps", "position", new_column_name="place")
    op.alter_column("stamps", "roll_id", nullable=False)
    for name in ("batch_id", "state", "voided_at", "void_reason"):
        op.drop_column("stamps", name)
    op.create_unique_constraint(op.f("uq_stamps_roll_id_place"), "stamps", ["roll_id", "place"])
    op.create_foreign_key(
        op.f("fk_stamps_roll_id_stamp_rolls"), "stamps", "stamp_rolls", ["roll_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_stamps_withdrawal_id_stamp_withdrawals"),
        "stamps",
        "stamp_withdrawals",
        ["withdrawal_id"],
        ["id"],
    )


# What a stamp of a roll was called before: labels of rolls were no stamps then, and places on a roll
# become positions in its batch.
_BEFORE = (
    'SELECT s."index", r.batch_id, s.place + coalesce((SELECT sum(e.size) FROM stamp_rolls e '
    "WHERE e.batch_id = r.batch_id AND e.number < r.number), 0), "
    "CASE WHEN s.withdrawal_id IS NOT NULL OR r.state = 'void' THEN 'void' "
    "WHEN r.state = 'activated' THEN 'activated' WHEN r.state = 'suspended' THEN 'suspended' "
    "ELSE 'issued' END, s.header, s.signature, w.withdrawn_at, coalesce(w.reason, '') "
    "FROM stamps s JOIN stamp_rolls r ON r.id = s.roll_id LEFT JOIN stamp_withdrawals w "
    "ON w.id = coalesce(s.withdrawal_id, r.withdrawal_id) WHERE s.place > 0"
)


def _lay_stamps_on_batches() -> None:
    op.execute(
        'CREATE TABLE stamps_anew ("index" BIGINT NOT NULL, batch_id INTEGER NOT NULL, '
        "position INTEGER NOT NULL, state VARCHAR(40) NOT NULL, header BLOB NOT NULL, "
        "signature BLOB NOT NULL, voided_at DATETIME, void_reason VARCHAR NOT NULL, "
        'CONSTRAINT pk_stamps PRIMARY KEY ("index"), '
        "CONSTRAINT fk_stamps_batch_id_stamp_batches FOREIGN KEY(batch_id) "
        "REFERENCES stamp_batches (id), "
        "CONSTRAINT uq_stamps_batch_id_position UNIQUE (batch_id, position), "
        "CONSTRAINT ck_stamps_stampstate "
        "CHECK (state IN ('issued', 'activated', 'suspended', 'void')))"
    )
    op.execute(f"INSERT INTO stamps_anew {_BEFORE}")
    op.execute("DROP TABLE stamps")
    op.execute("ALTER TABLE stamps_anew RENAME TO stamps")
    op.execute("CREATE INDEX ix_stamps_batch_state ON stamps (batch_id, state)")


def _alter_stamps_back() -> None:
    op.execute("ALTER TABLE stamps RENAME TO stamps_of_rolls")
    op.execute("ALTER TABLE stamps_of_rolls DROP CONSTRAINT pk_stamps")
    op.execute(
        'CREATE TABLE stamps ("index" BIGINT NOT NULL, batch_id INTEGER NOT NULL, '
        "position INTEGER NOT NULL, state VARCHAR(40) NOT NULL, header BYTEA NOT NULL, "
        "signature BYTEA NOT NULL, voided_at TIMESTAMP WITH TIME ZONE, "
        'void_reason VARCHAR NOT NULL, CONSTRAINT pk_stamps PRIMARY KEY ("index"), '
        "CONSTRAINT fk_stamps_batch_id_stamp_batches FOREIGN KEY(batch_id) "
        "REFERENCES stamp_batches (id), "
        "CONSTRAINT uq_stamps_batch_id_position UNIQUE (batch_id, position), "
        "CONSTRAINT ck_stamps_stampstate "
        "CHECK (state IN ('issued', 'activated', 'suspended', 'void')))"
    )
    op.execute(f"INSERT INTO stamps {_BEFORE.replace('FROM stamps s', 'FROM stamps_of_rolls s')}")
    op.execute("DROP TABLE stamps_of_rolls")
    op.execute("CREATE INDEX ix_stamps_batch_state ON stamps (batch_id, state)")


def _lay_batches_anew(states: tuple[str, ...], *, grown: bool) -> None:
    """Build the table again: SQLite cannot change a constraint. Foreign keys rest meanwhile (env.py)."""
    grown_columns = (
        ", markets JSON DEFAULT '[]' NOT NULL, with_pin BOOLEAN DEFAULT 0 NOT NULL, "
        "roll_size INTEGER DEFAULT '1000' NOT NULL, balance JSON DEFAULT '{}' NOT NULL, "
        "approved_count INTEGER, started_at DATETIME, started_by VARCHAR, "
        "halt_reason VARCHAR DEFAULT '' NOT NULL, first_index BIGINT"
    )
    op.execute(
        "CREATE TABLE batches_anew (id INTEGER NOT NULL, code VARCHAR(20) NOT NULL, "
        "version INTEGER NOT NULL, state VARCHAR(40) NOT NULL, certificate_id INTEGER NOT NULL, "
        "producer_id INTEGER NOT NULL, quantity INTEGER NOT NULL, purpose VARCHAR NOT NULL, "
        "refusal_reason VARCHAR NOT NULL, ordered_at DATETIME NOT NULL, "
        "ordered_by_helper BOOLEAN NOT NULL, approved_at DATETIME, approved_by VARCHAR, "
        "issued_at DATETIME, issued_count INTEGER NOT NULL, kid INTEGER, delivered_at DATETIME, "
        "delivered_to VARCHAR NOT NULL, activated_at DATETIME, closed_at DATETIME"
        + (grown_columns if grown else "")
        + ", CONSTRAINT pk_stamp_batches PRIMARY KEY (id), "
        "CONSTRAINT ck_stamp_batches_issued_within_quantity CHECK (issued_count <= quantity), "
        "CONSTRAINT ck_stamp_batches_quantity_positive CHECK (quantity > 0), "
        "CONSTRAINT fk_stamp_batches_certificate_id_certificates FOREIGN KEY(certificate_id) "
        "REFERENCES certificates (id), "
        "CONSTRAINT fk_stamp_batches_producer_id_producers FOREIGN KEY(producer_id) "
        "REFERENCES producers (id), CONSTRAINT uq_stamp_batches_code UNIQUE (code), "
        f"CONSTRAINT ck_stamp_batches_batchstate CHECK ({_one_of('state', states)})"
        + (
            f", CONSTRAINT ck_stamp_batches_approved_within_quantity CHECK ({_APPROVED})"
            if grown
            else ""
        )
        + ")"
    )
    columns = (
        "id, code, version, state, certificate_id, producer_id, quantity, purpose, refusal_reason, "
        "ordered_at, ordered_by_helper, approved_at, approved_by, issued_at, issued_count, kid, "
        "delivered_at, delivered_to, activated_at, closed_at"
        + (
            ", markets, with_pin, roll_size, balance, approved_count, started_at, started_by, "
            "halt_reason, first_index"
            if grown
            else ""
        )
    )
    op.execute(f"INSERT INTO batches_anew ({columns}) SELECT {columns} FROM stamp_batches")
    op.execute("DROP TABLE stamp_batches")
    op.execute("ALTER TABLE batches_anew RENAME TO stamp_batches")
    for name in ("certificate_id", "producer_id", "state"):
        op.execute(f"CREATE INDEX ix_stamp_batches_{name} ON stamp_batches ({name})")
