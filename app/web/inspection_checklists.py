"""Pages on which the team writes: the checklist by section, photos, the minutes and their scan."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from app.core.clock import local_day, today
from app.core.db import ReadSession
from app.core.errors import Invalid, NotFound, Refusal, StaleVersion
from app.core.pictures import StoredPicture, store_picture
from app.core.settings import Settings
from app.domain.accounts.rules import Actor
from app.domain.inspections.actions import (
    add_photo,
    attach_scan,
    close_record,
    remove_photo,
    save_section,
)
from app.domain.inspections.enums import (
    Finding,
)
from app.domain.inspections.policy import (
    why_not_close,
    why_not_scan,
    why_not_write,
)
from app.domain.inspections.queries import (
    CheckedPart,
    Item,
    all_items,
    checked_part,
    get_inspection,
    item_codes,
    items_of,
    photo_file,
    photos_of,
    progress,
    scan_of,
    section_names,
    team_of,
)
from app.domain.inspections.rules import (
    CHECKING,
    FINDING_LABELS,
)
from app.domain.inspections.schemas import (
    LONGEST_NOTE,
    AddPhoto,
    AttachRecordScan,
    CloseRecord,
    SaveSection,
)
from app.http.attachments import file_answer
from app.web.deps import Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file, kept_or_told, let_in
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.inspections import seen_check, show_again
from app.web.steps import answer_status, tried
from app.web.tones import (
    FINDING_TONES,
)

router = page_router()
Filled = TypeVar("Filled", bound=BaseModel)


# --- the checklist ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """One item as the page shows it: what was typed before what is stored."""

    item: Item
    finding: str
    note: str
    stored_now: tuple[tuple[str, str], ...] = ()


@router.get("/inspections/{code}/sections/{section}", name="inspections.section")
def section_page(page: Page, code: str, section: str) -> Response:
    """Show one section of the checklist: to be filled in by the team, or to be read."""
    return _section(page, code, section, empty_form(), None)


@router.post("/inspections/{code}/sections/{section}", name="inspections.save_section")
def save(form: PostedForm, page: Page, code: str, section: str) -> Response:
    """Store the findings of one section; htmx sends every change by itself."""
    row = get_inspection(page.session, code, actor=page.actor, on=local_day(page.at))
    codes = item_codes(row.inspection, section)
    try:
        version = save_section(
            page.session, code, section, _findings(form, codes), actor=page.actor, at=page.at
        )
    except (Invalid, StaleVersion) as problem:
        page.session.expire_all()
        shown = form.showing(problem) if isinstance(problem, Invalid) else form
        if page.is_fragment:
            return _saved(page, code, section, shown, version=form.text("version"), problem=problem)
        return _section(page, code, section, shown, problem)
    if page.is_fragment:
        return _saved(page, code, section, form, version=str(version))
    names = list(section_names(row.inspection))
    following = names[names.index(section) + 1 :]
    if form.text("go") == "next" and following:
        return page.go(
            "inspections.section", code=code, section=following[0], said="Đã lưu, sang mục sau."
        )
    return page.go("inspections.show", code=code, said="Đã lưu kết quả kiểm tra.")


def _findings(form: Form, codes: list[str]) -> SaveSection:
    items = [
        {
            "item": code,
            "finding": form.text(f"finding.{code}") or Finding.NOT_CHECKED,
            "note": form.text(f"note.{code}"),
        }
        for code in codes
    ]
    try:
        return validated(SaveSection, {"version": form.text("version"), "items": items})
    except Invalid as problem:
        fields = {}
        for place, said in problem.fields.items():
            parts = place.split(".")
            is_item = len(parts) > 2 and parts[0] == "items" and parts[1].isdigit()  # noqa: PLR2004 -- items, place, field
            name = f"{parts[2]}.{codes[int(parts[1])]}" if is_item else place
            fields[name] = said
        raise Invalid(fields, code=problem.reason_code) from problem


def _saved(
    page: SignedInPage,
    code: str,
    section: str,
    form: Form,
    *,
    version: str,
    problem: Refusal | None = None,
) -> Response:
    """Answer an automatic save: how far the section is, and what the next save must carry."""
    row = get_inspection(page.session, code, actor=page.actor, on=local_day(page.at))
    parts = progress(row.inspection, items_of(page.session, row.inspection))
    return page.render(
        "inspections/_saved.html",
        status=answer_status(problem),
        form=form,
        problem=problem,
        part=next(one for one in parts if one.code == section),
        version=version,
        saved_at=None if problem else page.at,
    )


def _section(
    page: SignedInPage, code: str, section: str, form: Form, problem: Refusal | None
) -> Response:
    seen = seen_check(page, code)
    if not seen.sees:
        raise NotFound
    inspection = seen.row.inspection
    part = checked_part(page.session, seen.row, section, on=local_day(page.at))
    names = section_names(inspection)
    places = list(names)
    here = places.index(section)
    why_not = why_not_write(page.actor, inspection, seen.team)
    photos: dict[str, int] = {}
    for one in photos_of(page.session, inspection):
        photos[one.item] = photos.get(one.item, 0) + 1
    return page.render(
        "inspections/section.html",
        status=answer_status(problem),
        form=form,
        problem=problem,
        stale=problem if isinstance(problem, StaleVersion) else None,
        row=seen.row,
        it=inspection,
        part=part,
        version=str(part.version),
        saved_at=None,
        questions=_questions(part, form, is_stale=isinstance(problem, StaleVersion)),
        names=names,
        before=places[here - 1] if here else None,
        after=places[here + 1] if here + 1 < len(places) else None,
        photos=photos,
        findings=FINDING_LABELS,
        finding_tones=FINDING_TONES,
        longest=LONGEST_NOTE,
        why_not=why_not,
    )


def _questions(part: CheckedPart, form: Form, *, is_stale: bool) -> list[Question]:
    found = []
    for one in part.items:
        finding, note = one.finding.value, one.note
        stored_now: tuple[tuple[str, str], ...] = ()
        if form.raw:
            finding = form.text(f"finding.{one.code}") or Finding.NOT_CHECKED.value
            note = form.text(f"note.{one.code}")
            typed = note.strip().replace("\r\n", "\n")
            if is_stale and (finding, typed) != (one.finding.value, one.note):
                stored_now = (
                    ("Kết quả", FINDING_LABELS[one.finding]),
                    ("Ghi chú", one.note or "trống"),
                )
        found.append(Question(one, finding, note, stored_now))
    return found


# --- photos -----------------------------------------------------------------------------------


def _may_write(session: ReadSession, actor: Actor, code: str) -> Refusal | None:
    row = get_inspection(session, code, actor=actor, on=today())
    return why_not_write(actor, row.inspection, team_of(session, row.inspection))


def kept_photo(request: Request, form: PostedForm, code: str) -> StoredPicture | Invalid:
    """Check the photo and keep it with its copies, before the request's transaction begins."""
    settings: Settings = request.app.state.settings
    let_in(request, lambda session, actor: _may_write(session, actor, code))
    sent = form.file("file")
    if sent is None:
        return Invalid({"file": "Hãy chọn tệp."}, code="file.missing")
    return kept_or_told(lambda: store_picture(settings.files, sent.file.read()))


@router.get("/inspections/{code}/photos", name="inspections.photos")
def photos(page: Page, code: str, item: str = "") -> Response:
    """Show the photos of a check, with the form to add one."""
    return _photos(page, code, empty_form({"item": item[:20]}), None)


# `kept` stands before `page`: dependencies run in this order, see kept_photo.
@router.post("/inspections/{code}/photos", name="inspections.add_photo")
def add(
    form: PostedForm,
    kept: Annotated[StoredPicture | Invalid, Depends(kept_photo)],
    page: Page,
    code: str,
) -> Response:
    """Add a photo of a check."""

    def do() -> None:
        data = with_file(form, kept if isinstance(kept, Invalid) else None, AddPhoto)
        if isinstance(kept, Invalid):
            raise kept
        add_photo(page.session, code, data, kept, actor=page.actor, at=page.at)

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, refusal: _photos(page, code, shown, refusal),
        done=lambda: page.go("inspections.photos", code=code, said="Đã thêm ảnh kiểm tra."),
    )


@router.post("/inspections/{code}/photos/{photo}/remove", name="inspections.remove_photo")
def remove(_form: PostedForm, page: Page, code: str, photo: str) -> Response:
    """Take a photo out before the minutes are closed."""
    remove_photo(page.session, code, photo, actor=page.actor, at=page.at)
    return page.go("inspections.photos", code=code, said="Đã gỡ ảnh kiểm tra.")


@router.get("/inspections/{code}/photos/{photo}", name="inspections.photo")
def photo_content(page: Page, code: str, photo: str, size: str = "") -> Response:
    """Send a photo to whoever may see the findings: never public, never kept on the way."""
    named = photo_file(
        page.session,
        code,
        photo,
        actor=page.actor,
        on=local_day(page.at),
        small=size == "small",
        original=size == "original",
    )
    return file_answer(page.request, page.settings.files, named)


def _photos(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    seen = seen_check(page, code)
    if not seen.sees:
        raise NotFound
    return page.render(
        "inspections/photos.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=seen.row,
        it=seen.row.inspection,
        photos=photos_of(page.session, seen.row.inspection),
        items=all_items(seen.row.inspection),
        largest_mb=page.settings.largest_upload_bytes // (1024 * 1024),
        why_not=why_not_write(page.actor, seen.row.inspection, seen.team),
    )


def with_file(form: Form, wrong: Invalid | None, schema: type[Filled]) -> Filled:
    """Read a form whose file was looked at before: what is wrong with both is told at once."""
    try:
        return form.read(schema)
    except Invalid as problem:
        if wrong is not None:
            problem.fields |= wrong.fields
        raise


# --- the minutes ------------------------------------------------------------------------------


@router.get("/inspections/{code}/close", name="inspections.close")
def close_page(page: Page, code: str) -> Response:
    """Ask for what the minutes say beside the findings."""
    today_ = local_day(page.at).isoformat()
    return _close(page, code, empty_form({"held_on": today_}), None)


@router.post("/inspections/{code}/close", name="inspections.close_record")
def close(form: PostedForm, page: Page, code: str) -> Response:
    """Close the minutes."""
    return tried(
        page,
        form,
        lambda: close_record(
            page.session, code, form.read(CloseRecord), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, refusal: _close(page, code, shown, refusal),
        done=lambda: page.go("inspections.show", code=code, said="Đã lập biên bản kiểm tra."),
    )


def _close(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    seen = seen_check(page, code)
    if refusal := why_not_close(page.actor, seen.row.inspection, seen.team):
        raise refusal
    parts = progress(seen.row.inspection, items_of(page.session, seen.row.inspection))
    broken = [one for part in parts for one in part.items if one.finding is Finding.NOT_KEPT]
    return page.render(
        "inspections/close.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=seen.row,
        it=seen.row.inspection,
        broken=broken,
        looked_at=sum(part.looked_at for part in parts),
        total=sum(len(part.items) for part in parts),
        basis=CHECKING,
    )


def kept_scan(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the scan of the leader's minutes."""

    def why_not(session: ReadSession, actor: Actor) -> Refusal | None:
        row = get_inspection(session, code, actor=actor, on=today())
        return why_not_scan(actor, row.inspection, team_of(session, row.inspection))

    return kept_file(request, form, why_not)


# `upload` stands before `page`: dependencies run in this order, see evidence.kept_file.
@router.post("/inspections/{code}/scan", name="inspections.add_scan")
def add_scan(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_scan)], page: Page, code: str
) -> Response:
    """Keep the scan of the signed minutes."""

    def do() -> None:
        attach_scan(
            page.session,
            code,
            form.read(AttachRecordScan),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, refusal: show_again(page, code, shown, refusal),
        done=lambda: page.go("inspections.show", code=code, said="Đã lưu bản quét biên bản."),
    )


@router.get("/inspections/{code}/scan", name="inspections.scan")
def scan(page: Page, code: str) -> Response:
    """Give the scan of the signed minutes."""
    named = scan_of(page.session, code, actor=page.actor, on=local_day(page.at))
    return file_answer(page.request, page.settings.files, named)
