"""The province's own templates by command: a beginning for each paper that may be replaced."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.surroundings import database, settings_here

cli = typer.Typer(no_args_is_help=True, help="Văn bản và mẫu riêng của tỉnh")


@cli.command("start")
def start(
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
