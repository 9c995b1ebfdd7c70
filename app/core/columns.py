"""Column types that behave alike on SQLite and PostgreSQL."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field


def words(vocabulary: type[StrEnum], *, index: bool = False, **options: Any) -> Any:
    """Return a field that stores the word of a closed vocabulary and refuses any other.

    The default of SQLAlchemy stores the Python member name: renaming a member would be a data
    migration.
    """
    kind = sa.Enum(
        vocabulary,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
        length=40,
        name=vocabulary.__name__.lower(),
    )
    nullable = options.pop("nullable", False)
    if "server_default" in options:
        options["sa_column_kwargs"] = {"server_default": options.pop("server_default")}
    return Field(sa_type=kind, nullable=nullable, index=index, **options)


def document(**options: Any) -> Any:
    """Return a field that stores a small JSON document."""
    return Field(sa_type=sa.JSON, nullable=options.pop("nullable", False), **options)


def long_text(**options: Any) -> Any:
    """Return a field for text without a length limit in the database (schemas hold the limit)."""
    return Field(sa_type=sa.Text, nullable=options.pop("nullable", False), **options)
