"""Runs migrations on the configured database; on PostgreSQL one process at a time."""

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from app.core.db import make_engine
from app.core.settings import Settings
from app.tables import TABLES

assert TABLES  # every model is imported, so the metadata is whole
ONE_AT_A_TIME = 7_203_198_221


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        user_module_prefix="sqlmodel.sql.sqltypes.",
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    engine = make_engine(context.config.attributes.get("settings") or Settings())
    with engine.begin() as own_connection:
        run(own_connection)
    engine.dispose()
