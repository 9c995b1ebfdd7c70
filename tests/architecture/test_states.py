"""The drawn states are the ruling tables, and no table has a dead end or an unheard step."""

from pathlib import Path

import pytest

from app.domain.councils.enums import ItemState, MeetingState, SheetState
from app.domain.dossiers.enums import DossierState, Step
from app.domain.dossiers.rules import EVENTS, STEP_LABELS
from app.domain.ideas.enums import IdeaState
from app.domain.packs.enums import PaperSheetState
from app.domain.recognition.enums import Standing
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
    "Stamp batch": BatchState,
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
        "issue": "batch.issued",
        "deliver": "batch.delivered",
        "activate": "batch.activated",
        "close": "batch.closed",
        "void": "stamps.voided",
    },
}

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
    silent = {arrow.step for arrow in life.moves} - set(heard)
    assert not silent, f"steps without an audit event: {sorted(silent)}"
    wordless = {heard[arrow.step] for arrow in life.moves} - set(SENTENCES)
    assert not wordless, f"events without a sentence: {sorted(wordless)}"


def test_every_step_of_a_dossier_has_a_name_for_people() -> None:
    assert set(STEP_LABELS) == set(Step) == set(EVENTS)


def test_every_standing_of_a_certificate_is_explained() -> None:
    explained = drawn().partition("### Certificate")[2]
    for standing in Standing:
        assert f"| {standing} |" in explained
