"""Who may bring the past in: the administrator and the agency's officers; who may look."""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.imports.enums import ImportState
from app.domain.imports.models import ImportRun
from app.domain.imports.rules import ROWS_AT_ONCE

IMPORTERS = frozenset({Role.ADMINISTRATOR, Role.AGENCY_OFFICER})
READERS = IMPORTERS | {Role.AGENCY_HEAD, Role.AUDITOR}


class ImportingNotYours(NotPermitted):
    """History of a whole province is brought in by few."""

    code = "import.not_yours"
    message = "Chỉ quản trị hệ thống và cán bộ cơ quan OCOP tỉnh được nhập dữ liệu cũ."
    basis = "26/2026/QĐ-TTg, Điều 12.1"


class AlreadyTried(Conflict):
    """A checked file is applied once."""

    code = "import.already_tried"
    message = "Tệp này đã được nhập hoặc đã thử nhập. Muốn nhập lại, hãy tải tệp lên lần nữa."


class StillFaulty(Conflict):
    """All of a file, or nothing of it."""

    code = "import.faulty"
    message = "Tệp còn {count} lỗi. Hãy sửa rồi tải lên lại: tệp chỉ được nhập trọn vẹn."


def why_not_see(actor: Actor) -> Refusal | None:
    """Say why this person may not see imports: importers, the agency's head and auditors may."""
    return None if actor.has(*READERS) else ImportingNotYours()


def why_not_check(actor: Actor) -> Refusal | None:
    """Say why this person may not have a file checked."""
    return None if actor.has(*IMPORTERS) else ImportingNotYours()


def why_not_apply(actor: Actor, run: ImportRun) -> Refusal | None:
    """Say why a file may not be brought in: importers, once, and only when nothing is wrong."""
    if refusal := why_not_check(actor):
        return refusal
    if run.state is not ImportState.DRY_RUN:
        return AlreadyTried()
    if run.errors:
        return StillFaulty(count=run.errors)
    return None


def is_applied_later(run: ImportRun) -> bool:
    """Tell whether a job brings a file in: so many rows take longer than a line waits."""
    rows: int = sum(told.get("new", 0) + told.get("changed", 0) for told in run.counts.values())
    return rows > ROWS_AT_ONCE
