"""Keys and signatures by command, for the machine that holds the keys; and the proof that stamps balance."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.surroundings import complain, database, repeat, settings_here, told_to_end

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.domain.stamps.enums import KeyPurpose
    from app.domain.stamps.models import StampKey

key_cli = typer.Typer(no_args_is_help=True, help="Khóa ký tem")
stamps_cli = typer.Typer(no_args_is_help=True, help="Tem")
certificates_cli = typer.Typer(no_args_is_help=True, help="Giấy chứng nhận")
status_cli = typer.Typer(no_args_is_help=True, help="Danh sách trạng thái tem, giấy chứng nhận")
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

    settings, stop = settings_here(), told_to_end()
    if beside:
        configure_logs(settings.log_form)
        stop_when_alone(stop)
    with database(settings) as engine:
        signer = Signer(engine, settings, complain)
        if once:
            done = signer.work_through(stop)
            typer.echo(
                f"Đã ký {done.stamps} tem, {done.certificates} giấy chứng nhận, {done.lists} danh sách."
            )
        else:
            repeat(
                lambda: signer.work_through(stop), stop, watch, trouble="Chưa ký được", at_once=True
            )


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
