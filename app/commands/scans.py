"""Scans by command: journals are read in, copies looked for, old ones counted and forgotten."""

from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.surroundings import beside, complain, database, repeat, settings_here

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.core.settings import Settings
    from app.domain.scans.actions import Ingested

cli = typer.Typer(no_args_is_help=True, help="Lượt quét tem")


def reading_scans(settings: "Settings") -> AbstractContextManager[None]:
    """Read scans in and look for copies beside the server, where it is wanted."""
    seconds = settings.scans_every_seconds
    if not seconds:
        return nullcontext()
    return beside(lambda stop: _read_until(settings, stop, seconds), name="scans")


def _read_until(settings: "Settings", stop: Event, seconds: float) -> None:
    from app.core.clock import now

    looked_at = now()

    def read() -> None:
        nonlocal looked_at
        _told_of_ingest(_ingest(engine, settings))
        waited = (now() - looked_at).total_seconds()
        if settings.flags_every_seconds and waited >= settings.flags_every_seconds:
            looked_at = now()
            _examine(engine, stop)

    # What was not read in waits in its journal: the next round begins where this one did.
    with database(settings) as engine:
        repeat(read, stop, seconds, trouble="Chưa đọc được lượt quét")


def _ingest(engine: "Engine", settings: "Settings") -> "Ingested":
    from app.core.clock import now
    from app.domain.scans.actions import ingest_journals

    return ingest_journals(engine, settings.scans_dir, at=now())


def _told_of_ingest(done: "Ingested") -> None:
    """Say what was not read; a line that was answered and cannot be read is a fault of ours."""
    if done.broken:
        complain(f"LƯỢT QUÉT HỎNG: {done.broken} dòng không đọc được, đã bỏ qua.")
    for name in done.unread:
        complain(f"KHÔNG ĐỌC ĐƯỢC tệp lượt quét {name}")


def _examine(engine: "Engine", stop: Event) -> tuple[int, int]:
    """Look at what came since the last look, a little in each transaction; tell stamps and flags."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.scans.actions import examine

    stamps, raised, more = 0, 0, True
    while more and not stop.is_set():
        with transaction(engine) as session:
            done = examine(session, at=now())
        stamps, raised, more = stamps + done.stamps, raised + done.raised, done.more
    return stamps, raised


@cli.command("ingest")
def ingest(
    watch: Annotated[
        float, typer.Option(min=0, help="Đọc mãi, mỗi lần cách nhau chừng này giây")
    ] = 0,
) -> None:
    """Đọc nhật ký quét của các tiến trình vào cơ sở dữ liệu, mỗi lượt đúng một lần."""
    settings = settings_here()
    with database(settings) as engine:
        done = _ingest(engine, settings)
    _told_of_ingest(done)
    if done.is_busy:
        typer.echo("Một tiến trình khác đang đọc.")
    else:
        typer.echo(f"Đã đọc {done.kept} lượt quét; xong hẳn {done.ended} tệp.")
    if watch:
        _read_until(settings, Event(), watch)
    if done.broken or done.unread:
        raise typer.Exit(1)


@cli.command("examine")
def examine() -> None:
    """Xem các lượt quét mới, nêu dấu hiệu sao chép để người có trách nhiệm xem; không tự kết luận."""
    settings = settings_here()
    with database(settings) as engine:
        stamps, raised = _examine(engine, Event())
    typer.echo(f"Đã xem {stamps} tem; nêu {raised} dấu hiệu mới.")


@cli.command("forget")
def forget() -> None:
    """Thay các lượt quét quá 90 ngày bằng số đếm theo ngày (chạy mỗi ngày)."""
    from app.worker import forget_old_scans

    with database(settings_here()) as engine:
        total = forget_old_scans(engine)
    typer.echo(f"Đã thay {total} lượt quét bằng số đếm theo ngày.")
