"""What the team writes at a check: findings by section, photos, the minutes and their scan."""

from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, check_version
from app.core.files import StoredFile
from app.core.pictures import StoredPicture
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.inspections.enums import Finding, InspectionState
from app.domain.inspections.models import CheckedItem, CheckedSection, InspectionPhoto
from app.domain.inspections.policy import why_not_close, why_not_scan, why_not_write
from app.domain.inspections.queries import (
    InspectionRow,
    all_items,
    checklist,
    inspection_for_update,
    item_codes,
    items_of,
    photos_of,
    sealed,
    team_of,
)
from app.domain.inspections.rules import CHECKING, CONTENT, FAIRNESS
from app.domain.inspections.schemas import (
    MOST_PHOTOS,
    AddPhoto,
    AttachRecordScan,
    CloseRecord,
    SaveSection,
)

LONGEST_FILE_NAME = 200


class TooManyPhotos(Conflict):
    """A check has as many photos as a page on a slow line can carry."""

    code = "inspection.too_many_photos"
    message = "Mỗi cuộc kiểm tra có tối đa {most} ảnh. Hãy gỡ bớt một ảnh trước."


class NothingLookedAt(Refused):
    """Minutes say something was looked at."""

    code = "inspection.nothing_looked_at"
    message = "Chưa ghi kết quả nội dung nào. Hãy kiểm tra ít nhất một nội dung rồi lập biên bản."
    basis = CONTENT


class NoteMissing(Refused):
    """Whoever says that something is not kept says why."""

    code = "inspection.note_missing"
    message = "Nội dung không duy trì phải có ghi chú. Còn thiếu ở: {items}."
    basis = FAIRNESS


class HeldInFuture(Refused):
    """Minutes are of a day that was."""

    code = "inspection.held_in_future"
    message = "Ngày kiểm tra {day} chưa đến."
    basis = CHECKING


def save_section(
    session: WriteSession,
    code: str,
    section: str,
    data: SaveSection,
    *,
    actor: Actor,
    at: datetime,
) -> int:
    """Store the findings of one section and return its new version; records inspection.section_saved.

    The first save begins the check (inspection.begun). Several people write at once, each a section:
    only who saves the same one from an older text is refused. A note may still be lacking; the
    minutes are not closed without it.
    """
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    inspection = row.inspection
    if refusal := why_not_write(actor, inspection, team_of(session, inspection)):
        raise refusal
    known = item_codes(inspection, section)
    if wrong := [one.item for one in data.items if one.item not in known]:
        raise Invalid({wrong[0]: "Mục này không có nội dung đó."})
    kept = session.get(CheckedSection, (inspection.id, section))
    check_version(data.version, kept.version if kept else 0)
    if inspection.state is InspectionState.PLANNED:
        _begin(row, session, actor=actor, at=at)
    if kept is None:
        kept = CheckedSection(
            inspection_id=inspection.id or 0, section=section, version=0, saved_by="", saved_at=at
        )
        session.add(kept)
    kept.version += 1
    kept.saved_by, kept.saved_at = actor.name, at
    items = items_of(session, inspection)
    for one in data.items:
        checked = items.get(one.item)
        if checked is None:
            checked = CheckedItem(
                inspection_id=inspection.id or 0,
                item=one.item,
                section=section,
                finding=one.finding,
            )
            session.add(checked)
        checked.finding, checked.note = one.finding, one.note
    record(
        session,
        "inspection.section_saved",
        subject=inspection,
        actor=actor,
        at=at,
        section=section,
        findings={one.item: one.finding for one in data.items},
    )
    return kept.version


def add_photo(
    session: WriteSession,
    code: str,
    data: AddPhoto,
    stored: StoredPicture,
    *,
    actor: Actor,
    at: datetime,
) -> InspectionPhoto:
    """Add a photo whose files are kept already; the same file again is the same photo.

    Records inspection.photo_added. Photos of a check are private: no public copy is ever named.
    """
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    inspection = row.inspection
    if refusal := why_not_write(actor, inspection, team_of(session, inspection)):
        raise refusal
    if data.item and data.item not in all_items(inspection):
        raise Invalid({"item": "Danh mục kiểm tra không có nội dung này."})
    known = photos_of(session, inspection)
    for photo in known:
        if photo.sha256 == stored.original.sha256:
            return photo
    if len(known) >= MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    if inspection.state is InspectionState.PLANNED:
        _begin(row, session, actor=actor, at=at)
    photo = InspectionPhoto(
        code=new_code("AK"),
        inspection_id=inspection.id or 0,
        item=data.item,
        caption=normal(data.caption),
        sha256=stored.original.sha256,
        media_type=stored.original.media_type,
        size=stored.original.size,
        copy_sha256=stored.copy.sha256,
        copy_width=stored.copy.width,
        copy_height=stored.copy.height,
        thumbnail_sha256=stored.thumbnail.sha256,
        thumbnail_width=stored.thumbnail.width,
        thumbnail_height=stored.thumbnail.height,
        added_at=at,
        added_by=actor.name,
    )
    session.add(photo)
    record(
        session,
        "inspection.photo_added",
        subject=inspection,
        actor=actor,
        at=at,
        photo=photo.code,
        item=data.item,
        caption=photo.caption,
        sha256=photo.sha256,
    )
    return photo


def remove_photo(
    session: WriteSession, code: str, photo_code: str, *, actor: Actor, at: datetime
) -> None:
    """Take a photo out before the minutes are closed; records inspection.photo_removed."""
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    inspection = row.inspection
    if refusal := why_not_write(actor, inspection, team_of(session, inspection)):
        raise refusal
    photo = session.exec(
        select(InspectionPhoto).where(
            col(InspectionPhoto.inspection_id) == inspection.id,
            col(InspectionPhoto.code) == photo_code,
        )
    ).one_or_none()
    if photo is None:
        raise NotFound
    session.delete(photo)
    record(
        session,
        "inspection.photo_removed",
        subject=inspection,
        actor=actor,
        at=at,
        photo=photo.code,
        caption=photo.caption,
        sha256=photo.sha256,
    )


def close_record(
    session: WriteSession, code: str, data: CloseRecord, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Close the minutes: from now on nobody writes findings; records inspection.closed.

    The checklist is kept as it stands. Refused: nothing looked at, a «not kept» without its note.
    """
    on = local_day(at)
    row = inspection_for_update(session, code, actor=actor, on=on)
    inspection = row.inspection
    if refusal := why_not_close(actor, inspection, team_of(session, inspection)):
        raise refusal
    check_version(data.version, inspection.version)
    if data.held_on > on:
        raise HeldInFuture(day=f"{data.held_on:%d/%m/%Y}")
    _check_findings(session, row)
    _fill_up(session, row)
    inspection.record = sealed(checklist(session, row, on=data.held_on))
    inspection.state = InspectionState.RECORDED
    inspection.record_number = data.record_number
    inspection.held_on = data.held_on
    inspection.present = data.present
    inspection.producer_opinion = data.producer_opinion
    inspection.closed_at, inspection.closed_by = at, actor.name
    inspection.version += 1
    broken = [
        one.item
        for one in items_of(session, inspection).values()
        if one.finding is Finding.NOT_KEPT
    ]
    record(
        session,
        "inspection.closed",
        subject=inspection,
        actor=actor,
        at=at,
        number=data.record_number,
        day=f"{data.held_on:%d/%m/%Y}",
        not_kept=sorted(broken),
    )
    return row


def attach_scan(
    session: WriteSession,
    code: str,
    data: AttachRecordScan,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> InspectionRow:
    """Keep the scan of the signed minutes; records inspection.record_scanned."""
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    inspection = row.inspection
    if refusal := why_not_scan(actor, inspection, team_of(session, inspection)):
        raise refusal
    check_version(data.version, inspection.version)
    inspection.scan_sha256 = stored.sha256
    inspection.scan_media_type = stored.media_type
    inspection.scan_name = normal(file_name)[:LONGEST_FILE_NAME] or "bien-ban"
    inspection.version += 1
    record(
        session,
        "inspection.record_scanned",
        subject=inspection,
        actor=actor,
        at=at,
        sha256=stored.sha256,
    )
    return row


def _begin(row: InspectionRow, session: WriteSession, *, actor: Actor, at: datetime) -> None:
    row.inspection.state = InspectionState.UNDER_WAY
    row.inspection.begun_at = at
    row.inspection.version += 1
    record(session, "inspection.begun", subject=row.inspection, actor=actor, at=at)


def _check_findings(session: WriteSession, row: InspectionRow) -> None:
    items = items_of(session, row.inspection)
    if all(one.finding is Finding.NOT_CHECKED for one in items.values()):
        raise NothingLookedAt
    order = all_items(row.inspection)
    lacking = [
        order[code]
        for code in order
        if code in items and items[code].finding is Finding.NOT_KEPT and not items[code].note
    ]
    if lacking:
        raise NoteMissing(items="; ".join(lacking))


def _fill_up(session: WriteSession, row: InspectionRow) -> None:
    """Write down what nobody looked at as not checked: closed minutes leave nothing blank."""
    known = set(items_of(session, row.inspection))
    for part in checklist(session, row, on=row.inspection.planned_on):
        session.add_all(
            CheckedItem(
                inspection_id=row.inspection.id or 0,
                item=one.code,
                section=part.code,
                finding=Finding.NOT_CHECKED,
            )
            for one in part.items
            if one.code not in known
        )
    session.flush()
