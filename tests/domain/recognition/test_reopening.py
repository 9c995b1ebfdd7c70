"""Upgrade and renewal from a certificate: windows, gates, what is carried, what follows."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, NotPermitted
from app.domain.accounts.rules import SYSTEM
from app.domain.dossiers.actions import (
    AlreadyRecognised,
    DossierIncomplete,
    DossierOpen,
    GateHolds,
    GatesUnanswered,
    NothingToCompare,
    OlderDecisionApplies,
    RegistrationMissing,
    accept_dossier,
    open_dossier,
    save_changes,
)
from app.domain.dossiers.enums import DossierKind, DossierState
from app.domain.dossiers.models import Dossier, EvidenceUse, GateAnswer, SelfAssessmentAnswer
from app.domain.dossiers.queries import (
    comparison,
    gate_answers_of,
    get_dossier,
    self_assessment,
)
from app.domain.dossiers.schemas import (
    AcceptDossier,
    GateAnswerIn,
    OpenDossier,
    OpenFromCertificate,
    SaveChanges,
)
from app.domain.producers.enums import ProducerKind
from app.domain.recognition.actions import (
    ProductCodeTaken,
    import_recognised,
    open_first,
    open_renewal,
    open_upgrade,
)
from app.domain.recognition.enums import Standing
from app.domain.recognition.models import Certificate
from app.domain.recognition.policy import (
    NothingAbove,
    NotInForce,
    RecognitionRuns,
    RenewalTooEarly,
    RenewalTooLate,
    why_not_renew,
)
from app.domain.recognition.queries import get_certificate, work_for
from app.domain.recognition.rules import standing
from app.domain.recognition.schemas import ImportRecognised
from app.rulebooks import loader
from tests.factories.dossiers import (
    assess,
    file,
    passing_gates,
    propose,
    put_round,
)
from tests.factories.people import People
from tests.factories.recognition import (
    certificates_of,
    import_certificate,
    lock_result,
    locked_dossier,
    make_decision,
    sign,
)
from tests.factories.register import make_producer, make_product

LAW = loader.regime("qd26-2026")
DATA = OpenFromCertificate(gate_answers=passing_gates())
CHANGES = {
    "changes": "Bao bì thủy tinh mới.",
    "tests": "Kiểm nghiệm hằng năm, đều đạt.",
    "tests_done": 3,
    "market": "Hai cửa hàng ở Hà Nội.",
    "output_amount": 3600,
    "output_unit": "lít",
    "revenue": 1_440_000_000,
}


def recognised(session: WriteSession, people: People, *, star: int = 3) -> Certificate:
    """Return the certificate of a product recognised through a dossier of this system."""
    dossier = locked_dossier(session, people, star=star)
    decision = sign(session, people, make_decision(session, people, dossier))
    (certificate,) = certificates_of(session, decision)
    return certificate


def at_days_before(people: People, certificate: Certificate, days: int) -> None:
    """Let it be so many days before the certificate ends."""
    day = certificate.expires_on - timedelta(days=days)
    people.at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def upgrade(session: WriteSession, people: People, certificate: Certificate) -> Dossier:
    """Open an upgrade through the producer's own account."""
    owner = people.producer(certificate.producer_id)
    return open_upgrade(session, certificate.code, DATA, actor=owner, at=people.at)


def renew(session: WriteSession, people: People, certificate: Certificate) -> Dossier:
    """Open a renewal through the producer's own account."""
    owner = people.producer(certificate.producer_id)
    return open_renewal(session, certificate.code, DATA, actor=owner, at=people.at)


# --- gates ------------------------------------------------------------------------------------


def test_a_dossier_keeps_who_answered_its_gates_and_when(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    dossier = open_dossier(
        session,
        OpenDossier(product_code=product.code, gate_answers=passing_gates()),
        actor=people.officer(),
        at=people.at,
    )
    found = gate_answers_of(session, dossier)
    assert [one.gate for one in found[:2]] == ["producer_kind", "category"]
    assert {one.answered_by for one in found if one.by_system} == {"Hệ thống"}
    asked = [one for one in found if not one.by_system]
    assert {one.answered_by for one in asked} == {people.officer().name}
    assert len(asked) == len(passing_gates())
    assert all(one.answered_at == people.at for one in found)


def test_unanswered_gates_are_refused_each_by_name(session: WriteSession, people: People) -> None:
    product = make_product(session, people)
    owner = people.producer(product.producer_id)
    some = passing_gates()[:1]
    with pytest.raises(GatesUnanswered) as problem:
        open_dossier(
            session,
            OpenDossier(product_code=product.code, gate_answers=some),
            actor=owner,
            at=people.at,
        )
    assert set(problem.value.fields) == {f"gate.{one.gate}" for one in passing_gates()[1:]}
    assert session.exec(select(GateAnswer)).all() == []


def test_a_case_that_applies_refuses_with_its_words_and_its_place(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    owner = people.producer(product.producer_id)
    for one in passing_gates():
        others = [other for other in passing_gates() if other.gate != one.gate]
        answers = [*others, GateAnswerIn(gate=one.gate, applies=True)]
        with pytest.raises(GateHolds) as problem:
            open_dossier(
                session,
                OpenDossier(product_code=product.code, gate_answers=answers),
                actor=owner,
                at=people.at,
            )
        assert "Phụ lục II, bộ 4" in (problem.value.legal_basis or "")
    assert session.exec(select(Dossier)).all() == []


def test_a_household_opens_only_with_its_registration(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people, "Hộ Lò Thị Mẫu", kind=ProducerKind.HOUSEHOLD)
    product = make_product(session, people, producer)
    data = OpenDossier(product_code=product.code, gate_answers=passing_gates())
    owner = people.producer(producer.id or 0)
    with pytest.raises(RegistrationMissing) as problem:
        open_dossier(session, data, actor=owner, at=people.at)
    assert "Điều 2.3" in (problem.value.legal_basis or "")
    producer.registration_number = "12A8001234"
    assert open_dossier(session, data, actor=owner, at=people.at).state is DossierState.DRAFT


def test_before_the_decision_the_older_rules_are_named(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    data = OpenDossier(product_code=product.code, gate_answers=passing_gates())
    with pytest.raises(OlderDecisionApplies) as problem:
        open_dossier(
            session,
            data,
            actor=people.producer(product.producer_id),
            at=datetime(2026, 5, 21, 2, tzinfo=UTC),
        )
    assert "Điều 12.2.a" in (problem.value.legal_basis or "")


# --- windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(181, RenewalTooEarly), (180, None), (120, None), (119, RenewalTooLate)],
)
def test_a_renewal_is_opened_from_e180_to_e120(
    session: WriteSession, people: People, days: int, refusal: type[Exception] | None
) -> None:
    certificate = recognised(session, people)
    at_days_before(people, certificate, days)
    if refusal is None:
        assert renew(session, people, certificate).kind is DossierKind.RENEWAL
        return
    with pytest.raises(refusal) as problem:
        renew(session, people, certificate)
    said = str(problem.value)
    for before in (180, 120):
        assert f"{certificate.expires_on - timedelta(days=before):%d/%m/%Y}" in said
    assert "Điều 7.6.a" in problem.value.legal_basis  # type: ignore[attr-defined]  # -- both are refusals


def test_an_upgrade_needs_a_certificate_in_force_and_a_star_above(
    session: WriteSession, people: People
) -> None:
    highest = import_certificate(session, people, star=5)
    with pytest.raises(NothingAbove):
        upgrade(session, people, highest)
    producer = make_producer(session, people, "Hợp tác xã khác")
    other = make_product(session, people, producer)
    ended = import_certificate(
        session, people, other, issued_on=date(2023, 1, 2), expires_on=date(2026, 1, 2)
    )
    with pytest.raises(NotInForce):
        upgrade(session, people, ended)


def test_only_the_applicant_goes_on_from_a_certificate(
    session: WriteSession, people: People
) -> None:
    certificate = recognised(session, people)
    with pytest.raises(NotPermitted):
        open_upgrade(session, certificate.code, DATA, actor=people.leader(), at=people.at)
    helped = open_upgrade(session, certificate.code, DATA, actor=people.officer(), at=people.at)
    assert helped.opened_by_helper
    with pytest.raises(DossierOpen):
        upgrade(session, people, certificate)


def test_a_recognised_product_does_not_begin_again(session: WriteSession, people: People) -> None:
    certificate = recognised(session, people)
    product = get_certificate(
        session, certificate.code, actor=people.agency(), on=local_day(people.at)
    ).product
    data = OpenDossier(product_code=product.code, gate_answers=passing_gates())
    with pytest.raises(AlreadyRecognised):
        open_dossier(session, data, actor=people.producer(certificate.producer_id), at=people.at)


def begin_again(session: WriteSession, people: People, certificate: Certificate) -> Dossier:
    """Open a first dossier of a product that has this certificate, through its producer."""
    product = get_certificate(
        session, certificate.code, actor=people.agency(), on=local_day(people.at)
    ).product
    return open_first(
        session,
        OpenDossier(product_code=product.code, gate_answers=passing_gates()),
        actor=people.producer(certificate.producer_id),
        at=people.at,
    )


@pytest.mark.parametrize("days", [181, 150, 119, 0])
def test_a_product_does_not_begin_again_while_its_certificate_is_good(
    session: WriteSession, people: People, days: int
) -> None:
    certificate = recognised(session, people)
    at_days_before(people, certificate, days)
    with pytest.raises(RecognitionRuns) as problem:
        begin_again(session, people, certificate)
    assert certificate.code in problem.value.text
    assert f"{certificate.expires_on:%d/%m/%Y}" in problem.value.text
    assert "Điều 4.3" in (problem.value.legal_basis or "")


def test_a_product_whose_certificate_ended_begins_again(
    session: WriteSession, people: People
) -> None:
    certificate = recognised(session, people)
    at_days_before(people, certificate, -1)
    again = begin_again(session, people, certificate)
    assert again.kind is DossierKind.FIRST
    assert (again.certificate_code, again.previous_dossier_id) == ("", None)
    with pytest.raises(DossierOpen):
        begin_again(session, people, certificate)


def test_a_product_of_the_past_begins_again_when_its_certificate_ended(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    with pytest.raises(RecognitionRuns):
        begin_again(session, people, certificate)
    at_days_before(people, certificate, -1)
    assert begin_again(session, people, certificate).kind is DossierKind.FIRST


def test_a_product_whose_certificate_was_revoked_begins_again(
    session: WriteSession, people: People
) -> None:
    certificate = recognised(session, people)
    certificate.revoked_on = local_day(people.at)
    session.flush()
    assert begin_again(session, people, certificate).kind is DossierKind.FIRST


def test_where_a_late_renewal_is_still_taken_the_producer_chooses(
    session: WriteSession, people: People
) -> None:
    # Its window had closed before the decision began: art. 12.3.
    certificate = import_certificate(
        session, people, issued_on=date(2023, 7, 1), expires_on=date(2026, 7, 1)
    )
    found = get_certificate(
        session, certificate.code, actor=people.agency(), on=local_day(people.at)
    )
    assert why_not_renew(people.producer(certificate.producer_id), found) is None
    assert begin_again(session, people, certificate).kind is DossierKind.FIRST


def test_only_the_applicant_begins_again(session: WriteSession, people: People) -> None:
    certificate = recognised(session, people)
    product = get_certificate(
        session, certificate.code, actor=people.agency(), on=local_day(people.at)
    ).product
    data = OpenDossier(product_code=product.code, gate_answers=passing_gates())
    with pytest.raises(NotPermitted):
        open_first(session, data, actor=people.leader(), at=people.at)


def test_a_second_recognition_after_a_gap_keeps_the_code_of_the_product(
    session: WriteSession, people: People
) -> None:
    old = recognised(session, people)
    at_days_before(people, old, -30)
    dossier = begin_again(session, people, old)
    dossier.state = DossierState.ACCEPTED
    lock_result(session, people, dossier, star=4)
    decision = sign(session, people, make_decision(session, people, dossier, number="78/QĐ-UBND"))
    (new,) = certificates_of(session, decision)
    assert new.product_code == old.product_code is not None
    assert standing(new, local_day(people.at), LAW) is Standing.VALID


# --- what is carried --------------------------------------------------------------------------


def test_answers_and_papers_are_carried_by_the_same_content(
    session: WriteSession, people: People
) -> None:
    certificate = recognised(session, people)
    dossier = upgrade(session, people, certificate)

    def answers(dossier_id: int | None) -> set[tuple[str, str | None, str]]:
        rows = session.exec(
            select(SelfAssessmentAnswer).where(col(SelfAssessmentAnswer.dossier_id) == dossier_id)
        )
        return {(one.criterion_code, one.option_code, one.description) for one in rows}

    def uses(dossier_id: int | None) -> set[tuple[str, int]]:
        rows = session.exec(select(EvidenceUse).where(col(EvidenceUse.dossier_id) == dossier_id))
        return {(one.criterion_code, one.evidence_id) for one in rows}

    assert answers(dossier.id) == answers(certificate.dossier_id) != set()
    assert uses(dossier.id) == uses(certificate.dossier_id) != set()
    assert (dossier.certificate_code, dossier.previous_star) == (certificate.code, 3)
    owner = people.producer(dossier.producer_id)
    row = get_dossier(session, dossier.code, actor=owner)
    found = comparison(self_assessment(session, row, actor=owner), on=local_day(people.at))
    assert found is not None
    assert found.changed == ()
    assert set(found.by_section.values()) == {False}


def test_an_expired_paper_stays_behind_and_is_listed(session: WriteSession, people: People) -> None:
    dossier = locked_dossier(session, people, star=3)
    decision = sign(session, people, make_decision(session, people, dossier))
    (certificate,) = certificates_of(session, decision)
    (use,) = session.exec(select(EvidenceUse).where(col(EvidenceUse.dossier_id) == dossier.id))
    paper = self_assessment(
        session,
        get_dossier(session, dossier.code, actor=people.agency()),
        actor=people.agency(),
    ).cited[0]
    at_days_before(people, certificate, 150)
    paper.expires_on = local_day(people.at) - timedelta(days=1)
    session.flush()
    again = renew(session, people, certificate)
    assert (
        session.exec(select(EvidenceUse).where(col(EvidenceUse.dossier_id) == again.id)).all() == []
    )
    owner = people.producer(dossier.producer_id)
    row = get_dossier(session, again.code, actor=owner)
    found = comparison(self_assessment(session, row, actor=owner), on=local_day(people.at))
    assert found is not None
    assert [one.id for one in found.to_replace] == [use.evidence_id]
    assert found.by_section[row.rubric.parts[0].sections[0].code] is True


def test_a_product_of_the_past_starts_with_empty_answers(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people, star=3)
    dossier = upgrade(session, people, certificate)
    owner = people.producer(dossier.producer_id)
    row = get_dossier(session, dossier.code, actor=owner)
    assessment = self_assessment(session, row, actor=owner)
    assert assessment.answers == {}
    found = comparison(assessment, on=local_day(people.at))
    assert found is not None
    assert found.earlier is None


# --- what follows -----------------------------------------------------------------------------


def test_the_changes_are_told_before_filing_and_a_first_dossier_has_none(
    session: WriteSession, people: People
) -> None:
    certificate = recognised(session, people)
    first = session.exec(select(Dossier).where(col(Dossier.id) == certificate.dossier_id)).one()
    assert first.kind is DossierKind.FIRST
    dossier = upgrade(session, people, certificate)
    owner = people.producer(dossier.producer_id)
    dossier.business_results, dossier.sample_count = "Doanh thu tăng.", 5
    with pytest.raises(DossierIncomplete) as problem:
        file(session, people, dossier)
    assert [one.basis for one in problem.value.missing] == ["26/2026/QĐ-TTg, Điều 6.1.b"]
    data = SaveChanges(**CHANGES, version=dossier.version)
    save_changes(session, dossier.code, data, actor=owner, at=people.at)
    version = dossier.version
    again = data.model_copy(update={"version": version})
    assert save_changes(session, dossier.code, again, actor=owner, at=people.at).version == version
    assert file(session, people, dossier).state is DossierState.FILED


def test_changes_are_not_told_of_a_first_dossier(session: WriteSession, people: People) -> None:
    product = make_product(session, people)
    owner = people.producer(product.producer_id)
    dossier = open_dossier(
        session,
        OpenDossier(product_code=product.code, gate_answers=passing_gates()),
        actor=owner,
        at=people.at,
    )
    with pytest.raises(NothingToCompare):
        save_changes(
            session,
            dossier.code,
            SaveChanges(changes="x", version=dossier.version),
            actor=owner,
            at=people.at,
        )


def test_a_renewal_is_rolling_and_its_decision_supersedes_and_keeps_the_code(
    session: WriteSession, people: People
) -> None:
    old = recognised(session, people)
    at_days_before(people, old, 150)
    dossier = renew(session, people, old)
    owner = people.producer(dossier.producer_id)
    dossier.business_results, dossier.sample_count = "Bán ổn định.", 5
    data = SaveChanges(**CHANGES, version=dossier.version)
    save_changes(session, dossier.code, data, actor=owner, at=people.at)
    file(session, people, dossier)
    assess(session, people, dossier)
    propose(session, people, dossier)
    today = local_day(people.at)
    taken_in = AcceptDossier(version=dossier.version)
    some_round = put_round(
        session, people, proposals_before=today, results_before=today + timedelta(days=60)
    )
    with pytest.raises(Invalid) as problem:
        accept_dossier(
            session, dossier.code, taken_in, some_round, actor=people.agency(), at=people.at
        )
    assert set(problem.value.fields) == {"round"}
    accept_dossier(session, dossier.code, taken_in, None, actor=people.agency(), at=people.at)
    assert dossier.round_id is None
    assert dossier.province_due_on == today + timedelta(days=45)
    lock_result(session, people, dossier, star=4)
    decision = sign(session, people, make_decision(session, people, dossier, number="77/QĐ-UBND"))
    (new,) = certificates_of(session, decision)
    assert new.product_code == old.product_code is not None
    assert (old.superseded_by_id, old.superseded_on) == (new.id, new.issued_on)
    assert standing(old, today, LAW) is Standing.SUPERSEDED
    assert standing(new, today, LAW) is Standing.VALID


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        (211, []),
        (210, ["certificate.renew_soon"]),
        (181, ["certificate.renew_soon"]),
        (180, ["certificate.renew"]),
        (120, ["certificate.renew"]),
        (119, []),
    ],
)
def test_a_coming_renewal_is_on_the_work_list_of_producer_and_commune(
    session: WriteSession, people: People, days: int, kinds: list[str]
) -> None:
    certificate = import_certificate(session, people)
    at_days_before(people, certificate, days)
    on = local_day(people.at)
    for actor in (people.producer(certificate.producer_id), people.officer()):
        items = work_for(session, actor, on=on)
        assert [one.kind for one in items] == kinds
        if kinds:
            assert items[0].due_on == certificate.expires_on - timedelta(days=120)
    if kinds == ["certificate.renew"]:
        renew(session, people, certificate)
        assert work_for(session, people.officer(), on=on) == []


def test_a_product_code_belongs_to_one_product(session: WriteSession, people: People) -> None:
    certificate = recognised(session, people)
    producer = make_producer(session, people, "Hợp tác xã khác")
    data = ImportRecognised(
        star=3,
        regime_code="qd148-2023",
        authority="UBND tỉnh",
        issued_on=date(2025, 1, 2),
        product_code=certificate.product_code,
        source_note="Dựng cho thử nghiệm",
    )
    with pytest.raises(ProductCodeTaken):
        import_recognised(
            session, make_product(session, people, producer), data, actor=SYSTEM, at=people.at
        )
