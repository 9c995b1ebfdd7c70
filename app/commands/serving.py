"""The server by command, with what runs beside it: letters, scans, signer, jobs."""

import os
import signal
from contextlib import suppress
from shutil import rmtree
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from app.commands.notices import sending
from app.commands.scans import reading_scans
from app.commands.schema import migrate
from app.commands.surroundings import complain, settings_here

if TYPE_CHECKING:
    from app.core.settings import Settings

_SILENT_WORKER_SECONDS = 30  # a busy one is waited for, one that hangs is replaced
# How each worker keeps its lines to whoever asks.
LINES: Final[dict[str, Any]] = {
    # An idle line is ended by whoever asks (the proxy and most programs after 5 s), seldom by us: a question
    # that is sent while we end it would go unanswered.
    "timeout_keep_alive": 30,
    # Far more than places and line before the database: who is refused is told by us, with when to come
    # again. The server's own 503 is for what would use up its files.
    "limit_concurrency": 900,
    "access_log": False,  # app/http/watch.py writes our own
    "proxy_headers": False,  # app/http/proxies.py believes whom the settings name
    "server_header": False,
}


def run(
    port: Annotated[int | None, typer.Option(help="Cổng; mặc định OCOP_PORT hoặc 8000")] = None,
) -> None:
    """Chuẩn bị mọi thứ với dữ liệu minh họa, in địa chỉ và tài khoản, rồi phục vụ."""
    os.environ.setdefault("OCOP_DEMONSTRATION", "true")
    os.environ.setdefault("OCOP_STAMP_HOST", "minhhoa.example")
    if port is not None:
        os.environ["OCOP_PORT"] = str(port)
        os.environ.setdefault("OCOP_PUBLIC_URL", f"http://127.0.0.1:{port}")
    settings = settings_here()
    migrate(settings)
    from app.core.clock import now
    from app.core.db import make_engine, transaction
    from app.demonstration.honours import make_keys
    from app.demonstration.stage import Tool
    from app.demonstration.world import ACCOUNTS_NOTE, WorldError, accounts, build_world
    from app.domain.exports.actions import House, take_snapshot
    from app.domain.stamps.actions import NoSigningKey
    from app.signer import seal_certificates

    engine = make_engine(settings)
    try:
        fresh = build_world(engine, settings, at=now())
        if not fresh:
            with transaction(engine) as session:
                make_keys(session, Tool.of(settings), at=now())  # of a world older than some key
            with suppress(NoSigningKey):
                seal_certificates(engine, settings)  # another port is another address to name
        take_snapshot(engine, settings.files, house=House.of(settings), at=now())
    except WorldError as reason:
        typer.echo(str(reason))
        raise typer.Exit(1) from reason
    finally:
        engine.dispose()
    typer.echo("Đã tạo dữ liệu minh họa." if fresh else "Dữ liệu minh họa đã có sẵn.")
    typer.echo(f"\nOCOP Lai Châu: http://{settings.host}:{settings.port}\n")
    typer.echo(ACCOUNTS_NOTE)
    for username, password, who in accounts():
        typer.echo(f"  {username:<14} {password:<18} {who}")
    typer.echo("")
    _serve(settings)


def serve() -> None:
    """Phục vụ (cơ sở dữ liệu phải đã được đưa lên cấu trúc mới nhất)."""
    settings = settings_here()
    _refuse_wrong_rules(settings)
    if not settings.demonstration and _holds_demonstration(settings):
        typer.echo(
            "Cơ sở dữ liệu này chứa dữ liệu minh họa: hãy dùng «ocop run», hoặc đặt "
            "OCOP_DEMONSTRATION=true để mọi trang nói rõ điều đó."
        )
        raise typer.Exit(1)
    _serve(settings)


def _holds_demonstration(settings: "Settings") -> bool:
    from sqlalchemy import inspect

    from app.core.db import make_engine, reading
    from app.demonstration.world import is_demonstration
    from app.domain.accounts.models import User

    engine = make_engine(settings)
    try:
        if not inspect(engine).has_table(str(User.__tablename__)):
            return False
        with reading(engine) as session:
            return is_demonstration(session)
    finally:
        engine.dispose()


def _refuse_wrong_rules(settings: "Settings") -> None:
    """Stop before anything is served by a regulation of the province that cannot be trusted."""
    from app.rulebooks.loader import council_file

    directory = settings.council_rules_dir
    if directory is None:
        return
    faults = [fault for path in sorted(directory.glob("*.yaml")) for fault in council_file(path)[1]]
    for line in faults:
        typer.echo(line, err=True)
    if faults:
        raise typer.Exit(1)


def _serve(settings: "Settings") -> None:
    import uvicorn

    from app.core.logs import configure_logs

    configure_logs(settings.log_form)
    if settings.workers > 1:
        _meet_in_files(settings)  # before anything that counts is imported
    from app.main import create_app, settle
    from app.signer import signer_beside
    from app.worker import worker_beside

    # Told to end before or after it serves, the server ends what runs beside it all the same.
    signal.signal(signal.SIGTERM, _end)
    with (
        sending(settings),
        reading_scans(settings),
        signer_beside(settings, complain),
        worker_beside(settings, complain),
    ):
        if settings.workers > 1:
            # Each worker makes its own application; what runs beside is begun here, once.
            served: Any = "app.main:create_worker"
        else:
            served = create_app(settings)
            settle()
        uvicorn.run(
            served,
            factory=settings.workers > 1,
            workers=settings.workers,
            timeout_worker_healthcheck=_SILENT_WORKER_SECONDS,
            host=settings.host,
            port=settings.port,
            log_config=None,
            **LINES,
        )


def _meet_in_files(settings: "Settings") -> None:
    """Let the measures of several workers meet in a folder that is empty at each start."""
    folder = settings.data_dir / "measures"
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(0)
