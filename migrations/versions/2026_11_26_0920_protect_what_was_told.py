"""protect what was told: tables that only grow; no update, no delete, on either database."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PROTECTED = (
    "register_changes",
    "plan_amendments",
    "certificate_credentials",
    "misuse_steps",
    "register_snapshots",
    "export_files",
    "packaging_checks",
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
