"""`ocop doctor`: is this installation in order, and if not, what is to be done."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from app.commands.findings import Finding, Standing, wrong

if TYPE_CHECKING:
    from app.core.settings import Settings

_SIGNS = {Standing.RIGHT: "đúng   ", Standing.DOUBTFUL: "NGỜ    ", Standing.WRONG: "SAI    "}
_WRONG, _DOUBTFUL = 1, 2


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Cho máy đọc")] = False,
) -> None:
    """Khám bản cài đặt này: điều gì đúng, đáng ngờ, sai, và phải làm gì. Không in bí mật nào.

    Mã thoát: 0 mọi thứ đúng; 1 có điều sai; 2 chỉ có điều đáng ngờ.
    """
    findings = list(_findings())
    if as_json:
        told = [
            {"part": one.part, "standing": one.standing, "seen": one.seen, "todo": one.todo}
            for one in findings
        ]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for one in findings:
            typer.echo(f"{_SIGNS[one.standing]}{one.part}: {one.seen}")
            if one.todo:
                typer.echo(f"         → {one.todo}")
        counts = [sum(one.standing is each for one in findings) for each in Standing]
        typer.echo(f"\n{counts[0]} điều đúng, {counts[1]} đáng ngờ, {counts[2]} sai.")
    standings = {one.standing for one in findings}
    if Standing.WRONG in standings:
        raise typer.Exit(_WRONG)
    if Standing.DOUBTFUL in standings:
        raise typer.Exit(_DOUBTFUL)


def _findings() -> Iterator[Finding]:
    from app.commands.database_checks import database_findings
    from app.commands.machine_checks import machine_findings
    from app.commands.surroundings import settings_here
    from app.core.clock import now

    try:
        settings: Settings = settings_here()
    except ValidationError as broken:
        for error in broken.errors(include_input=False, include_url=False, include_context=False):
            named = "_".join(str(part) for part in error["loc"]).upper()
            # Only which setting and which rule: what was set may be a secret.
            said = error["msg"] if error["type"] == "value_error" else error["type"]
            yield wrong(
                "thiết đặt", f"OCOP_{named}: {said}" if named else said, "sửa biến môi trường này"
            )
        return
    except OSError as broken:
        yield wrong(
            "thiết đặt", f"không đọc được tệp bí mật ({broken.strerror})", "xem các OCOP_…_FILE"
        )
        return
    at = now()
    yield from machine_findings(settings, at=at)
    yield from database_findings(settings, at=at)
