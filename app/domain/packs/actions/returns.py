"""Answer files of scoring packs: checked against their seal, kept, brought into the sheets."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Refused
from app.core.signing import is_sealed
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions import save_marks, submit_sheet
from app.domain.councils.enums import SheetOrigin
from app.domain.councils.models import CouncilMember
from app.domain.councils.policy import NotTheOffice, why_not_enter_for
from app.domain.councils.schemas import SaveMarks, SubmitSheet
from app.domain.packs.models import PackReturn
from app.domain.packs.policy import OthersPack
from app.domain.packs.queries import (
    ReturnedSheet,
    ReturnRow,
    filed_answers,
    get_return,
    mark_of,
    office_seat,
    return_for_update,
    sealing_meeting,
    sheets_of_file,
)
from app.domain.packs.rules import (
    LARGEST_ANSWER_BYTES,
    OPINION,
    PACK_BASIS,
    SEAL_PURPOSE,
    Difference,
)
from app.domain.packs.schemas import AnswerFile, ApplyReturn, ApplySheet
from app.rulebooks.model import UnknownAnswer
from app.rulebooks.scoring import canonical_json, check_answers, document_hash


class NotAnAnswerFile(Refused):
    """What came is not what a pack saves."""

    code = "pack.not_an_answer_file"
    message = (
        "Đây không phải tệp phiếu chấm lưu từ gói chấm, hoặc tệp bị hỏng. Hãy mở gói, bấm «Lưu tệp "
        "phiếu chấm» rồi gửi đúng tệp vừa lưu."
    )
    basis = PACK_BASIS


class OtherMeeting(Refused):
    """Files are handed in where they belong."""

    code = "pack.other_meeting"
    message = "Tệp này thuộc phiên họp {meeting}, không phải phiên họp đang mở."
    basis = PACK_BASIS


class AnswersTooLarge(Refused):
    """No pack saves so much."""

    code = "pack.answers_too_large"
    message = "Tệp quá lớn (tối đa {most_mb} MB), không thể là tệp phiếu chấm."


class SealBroken(Refused):
    """The part that the server sealed is not as it was, or was never sealed here."""

    code = "pack.seal_broken"
    message = (
        "Tệp không khớp niêm phong của hệ thống: phần ghi thành viên, phiên họp hoặc bộ tiêu chí đã bị "
        "sửa, hoặc gói không do hệ thống này phát ra. Điểm trong tệp không được nhận."
    )
    basis = PACK_BASIS


class OtherSheets(Refused):
    """A file answers for the sheets of its pack only."""

    code = "pack.other_sheets"
    message = "Tệp có phiếu {sheet} không thuộc gói đã phát. Điểm trong tệp không được nhận."
    basis = PACK_BASIS


class OtherRubric(Refused):
    """The dossier is judged by another text than the pack carried."""

    code = "pack.other_rubric"
    message = (
        "Bộ tiêu chí của sản phẩm «{product}» không còn là bộ trong gói. Hãy tải gói mới rồi chấm lại "
        "sản phẩm này."
    )
    basis = PACK_BASIS


class WrongAnswer(Refused):
    """The file names a criterion or an option that the rubric does not have."""

    code = "pack.wrong_answer"
    message = "Sản phẩm «{product}», tiêu chí {criterion}: tệp có lựa chọn không thuộc bộ tiêu chí."
    basis = PACK_BASIS


class ConflictsOpen(Conflict):
    """Marks changed here and in the file, each in another way: a person must choose."""

    code = "pack.conflicts_open"
    message = (
        "Sản phẩm «{product}» có điểm đã đổi cả trên hệ thống lẫn trong tệp: {criteria}. Hãy chọn giữ "
        "bản nào cho từng tiêu chí."
    )
    basis = PACK_BASIS


def read_answer_file(content: bytes) -> AnswerFile:
    """Read what a pack saved; refuse everything else with one sentence."""
    if len(content) > LARGEST_ANSWER_BYTES:
        raise AnswersTooLarge(most_mb=LARGEST_ANSWER_BYTES // (1024 * 1024))
    try:
        return AnswerFile.model_validate_json(content)
    except ValidationError as wrong:
        raise NotAnAnswerFile from wrong


def hand_in(
    session: WriteSession, meeting_code: str, file: AnswerFile, *, actor: Actor, at: datetime
) -> ReturnRow:
    """Keep an answer file; nothing on the sheets changes yet. Records pack.handed_in.

    Refused: a broken seal, sheets or criteria the pack did not hold, another text of the rubric, a
    file of somebody else from anybody but the council's office. The same file again is the same row.
    """
    if file.pack.meeting != meeting_code:
        raise OtherMeeting(meeting=file.pack.meeting)
    content = file.model_dump(mode="json", exclude={"saved_at"})
    if len(canonical_json(content).encode()) > LARGEST_ANSWER_BYTES:
        raise AnswersTooLarge(most_mb=LARGEST_ANSWER_BYTES // (1024 * 1024))
    found = sealing_meeting(session, file.pack.meeting, file.pack.member_id)
    sealed = canonical_json(file.pack.model_dump()).encode()
    if found is None or not is_sealed(found[0].pack_secret, SEAL_PURPOSE, sealed, file.seal):
        raise SealBroken
    meeting, member = found
    sheets = _checked(session, file, member, actor=actor)
    for_member = member.user_id != actor.user_id
    if for_member:
        _check_office(session, sheets, member, actor=actor)
    digest = document_hash(content)
    known = session.exec(
        select(PackReturn).where(
            col(PackReturn.meeting_id) == meeting.id,
            col(PackReturn.member_id) == member.id,
            col(PackReturn.content_hash) == digest,
        )
    ).one_or_none()
    if known is None:
        known = PackReturn(
            code=new_code("TG"),
            meeting_id=meeting.id or 0,
            member_id=member.id or 0,
            content=content,
            content_hash=digest,
            handed_in_at=at,
            handed_in_by=actor.name,
            handed_in_by_id=actor.user_id or 0,
            for_member=for_member,
        )
        session.add(known)
        session.flush()
        record(
            session,
            "pack.handed_in",
            subject=known,
            actor=actor,
            at=at,
            meeting=meeting.code,
            sheets=sorted(file.sheets),
            content_hash=digest,
            **({"for_member": member.name} if for_member else {}),
        )
    return get_return(session, known.code, actor=actor)


def apply_return(
    session: WriteSession,
    code: str,
    data: ApplyReturn,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> ReturnRow:
    """Bring sheets of a file in as ordinary marks, and hand them in where asked. Records pack.applied.

    What is there already is left alone, so the same again changes nothing. Refused: a sheet that is
    handed in, locked or scored anew, and a conflict nobody settled.
    """
    row = return_for_update(session, code, actor=actor)
    for_member = row.member.user_id != actor.user_id
    if for_member:
        _check_office(session, row.sheets, row.member, actor=actor)
    brought = []
    for wanted in data.sheets:
        one = row.find(wanted.sheet)
        if one.is_settled:
            continue
        if refusal := one.why_not:
            raise refusal
        taken = _taken(one, wanted)
        _bring_in(session, one, taken, actor=actor, at=at, for_member=for_member)
        if wanted.submit:
            sheet = one.row.sheet
            submit_sheet(
                session,
                sheet.code,
                SubmitSheet(opinion=sheet.opinion, version=sheet.version),
                actor=actor,
                at=at,
                council_rules_dir=council_rules_dir,
                for_member=for_member,
            )
        if taken or wanted.submit:
            brought.append(wanted.sheet)
    if brought:
        row.kept.applied_at = at
        record(
            session,
            "pack.applied",
            subject=row.kept,
            actor=actor,
            at=at,
            sheets=brought,
            submitted=sorted(one.sheet for one in data.sheets if one.submit),
            **({"for_member": row.member.name} if for_member else {}),
        )
    session.flush()
    return get_return(session, code, actor=actor)


def _checked(
    session: WriteSession, file: AnswerFile, member: CouncilMember, *, actor: Actor
) -> tuple[ReturnedSheet, ...]:
    sheets = sheets_of_file(session, file, member, actor=actor)
    known = {one.row.sheet.code for one in sheets}
    if strange := sorted(set(file.sheets) - known):
        raise OtherSheets(sheet=strange[0])
    for one in sheets:
        product = one.row.dossier.product.name
        rubric = one.row.dossier.rubric
        if (rubric.code, rubric.sha256) != (one.packed.rubric, one.packed.rubric_hash):
            raise OtherRubric(product=product)
        said = filed_answers(one.filed)
        said.pop(OPINION, None)
        unknown = [code for code in said if rubric.find_criterion(code) is None]
        if unknown:
            raise WrongAnswer(product=product, criterion=unknown[0])
        try:
            check_answers(
                rubric, {code: answer.option for code, answer in said.items() if answer.option}
            )
        except UnknownAnswer as wrong:
            raise WrongAnswer(product=product, criterion=next(iter(wrong.fields))) from wrong
    return sheets


def _check_office(
    session: WriteSession,
    sheets: Sequence[ReturnedSheet],
    member: CouncilMember,
    *,
    actor: Actor,
) -> None:
    seat, own = office_seat(session, member, [one.row.item.id or 0 for one in sheets], actor=actor)
    refusal = why_not_enter_for(actor, member, seat, own)
    if isinstance(refusal, NotTheOffice):
        raise OthersPack(member=member.name) from refusal
    if refusal:
        raise refusal


def _taken(one: ReturnedSheet, wanted: ApplySheet) -> list[Difference]:
    """Return what of a file is to be stored; a conflict without a choice stops everything."""
    unsettled = [
        conflict.code
        for conflict in one.conflicts
        if conflict.code not in wanted.stored and conflict.code not in wanted.filed
    ]
    if unsettled:
        raise ConflictsOpen(product=one.row.dossier.product.name, criteria=", ".join(unsettled))
    kept = {conflict.code for conflict in one.conflicts} & set(wanted.stored)
    return [change for change in one.differences if change.code not in kept]


def _bring_in(
    session: WriteSession,
    one: ReturnedSheet,
    taken: Sequence[Difference],
    *,
    actor: Actor,
    at: datetime,
    for_member: bool,
) -> None:
    if not taken:
        return
    opinion = next((said.filed.remark for said in taken if said.code == OPINION), None)
    save_marks(
        session,
        one.row.sheet.code,
        SaveMarks(
            marks=[mark_of(said.code, said.filed) for said in taken if said.code != OPINION],
            opinion=opinion,
            version=one.row.sheet.version,
        ),
        actor=actor,
        at=at,
        origin=SheetOrigin.PACK,
        for_member=for_member,
    )
