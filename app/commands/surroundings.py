"""What every command stands on: the settings of this installation and its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.core.settings import Settings


def settings_here() -> "Settings":
    """Return the settings of this installation."""
    from app.core.settings import Settings

    return Settings()


@contextmanager
def database(settings: "Settings") -> "Iterator[Engine]":
    """Lend the database to a command; a refusal becomes its sentence, and connections end."""
    from app.core.db import make_engine
    from app.core.errors import Invalid, Refusal

    engine = make_engine(settings)
    try:
        yield engine
    except Refusal as refusal:
        fields = refusal.fields.values() if isinstance(refusal, Invalid) else ()
        typer.echo("\n".join(fields) or refusal.text, err=True)
        raise typer.Exit(1) from refusal
    finally:
        engine.dispose()
