"""What every command stands on: this installation's settings and database, being ended, being heard."""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
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


def complain(text: str) -> None:
    """Say it in the log where one is kept, otherwise to whoever typed the command."""
    from app.core.logs import are_logs_configured

    if are_logs_configured():
        logging.getLogger("ocop").warning("%s", text)
    else:
        typer.echo(text, err=True)


def told_to_end() -> Event:
    """Return an event that is set once this process is told to end; what is half done is given back."""
    stop = Event()

    def end(_signal: int, _frame: object) -> None:
        # By another thread: the event may be held right here by the one that is interrupted.
        Thread(target=stop.set).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def repeat(
    work: Callable[[], object], stop: Event, seconds: float, *, trouble: str, at_once: bool = False
) -> None:
    """Do something each so many seconds until the event is set; what goes wrong is told, and the next time comes."""
    wait = 0.0 if at_once else seconds
    while not stop.wait(wait):
        wait = seconds
        try:
            work()
        except Exception as fault:
            # Only what kind: the text of a fault may repeat an address.
            complain(f"{trouble}: {type(fault).__name__}")


@contextmanager
def beside(
    run: Callable[[Event], object], *, name: str, last_words: float | None = None
) -> Iterator[None]:
    """Run something in a thread that is told to end with the block, and waited for.

    For so many seconds at most where they are named: then it may not keep the program from ending.
    """
    stop = Event()
    thread = Thread(target=run, args=(stop,), name=name, daemon=last_words is not None)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(last_words)
