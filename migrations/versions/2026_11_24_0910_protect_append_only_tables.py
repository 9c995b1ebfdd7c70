"""protect append-only tables: no update, no delete, on either database."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PROTECTED = (
    "audit_events",
    "signing_records",
    "superseded_sheets",
    "superseded_results",
    "pinned_council_rules",
    "council_amendments",
    "advisory_amendments",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in PROTECTED:
            for verb in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in PROTECTED:
        op.execute(
            f"CREATE TRIGGER {table}_protected BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in PROTECTED:
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    for table in PROTECTED:
        op.execute(f"DROP TRIGGER {table}_protected ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
