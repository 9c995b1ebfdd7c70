"""Checking a file without writing what it holds, and bringing a checked one in: whole, or not at all."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import NotFound, Refusal, Worded, check_version
from app.core.storage import NotKept, Storage, whole
from app.core.text import normal
from app.core.workbooks import Sheets, read_workbook
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import all_or_nothing, record
from app.domain.imports.enums import ImportState, SheetKind
from app.domain.imports.models import ImportRun
from app.domain.imports.planning import Plan, PlannedProduct, plan_of, tables_of
from app.domain.imports.policy import is_applied_later, why_not_apply, why_not_check
from app.domain.imports.queries import run_for_update
from app.domain.imports.schemas import ApplyImport, Report, finding
from app.domain.jobs.actions import put_down
from app.domain.jobs.enums import JobKind
from app.domain.jobs.models import Job
from app.domain.producers.actions import change_producer, create_producer
from app.domain.products.actions import add_product_code, change_product, create_product
from app.domain.recognition.actions import import_recognised

_LONGEST_FILE_NAME = 120


@dataclass(frozen=True, slots=True)
class SentWorkbook:
    """A file that was read within bounds and is kept."""

    file_name: str
    sha256: str
    size: int
    sheets: Sheets


class FileGone(NotFound):
    """The run is there, its file is not: a restore that forgot the files."""

    code = "import.file_gone"
    message = "Không còn tệp của lần nhập này trên máy chủ. Hãy tải tệp lên lại."


def read_sent(files: Storage, content: bytes, *, file_name: str) -> SentWorkbook:
    """Read a file within bounds and keep it; a file that is refused is not kept. Asks no database."""
    sheets = read_workbook(content)
    tables_of(sheets)
    digest = hashlib.sha256(content).hexdigest()
    files.keep(digest, content)
    name = normal(file_name)[-_LONGEST_FILE_NAME:] or "import.xlsx"
    return SentWorkbook(name, digest, len(content), sheets)


def read_again(files: Storage, run: ImportRun) -> Sheets:
    """Return the sheets of the file of a run, as it was checked."""
    try:
        return read_workbook(whole(files, run.sha256))
    except NotKept as gone:
        raise FileGone from gone


def check_import(
    session: WriteSession, sent: SentWorkbook, *, actor: Actor, at: datetime
) -> ImportRun:
    """Keep what a file would do, and do nothing of it; records import.checked."""
    if refusal := why_not_check(actor):
        raise refusal
    plan = plan_of(session, tables_of(sent.sheets), on=local_day(at))
    run = ImportRun(
        code=new_code("NH"),
        state=ImportState.DRY_RUN,
        sha256=sent.sha256,
        size=sent.size,
        file_name=sent.file_name,
        checked_by_id=actor.user_id,
        checked_by=actor.name,
        checked_at=at,
        **_kept(plan.report()),
    )
    session.add(run)
    record(
        session,
        "import.checked",
        subject=run,
        actor=actor,
        at=at,
        file=run.file_name,
        sha256=run.sha256,
        counts=run.counts,
        errors=run.errors,
    )
    return run


def have_import_applied(
    session: WriteSession,
    code: str,
    data: ApplyImport,
    *,
    files: Storage,
    actor: Actor,
    at: datetime,
) -> ImportRun | Job:
    """Bring a checked file in, or have a long one brought in by a job, once for what was checked."""
    run = run_for_update(session, code, actor=actor)
    if refusal := why_not_apply(actor, run):
        raise refusal
    check_version(data.version, run.version)
    if not is_applied_later(run):
        return apply_import(session, code, data, files=files, actor=actor, at=at)
    return put_down(
        session,
        JobKind.IMPORT,
        {"run": run.code, "version": run.version},
        subject_code=run.code,
        actor=actor,
        at=at,
        occasion=f"{run.code}.{run.version}",
    )


def apply_import(
    session: WriteSession,
    code: str,
    data: ApplyImport,
    *,
    files: Storage,
    actor: Actor,
    at: datetime,
) -> ImportRun:
    """Bring a checked file in through the actions of the forms; records import.applied.

    What is registered may have changed since the check, so the file is worked out anew. If it can no
    longer be taken whole, nothing of it is, the run has failed, and import.failed is recorded.
    """
    run = run_for_update(session, code, actor=actor)
    if refusal := why_not_apply(actor, run):
        raise refusal
    check_version(data.version, run.version)
    plan = plan_of(session, tables_of(read_again(files, run)), on=local_day(at))
    if not plan.errors:
        try:
            with all_or_nothing(session):
                _carry_out(session, plan, source=run.code, actor=actor.loading_history(), at=at)
        except Refusal as refused:
            said = Worded(refused.template, **refused.params)
            plan.errors.append(finding(SheetKind.PRODUCERS, said))
    run.sqlmodel_update(_kept(plan.report()))
    run.state = ImportState.FAILED if plan.errors else ImportState.APPLIED
    run.applied_by, run.applied_at = actor.name, at
    run.version += 1
    record(
        session,
        "import.failed" if plan.errors else "import.applied",
        subject=run,
        actor=actor,
        at=at,
        file=run.file_name,
        sha256=run.sha256,
        counts=run.counts,
    )
    return run


def _kept(report: Report) -> dict[str, Any]:
    told = report.model_dump(mode="json")
    return {
        "errors": report.error_count,
        "warnings": report.warning_count,
        "counts": told["counts"],
        "report": told,
    }


def _carry_out(
    session: WriteSession, plan: Plan, *, source: str, actor: Actor, at: datetime
) -> None:
    """Take every step of a plan in its order."""
    for producer in plan.producers:
        if producer.new:
            producer.known = create_producer(session, producer.new, actor=actor, at=at)
        elif producer.change and producer.known:
            change_producer(session, producer.known.code, producer.change, actor=actor, at=at)
    for product in plan.products:
        _bring_in(session, product, actor=actor, at=at)
        if product.known:
            for old_code in product.old_codes:
                add_product_code(
                    session, product.known.code, old_code, source=source, actor=actor, at=at
                )
    for certificate in plan.certificates:
        if product_row := certificate.product.known:
            import_recognised(session, product_row, certificate.new, actor=actor, at=at)


def _bring_in(
    session: WriteSession, product: PlannedProduct, *, actor: Actor, at: datetime
) -> None:
    owner = product.producer.known
    if product.new and owner:
        data = product.new.model_copy(update={"producer_code": owner.code})
        product.known = create_product(session, data, actor=actor, at=at)
    elif product.change and product.known:
        change_product(session, product.known.code, product.change, actor=actor, at=at)
