"""Clearing up by command: keys against doubling, files nobody names, reporters' contacts."""

from typing import Annotated

import typer

from app.commands.surroundings import database, settings_here

uploads_cli = typer.Typer(no_args_is_help=True, help="Tệp gửi dở")
files_cli = typer.Typer(no_args_is_help=True, help="Kho tệp")
misuse_cli = typer.Typer(no_args_is_help=True, help="Phản ánh của người dân")


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


@misuse_cli.command("forget")
def misuse_forget() -> None:
    """Xóa liên hệ và ảnh của các phản ánh đã xong quá hạn lưu (chạy mỗi ngày, trước `files sweep`)."""
    from app.worker import forget_reporters

    settings = settings_here()
    with database(settings) as engine:
        gone = forget_reporters(engine, settings)
    typer.echo(f"Đã xóa liên hệ và ảnh của {gone} phản ánh.")
