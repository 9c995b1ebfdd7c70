"""The `ocop` command: migrate, load, serve, check. Imports wait until a command needs them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.core.settings import Settings
    from app.domain.councils.queries import Replayed
    from app.domain.notices.actions import Pass

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="OCOP Lai Châu")
audit_cli = typer.Typer(no_args_is_help=True, help="Nhật ký")
key_cli = typer.Typer(no_args_is_help=True, help="Khóa ký tem")
uploads_cli = typer.Typer(no_args_is_help=True, help="Tệp gửi dở")
files_cli = typer.Typer(no_args_is_help=True, help="Kho tệp")
result_cli = typer.Typer(no_args_is_help=True, help="Kết quả của Hội đồng")
notices_cli = typer.Typer(no_args_is_help=True, help="Thông báo")
papers_cli = typer.Typer(no_args_is_help=True, help="Văn bản và mẫu riêng của tỉnh")
council_rules_cli = typer.Typer(no_args_is_help=True, help="Quy chế hoạt động của Hội đồng")
cli.add_typer(council_rules_cli, name="council-rules")
cli.add_typer(audit_cli, name="audit")
cli.add_typer(uploads_cli, name="uploads")
cli.add_typer(key_cli, name="stamp-key")
cli.add_typer(files_cli, name="files")
cli.add_typer(result_cli, name="result")
cli.add_typer(notices_cli, name="notices")
cli.add_typer(papers_cli, name="papers")

ROOT = Path(__file__).resolve().parents[1]
_LAST_WORDS_SECONDS = 5.0


def _settings() -> "Settings":
    from app.core.settings import Settings

    return Settings()


def _engine(settings: "Settings") -> "Engine":
    from app.core.db import make_engine

    return make_engine(settings)


@contextmanager
def _database(settings: "Settings") -> "Iterator[Engine]":
    """Lend the database to a command; a refusal becomes its sentence, and connections end."""
    from app.core.errors import Refusal

    engine = _engine(settings)
    try:
        yield engine
    except Refusal as refusal:
        typer.echo(refusal.text, err=True)
        raise typer.Exit(1) from refusal
    finally:
        engine.dispose()


def migrate_database(settings: "Settings") -> None:
    """Bring the database to the newest schema."""
    from alembic import command
    from alembic.config import Config

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["settings"] = settings
    command.upgrade(config, "head")


@cli.command()
def migrate() -> None:
    """Đưa cơ sở dữ liệu lên cấu trúc mới nhất."""
    migrate_database(_settings())


@cli.command()
def seed() -> None:
    """Nạp dữ liệu nền (xã, cơ quan, ngày nghỉ); chạy lại không đổi gì."""
    from app.core.db import transaction
    from app.domain.places.actions import load_reference

    with _database(_settings()) as engine, transaction(engine) as session:
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
    settings = _settings()
    migrate_database(settings)
    from app.core.clock import now
    from app.demonstration.world import ACCOUNTS_NOTE, WorldError, accounts, build_world

    engine = _engine(settings)
    try:
        fresh = build_world(engine, settings, at=now())
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
    settings = _settings()
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

    from app.main import create_app

    with _sender(settings):
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            limit_concurrency=512,
        )


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
                typer.echo(f"Chưa gửi được thông báo: {type(fault).__name__}", err=True)
    finally:
        engine.dispose()


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

    with _database(_settings()) as engine, transaction(engine) as session:
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
        )
    typer.echo(f"Đã mở tài khoản quản trị «{username}».")


@cli.command("check-rulebooks")
def check_rulebooks() -> None:
    """Kiểm tra bộ tiêu chí, quy trình, quy chế: số học, nguồn, mã băm đã khóa."""
    from app.rulebooks.loader import check

    report = check(_settings().council_rules_dir)
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

    with _database(_settings()) as engine, reading(engine) as session:
        report = verified_chain(session)
    if not report.is_whole:
        why = {"missing": "thiếu dòng", "changed": "dòng bị sửa", "cut": "bị cắt cuối"}
        typer.echo(f"NHẬT KÝ HỎNG tại số {report.first_broken}: {why[str(report.reason)]}.")
        raise typer.Exit(1)
    typer.echo(f"Nhật ký nguyên vẹn: {report.events} sự kiện, mã cuối {report.head_hash}.")


@key_cli.command("create")
def key_create(kid: Annotated[int, typer.Argument(min=0, max=255)]) -> None:
    """Tạo khóa ký tem; phần bí mật nằm trong thư mục khóa, phần công khai được công bố."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.stamps.actions import create_stamp_key

    settings = _settings()
    with _database(settings) as engine, transaction(engine) as session:
        create_stamp_key(session, settings.private_key_dir, kid, at=now())
    typer.echo(f"Đã tạo khóa số {kid}.")


@cli.command("forget-keys")
def forget_keys() -> None:
    """Xóa các mã chống trùng đã quá hạn giữ (chạy mỗi ngày)."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.http.idempotency import forget_old

    with _database(_settings()) as engine, transaction(engine) as session:
        gone = forget_old(session, at=now())
    typer.echo(f"Đã xóa {gone} mã chống trùng.")


@uploads_cli.command("expire")
def uploads_expire() -> None:
    """Xóa các tệp gửi dở đã quá hạn, và phần tệp không còn ai gửi (chạy mỗi ngày)."""
    from app.core import parts
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.uploads.actions import forget_expired_uploads
    from app.domain.uploads.queries import known_codes

    settings = _settings()
    # Listed before the database is asked: a file that begins meanwhile is not on the list.
    lying = parts.codes_in(settings.parts_dir)
    with _database(settings) as engine, transaction(engine) as session:
        gone = forget_expired_uploads(session, at=now())
        lying -= known_codes(session, lying)
    removed = sum(parts.discard(settings.parts_dir, code) for code in sorted(lying))
    typer.echo(f"Tệp gửi dở quá hạn: {gone}; phần tệp đã xóa: {removed}.")


@files_cli.command("sweep")
def files_sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ đếm, không xóa")] = False,
) -> None:
    """Xóa tệp không dòng nào nhắc đến và đã cũ hơn một ngày (tải lên rồi bỏ dở)."""
    import app.tables  # noqa: F401 -- the rows of every table count
    from app.core.clock import now
    from app.core.stocktaking import UNNAMED_FOR, sweep

    settings = _settings()
    with _database(settings) as engine:
        swept = sweep(engine, settings.files, before=now() - UNNAMED_FOR, dry_run=dry_run)
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

    settings = _settings()
    with _database(settings) as engine, reading(engine) as session:
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
    settings = _settings()
    with _database(settings) as engine:
        done = _send_notices(engine, settings)
    typer.echo(f"Thông báo đã gửi: {done.sent}; chưa gửi được, sẽ thử lại: {done.failed}.")
    if watch:
        _send_until(settings, Event(), watch)


@notices_cli.command("remind")
def notices_remind() -> None:
    """Nhắc giấy tờ sắp hết hạn, kỳ đánh giá lại, xã quá hạn, phiếu chưa nộp; chạy lại không nhắc hai lần."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.councils.actions import tell_of_the_day
    from app.domain.dossiers.actions import remind_of_overdue
    from app.domain.recognition.actions import remind_of_renewal
    from app.domain.wallet.actions import remind_of_expiry

    at = now()
    with _database(_settings()) as engine, transaction(engine) as session:
        papers = remind_of_expiry(session, at=at)
        renewals = remind_of_renewal(session, at=at)
        late = remind_of_overdue(session, at=at)
        opened, opinions = tell_of_the_day(session, at=at)
    typer.echo(
        f"Đã nhắc: giấy tờ {papers}; đánh giá lại {renewals}; xã quá hạn {late}; "
        f"hồ sơ mở cho Hội đồng {opened}; phiếu chưa nộp {opinions}."
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
        found = verified(read_result_file(content), _settings().council_rules_dir)
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

    settings = _settings()
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
    with _database(settings) as engine, reading(engine) as session:
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

    settings, at = _settings(), now()
    with _database(settings) as engine, reading(engine) as session:
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
