"""Letters by command: what is due goes out, who is to be reminded is."""

from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.surroundings import beside, database, repeat, settings_here

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.core.settings import Settings
    from app.domain.notices.actions import Pass

cli = typer.Typer(no_args_is_help=True, help="Thông báo")
_LAST_WORDS_SECONDS = 5.0


def sending(settings: "Settings") -> AbstractContextManager[None]:
    """Send notices beside the server, where it is wanted."""
    seconds = settings.notices_every_seconds
    if not seconds:
        return nullcontext()
    # A mail server that says nothing does not keep ours: a lease covers the letter.
    return beside(
        lambda stop: _send_until(settings, stop, seconds),
        name="notices",
        last_words=_LAST_WORDS_SECONDS,
    )


def _send_until(settings: "Settings", stop: Event, seconds: float) -> None:
    with database(settings) as engine:
        repeat(
            lambda: _send_due(engine, settings), stop, seconds, trouble="Chưa gửi được thông báo"
        )


def _send_due(engine: "Engine", settings: "Settings") -> "Pass":
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


@cli.command("send")
def send(
    watch: Annotated[
        float, typer.Option(min=0, help="Gửi mãi, mỗi lần cách nhau chừng này giây")
    ] = 0,
) -> None:
    """Gửi các thông báo đến hạn qua thư, tin nhắn; nhiều tiến trình cùng gửi cũng không trùng."""
    settings = settings_here()
    with database(settings) as engine:
        done = _send_due(engine, settings)
    typer.echo(f"Thông báo đã gửi: {done.sent}; chưa gửi được, sẽ thử lại: {done.failed}.")
    if watch:
        _send_until(settings, Event(), watch)


@cli.command("remind")
def remind() -> None:
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
