"""Runs migrations on the configured database; on PostgreSQL one process at a time."""

import re

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from app.core.db import make_engine
from app.core.settings import Settings
from app.tables import TABLES

assert TABLES  # every model is imported, so the metadata is whole
ONE_AT_A_TIME = 7_203_198_221
# A change of a table waits for whoever reads it, and everybody else waits behind the change: so it waits
# briefly, and `ocop migrate` comes again.
LONGEST_WAIT = "3s"
# What revision 0006 keeps beside the models, told to each database in its own words.
FOUND_BY = ("certificate_search", "ix_certificates_words")
# What revision 0010 parts on PostgreSQL: parts are no tables of a model, and what one constraint says
# of the whole on SQLite, an index of each part says of the part.
PART = re.compile(r"(stamps|scan_events)_(from_\d+|\d{4}_\d\d|rest)")
OF_EACH_PART = "uq_stamps_roll_id_place"


def is_of_a_model(name: str | None, kind: str, _parents: object) -> bool:
    if name is None:
        return True
    return not name.startswith(FOUND_BY) and not (kind == "table" and PART.fullmatch(name))


def is_of_the_whole(_item: object, name: str | None, _kind: str, *_more: object) -> bool:
    return name != OF_EACH_PART or context.get_bind().dialect.name == "sqlite"


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'"))
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        user_module_prefix="sqlmodel.sql.sqltypes.",
        include_name=is_of_a_model,
        include_object=is_of_the_whole,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    engine = make_engine(context.config.attributes.get("settings") or Settings())
    try:
        with engine.connect() as own_connection:
            on_sqlite = own_connection.dialect.name == "sqlite"
            # SQLite rebuilds a table to change it; while it is away, nothing may miss it. Said to the
            # driver, because inside a transaction the pragma is not heard.
            driver = own_connection.connection.driver_connection
            if on_sqlite and driver is not None:
                driver.execute("PRAGMA foreign_keys=OFF")
            with own_connection.begin():
                run(own_connection)
                if on_sqlite and own_connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("a migration left rows that point to nothing")
    finally:
        engine.dispose()
