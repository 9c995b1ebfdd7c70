"""What stays by command: the audit chain reckoned again, the register as it is this month."""

from typing import Annotated

import typer

from app.commands.surroundings import database, settings_here

audit_cli = typer.Typer(no_args_is_help=True, help="Nhật ký")
register_cli = typer.Typer(no_args_is_help=True, help="Danh bạ công khai")


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
