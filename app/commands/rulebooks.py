"""Rulebooks by command: are they sound, what does a province's own say, how do states follow."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.surroundings import settings_here

council_rules_cli = typer.Typer(no_args_is_help=True, help="Quy chế hoạt động của Hội đồng")


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
