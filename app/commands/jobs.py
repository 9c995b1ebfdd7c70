"""Background work by command: the worker alone, what waits or was given up, today's work now."""

from typing import Annotated

import typer

from app.commands.surroundings import complain, database, settings_here, told_to_end

cli = typer.Typer(no_args_is_help=True, help="Việc nền")


def work(
    once: Annotated[bool, typer.Option("--once", help="Làm hết việc đến hạn rồi thôi")] = False,
    watch: Annotated[float, typer.Option(min=0.05, help="Cứ chừng này giây lại xem")] = 1.0,
    workers: Annotated[
        int | None, typer.Option(min=1, max=16, help="Mặc định OCOP_JOB_WORKERS")
    ] = None,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
) -> None:
    """Làm việc nền đang chờ và việc hằng ngày: tệp in, báo cáo, nhập dữ liệu, nhắc hạn, dọn dẹp.

    «ocop run» và «ocop serve» tự chạy việc này bên cạnh máy chủ, trừ khi OCOP_JOBS_BESIDE=false.
    Nhiều tiến trình, nhiều máy cùng làm cũng không trùng. Nhận SIGTERM thì trả lại việc đang dở.
    """
    from app.children import stop_when_alone
    from app.core.logs import configure_logs
    from app.worker import Worker

    settings, stop = settings_here(), told_to_end()
    configure_logs(settings.log_form)
    if beside:
        stop_when_alone(stop)
    with database(settings) as engine:
        worker = Worker(engine, settings, complain)
        if once:
            worker.put_down_what_is_due()
            typer.echo(f"Đã làm {worker.work_through(stop)} việc.")
        else:
            worker.run(stop, workers=workers or settings.job_workers, seconds=watch)


@cli.command("run-daily")
def run_daily() -> None:
    """Làm ngay việc hằng ngày của hôm nay, không đợi đến giờ; việc đã làm thì thôi (cho cron)."""
    from app.worker import Worker

    stop = told_to_end()
    settings = settings_here()
    with database(settings) as engine:
        worker = Worker(engine, settings, complain)
        fresh = worker.put_down_what_is_due(all_day=True)
        done = worker.work_through(stop)
    typer.echo(f"Việc của hôm nay: {fresh} việc mới; đã làm {done} việc.")


@cli.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Nhiều nhất chừng này dòng")] = 50,
) -> None:
    """Kể việc đang chờ, đang làm, không làm được; và hàng đợi dài bao nhiêu."""
    from app.core.clock import now
    from app.core.db import reading
    from app.domain.jobs.queries import open_jobs, queue_state

    with database(settings_here()) as engine, reading(engine) as session:
        told = queue_state(session, now())
        for job in open_jobs(session, limit=limit):
            typer.echo(_line(job.code, job.kind, job.state, job.attempts, job.problem))
    typer.echo(
        f"Đang chờ {told.waiting} (đến hạn {told.due}, lâu nhất {told.oldest_seconds:.0f} giây); "
        f"đang làm {told.running}; không làm được {told.dead}."
    )


@cli.command("dead")
def dead_jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Nhiều nhất chừng này dòng")] = 50,
) -> None:
    """Kể việc không làm được, mới nhất trước; mã thoát 1 khi có."""
    from app.core.db import reading
    from app.domain.jobs.enums import JobState
    from app.domain.jobs.queries import open_jobs

    with database(settings_here()) as engine, reading(engine) as session:
        found = open_jobs(session, states=[JobState.DEAD], limit=limit)
        for job in found:
            typer.echo(_line(job.code, job.kind, job.state, job.attempts, job.problem))
    if found:
        raise typer.Exit(1)
    typer.echo("Không có việc nào bị bỏ.")


@cli.command("retry")
def retry(code: Annotated[str, typer.Argument(help="Mã việc (VN-…)")]) -> None:
    """Cho làm lại một việc không làm được."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.accounts.rules import SYSTEM
    from app.domain.jobs.actions import try_again

    with database(settings_here()) as engine, transaction(engine) as session:
        job = try_again(session, code, actor=SYSTEM, at=now())
    typer.echo(f"{job.code} sẽ được làm lại.")


def _line(code: str, kind: str, state: str, attempts: int, problem: str) -> str:
    return f"{code}  {kind:<26} {state:<8} {attempts} lần  {problem}".rstrip()
