"""`ocop privacy`: forget what was kept long enough, print the record of processing."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.surroundings import database, settings_here

cli = typer.Typer(no_args_is_help=True, help="Dữ liệu cá nhân")


@cli.command()
def forget() -> None:
    """Xóa dữ liệu cá nhân đã hết hạn lưu (chạy mỗi ngày); chạy lại không xóa thêm."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.http.idempotency import forget_old
    from app.worker import forget_personal

    settings = settings_here()
    with database(settings) as engine:
        gone = forget_personal(engine, settings)
        with transaction(engine) as session:
            gone += forget_old(session, at=now())
    typer.echo(f"Đã xóa dữ liệu hết hạn lưu ở {gone} chỗ.")


@cli.command()
def record(
    place: Annotated[
        Path | None, typer.Argument(help="Tệp CSV ghi ra; bỏ trống thì in ra màn hình")
    ] = None,
) -> None:
    """In bản ghi hoạt động xử lý dữ liệu cá nhân, để kèm hồ sơ đánh giá tác động của tỉnh."""
    from app.domain.privacy.papers import processing_record

    settings = settings_here()
    text = processing_record(
        keeper=settings.agency_name,
        contact=settings.privacy_contact,
        reporters_days=settings.reporters_kept_days,
    )
    if place is None:
        typer.echo(text)
        return
    place.write_text(text, encoding="utf-8", newline="")
    typer.echo(f"Đã ghi {place}.")
