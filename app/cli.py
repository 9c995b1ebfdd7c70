"""The `ocop` command: migrate, load, serve, check. Imports wait until a command needs them."""

import typer

from app.commands import (
    accounts,
    backups,
    doctor,
    jobs,
    notices,
    papers,
    privacy,
    records,
    results,
    rulebooks,
    scans,
    schema,
    serving,
    stamps,
    upkeep,
)
from app.commands.surroundings import database, settings_here

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="OCOP Lai Châu")
for name, below in {
    "status": stamps.status_cli,
    "stamps": stamps.stamps_cli,
    "scans": scans.cli,
    "misuse": upkeep.misuse_cli,
    "council-rules": rulebooks.council_rules_cli,
    "certificates": stamps.certificates_cli,
    "register": records.register_cli,
    "audit": records.audit_cli,
    "uploads": upkeep.uploads_cli,
    "stamp-key": stamps.key_cli,
    "files": upkeep.files_cli,
    "result": results.cli,
    "notices": notices.cli,
    "papers": papers.cli,
    "account": accounts.cli,
    "jobs": jobs.cli,
    "backup": backups.cli,
    "privacy": privacy.cli,
}.items():
    cli.add_typer(below, name=name)


@cli.command()
def migrate() -> None:
    """Đưa cơ sở dữ liệu lên cấu trúc mới nhất."""
    schema.migrate(settings_here())


@cli.command()
def seed() -> None:
    """Nạp dữ liệu nền (xã, cơ quan, ngày nghỉ); chạy lại không đổi gì."""
    from app.core.db import transaction
    from app.domain.places.actions import load_reference

    with database(settings_here()) as engine, transaction(engine) as session:
        fresh = load_reference(session)
    typer.echo(f"Dữ liệu nền: thêm {fresh} dòng.")


for command in (
    serving.run,
    serving.serve,
    accounts.create_admin,
    rulebooks.check_rulebooks,
    rulebooks.draw_states,
    stamps.sign,
    upkeep.forget_keys,
    jobs.work,
    doctor.doctor,
):
    cli.command(command.__name__.replace("_", "-"))(command)


def main() -> None:
    """Run the command line."""
    cli()
