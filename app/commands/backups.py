"""Backup and the way back, by command: make, follow, list, verify, restore, prune."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.surroundings import database, settings_here

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.core.backups.making import Made, Source
    from app.core.backups.manifest import Manifest
    from app.core.backups.place import Place
    from app.core.backups.programs import Programs
    from app.core.backups.restoring import Restored
    from app.core.settings import Settings

cli = typer.Typer(no_args_is_help=True, help="Sao lưu và phục hồi")
MARK = "backups.json"  # in the data folder: what was made last, for `ocop doctor` and the metrics
_VERIFIED_FOR, _VERIFIED_EVERY = timedelta(days=8), timedelta(days=7)
DAILY, WEEKLY, MONTHLY = 14, 8, 24  # of how many days, weeks, months the last backup is kept
_LEFT_OUT = (
    "phần bí mật của khóa ký tem, giấy chứng nhận, danh sách tình trạng và khóa gốc (OCOP_KEY_DIR)",
    "phần bí mật của khóa ký câu trả lời, bí mật của mã cào (OCOP_ANSWER_KEY_DIR)",
    "khóa niêm phong các bí mật trong cơ sở dữ liệu, mật khẩu và mọi thiết đặt OCOP_…",
    "tệp đang gửi dở; dấu thiết bị của tháng này",
)
_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]

PlaceArgument = Annotated[
    str,
    typer.Argument(help="Nơi cất bản sao lưu: một thư mục, hoặc s3://kho/thư-mục", metavar="NƠI"),
]


@contextmanager
def _answering() -> Iterator[None]:
    """Turn a refusal into its sentence and an exit code."""
    from app.core.errors import Refusal

    try:
        yield
    except Refusal as refusal:
        typer.echo(refusal.text, err=True)
        raise typer.Exit(1) from refusal


def _place(settings: "Settings", where: str) -> "Place":
    from app.core.backups.place import BucketPlace, DiskPlace

    if not where.startswith("s3://"):
        return DiskPlace(Path(where))
    return BucketPlace(
        where,
        endpoint=settings.backup_endpoint,
        region=settings.backup_region,
        access_key=settings.backup_access_key,
        secret_key=settings.backup_secret_key.get_secret_value(),
    )


def _programs(settings: "Settings", account: str = "") -> "Programs":
    from app.core.backups.programs import Programs

    return Programs(settings.pg_bin, account)


def _source(settings: "Settings", engine: "Engine") -> "Source":
    from app.core.backups.making import Source

    own = {
        "council-rules": settings.council_rules_dir,
        "paper-templates": settings.paper_templates_dir,
    }
    return Source(
        engine=engine,
        database_url=settings.backup_database_url.get_secret_value() or settings.database_url,
        files=settings.files,
        journals=settings.scans_dir,
        scratch=settings.scratch_dir,
        release=settings.release or "ocop",
        trees={name: folder for name, folder in own.items() if folder is not None},
        left_out=_LEFT_OUT,
        programs=_programs(settings),
    )


@cli.command()
def make(
    where: PlaceArgument,
    portable: Annotated[
        bool,
        typer.Option(
            "--portable", help="PostgreSQL: bản pg_dump của lúc này, nạp được vào bản mới hơn"
        ),
    ] = False,
) -> None:
    """Sao lưu cơ sở dữ liệu, tệp, lượt quét chưa đọc; chạy được khi máy chủ đang phục vụ.

    Phần bí mật của khóa ký không bao giờ nằm trong bản sao lưu: lệnh kể những gì phải giữ ở nơi khác.
    """
    settings = settings_here()
    with _answering(), database(settings) as engine:
        made = _made(settings, engine, where, portable=portable)
    _tell(made)
    typer.echo("Không nằm trong bản sao lưu, phải giữ ở nơi khác:")
    for one in made.manifest.left_out:
        typer.echo(f"  – {one}")
    if made.manifest.damaged:
        raise typer.Exit(1)


def _made(
    settings: "Settings",
    engine: "Engine",
    where: str,
    *,
    portable: bool = False,
    hashed: bool = True,
) -> "Made":
    from app.commands.backup_checks import head_of_audit
    from app.core.backups.making import make as made_of
    from app.core.clock import now

    made = made_of(
        _source(settings, engine),
        _place(settings, where),
        tell=head_of_audit,
        clock=now,
        hashed=hashed,
        portable=portable,
    )
    _mark(settings, made.manifest, where)
    return made


def _tell(made: "Made") -> None:
    kept = made.manifest
    rows = sum(one.rows for one in kept.tables.values())
    typer.echo(
        f"{_local(kept.at)}  {kept.code}: {len(kept.tables)} bảng, {rows} dòng, {kept.file_count} tệp; "
        f"thêm {made.pieces} mảnh ({made.bytes} byte), {made.files} tệp mới."
    )
    if not kept.is_exact:
        typer.echo(
            "Máy chủ đang ghi nhiều: khi phục hồi sẽ không so được mã băm từng bảng.", err=True
        )
    for sha256 in kept.damaged:
        typer.echo(f"TỆP HỎNG Ở KHO, không sao lưu được: {sha256}", err=True)


def _local(at: datetime) -> str:
    from app.core.clock import VIET_NAM

    return f"{at.astimezone(VIET_NAM):%Y-%m-%d %H:%M:%S}"


def _mark(
    settings: "Settings", kept: "Manifest", where: str, *, verified_at: datetime | None = None
) -> None:
    """Note in the data folder what was made last, whole or not at all.

    A place that was verified within eight days counts as verified: each week it is done anew.
    """
    place = settings.data_dir / MARK
    verified_at = verified_at or _verified_at(place, where)
    said = {
        "made_at": kept.at.isoformat(),
        "kind": str(kept.kind),
        "code": kept.code,
        "place": where,
        "verified": verified_at is not None and kept.finished_at - verified_at < _VERIFIED_FOR,
        "verified_at": verified_at.isoformat() if verified_at else None,
        "damaged_files": len(kept.damaged),
    }
    draft = place.with_name(f".{MARK}")
    draft.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    draft.replace(place)


def _verified_at(mark: Path, where: str) -> datetime | None:
    """Return when this place was verified last, as the mark of before tells."""
    try:
        said = json.loads(mark.read_text(encoding="utf-8"))
        return datetime.fromisoformat(said["verified_at"]) if said["place"] == where else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cli.command()
def follow(
    where: PlaceArgument,
    every: Annotated[float, typer.Option(min=1, help="Cứ chừng này giây một lần")] = 60,
    times: Annotated[int, typer.Option(min=0, help="Chừng này lần rồi thôi; 0: mãi")] = 0,
    wal: Annotated[
        bool,
        typer.Option(
            "--wal/--no-wal", help="PostgreSQL: nhận WAL; --no-wal khi đã có archive_command"
        ),
    ] = True,
    nightly: Annotated[
        datetime | None,
        typer.Option(
            formats=["%H:%M"],
            help="Giờ Việt Nam mà mỗi đêm sao lưu trọn vẹn và bỏ bản cũ, mỗi tuần kiểm lại; bỏ trống: không",
        ),
    ] = None,
) -> None:
    """Sao lưu liên tục: SQLite chụp lại mỗi khi có thay đổi; PostgreSQL nhận WAL và chép các tệp mới.

    Mốc phục hồi của SQLite là các lần chụp này, của PostgreSQL là bất kỳ lúc nào; mất nhiều nhất chừng ấy
    giây. Với --nightly một lệnh này là đủ cho cả năm. Kết thúc khi nhận SIGTERM.
    """
    from app.core.errors import Refusal

    settings, stop = settings_here(), Event()

    def end(_signal: int, _frame: object) -> None:
        # By another thread: the event may be held right here by the one that is interrupted.
        Thread(target=stop.set).start()

    signal.signal(signal.SIGTERM, end)
    done, failed = 0, False
    with (
        _answering(),
        database(settings) as engine,
        _step(settings, engine, where, wal=wal) as step,
    ):
        night = _Night(settings, engine, where, nightly.time()) if nightly else None
        while not stop.is_set() and (not times or done < times):
            done += 1
            try:
                step()
                if night:
                    night.works_when_due()
                failed = False
            except Refusal as refusal:
                failed = True
                typer.echo(f"CHƯA SAO LƯU ĐƯỢC: {refusal.text}", err=True)
            if not times or done < times:
                stop.wait(every)
    if failed:
        raise typer.Exit(1)


class _Night:
    """What is done once a night beside following: a complete backup, old ones out, each week all verified.

    The first one is made at once where the place holds none: until then a log leads on from nothing.
    What failed stays due, and is tried again at the next step.
    """

    def __init__(self, settings: "Settings", engine: "Engine", where: str, at: time) -> None:
        from app.core.backups.manifest import all_in
        from app.core.backups.retention import next_night
        from app.core.clock import now

        self._settings, self._engine, self._where, self._at = settings, engine, where, at
        has_one = any(map(_is_hashed, all_in(_place(settings, where))))
        self._due = next_night(now(), at) if has_one else now()

    def works_when_due(self) -> None:
        """Make, prune and verify, if it is time."""
        from app.core.backups.retention import next_night
        from app.core.clock import now

        if now() < self._due:
            return
        _tell(_made(self._settings, self._engine, self._where))
        _pruned(self._settings, self._where)
        verified_at = _verified_at(self._settings.data_dir / MARK, self._where)
        if verified_at is None or now() - verified_at >= _VERIFIED_EVERY:
            _verified(self._settings, self._where)
        self._due = next_night(now(), self._at)


@contextmanager
def _step(
    settings: "Settings", engine: "Engine", where: str, *, wal: bool
) -> "Iterator[Callable[[], None]]":
    """Lend what following does each time."""
    from app.core.backups.making import copy_new_files
    from app.core.backups.programs import Address
    from app.core.backups.receiving import receiving
    from app.core.backups.sqlite import Changes

    source, place = _source(settings, engine), _place(settings, where)
    if source.on_sqlite:
        with closing(Changes(source.file)) as changes:

            def snapshot() -> None:
                if changes.are_there():
                    _tell(_made(settings, engine, where, hashed=False))
                    changes.are_kept()

            yield snapshot
        return
    if not wal:
        yield lambda: typer.echo(f"Tệp mới: {copy_new_files(source, place)}.")
        return
    incoming = settings.data_dir / "wal-incoming"
    with receiving(Address.of(source.database_url), source.programs, incoming) as receiver:

        def receive() -> None:
            receiver.end_segment()
            files = copy_new_files(source, place)  # a row that comes with the log finds its file
            typer.echo(f"Đoạn WAL: {receiver.keep(place)}; tệp mới: {files}.")

        yield receive


@cli.command("list")
def list_backups(where: PlaceArgument) -> None:
    """Kể các bản sao lưu, cũ trước mới sau, và nhật ký WAL có từ đâu đến đâu."""
    from app.core.backups import wal
    from app.core.backups.manifest import all_in

    settings = settings_here()
    with _answering():
        place = _place(settings, where)
        found = all_in(place)
        for one in found:
            rows = sum(table.rows for table in one.tables.values())
            typer.echo(
                f"{_local(one.at)}  {one.code}  cấu trúc {one.revision}  {rows} dòng  "
                f"{one.file_count} tệp  {'có mã băm' if _is_hashed(one) else 'không băm bảng'}"
            )
        for system in sorted({one.postgres.system for one in found if one.postgres}):
            names = wal.segments(place, system)
            if names:
                typer.echo(f"WAL của cụm {system}: {len(names)} tệp, {names[0]} – {names[-1]}")
    typer.echo(f"{len(found)} bản sao lưu.")


def _is_hashed(kept: "Manifest") -> bool:
    return all(one.sha256 for one in kept.tables.values())


@cli.command()
def verify(
    where: PlaceArgument,
    backup: Annotated[str, typer.Option(help="Chỉ bản có mã này")] = "",
    remove_damaged: Annotated[
        bool,
        typer.Option("--remove-damaged", help="Gỡ mảnh hỏng, để lần sao lưu sau ghi lại"),
    ] = False,
) -> None:
    """Băm lại mọi mảnh; dựng lại từng cơ sở dữ liệu và để SQLite, PostgreSQL tự kiểm; mã thoát 1 nếu hỏng."""
    settings = settings_here()
    with _answering():
        if not _verified(settings, where, backup=backup, remove_damaged=remove_damaged):
            raise typer.Exit(1)


def _verified(
    settings: "Settings", where: str, *, backup: str = "", remove_damaged: bool = False
) -> bool:
    from app.core.backups import keeping, manifest
    from app.core.clock import now

    place = _place(settings, where)
    report = keeping.verify(
        place,
        programs=_programs(settings),
        room=settings.scratch_dir,
        only=backup,
        takes_away=remove_damaged,
    )
    for line in report.wrong:
        typer.echo(f"HỎNG  {line}", err=True)
    typer.echo(
        f"{report.backups} bản sao lưu, {report.pieces} mảnh, {report.segments} đoạn WAL: "
        f"{'nguyên vẹn' if not report.wrong else f'{len(report.wrong)} chỗ hỏng'}."
    )
    if report.wrong or not report.backups:
        return False
    newest = manifest.all_in(place)[-1]
    if not backup or backup == newest.code:
        _mark(settings, newest, where, verified_at=now())
    return True


@cli.command()
def restore(
    where: PlaceArgument,
    to: Annotated[Path, typer.Option(help="Thư mục trống sẽ chứa mọi thứ", metavar="NƠI_TRỐNG")],
    at: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="Về mốc này (giờ Việt Nam); bỏ trống: mới nhất có thể"),
    ] = None,
    backup: Annotated[str, typer.Option(help="Từ bản có mã này, về đúng lúc của nó")] = "",
    pg_user: Annotated[
        str, typer.Option(help="Khi chạy bằng root: tài khoản của PostgreSQL trên máy này")
    ] = "",
) -> None:
    """Phục hồi vào chỗ trống rồi so: số dòng, mã băm từng bảng, nhật ký, tệp, chữ ký, số tem.

    Không đụng tới cơ sở dữ liệu đang chạy. Chưa so xong hoặc có chỗ khác thì thư mục còn tệp
    PHUC-HOI-CHUA-XONG và mã thoát là 1.
    """
    from app.core.backups.manifest import Kind, all_in, chosen
    from app.core.backups.restoring import check_empty, restored
    from app.core.clock import VIET_NAM

    settings = settings_here()
    moment = at.replace(tzinfo=VIET_NAM) if at else None
    with _answering():
        check_empty(to)
        place = _place(settings, where)
        kept = chosen(place, all_in(place), code=backup, at=moment)
        typer.echo(f"Bản sao lưu {kept.code}, lúc {_local(kept.at)}.")
        if moment and kept.kind is not Kind.POSTGRESQL:
            gap = moment - kept.at
            typer.echo(
                f"Đây là lần chụp gần nhất trước mốc đã cho ({int(gap.total_seconds())} giây)."
            )
        physical = kept.kind is Kind.POSTGRESQL
        with restored(
            place,
            kept,
            to,
            programs=_programs(settings, pg_user),
            at=moment if physical else None,
            newest=physical and not backup and moment is None,
        ) as got:
            _compare(settings, place, got)
    typer.echo(f"Đã phục hồi vào {to}. Đặt OCOP_DATA_DIR={to.resolve()}")
    if kept.kind is not Kind.SQLITE:
        typer.echo(
            f"PostgreSQL {kept.postgres.version if kept.postgres else ''}: pg_ctl -D {to.resolve()}/postgres start"
        )


def _compare(settings: "Settings", place: "Place", got: "Restored") -> None:
    from app.commands.backup_checks import checked, keys_needed
    from app.core.clock import now
    from app.core.settings import Settings

    there = Settings(data_dir=got.place, database_url=got.database_url)
    with database(there) as engine:
        failed = 0
        for check in checked(engine, got, place, at=now()):
            typer.echo(f"  {'ĐÚNG' if check.holds else 'SAI '}  {check.said}")
            failed += not check.holds
        lacking = keys_needed(engine, settings.answer_key_dir, settings.private_key_dir)
    if lacking:
        typer.echo("Chưa có ở máy này, lấy lại từ người giữ: " + "; ".join(lacking) + ".")
    if failed:
        typer.echo(f"KHÔNG ĐÚNG: {failed} chỗ. Chưa dùng được.", err=True)
        raise typer.Exit(1)


@cli.command()
def prune(
    where: PlaceArgument,
    keep_daily: Annotated[int, typer.Option(min=1)] = DAILY,
    keep_weekly: Annotated[int, typer.Option(min=0)] = WEEKLY,
    keep_monthly: Annotated[int, typer.Option(min=0)] = MONTHLY,
) -> None:
    """Bỏ bản sao lưu đã cũ: giữ bản cuối của từng ấy ngày, tuần, tháng; mọi thứ trong hai ngày gần đây còn nguyên."""
    settings = settings_here()
    with _answering():
        _pruned(settings, where, daily=keep_daily, weekly=keep_weekly, monthly=keep_monthly)


def _pruned(
    settings: "Settings",
    where: str,
    *,
    daily: int = DAILY,
    weekly: int = WEEKLY,
    monthly: int = MONTHLY,
) -> None:
    from app.core.backups.keeping import prune as pruned_of
    from app.core.clock import now

    pruned = pruned_of(
        _place(settings, where), at=now(), daily=daily, weekly=weekly, monthly=monthly
    )
    typer.echo(
        f"Đã bỏ {len(pruned.backups)} bản sao lưu, {pruned.segments} đoạn WAL, "
        f"{pruned.pieces} mảnh ({pruned.bytes} byte)."
    )


@cli.command("archive-wal")
def archive_wal(
    where: PlaceArgument,
    file: Annotated[Path, typer.Argument(help="%p của PostgreSQL")],
    name: Annotated[str, typer.Argument(help="%f của PostgreSQL")],
) -> None:
    """Cất một đoạn WAL; PostgreSQL gọi: archive_command = 'ocop backup archive-wal NƠI %p %f'."""
    from app.core.backups import wal

    settings = settings_here()
    with _answering():
        wal.archive(_place(settings, where), file, name, system=wal.system_of(Path.cwd()))
