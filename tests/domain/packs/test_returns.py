"""Answer files of scoring packs: what goes out comes back as the same sheet, and nothing else does."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound, Refused
from app.core.settings import Settings
from app.core.signing import seal
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.councils.actions import rescore_item, save_marks, withdraw_sheet
from app.domain.councils.enums import SheetOrigin, SheetState
from app.domain.councils.models import CouncilMember, Meeting
from app.domain.councils.queries import get_sheet
from app.domain.councils.schemas import (
    MarkIn,
    RescoreItem,
    SaveMarks,
    WithdrawSheet,
)
from app.domain.packs.actions import apply_return, hand_in, read_answer_file
from app.domain.packs.actions.returns import (
    AnswersTooLarge,
    ConflictsOpen,
    NotAnAnswerFile,
    OtherRubric,
    OtherSheets,
    SealBroken,
    WrongAnswer,
)
from app.domain.packs.models import PackReturn
from app.domain.packs.papers import scoring_pack
from app.domain.packs.policy import NothingToScore, OthersPack, ScoredAnew
from app.domain.packs.queries import ReturnRow, get_return, stored_answers
from app.domain.packs.rules import (
    LARGEST_ANSWER_BYTES,
    SEAL_PURPOSE,
    Said,
    differences,
    fingerprint,
)
from app.domain.packs.schemas import ApplyReturn, ApplySheet
from app.rulebooks.scoring import NOT_MET, canonical_json
from tests.conftest import AT, commit
from tests.factories.councils import (
    CHAIR,
    FIRST_MEMBER,
    SECRETARY,
    convene,
    items_of,
    make_meeting,
    score,
    score_all,
    sheets_of,
)
from tests.factories.dossiers import complete_answers
from tests.factories.packs import filled, pack_of, written
from tests.factories.people import People

Data = dict[str, Any]


class Sitting:
    """An open meeting with one product, and what a test does in it."""

    def __init__(self, session: WriteSession, people: People, settings: Settings) -> None:
        self.session, self.people, self.settings = session, people, settings
        self.meeting = make_meeting(session, people, members=2)
        convene(session, people, self.meeting)
        self.item = items_of(session, self.meeting)[0]
        self.sheet = sheets_of(session, self.item)[1]
        self.member = people.council_member(FIRST_MEMBER)
        self.other = people.council_member(FIRST_MEMBER + 1)
        self.secretary = people.council_member(SECRETARY)
        self.best = complete_answers(
            get_sheet(session, self.sheet.code, actor=self.member).dossier.rubric
        )

    def pack(self, member: Actor | None = None) -> Data:
        return pack_of(self.session, self.meeting.code, member or self.member, self.settings.files)

    def send(self, file: Data, actor: Actor | None = None) -> ReturnRow:
        return hand_in(
            self.session,
            file["pack"]["meeting"],
            read_answer_file(written(file)),
            actor=actor or self.member,
            at=AT,
        )

    def bring_in(
        self, row: ReturnRow, *, actor: Actor | None = None, submit: bool = False, **chosen: Any
    ) -> ReturnRow:
        wanted = [
            ApplySheet(sheet=one.row.sheet.code, submit=submit, **chosen) for one in row.sheets
        ]
        return apply_return(
            self.session,
            row.kept.code,
            ApplyReturn(sheets=wanted),
            actor=actor or self.member,
            at=AT,
        )

    def save(self, **marks: str) -> None:
        save_marks(
            self.session,
            self.sheet.code,
            SaveMarks(
                marks=[
                    MarkIn(criterion_code=code.replace("_", "."), option_code=option)
                    for code, option in marks.items()
                ],
                version=self.sheet.version,
            ),
            actor=self.member,
            at=AT,
        )

    def stored(self) -> dict[str, Said]:
        self.session.expire_all()
        return stored_answers(get_sheet(self.session, self.sheet.code, actor=self.member))

    def events(self, kind: str) -> list[AuditEvent]:
        commit(self.session)
        return list(self.session.exec(select(AuditEvent).where(col(AuditEvent.kind) == kind)).all())


@pytest.fixture
def sitting(session: WriteSession, people: People, settings: Settings) -> Sitting:
    return Sitting(session, people, settings)


def test_what_is_ticked_without_network_becomes_the_ordinary_sheet(sitting: Sitting) -> None:
    file = filled(sitting.pack(), sitting.best, opinion="Nên đổi bao bì.")
    row = sitting.send(file)
    assert sitting.stored() == {}, "handing in alone changes nothing"
    assert len(row.sheets[0].differences) == len(sitting.best) + 1
    sitting.bring_in(row, submit=True)
    sheet = get_sheet(sitting.session, sitting.sheet.code, actor=sitting.member).sheet
    assert (sheet.state, sheet.origin, sheet.total) == (
        SheetState.SUBMITTED,
        SheetOrigin.PACK,
        100,
    )
    assert sheet.opinion == "Nên đổi bao bì."
    assert {code: said.option for code, said in sitting.stored().items() if said.option} == (
        sitting.best
    )


def test_the_same_file_twice_is_one_row_and_changes_nothing_more(sitting: Sitting) -> None:
    file = filled(sitting.pack(), sitting.best)
    first = sitting.bring_in(sitting.send(file), submit=True)
    version = sitting.sheet.version
    again = sitting.bring_in(sitting.send(file | {"saved_at": "later"}), submit=True)
    assert again.kept.id == first.kept.id
    assert again.sheets[0].is_settled
    sitting.session.refresh(sitting.sheet)
    assert sitting.sheet.version == version
    assert len(sitting.events("pack.handed_in")) == 1
    assert len(sitting.events("pack.applied")) == 1


def test_the_audit_tells_how_a_sheet_came_and_never_its_points(sitting: Sitting) -> None:
    sitting.bring_in(sitting.send(filled(sitting.pack(), sitting.best)), submit=True)
    for kind in ("pack.handed_in", "pack.applied", "sheet.saved", "sheet.submitted"):
        (event,) = sitting.events(kind)
        told = canonical_json(event.data)
        assert "option" not in told
        assert "points" not in told
    assert sitting.events("sheet.saved")[0].data["origin"] == "pack"


def test_a_mark_changed_here_after_the_pack_was_made_needs_a_choice(sitting: Sitting) -> None:
    sitting.save(**{"1_1": "b", "1_2": "a"})
    pack = sitting.pack()
    sitting.save(**{"1_1": "a", "1_2": "b"})
    row = sitting.send(filled(pack, {"1.1": "c", "2.1": "a"}))
    (sheet,) = row.sheets
    assert [(one.code, one.is_conflict) for one in sheet.differences] == [
        ("1.1", True),
        ("2.1", False),
    ], "what was left alone in the pack stays as it is stored"
    with pytest.raises(ConflictsOpen, match=r"1\.1"):
        sitting.bring_in(row)
    sitting.bring_in(row, stored=["1.1"])
    assert {code: said.option for code, said in sitting.stored().items()} == {
        "1.1": "a",
        "1.2": "b",
        "2.1": "a",
    }
    sitting.bring_in(sitting.send(filled(pack, {"1.1": "c", "2.1": "a"})), filed=["1.1"])
    assert sitting.stored()["1.1"].option == "c"


def test_a_tick_taken_back_in_the_pack_is_taken_back_here(sitting: Sitting) -> None:
    sitting.save(**{"1_1": "b"})
    sitting.bring_in(sitting.send(filled(sitting.pack(), {"1.1": ""})))
    assert sitting.stored() == {}


def test_script_in_a_remark_is_kept_as_text(sitting: Sitting) -> None:
    said = "</script><script>alert(1)</script>"
    sitting.bring_in(sitting.send(filled(sitting.pack(), {"1.1": {"option": "a", "remark": said}})))
    assert sitting.stored()["1.1"].remark == said
    page = scoring_pack(
        sitting.session,
        sitting.meeting.code,
        actor=sitting.member,
        at=AT,
        files=sitting.settings.files,
        demonstration=False,
    )
    assert b"<script>alert" not in page
    assert sitting.pack()["sheets"][0]["marks"]["1.1"]["remark"] == said


# --- refusals ---------------------------------------------------------------------------------


def test_no_byte_of_what_was_sealed_may_change(sitting: Sitting) -> None:
    def member(file: Data) -> None:
        file["pack"]["member_id"] += 1

    def name(file: Data) -> None:
        file["pack"]["member"] = "Người khác"

    def rubric(file: Data) -> None:
        file["pack"]["sheets"][sitting.sheet.code]["rubric_hash"] = "0" * 64

    def base(file: Data) -> None:
        file["pack"]["sheets"][sitting.sheet.code]["base"] = {"1.1": "00"}

    def meeting(file: Data) -> None:
        file["pack"]["meeting"] = "PH-0000000"

    def own_seal(file: Data) -> None:
        file["seal"] = seal("secret", SEAL_PURPOSE, canonical_json(file["pack"]).encode())

    changes: list[Callable[[Data], None]] = [member, name, rubric, base, meeting, own_seal]
    for change in changes:
        file = copy.deepcopy(filled(sitting.pack(), sitting.best))
        change(file)
        with pytest.raises(SealBroken):
            sitting.send(file)
    assert sitting.session.exec(select(PackReturn)).all() == []


def test_a_file_answers_for_the_sheets_of_its_pack_only(sitting: Sitting) -> None:
    file = filled(sitting.pack(), sitting.best)
    theirs = sheets_of(sitting.session, sitting.item)[2].code
    file["sheets"][theirs] = file["sheets"].pop(sitting.sheet.code)
    with pytest.raises(OtherSheets):
        sitting.send(file)


def test_another_member_and_the_chair_may_not_hand_a_file_in(sitting: Sitting) -> None:
    file = filled(sitting.pack(), sitting.best)
    for actor in (sitting.other, sitting.people.council_member(CHAIR), sitting.people.auditor()):
        with pytest.raises(OthersPack):
            sitting.send(file, actor)


def test_the_secretary_hands_it_in_for_the_member_and_is_named(sitting: Sitting) -> None:
    row = sitting.send(filled(sitting.pack(), sitting.best), sitting.secretary)
    assert row.kept.for_member
    sitting.bring_in(row, actor=sitting.secretary, submit=True)
    sheet = get_sheet(sitting.session, sitting.sheet.code, actor=sitting.member).sheet
    assert (sheet.state, sheet.origin) == (SheetState.SUBMITTED, SheetOrigin.PACK)
    (event,) = sitting.events("sheet.submitted")
    assert (event.actor_id, event.data["for_member"]) == (
        sitting.secretary.user_id,
        row.member.name,
    )
    with pytest.raises(NotFound):
        get_return(sitting.session, row.kept.code, actor=sitting.other)


def test_a_secretary_who_left_the_seat_no_longer_hands_in_for_others(
    sitting: Sitting, session: WriteSession
) -> None:
    file = filled(sitting.pack(), sitting.best)
    seat = session.exec(
        select(CouncilMember).where(col(CouncilMember.user_id) == sitting.secretary.user_id)
    ).one()
    seat.left_on = AT.date()
    session.flush()
    with pytest.raises(OthersPack):
        sitting.send(file, sitting.secretary)


def test_options_and_criteria_the_rubric_does_not_have_are_refused(sitting: Sitting) -> None:
    pack = sitting.pack()
    for wrong in ({"1.1": "z"}, {"9.9": "a"}, {"1.1": "<b>"}):
        with pytest.raises(WrongAnswer):
            sitting.send(filled(pack, wrong))


def test_another_text_of_the_rubric_is_refused(sitting: Sitting, session: WriteSession) -> None:
    file = filled(sitting.pack(), sitting.best)
    file["pack"]["sheets"][sitting.sheet.code]["rubric"] = "qd26-2026-05"
    secret = session.exec(
        select(Meeting.pack_secret).where(col(Meeting.id) == sitting.meeting.id)
    ).one()
    file["seal"] = seal(secret, SEAL_PURPOSE, canonical_json(file["pack"]).encode())
    with pytest.raises(OtherRubric):
        sitting.send(file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"null",
        b"[]",
        b'{"kind":"ocop-phieu-cham"}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"%PDF-1.7",
    ],
    ids=lambda content: content[:12].decode("latin-1"),
)
def test_what_is_no_answer_file_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(NotAnAnswerFile, match="Lưu tệp phiếu chấm"):
        read_answer_file(content)


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(AnswersTooLarge):
        read_answer_file(b" " * (LARGEST_ANSWER_BYTES + 1))


def test_a_file_with_more_than_its_fields_is_refused(sitting: Sitting) -> None:
    file = filled(sitting.pack(), sitting.best) | {"average": 100}
    with pytest.raises(NotAnAnswerFile):
        sitting.send(file)


def test_a_sheet_handed_in_locked_or_scored_anew_is_not_written_on(sitting: Sitting) -> None:
    pack = sitting.pack()
    row = sitting.send(filled(pack, sitting.best))
    score_all(sitting.session, sitting.people, sitting.item, answers=sitting.best)
    assert row.sheets[0].why_not is not None
    lower = filled(pack, sitting.best | {"1.1": "a"})
    with pytest.raises(Conflict):
        sitting.bring_in(sitting.send(lower))
    rescore_item(
        sitting.session,
        sitting.item.code,
        RescoreItem(reason="Thảo luận lại.", version=sitting.item.version),
        actor=sitting.people.council_member(CHAIR),
        at=AT,
    )
    with pytest.raises(ScoredAnew):
        sitting.bring_in(sitting.send(lower))


def test_a_sheet_taken_back_takes_the_file_again(sitting: Sitting) -> None:
    row = sitting.bring_in(sitting.send(filled(sitting.pack(), sitting.best)), submit=True)
    withdraw_sheet(
        sitting.session,
        sitting.sheet.code,
        WithdrawSheet(version=sitting.sheet.version),
        actor=sitting.member,
        at=AT,
    )
    again = sitting.bring_in(row, submit=True)
    assert again.sheets[0].is_settled


def test_an_incomplete_file_is_stored_and_not_handed_in(sitting: Sitting) -> None:
    row = sitting.send(filled(sitting.pack(), {"1.1": "a"}))
    assert "1.2" in row.sheets[0].missing
    sitting.bring_in(row)
    with pytest.raises(Refused, match="chưa chấm"):
        sitting.bring_in(row, submit=True)
    assert sitting.stored()["1.1"].option == "a"


# --- the pack ---------------------------------------------------------------------------------


def test_a_pack_holds_own_drafts_only_and_nobody_elses_marks(sitting: Sitting) -> None:
    theirs = sheets_of(sitting.session, sitting.item)[2]
    score(sitting.session, sitting.people, theirs, sitting.other, answers=sitting.best)
    page = scoring_pack(
        sitting.session,
        sitting.meeting.code,
        actor=sitting.member,
        at=AT,
        files=sitting.settings.files,
        demonstration=False,
    ).decode()
    assert theirs.code not in page
    assert sitting.other.name not in page
    secret = sitting.session.exec(select(Meeting.pack_secret)).one()
    assert secret not in page
    with pytest.raises(NothingToScore):
        sitting.pack(sitting.other)
    for nobody in (sitting.secretary, sitting.people.agency(), sitting.people.auditor()):
        with pytest.raises(NothingToScore):
            sitting.pack(nobody)


def test_the_phone_number_of_the_producer_stays_at_home(sitting: Sitting) -> None:
    producer = get_sheet(sitting.session, sitting.sheet.code, actor=sitting.member).dossier.producer
    page = canonical_json(sitting.pack())
    for private in (producer.phone, producer.representative):
        assert private
        assert private not in page


# --- any marks --------------------------------------------------------------------------------


def test_any_valid_marks_come_back_as_they_went(
    session: WriteSession, people: People, settings: Settings
) -> None:
    sitting = Sitting(session, people, settings)
    rubric = get_sheet(session, sitting.sheet.code, actor=sitting.member).dossier.rubric
    options = st.fixed_dictionaries(
        {},
        optional={
            criterion.code: st.sampled_from(
                [option.code for option in criterion.options]
                + ([NOT_MET] if criterion.allows_not_met else [])
            )
            for criterion in rubric.criteria
        },
    )
    remarks = st.dictionaries(
        st.sampled_from([criterion.code for criterion in rubric.criteria]),
        st.text(st.characters(exclude_categories=["C"]), max_size=40),
        max_size=4,
    )

    @given(options=options, remarks=remarks)
    @example_settings(
        max_examples=25,
    )
    def round_trip(options: dict[str, str], remarks: dict[str, str]) -> None:
        wanted = {
            code: {"option": options.get(code, ""), "remark": remarks.get(code, "")}
            for code in [criterion.code for criterion in rubric.criteria]
        }
        row = sitting.send(filled(sitting.pack(), wanted))
        sitting.bring_in(row)
        stored = sitting.stored()
        assert {code: said.option for code, said in stored.items() if said.option} == options
        for code, remark in remarks.items():
            said = stored.get(code, Said())
            assert said.remark.split() == normal(remark).split()

    round_trip()


said = st.builds(Said, st.sampled_from(["", "a", "b"]), st.sampled_from(["", "x"]))
sheets = st.dictionaries(st.sampled_from(["1.1", "1.2", "opinion"]), said, max_size=3)


@given(base=sheets, stored=sheets, filed=sheets)
def test_a_merge_loses_nothing_silently(
    base: dict[str, Said], stored: dict[str, Said], filed: dict[str, Said]
) -> None:
    marks = {code: fingerprint(one) for code, one in base.items()}
    found = {one.code: one for one in differences(marks, stored, filed)}
    for code in {*base, *stored, *filed}:
        began, now, sent = (one.get(code, Said()) for one in (base, stored, filed))
        if code in found:
            assert now != sent
            assert sent != began
            assert found[code].is_conflict == (now != began)
        else:
            assert sent in {now, began}
