"""The drawn states are the ruling tables, and no table has a dead end or an unheard step."""

from pathlib import Path

import pytest

from app.domain.councils.enums import ItemState, MeetingState, SheetState
from app.domain.dossiers.enums import DossierState, Step
from app.domain.dossiers.rules import EVENTS, STEP_LABELS
from app.domain.ideas.enums import IdeaState
from app.domain.inspections.enums import CorrectionState, InspectionState, PlanState
from app.domain.jobs.enums import JobState, JobStep
from app.domain.misuse.enums import ReportState
from app.domain.packaging.enums import PermissionState
from app.domain.packs.enums import PaperSheetState
from app.domain.privacy.enums import RequestState
from app.domain.recognition.enums import RevocationState, Standing
from app.domain.stamps.enums import BatchState
from app.states import (
    BEGIN,
    END,
    LIVES,
    Life,
    drawn,
    in_document,
    reachable,
    readme_with,
    with_a_way_out,
)
from app.web.audit_text import SENTENCES

EVERY_STATE = {
    "Product idea": IdeaState,
    "Dossier": DossierState,
    "Meeting": MeetingState,
    "Agenda item": ItemState,
    "Score sheet": SheetState,
    "Sheet on paper": PaperSheetState,
    "Revocation case": RevocationState,
    "Stamp batch": BatchState,
    "Permission to print the mark": PermissionState,
    "Request about personal data": RequestState,
    "Report of misuse": ReportState,
    "Inspection plan": PlanState,
    "Inspection": InspectionState,
    "Correction after an inspection": CorrectionState,
    "Job": JobState,
}

# The audit event of each step that is not a dossier's (those are in `EVENTS`).
HEARD = {
    "Product idea": {
        "revise": "idea.revised",
        "accept": "idea.accepted",
        "ask_changes": "idea.returned",
        "decline": "idea.declined",
        "convert": "idea.converted",
    },
    "Revocation case": {
        "verify": "revocation.verified",
        "submit": "revocation.submitted",
        "revoke": "certificate.revoked",
        "drop": "revocation.dropped",
    },
    "Meeting": {
        "open": "meeting.opened",
        "close": "meeting.closed",
        "reopen": "meeting.reopened",
    },
    "Agenda item": {
        "open": "dossier.scoring_opened",
        "rescore": "item.rescored",
        "lock": "item.locked",
        "reopen": "result.reopened",
        "put_off": "item.put_off",
        "take_off": "agenda.taken_off",
        "put_to_meeting": "opinion.put_to_meeting",
        "put_back": "agenda.added",
    },
    "Score sheet": {
        "save": "sheet.saved",
        "submit": "sheet.submitted",
        "withdraw": "sheet.withdrawn",
        "rescore": "item.rescored",
        "recuse": "sheet.recused",
        "end_collection": "opinion.collected",
        "extend": "opinion.extended",
    },
    "Sheet on paper": {
        "disagree": "paper_sheet.keyed",
        "agree": "paper_sheet.keyed",
        "resolve": "paper_sheet.resolved",
        "enter": "paper_sheet.entered",
    },
    "Stamp batch": {
        "approve": "batch.approved",
        "refuse": "batch.refused",
        "start": "batch.started",
        "sign": "batch.issued",
        "stop": "batch.stopped",
        "deliver": "batch.delivered",
        "activate": "batch.activated",
        "close": "batch.closed",
        "withdraw": "stamps.withdrawn",
    },
    "Permission to print the mark": {
        "send": "packaging.sent",
        "return": "packaging.returned",
        "grant": "packaging.granted",
        "decline": "packaging.declined",
        "withdraw": "packaging.withdrawn",
        "cancel": "packaging.cancelled",
    },
    "Report of misuse": {
        "take": "report.taken",
        "give_back": "report.given_back",
        "close": "report.closed",
        "join": "report.joined",
    },
    "Request about personal data": {
        "grant": "personal_data_request.granted",
        "grant_partly": "personal_data_request.partly_granted",
        "refuse": "personal_data_request.refused",
        "withdraw": "personal_data_request.withdrawn",
    },
    "Inspection plan": {
        "revise": "inspection_plan.revised",
        "approve": "inspection_plan.approved",
        "amend": "inspection_plan.amended",
    },
    "Inspection": {
        "rearrange": "inspection.rearranged",
        "cancel": "inspection.cancelled",
        "begin": "inspection.begun",
        "save": "inspection.section_saved",
        "close": "inspection.closed",
        "ask_correction": "inspection.correction_asked",
        "answer": "inspection.correction_answered",
        "judge": "inspection.correction_accepted",
        "conclude": "inspection.concluded",
    },
    "Correction after an inspection": {
        "answer": "inspection.correction_answered",
        "accept": "inspection.correction_accepted",
        "refuse": "inspection.correction_refused",
    },
    "Job": {"try_again": "job.retried", "cancel": "job.cancelled"},
}
# What a program does by itself, day and night: its own row tells of it.
BY_ITSELF = {"Job": {step.value for step in JobStep} - set(HEARD["Job"])}

each_life = pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)


def test_the_document_shows_what_is_drawn() -> None:
    assert in_document() == drawn(), "run «ocop draw-states»"


def test_writing_the_drawings_changes_nothing_outside_the_marks(tmp_path: Path) -> None:
    copy = tmp_path / "README.md"
    copy.write_text(f"above\n{BEGIN}old\n{END}\nbelow\n", encoding="utf-8")
    readme_with("new\n", copy)
    assert copy.read_text(encoding="utf-8") == (f"above\n{BEGIN}new\n{END}\nbelow\n")
    assert in_document(copy) == "new\n"


def test_a_document_without_marks_is_refused_and_left_alone(tmp_path: Path) -> None:
    copy = tmp_path / "README.md"
    copy.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lost its marks"):
        readme_with("new\n", copy)
    assert copy.read_text(encoding="utf-8") == "no marks\n"


@each_life
def test_every_state_is_drawn_and_can_be_reached(life: Life) -> None:
    assert set(life.labels) == {state.value for state in EVERY_STATE[life.name]}
    assert reachable(life) == set(life.labels)


@each_life
def test_every_state_that_is_no_end_has_a_way_to_one(life: Life) -> None:
    assert with_a_way_out(life) == set(life.labels)


@each_life
def test_every_step_is_told_by_the_log(life: Life) -> None:
    heard = {step.value: kind for step, kind in EVENTS.items()} | HEARD.get(life.name, {})
    steps = {arrow.step for arrow in life.moves} - BY_ITSELF.get(life.name, set())
    silent = steps - set(heard)
    assert not silent, f"steps without an audit event: {sorted(silent)}"
    wordless = {heard[step] for step in steps} - set(SENTENCES)
    assert not wordless, f"events without a sentence: {sorted(wordless)}"


def test_every_step_of_a_dossier_has_a_name_for_people() -> None:
    assert set(STEP_LABELS) == set(Step) == set(EVENTS)


def test_every_standing_of_a_certificate_is_explained() -> None:
    explained = drawn().partition("### Certificate")[2]
    for standing in Standing:
        assert f"| {standing} |" in explained
