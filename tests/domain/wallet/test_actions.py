"""Keeping papers: one serves many dossiers, a renewed one moves into what is open and no further."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.actions import DossierIncomplete, save_section
from app.domain.dossiers.enums import DossierState, EvidenceKind
from app.domain.dossiers.models import Dossier, Evidence, EvidenceUse
from app.domain.dossiers.policy import EvidenceNotOffered
from app.domain.dossiers.schemas import AnswerIn, SaveSection
from app.domain.producers.models import Producer
from app.domain.wallet.actions import (
    add_paper,
    change_paper,
    remove_paper,
    replace_paper,
    restore_paper,
    withdraw_paper,
)
from app.domain.wallet.policy import (
    PaperCited,
    PaperClosed,
    PaperNotWithdrawn,
    PaperReplacesAnother,
)
from app.domain.wallet.queries import get_paper, history_of, uses_of
from app.domain.wallet.schemas import (
    AddPaper,
    ChangePaper,
    RemovePaper,
    ReplacePaper,
    RestorePaper,
    WithdrawPaper,
)
from tests.conftest import AT, commit
from tests.factories.dossiers import (
    cite_evidence,
    file,
    fill_dossier,
    give_back,
    make_dossier,
    stored_file,
)
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.register import make_producer, make_product
from tests.factories.wallet import make_paper, renew

TODAY = local_day(AT)


@dataclass
class Case:
    """A producer with one paper that two dossiers cite: three criteria of a draft, one of a filed one."""

    producer: Producer
    paper: Evidence
    draft: Dossier
    filed: Dossier


@pytest.fixture
def case(session: WriteSession, people: People) -> Case:
    producer = make_producer(session, people)
    paper = make_paper(session, people, producer, "Phiếu 2026")
    filed = make_dossier(session, people, product=make_product(session, people, producer))
    fill_dossier(session, people, filed)
    cite_evidence(session, people, filed, paper, "1.2")
    file(session, people, filed)
    draft = make_dossier(
        session, people, product=make_product(session, people, producer, "Mật ong hai")
    )
    for criterion in ("1.1", "2.1", "4.1"):
        cite_evidence(session, people, draft, paper, criterion)
    session.flush()
    return Case(producer, paper, draft, filed)


def uses(session: WriteSession, paper: Evidence) -> set[tuple[int, str]]:
    return {
        (use.dossier_id, use.criterion_code)
        for use in session.exec(select(EvidenceUse).where(EvidenceUse.evidence_id == paper.id))
    }


def events(session: WriteSession, kind: str) -> list[AuditEvent]:
    commit(session)
    return list(session.exec(select(AuditEvent).where(col(AuditEvent.kind) == kind)))


def test_one_paper_serves_two_dossiers_and_four_criteria(
    session: WriteSession, people: People, case: Case
) -> None:
    row = get_paper(session, case.paper.code, actor=people.agency())
    assert (row.dossier_count, row.use_count) == (2, 4)
    found = uses_of(session, row)
    assert [(use.dossier.code, use.criteria, use.is_open) for use in found] == [
        (case.draft.code, ("1.1", "2.1", "4.1"), True),
        (case.filed.code, ("1.2",), False),
    ]


def test_a_renewed_paper_moves_into_what_is_open_and_the_old_one_stays_where_it_was_filed(
    session: WriteSession, people: People, case: Case
) -> None:
    version = case.draft.version
    newer = renew(session, people, case.paper, "Phiếu 2027", expires_on=date(2028, 1, 1))
    draft, filed = case.draft.id or 0, case.filed.id or 0
    assert uses(session, newer) == {(draft, "1.1"), (draft, "2.1"), (draft, "4.1")}
    assert uses(session, case.paper) == {(filed, "1.2")}
    assert case.paper.replaced_by_id == newer.id
    assert case.paper.sha256 != newer.sha256
    assert case.draft.version == version + 1
    (said,) = events(session, "dossier.evidence_replaced")
    assert said.subject_code == case.draft.code
    assert said.data["criteria"] == "1.1, 2.1, 4.1"
    (told,) = events(session, "evidence.replaced")
    assert (told.data["new"], told.data["dossiers"]) == (newer.code, [case.draft.code])


def test_a_dossier_given_back_takes_the_renewed_paper(
    session: WriteSession, people: People, case: Case
) -> None:
    give_back(session, people, case.filed)
    newer = renew(session, people, case.paper, "Phiếu 2027")
    assert (case.filed.id, "1.2") in uses(session, newer)
    assert uses(session, case.paper) == set()


def test_the_history_is_told_from_every_paper_in_it(
    session: WriteSession, people: People, case: Case
) -> None:
    second = renew(session, people, case.paper, "Phiếu 2027")
    third = renew(session, people, second, "Phiếu 2028")
    for paper in (case.paper, second, third):
        row = get_paper(session, paper.code, actor=people.officer())
        assert list(history_of(session, row)) == [case.paper, second, third]
    alone = make_paper(session, people, case.producer, "Riêng")
    row = get_paper(session, alone.code, actor=people.officer())
    assert list(history_of(session, row)) == [alone]


def test_a_paper_that_is_there_already_may_be_the_renewed_one(
    session: WriteSession, people: People, case: Case
) -> None:
    known = make_paper(session, people, case.producer, "Phiếu 2027")
    cite_evidence(session, people, case.draft, known, "1.1")
    newer = renew(session, people, case.paper, "Phiếu 2027")
    assert newer is known
    assert len(uses(session, known)) == 3


def test_the_same_file_replaces_nothing_and_a_replaced_file_does_not_come_back(
    session: WriteSession, people: People, case: Case
) -> None:
    with pytest.raises(Invalid) as same:
        renew(session, people, case.paper, "Phiếu 2026")
    assert same.value.reason_code == "paper.same_file"
    newer = renew(session, people, case.paper, "Phiếu 2027")
    with pytest.raises(EvidenceNotOffered):
        renew(session, people, newer, "Phiếu 2026")
    with pytest.raises(PaperClosed):
        renew(session, people, case.paper, "Phiếu 2028")


def test_what_a_paper_says_is_corrected_and_its_file_is_not(
    session: WriteSession, people: People, case: Case
) -> None:
    paper, content = case.paper, case.paper.sha256
    said = ChangePaper(
        kind=EvidenceKind.QUALITY_SYSTEM,
        title="Chứng nhận  HACCP",
        number="H-1",
        issuer="Trung tâm",
        expires_on=date(2027, 1, 2),
        version=1,
    )
    officer = people.officer()
    change_paper(session, paper.code, said, actor=officer, at=AT)
    assert (paper.title, paper.version, paper.sha256) == ("Chứng nhận HACCP", 2, content)
    (told,) = events(session, "evidence.changed")
    assert told.data["before"] == {
        "kind": "test_report",
        "title": "Phiếu 2026",
        "number": "",
        "issuer": "",
        "expires_on": None,
    }
    assert told.data["after"]["expires_on"] == "2027-01-02"
    assert told.data["on_behalf"] is True
    with pytest.raises(StaleVersion):
        change_paper(session, paper.code, said, actor=officer, at=AT)
    same = said.model_copy(update={"version": 2})
    change_paper(session, paper.code, same, actor=officer, at=AT)
    assert paper.version == 2
    assert len(events(session, "evidence.changed")) == 1


def test_a_paper_put_away_leaves_open_dossiers_and_comes_back_by_hand(
    session: WriteSession, people: People, case: Case
) -> None:
    owner, code = people.producer(case.producer.id or 0), case.paper.code
    put_away = WithdrawPaper(reason="Cơ sở đổi tên", version=1)
    withdraw_paper(session, code, put_away, actor=owner, at=AT)
    assert uses(session, case.paper) == {(case.filed.id, "1.2")}
    (told,) = events(session, "evidence.withdrawn")
    assert told.data["reason"] == "Cơ sở đổi tên"
    (dropped,) = events(session, "dossier.evidence_dropped")
    assert dropped.data["criterion"] == "1.1, 2.1, 4.1"
    with pytest.raises(EvidenceNotOffered):
        cite_evidence(session, people, case.draft, case.paper, "1.1")
    with pytest.raises(PaperClosed):
        withdraw_paper(
            session, code, WithdrawPaper(reason="Lần nữa", version=2), actor=owner, at=AT
        )
    restore_paper(session, code, RestorePaper(version=2), actor=owner, at=AT)
    cite_evidence(session, people, case.draft, case.paper, "1.1")
    with pytest.raises(PaperNotWithdrawn):
        restore_paper(session, code, RestorePaper(version=3), actor=owner, at=AT)


def test_a_section_refuses_what_was_put_away_but_keeps_what_it_had(
    session: WriteSession, people: People, case: Case
) -> None:
    owner, paper = people.producer(case.producer.id or 0), case.paper
    renew(session, people, paper, "Phiếu 2027")

    def cite(dossier: Dossier, criterion: str) -> None:
        answer = AnswerIn(criterion_code=criterion, option_code="a", evidence=[paper.code])
        section = criterion.partition(".")[0]
        save_section(
            session,
            dossier.code,
            section,
            SaveSection(answers=[answer], version=dossier.version),
            actor=owner,
            at=AT,
        )

    with pytest.raises(Invalid) as refused:
        cite(case.draft, "1.1")
    assert refused.value.reason_code == "evidence.not_offered"
    assert "1.1" in refused.value.fields
    session.add(
        EvidenceUse(dossier_id=case.draft.id or 0, criterion_code="1.1", evidence_id=paper.id or 0)
    )
    session.flush()
    cite(case.draft, "1.1")
    assert (case.draft.id, "1.1") in uses(session, paper)


def test_only_what_no_dossier_cites_is_removed_and_the_log_keeps_what_it_said(
    session: WriteSession, people: People, case: Case
) -> None:
    owner = people.producer(case.producer.id or 0)

    def remove(paper: Evidence) -> object:
        said = RemovePaper(reason="Tải nhầm tệp", version=paper.version)
        return remove_paper(session, paper.code, said, actor=owner, at=AT)

    with pytest.raises(PaperCited) as cited:
        remove(case.paper)
    assert case.filed.code in cited.value.text
    newer = renew(session, people, case.paper, "Phiếu 2027")
    lonely = make_paper(session, people, case.producer, "Tải nhầm")
    last = renew(session, people, lonely, "Tải đúng")
    with pytest.raises(PaperReplacesAnother):
        remove(last)
    with pytest.raises(PaperClosed):
        remove(lonely)
    with pytest.raises(PaperCited):
        remove(newer)
    mistake = make_paper(session, people, case.producer, "Nhầm hẳn", number="X-1")
    content = mistake.sha256
    remove(mistake)
    (told,) = events(session, "evidence.removed")
    assert (told.data["title"], told.data["number"]) == ("Nhầm hẳn", "X-1")
    assert (told.data["sha256"], told.data["reason"]) == (content, "Tải nhầm tệp")
    with pytest.raises(NotFound):
        get_paper(session, mistake.code, actor=owner)


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False), (1, False)])
def test_a_dossier_that_cites_an_expired_paper_is_not_filed(
    session: WriteSession, people: People, days: int, *, refused: bool
) -> None:
    dossier = make_dossier(session, people)
    fill_dossier(session, people, dossier)
    producer = session.get_one(Producer, dossier.producer_id)
    end = TODAY + timedelta(days=days)
    paper = make_paper(session, people, producer, "Giấy có hạn", expires_on=end)
    uncited = make_paper(session, people, producer, "Không dẫn", expires_on=date(2020, 1, 1))
    for criterion in ("1.1", "4.1"):
        cite_evidence(session, people, dossier, paper, criterion)
    if not refused:
        assert file(session, people, dossier).state is DossierState.FILED
        return
    with pytest.raises(DossierIncomplete) as incomplete:
        file(session, people, dossier)
    (lacking,) = incomplete.value.missing
    assert "Giấy có hạn" in lacking.text
    assert "1.1, 4.1" in lacking.text
    assert uncited.title not in lacking.text
    renew(session, people, paper, "Giấy mới", expires_on=TODAY)
    assert file(session, people, dossier).state is DossierState.FILED


# --- who ----------------------------------------------------------------------------------------

Attempt = Callable[[WriteSession, Evidence, Producer, Actor], object]
SAID: dict[str, Any] = {"kind": EvidenceKind.OTHER, "title": "Giấy khác"}
ATTEMPTS: dict[str, Attempt] = {
    "add": lambda session, _paper, producer, actor: add_paper(
        session,
        producer.code,
        AddPaper(**SAID),
        stored_file("Mới"),
        file_name="a.pdf",
        actor=actor,
        at=AT,
    ),
    "change": lambda session, paper, _producer, actor: change_paper(
        session, paper.code, ChangePaper(**SAID, version=1), actor=actor, at=AT
    ),
    "replace": lambda session, paper, _producer, actor: replace_paper(
        session,
        paper.code,
        ReplacePaper(**SAID, version=1),
        stored_file("Mới"),
        file_name="a.pdf",
        actor=actor,
        at=AT,
    ),
    "withdraw": lambda session, paper, _producer, actor: withdraw_paper(
        session, paper.code, WithdrawPaper(reason="Không dùng", version=1), actor=actor, at=AT
    ),
    "remove": lambda session, paper, _producer, actor: remove_paper(
        session, paper.code, RemovePaper(reason="Không dùng", version=1), actor=actor, at=AT
    ),
}


@pytest.mark.parametrize("what", ATTEMPTS)
def test_producer_and_helper_keep_papers_the_province_reads_and_strangers_find_nothing(
    session: WriteSession, people: People, what: str
) -> None:
    producer = make_producer(session, people)
    paper = make_paper(session, people, producer)
    other = make_producer(session, people, "Hợp tác xã Khác")
    session.flush()
    attempt = ATTEMPTS[what]
    for stranger in (
        people.officer(ELSEWHERE),
        people.producer(other.id or 0),
        people.council_member(1),
    ):
        with pytest.raises(NotFound):
            attempt(session, paper, producer, stranger)
    for reader in (people.agency(), people.leader(), people.auditor()):
        assert get_paper(session, paper.code, actor=reader).paper is paper
        with pytest.raises(NotPermitted):
            attempt(session, paper, producer, reader)
    attempt(session, paper, producer, people.officer(HOME))


def test_a_wrong_version_changes_nothing(session: WriteSession, people: People) -> None:
    producer = make_producer(session, people)
    paper = make_paper(session, people, producer)
    paper.version = 5
    session.flush()
    for what in ("change", "replace", "withdraw", "remove"):
        with pytest.raises(Conflict):
            ATTEMPTS[what](session, paper, producer, people.officer())
