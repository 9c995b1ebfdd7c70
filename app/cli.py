"""The `ocop` command: migrate, load, serve, check. Imports wait until a command needs them."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import accounts as accounts_commands
from app.commands import backups as backups_commands
from app.commands import doctor as doctor_command
from app.commands import jobs as jobs_commands
from app.commands import privacy as privacy_commands
from app.commands import schema as schema_commands
from app.commands.surroundings import database, settings_here

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.core.settings import Settings
    from app.domain.councils.queries import Replayed
    from app.domain.notices.actions import Pass
    from app.domain.scans.actions import Ingested
    from app.domain.stamps.enums import KeyPurpose
    from app.domain.stamps.models import StampKey
    from app.signer import Signer

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="OCOP Lai Châu")
audit_cli = typer.Typer(no_args_is_help=True, help="Nhật ký")
key_cli = typer.Typer(no_args_is_help=True, help="Khóa ký tem")
uploads_cli = typer.Typer(no_args_is_help=True, help="Tệp gửi dở")
files_cli = typer.Typer(no_args_is_help=True, help="Kho tệp")
result_cli = typer.Typer(no_args_is_help=True, help="Kết quả của Hội đồng")
notices_cli = typer.Typer(no_args_is_help=True, help="Thông báo")
papers_cli = typer.Typer(no_args_is_help=True, help="Văn bản và mẫu riêng của tỉnh")
register_cli = typer.Typer(no_args_is_help=True, help="Danh bạ công khai")
certificates_cli = typer.Typer(no_args_is_help=True, help="Giấy chứng nhận")
council_rules_cli = typer.Typer(no_args_is_help=True, help="Quy chế hoạt động của Hội đồng")
misuse_cli = typer.Typer(no_args_is_help=True, help="Phản ánh của người dân")
status_cli = typer.Typer(no_args_is_help=True, help="Danh sách trạng thái tem, giấy chứng nhận")
cli.add_typer(status_cli, name="status")
stamps_cli = typer.Typer(no_args_is_help=True, help="Tem")
cli.add_typer(stamps_cli, name="stamps")
scans_cli = typer.Typer(no_args_is_help=True, help="Lượt quét tem")
cli.add_typer(scans_cli, name="scans")
cli.add_typer(misuse_cli, name="misuse")
cli.add_typer(council_rules_cli, name="council-rules")
cli.add_typer(certificates_cli, name="certificates")
cli.add_typer(register_cli, name="register")
cli.add_typer(audit_cli, name="audit")
cli.add_typer(uploads_cli, name="uploads")
cli.add_typer(key_cli, name="stamp-key")
cli.add_typer(files_cli, name="files")
cli.add_typer(result_cli, name="result")
cli.add_typer(notices_cli, name="notices")
cli.add_typer(papers_cli, name="papers")
cli.add_typer(accounts_commands.cli, name="account")
cli.add_typer(jobs_commands.cli, name="jobs")
cli.add_typer(backups_commands.cli, name="backup")
cli.add_typer(privacy_commands.cli, name="privacy")
cli.command("work")(jobs_commands.work)
cli.command("doctor")(doctor_command.doctor)

_LAST_WORDS_SECONDS = 5.0
_SILENT_WORKER_SECONDS = 30  # a busy one is waited for, one that hangs is replaced
# Of each worker. Far more than places and line before the database: who is refused is told by us, with
# when to come again. The server's own 503 is for what would use up its files.
_MOST_CONNECTIONS = 900


def _engine(settings: "Settings") -> "Engine":
    from app.core.db import make_engine

    return make_engine(settings)


@cli.command()
def migrate() -> None:
    """Đưa cơ sở dữ liệu lên cấu trúc mới nhất."""
    schema_commands.migrate(settings_here())


@cli.command()
def seed() -> None:
    """Nạp dữ liệu nền (xã, cơ quan, ngày nghỉ); chạy lại không đổi gì."""
    from app.core.db import transaction
    from app.domain.places.actions import load_reference

    with database(settings_here()) as engine, transaction(engine) as session:
        fresh = load_reference(session)
    typer.echo(f"Dữ liệu nền: thêm {fresh} dòng.")


@cli.command()
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
    schema_commands.migrate(settings)
    from app.core.clock import now
    from app.core.db import transaction
    from app.demonstration.honours import make_keys
    from app.demonstration.stage import Tool
    from app.demonstration.world import ACCOUNTS_NOTE, WorldError, accounts, build_world
    from app.domain.exports.actions import House, take_snapshot
    from app.domain.stamps.actions import NoSigningKey
    from app.signer import seal_certificates

    engine = _engine(settings)
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


@cli.command()
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

    from app.core.db import reading
    from app.demonstration.world import is_demonstration
    from app.domain.accounts.models import User

    engine = _engine(settings)
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
        _sender(settings),
        _scan_reader(settings),
        signer_beside(settings, _complain),
        worker_beside(settings, _complain),
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
            access_log=False,  # app/http/watch.py writes our own
            log_config=None,
            proxy_headers=False,  # app/http/proxies.py believes whom the settings name
            server_header=False,
            timeout_keep_alive=30,
            limit_concurrency=_MOST_CONNECTIONS,
        )


def _meet_in_files(settings: "Settings") -> None:
    """Let the measures of several workers meet in a folder that is empty at each start."""
    folder = settings.data_dir / "measures"
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


def _complain(text: str) -> None:
    """Say it in the log where one is kept, otherwise to whoever typed the command."""
    from app.core.logs import are_logs_configured

    if are_logs_configured():
        logging.getLogger("ocop").warning("%s", text)
    else:
        typer.echo(text, err=True)


@contextmanager
def _sender(settings: "Settings") -> "Iterator[None]":
    """Send notices beside the server, in a thread that ends with it."""
    stop = Event()
    thread = Thread(
        target=_send_until,
        args=(settings, stop, settings.notices_every_seconds),
        name="notices",
        daemon=True,  # a mail server that says nothing does not keep ours: a lease covers the letter
    )
    if settings.notices_every_seconds:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread.is_alive():
            thread.join(_LAST_WORDS_SECONDS)


def _send_until(settings: "Settings", stop: Event, seconds: float) -> None:
    engine = _engine(settings)
    try:
        while not stop.wait(seconds):
            try:
                _send_notices(engine, settings)
            except Exception as fault:
                # Only what kind: the text of a fault may repeat an address.
                _complain(f"Chưa gửi được thông báo: {type(fault).__name__}")
    finally:
        engine.dispose()


@contextmanager
def _scan_reader(settings: "Settings") -> "Iterator[None]":
    """Read scans in and look for copies beside the server, in a thread that ends with it."""
    stop = Event()
    thread = Thread(
        target=_read_scans_until, args=(settings, stop, settings.scans_every_seconds), name="scans"
    )
    if settings.scans_every_seconds:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()


def _read_scans_until(settings: "Settings", stop: Event, seconds: float) -> None:
    from app.core.clock import now

    engine = _engine(settings)
    looked_at = now()
    try:
        while not stop.wait(seconds):
            try:
                _told_of_ingest(_ingest_scans(engine, settings))
                waited = (now() - looked_at).total_seconds()
                if settings.flags_every_seconds and waited >= settings.flags_every_seconds:
                    looked_at = now()
                    _examine_scans(engine, stop)
            except Exception as fault:
                # What was not read in waits in its journal: the next round begins where this one did.
                _complain(f"Chưa đọc được lượt quét: {type(fault).__name__}")
    finally:
        engine.dispose()


def _ingest_scans(engine: "Engine", settings: "Settings") -> "Ingested":
    from app.core.clock import now
    from app.domain.scans.actions import ingest_journals

    return ingest_journals(engine, settings.scans_dir, at=now())


def _told_of_ingest(done: "Ingested") -> None:
    """Say what was not read; a line that was answered and cannot be read is a fault of ours."""
    if done.broken:
        _complain(f"LƯỢT QUÉT HỎNG: {done.broken} dòng không đọc được, đã bỏ qua.")
    for name in done.unread:
        _complain(f"KHÔNG ĐỌC ĐƯỢC tệp lượt quét {name}")


def _examine_scans(engine: "Engine", stop: Event) -> tuple[int, int]:
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


def _send_notices(engine: "Engine", settings: "Settings") -> "Pass":
    from app.core.carriers import Carrier
    from app.core.clock import now
    from app.core.mail import MailCarrier
    from app.core.sms import SmsFile, SmsGateway
    from app.domain.notices.actions import House, send_due
    from app.domain.notices.enums import Channel

    carriers: dict[Channel, Carrier] = {}
    if settings.mail_server is not None:
        carriers[Channel.EMAIL] = MailCarrier(settings.mail_server)
    if settings.sms == "file":
        carriers[Channel.SMS] = SmsFile(settings.sms_file)
    elif settings.sms != "off":
        carriers[Channel.SMS] = SmsGateway(settings.sms, settings.sms_token.get_secret_value())
    house = House(settings.public_url, invented=settings.demonstration)
    return send_due(engine, carriers, house, clock=now)


@cli.command("create-admin")
def create_admin(
    username: str,
    name: Annotated[str, typer.Option(help="Họ tên")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Mở tài khoản quản trị đầu tiên."""
    from app.core.clock import now, today
    from app.core.db import transaction
    from app.domain.accounts.actions import create_user
    from app.domain.accounts.enums import Role
    from app.domain.accounts.rules import SYSTEM
    from app.domain.accounts.schemas import CreateUser, NewGrant

    settings = settings_here()
    with database(settings) as engine, transaction(engine) as session:
        create_user(
            session,
            CreateUser(
                username=username,
                name=name,
                password=password,
                grants=[NewGrant(role=Role.ADMINISTRATOR, valid_from=today())],
            ),
            actor=SYSTEM,
            at=now(),
            breached=settings.breached_passwords_file,
        )
    typer.echo(f"Đã mở tài khoản quản trị «{username}».")


@cli.command("check-rulebooks")
def check_rulebooks() -> None:
    """Kiểm tra bộ tiêu chí, quy trình, quy chế: số học, nguồn, mã băm đã khóa."""
    from app.rulebooks.loader import check

    report = check(settings_here().council_rules_dir)
    for line in report.errors:
        typer.echo(line)
    if report.errors:
        raise typer.Exit(1)
    typer.echo(f"Các bộ quy định đều đúng: {report.documents} văn bản.")


@council_rules_cli.command("check")
def council_rules_check(file: Annotated[Path, typer.Argument(help="Tệp quy chế (.yaml)")]) -> None:
    """Kiểm tra quy chế riêng của tỉnh trước khi dùng: lỗi, mã băm, chỗ khác mặc định."""
    from app.rulebooks.comparison import rule_values
    from app.rulebooks.loader import council_file, default_council_rules

    rules, faults = council_file(file)
    for line in faults:
        typer.echo(line)
    if rules is None or faults:
        raise typer.Exit(1)
    typer.echo(f"{rules.title} ({rules.code}): dùng được. SHA-256 {rules.sha256}")
    for one in rule_values(rules, default_council_rules()):
        if one.differs:
            typer.echo(
                f"  {one.name}: {one.value or '(trống)'} (mặc định: {one.default or '(trống)'})"
            )


@cli.command("draw-states")
def draw_states(
    check: Annotated[bool, typer.Option("--check", help="Chỉ so, không ghi")] = False,
) -> None:
    """Vẽ sơ đồ trạng thái vào app/README.md."""
    from app.states import drawn, in_document, readme_with

    current = in_document()
    fresh = drawn()
    if current == fresh:
        return
    if check:
        typer.echo("Sơ đồ trạng thái trong app/README.md đã cũ: chạy «ocop draw-states».")
        raise typer.Exit(1)
    readme_with(fresh)


@audit_cli.command("verify")
def audit_verify() -> None:
    """Tính lại mọi mã băm của nhật ký, từ dòng đầu đến dòng cuối."""
    from app.core.db import reading
    from app.domain.audit.queries import verified_chain

    with database(settings_here()) as engine, reading(engine) as session:
        report = verified_chain(session)
    if not report.is_whole:
        why = {"missing": "thiếu dòng", "changed": "dòng bị sửa", "cut": "bị cắt cuối"}
        typer.echo(f"NHẬT KÝ HỎNG tại số {report.first_broken}: {why[str(report.reason)]}.")
        raise typer.Exit(1)
    typer.echo(f"Nhật ký nguyên vẹn: {report.events} sự kiện, mã cuối {report.head_hash}.")


Purpose = Annotated[
    str, typer.Option(help="stamps: tem và giấy chứng nhận; answers: câu trả lời; root: khóa gốc")
]


def _purpose(name: str) -> "KeyPurpose":
    from app.domain.stamps.enums import KeyPurpose

    if name not in list(KeyPurpose):
        raise typer.BadParameter(" | ".join(KeyPurpose), param_hint="--purpose")
    return KeyPurpose(name)


def _key_dir(settings: "Settings", purpose: "KeyPurpose") -> Path:
    """Return where private keys of a purpose lie: the server reads those of answers alone."""
    return settings.answer_key_dir if purpose == "answers" else settings.private_key_dir


def _told_of_key(key: "StampKey") -> str:
    from app.core.clock import local_day

    return f"Đã tạo khóa số {key.kid} ({key.purpose}), ký từ ngày {local_day(key.signs_from):%d/%m/%Y}."


@key_cli.command("create")
def key_create(
    kid: Annotated[int | None, typer.Argument(min=0, max=255, help="Số khóa")] = None,
    purpose: Purpose = "stamps",
    start: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Ngày đầu tiên được ký")
    ] = None,
) -> None:
    """Tạo khóa ký; phần bí mật nằm trong thư mục khóa, phần công khai được công bố.

    Khóa đầu tiên của một việc ký được ngay; khóa sau công bố trước một tuần, trừ khi ghi --from.
    """
    from app.core.clock import VIET_NAM, now
    from app.core.db import transaction
    from app.domain.stamps.actions import create_stamp_key

    settings, wanted = settings_here(), _purpose(purpose)
    with database(settings) as engine, transaction(engine) as session:
        key = create_stamp_key(
            session,
            _key_dir(settings, wanted),
            kid,
            at=now(),
            purpose=wanted,
            signs_from=start.replace(tzinfo=VIET_NAM) if start else None,
        )
        told = _told_of_key(key)
    typer.echo(told)


@key_cli.command("rotate")
def key_rotate(purpose: Purpose = "stamps") -> None:
    """Tạo khóa kế tiếp của một việc: công bố hôm nay, một tuần sau mới ký; khóa cũ ký đến lúc đó."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.stamps.actions import rotate_stamp_key

    settings, wanted = settings_here(), _purpose(purpose)
    with database(settings) as engine, transaction(engine) as session:
        key = rotate_stamp_key(session, _key_dir(settings, wanted), at=now(), purpose=wanted)
        told = _told_of_key(key)
    typer.echo(told)


@key_cli.command("retire")
def key_retire(
    kid: Annotated[int, typer.Argument(min=0, max=255, help="Số khóa")],
    force: Annotated[
        bool, typer.Option("--force", help="Kể cả khóa duy nhất: phần bí mật đã lộ")
    ] = False,
) -> None:
    """Cho một khóa thôi ký từ lúc này; những gì nó đã ký vẫn kiểm tra được và vẫn có giá trị."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.stamps.actions import retire_stamp_key

    with database(settings_here()) as engine, transaction(engine) as session:
        retire_stamp_key(session, kid, at=now(), forced=force)
    typer.echo(f"Khóa số {kid} thôi ký. Phần bí mật của nó nên được xóa khỏi máy.")


@key_cli.command("list")
def key_list() -> None:
    """Liệt kê các khóa: việc, ký từ ngày đến ngày, khoảng chỉ số, đã ký bao nhiêu, có ở máy này không."""
    from app.core.clock import local_day
    from app.core.db import reading
    from app.core.signing import kids_in
    from app.domain.stamps.queries import published_keys, signed_counts

    settings = settings_here()
    with database(settings) as engine, reading(engine) as session:
        signed = signed_counts(session)
        for key in published_keys(session):
            until = f"{local_day(key.retired_at):%d/%m/%Y}" if key.retired_at else "nay"
            here = key.kid in kids_in(_key_dir(settings, key.purpose))
            indexes = "" if key.first_index is None else f"{key.first_index}–{key.last_index}"
            typer.echo(
                f"{key.kid:>3}  {key.purpose:<7}  {local_day(key.signs_from):%d/%m/%Y} – {until:<10}  "
                f"{indexes:<21}  đã ký {signed.get(key.kid, 0):>9}  "
                f"{'có phần bí mật' if here else 'không có phần bí mật'}"
            )


@key_cli.command("export-root")
def key_export_root() -> None:
    """In khóa gốc công khai (JWK) để đặt vào trang kiểm tra không cần mạng."""
    import json

    from app.core.clock import now
    from app.core.db import reading
    from app.domain.stamps.enums import KeyPurpose
    from app.domain.stamps.queries import find_signing_key

    with database(settings_here()) as engine, reading(engine) as session:
        key = find_signing_key(session, KeyPurpose.ROOT, at=now())
        if key is None:
            typer.echo(
                "Chưa có khóa gốc: hãy chạy «ocop stamp-key create --purpose root».", err=True
            )
            raise typer.Exit(1)
        typer.echo(json.dumps(key.jwk, sort_keys=True))


@key_cli.command("pepper")
def key_pepper() -> None:
    """Tạo bí mật của mã cào, một lần; đã có thì giữ nguyên."""
    from app.core.signing import create_pepper

    create_pepper(settings_here().answer_key_dir)
    typer.echo("Máy này có bí mật của mã cào.")


@key_cli.command("log")
def key_log(
    verify: Annotated[
        bool, typer.Option("--verify", help="Kiểm tra lại từng chữ ký (khoảng 10.000 mỗi giây)")
    ] = False,
) -> None:
    """Cộng nhật ký ký theo khóa và lô, so với từng con tem; mã thoát 1 nếu có chỗ khác."""
    from app.core.db import steady_reading
    from app.domain.stamps.queries import LogRead, read_signing_log

    read = LogRead()
    with database(settings_here()) as engine, steady_reading(engine) as session:
        for found in read_signing_log(session, read, verify=verify):
            typer.echo(f"KHÁC chỉ số {found.first_index}: {found.said}.")
    for (kid, batch), one in sorted(read.sums.items()):
        typer.echo(
            f"khóa {kid:>3}  {batch:<12}  {one.records:>6} dòng  {one.signed:>9} chữ ký  {one.found:>9} tem"
        )
    word = "Mọi chữ ký đều đúng" if verify else "Khớp (chưa kiểm tra từng chữ ký)"
    if read.differences:
        word = f"KHÔNG KHỚP: {read.differences} chỗ khác"
    typer.echo(f"{read.stamps} con tem và nhãn cuộn. {word}.")
    if read.differences:
        raise typer.Exit(1)


@stamps_cli.command("balance")
def stamps_balance() -> None:
    """Đếm lại mọi lô tem từ từng con tem, cuộn, nhật ký ký và danh sách tình trạng; kể chỗ lệch.

    Chạy lúc nào cũng được, kể cả khi đang ký; chỉ đọc.
    """
    from app.core.db import steady_reading
    from app.domain.stamps.queries import Proof, prove_balance

    proof = Proof()
    with database(settings_here()) as engine, steady_reading(engine) as session:
        for found in prove_balance(session, proof):
            typer.echo(f"LỆCH {found.of}: {found.said}.")
    typer.echo(
        f"{proof.batches} lô, {proof.rolls} cuộn, {proof.stamps} tem: {proof.in_store} trong kho, "
        f"{proof.delivered} đã giao, {proof.activated} đang có hiệu lực, {proof.suspended} tạm ngừng, "
        f"{proof.void} đã rút; {proof.changes} thay đổi tình trạng."
    )
    if proof.differences:
        typer.echo(f"KHÔNG CÂN: {proof.differences} chỗ lệch.")
        raise typer.Exit(1)
    typer.echo("Cân.")


@cli.command()
def sign(
    once: Annotated[bool, typer.Option("--once", help="Ký hết việc đang chờ rồi thôi")] = False,
    watch: Annotated[float, typer.Option(min=0.05, help="Cứ chừng này giây lại xem")] = 1.0,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
) -> None:
    """Ký tem, giấy chứng nhận, danh sách trạng thái đang chờ; chạy ở nơi giữ khóa.

    «ocop run» và «ocop serve» tự chạy việc này bên cạnh máy chủ, trừ khi OCOP_SIGNER_BESIDE=false.
    Nhiều tiến trình cùng ký cũng không trùng. Kết thúc giữa hai cuộn khi nhận SIGTERM.
    """
    from app.children import stop_when_alone
    from app.core.logs import configure_logs
    from app.signer import Signer

    settings, stop = settings_here(), Event()

    def end(_signal: int, _frame: object) -> None:
        # By another thread: the event may be held right here by the one that is interrupted.
        Thread(target=stop.set).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if beside:
        configure_logs(settings.log_form)
        stop_when_alone(stop)
    with database(settings) as engine:
        signer = Signer(engine, settings, _complain)
        if once:
            done = signer.work_through(stop)
            typer.echo(
                f"Đã ký {done.stamps} tem, {done.certificates} giấy chứng nhận, {done.lists} danh sách."
            )
        else:
            _sign_until(signer, stop, watch)


def _sign_until(signer: "Signer", stop: Event, seconds: float) -> None:
    while not stop.is_set():
        try:
            signer.work_through(stop)
        except Exception as fault:
            _complain(f"Chưa ký được: {type(fault).__name__}")
        stop.wait(seconds)


@certificates_cli.command("seal")
def certificates_seal() -> None:
    """Ký bản điện tử của các giấy chứng nhận còn hiệu lực mà chưa có bản ký, hoặc nội dung đã đổi.

    Chạy ở máy giữ khóa; chạy lại không đổi gì.
    """
    from app.signer import seal_certificates

    settings = settings_here()
    with database(settings) as engine:
        sealed, read = seal_certificates(engine, settings)
    typer.echo(f"Đã ký {sealed} bản điện tử trong {read} giấy chứng nhận còn hiệu lực.")


@status_cli.command("publish")
def status_publish() -> None:
    """Ký và công bố danh sách trạng thái tem, giấy chứng nhận, gói dữ liệu không mạng khi đến lượt.

    Chạy ở máy giữ khóa (mỗi phút, nếu «ocop sign» không chạy); chạy lại không đổi gì.
    """
    from app.signer import publish_status

    settings = settings_here()
    with database(settings) as engine:
        shards, certificates, bundle = publish_status(engine, settings)
    typer.echo(
        f"Đã ký {shards} danh sách tem, {certificates} danh sách giấy chứng nhận, {bundle} gói dữ liệu."
    )


@cli.command("forget-keys")
def forget_keys() -> None:
    """Xóa các mã chống trùng đã quá hạn giữ (chạy mỗi ngày)."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.http.idempotency import forget_old

    with database(settings_here()) as engine, transaction(engine) as session:
        gone = forget_old(session, at=now())
    typer.echo(f"Đã xóa {gone} mã chống trùng.")


@uploads_cli.command("expire")
def uploads_expire() -> None:
    """Xóa các tệp gửi dở đã quá hạn, và phần tệp không còn ai gửi (chạy mỗi ngày)."""
    from app.worker import expire_uploads as expire

    settings = settings_here()
    with database(settings) as engine:
        gone, removed = expire(engine, settings)
    typer.echo(f"Tệp gửi dở quá hạn: {gone}; phần tệp đã xóa: {removed}.")


@files_cli.command("sweep")
def files_sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ đếm, không xóa")] = False,
) -> None:
    """Xóa tệp không dòng nào nhắc đến và đã cũ hơn một ngày (tải lên rồi bỏ dở)."""
    from app.worker import sweep_files

    settings = settings_here()
    with database(settings) as engine:
        swept = sweep_files(engine, settings, dry_run=dry_run)
    word = "Sẽ xóa" if dry_run else "Đã xóa"
    typer.echo(
        f"{word} {swept.files} tệp không ai nhắc đến ({swept.size} byte) và {swept.drafts} "
        f"bản ghi dở; giữ {swept.left} tệp."
    )


@files_cli.command("verify")
def files_verify() -> None:
    """Tính lại mã băm của mọi tệp mà cơ sở dữ liệu nhắc đến."""
    import app.tables  # noqa: F401 -- the rows of every table count
    from app.core.db import reading
    from app.core.stocktaking import verify

    settings = settings_here()
    with database(settings) as engine, reading(engine) as session:
        report = verify(session, settings.files)
    for sha256 in report.missing:
        typer.echo(f"THIẾU {sha256}")
    for sha256 in report.changed:
        typer.echo(f"BỊ ĐỔI {sha256}")
    if report.missing or report.changed:
        raise typer.Exit(1)
    typer.echo(f"Kho tệp nguyên vẹn: {report.files} tệp.")


@notices_cli.command("send")
def notices_send(
    watch: Annotated[
        float, typer.Option(min=0, help="Gửi mãi, mỗi lần cách nhau chừng này giây")
    ] = 0,
) -> None:
    """Gửi các thông báo đến hạn qua thư, tin nhắn; nhiều tiến trình cùng gửi cũng không trùng."""
    settings = settings_here()
    with database(settings) as engine:
        done = _send_notices(engine, settings)
    typer.echo(f"Thông báo đã gửi: {done.sent}; chưa gửi được, sẽ thử lại: {done.failed}.")
    if watch:
        _send_until(settings, Event(), watch)


@notices_cli.command("remind")
def notices_remind() -> None:
    """Nhắc giấy tờ sắp hết hạn, kỳ đánh giá lại, xã quá hạn, phiếu chưa nộp, hạn khắc phục; không nhắc hai lần."""
    from app.core.db import transaction
    from app.worker import remind_all

    with database(settings_here()) as engine, transaction(engine) as session:
        told = remind_all(session)
    typer.echo(
        f"Đã nhắc: giấy tờ {told['papers']}; đánh giá lại {told['renewals']}; xã quá hạn "
        f"{told['late']}; hồ sơ mở cho Hội đồng {told['opened']}; phiếu chưa nộp {told['opinions']}; "
        f"khắc phục sau kiểm tra {told['corrections']}; khóa kết nối sắp hết hạn {told['tokens']}."
    )


@misuse_cli.command("forget")
def misuse_forget() -> None:
    """Xóa liên hệ và ảnh của các phản ánh đã xong quá hạn lưu (chạy mỗi ngày, trước `files sweep`)."""
    from app.worker import forget_reporters

    settings = settings_here()
    with database(settings) as engine:
        gone = forget_reporters(engine, settings)
    typer.echo(f"Đã xóa liên hệ và ảnh của {gone} phản ánh.")


@scans_cli.command("ingest")
def scans_ingest(
    watch: Annotated[
        float, typer.Option(min=0, help="Đọc mãi, mỗi lần cách nhau chừng này giây")
    ] = 0,
) -> None:
    """Đọc nhật ký quét của các tiến trình vào cơ sở dữ liệu, mỗi lượt đúng một lần."""
    settings = settings_here()
    with database(settings) as engine:
        done = _ingest_scans(engine, settings)
    _told_of_ingest(done)
    if done.is_busy:
        typer.echo("Một tiến trình khác đang đọc.")
    else:
        typer.echo(f"Đã đọc {done.kept} lượt quét; xong hẳn {done.ended} tệp.")
    if watch:
        _read_scans_until(settings, Event(), watch)
    if done.broken or done.unread:
        raise typer.Exit(1)


@scans_cli.command("examine")
def scans_examine() -> None:
    """Xem các lượt quét mới, nêu dấu hiệu sao chép để người có trách nhiệm xem; không tự kết luận."""
    settings = settings_here()
    with database(settings) as engine:
        stamps, raised = _examine_scans(engine, Event())
    typer.echo(f"Đã xem {stamps} tem; nêu {raised} dấu hiệu mới.")


@scans_cli.command("forget")
def scans_forget() -> None:
    """Thay các lượt quét quá 90 ngày bằng số đếm theo ngày (chạy mỗi ngày)."""
    from app.worker import forget_old_scans

    with database(settings_here()) as engine:
        total = forget_old_scans(engine)
    typer.echo(f"Đã thay {total} lượt quét bằng số đếm theo ngày.")


@register_cli.command("snapshot")
def register_snapshot(
    month: Annotated[
        str, typer.Option(help="Tháng (2026-11); chỉ tháng này, các tháng khác bị từ chối")
    ] = "",
) -> None:
    """Chụp danh bạ của tháng này thành CSV và JSON; đã có thì thôi (chạy mỗi ngày)."""
    from app.core.clock import now
    from app.domain.exports.actions import House, take_snapshot

    settings = settings_here()
    with database(settings) as engine:
        taken = take_snapshot(
            engine, settings.files, house=House.of(settings), at=now(), month=month
        )
    word = "Đã chụp" if taken.is_fresh else "Đã có"
    told = taken.snapshot
    typer.echo(
        f"{word} danh bạ tháng {told.month}, ngày {told.taken_on:%d/%m/%Y}: {told.count} giấy chứng nhận."
    )


NOT_TOLD = 2  # neither agrees nor differs: the file cannot be read, or rests on other rulebooks


@result_cli.command("verify")
def result_verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Tệp kết quả (JSON)")],
) -> None:
    """Tính lại một tệp kết quả; mã thoát 0: khớp, 1: khác, 2: không kết luận được."""
    from app.core.errors import Refusal
    from app.rulebooks.result_files import MOST_BYTES, read_result_file, verified

    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    try:
        found = verified(read_result_file(content), settings_here().council_rules_dir)
    except Refusal as refusal:
        typer.echo(refusal.text, err=True)
        raise typer.Exit(NOT_TOLD) from refusal
    said = found.document
    typer.echo(f"Hồ sơ {said['dossier']}, bộ tiêu chí {said['rubric']}, {said['council_rules']}")
    typer.echo(f"Mã băm trong biên bản phải là: {found.document_hash}")
    for check in found.checks:
        told = f": {check.stated}" if check.stated else ""
        if check.is_ok:
            typer.echo(f"  KHỚP  {check.label}{told}")
        else:
            typer.echo(f"  KHÁC  {check.label}{told} – tính lại: {check.computed or 'khác'}")
    if not found.has_sheets:
        typer.echo("Tệp không kèm phiếu: kiểm được tổng hợp, không kiểm được từng phiếu.")
    if not found.rules_held:
        typer.echo("Quy chế của Hội đồng lấy từ tệp; bản ở máy này khác hoặc không có.")
    typer.echo("Kết quả khớp." if found.agrees else "KẾT QUẢ KHÔNG KHỚP.")
    if not found.agrees:
        raise typer.Exit(1)


@result_cli.command("replay")
def result_replay(
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Quy chế khác để thử (YAML)"),
    ] = None,
    rubric: Annotated[str, typer.Option(help="Bộ tiêu chí khác để thử, cùng số bộ")] = "",
    meeting: Annotated[str, typer.Option(help="Chỉ kết quả của phiên họp này")] = "",
) -> None:
    """Tính lại các kết quả cũ theo quy định của chính chúng, và thử quy định khác."""
    from app.core.db import reading
    from app.core.errors import Refusal
    from app.domain.councils.queries import replayed_results
    from app.rulebooks import loader
    from app.rulebooks.model import RulebookError

    settings = settings_here()
    try:
        other_rules = (
            loader.council_rules_from(rules.stem, rules.read_text(encoding="utf-8"))
            if rules
            else None
        )
        other_rubric = loader.rubric(rubric) if rubric else None
    except (Refusal, RulebookError, UnicodeDecodeError) as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(NOT_TOLD) from wrong
    read = differ = changed = 0
    with database(settings) as engine, reading(engine) as session:
        for one in replayed_results(
            session,
            meeting=meeting,
            rules=other_rules,
            rubric=other_rubric,
            rules_dir=settings.council_rules_dir,
        ):
            read += 1
            differ += not one.agrees
            typer.echo(_replay_line(one))
            changed += one.other is not None and (one.other.star, one.other.outcome) != (
                one.star,
                one.outcome,
            )
    typer.echo(f"{read} kết quả; {differ} không tính lại được như cũ.")
    if rules or rubric:
        typer.echo(f"Theo quy định thử: {changed} kết quả khác đi.")
    if differ:
        raise typer.Exit(1)


def _replay_line(one: "Replayed") -> str:
    """Return one row of the table: what the result says, whether it holds, what others give."""
    old = " (đã thay thế)" if one.is_superseded else ""
    told = (
        f"{one.dossier:<11} bộ {one.set_number:>2}  {one.average:>6}  {one.star}★ "
        f"{'KHỚP' if one.agrees else 'KHÁC'}"
    )
    if one.other is not None:
        star = "không áp dụng được" if one.other.star is None else f"{one.other.star}★"
        same = (one.other.star, one.other.outcome) == (one.star, one.outcome)
        told += f"  → {star}{'' if same else ' *'}{f' ({one.other.why})' if one.other.why else ''}"
    why = f" – {one.why}" if one.why else ""
    return f"{told}  {one.product}{old}{why}"


@papers_cli.command("start")
def papers_start(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Thư mục sẽ chứa mẫu riêng")],
    username: Annotated[str, typer.Option("--as", help="Tên đăng nhập của người xem được văn bản")],
    meeting: Annotated[str, typer.Option(help="Phiên họp đã kết thúc, lấy làm ví dụ")],
) -> None:
    """Ghi mẫu khởi đầu (.typ, .docx) và dữ liệu ví dụ (.json) của các văn bản thay được."""
    import json

    from app.core.clock import now
    from app.core.db import reading
    from app.core.errors import Refusal
    from app.core.template_starters import typst_starter, word_starter
    from app.domain.accounts.queries import actor_of, find_user
    from app.domain.recognition.papers import replaceable_papers

    settings, at = settings_here(), now()
    with database(settings) as engine, reading(engine) as session:
        user = find_user(session, username)
        if user is None:
            typer.echo(f"Không có tài khoản «{username}».", err=True)
            raise typer.Exit(2)
        actor = actor_of(session, user, at=at)
        try:
            papers = replaceable_papers(
                session,
                meeting,
                actor=actor,
                agency=settings.agency_name,
                rules_dir=settings.council_rules_dir,
            )
        except Refusal as refusal:
            typer.echo(refusal.text, err=True)
            raise typer.Exit(2) from refusal
    folder.mkdir(parents=True, exist_ok=True)
    for paper in papers:
        data = json.dumps(paper.data, ensure_ascii=False, indent=2, default=str) + "\n"
        _write_new(folder / f"{paper.name}.json", data.encode())
        _write_new(folder / f"{paper.name}.typ", typst_starter(paper.data).encode())
        _write_new(folder / f"{paper.name}.docx", word_starter(paper.data, at=at))
    typer.echo(
        f"Đặt OCOP_PAPER_TEMPLATES_DIR={folder} để dùng; xóa tệp nào thì văn bản đó dùng mẫu có sẵn."
    )


def _write_new(place: Path, content: bytes) -> None:
    """Write a file that is not there yet: nobody's own wording is overwritten."""
    if place.exists():
        typer.echo(f"Giữ nguyên {place.name}: đã có.")
        return
    place.write_bytes(content)
    typer.echo(f"Đã ghi {place.name}.")


def main() -> None:
    """Run the command line."""
    cli()
