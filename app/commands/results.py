"""Results of councils by command: one file computed again, all of them under other rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.surroundings import database, settings_here

if TYPE_CHECKING:
    from app.domain.councils.queries import Replayed

cli = typer.Typer(no_args_is_help=True, help="Kết quả của Hội đồng")
NOT_TOLD = 2  # neither agrees nor differs: the file cannot be read, or rests on other rulebooks


@cli.command("verify")
def verify(
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


@cli.command("replay")
def replay(
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
