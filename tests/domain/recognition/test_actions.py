"""Decisions and certificates: who drafts, who signs, what is refused, what follows a signature."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, StaleVersion
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.recognition.actions import (
    AlreadyInDecision,
    BelowThreeStars,
    DatedBeforeResult,
    DatedInFuture,
    FiveStarsByMinistry,
    NumberUsed,
    RecognitionKnown,
    ResultNotLocked,
    draft_decision,
    import_recognised,
    revise_decision,
    sign_decision,
)
from app.domain.recognition.enums import DecisionState, Standing
from app.domain.recognition.models import Certificate, DecisionItem
from app.domain.recognition.policy import (
    DecisionSigned,
    DraftingByAgency,
    ImportingNotYours,
    SigningByProvince,
)
from app.domain.recognition.queries import (
    certificates_page,
    decided_products,
    get_certificate,
    get_decision,
    recognisable,
    running_certificate,
    work_for,
)
from app.domain.recognition.schemas import ImportRecognised, ReviseDecision, SignDecision
from app.domain.register.queries import get_register_entry, register_page
from app.domain.register.schemas import Wanted
from tests.conftest import commit
from tests.factories.dossiers import make_dossier
from tests.factories.people import ELSEWHERE, People
from tests.factories.recognition import (
    SIGNATURE,
    certificates_of,
    decision_data,
    import_certificate,
    locked_dossier,
    make_decision,
    sign,
)
from tests.factories.register import make_producer, make_product


@pytest.fixture
def today(people: People) -> date:
    return local_day(people.at)


def locked_dossiers(session: WriteSession, people: People, *stars: int) -> list[Dossier]:
    producer = make_producer(session, people)
    return [
        locked_dossier(
            session,
            people,
            star=star,
            product=make_product(session, people, producer, name=f"Mật ong số {number}"),
        )
        for number, star in enumerate(stars, start=1)
    ]


def test_a_decision_names_many_products_and_its_signature_gives_each_a_certificate(
    session: WriteSession, people: People, today: date
) -> None:
    first, second = locked_dossiers(session, people, 4, 3)
    decision = make_decision(session, people, second, first)
    assert decision.state is DecisionState.DRAFT
    assert [row.dossier.code for row in decided_products(session, decision)] == [
        second.code,
        first.code,
    ]
    sign(session, people, decision)
    certificates = certificates_of(session, decision)
    assert [one.star for one in certificates] == [3, 4]
    assert [one.product_code for one in certificates] == [
        "12-03390-01-2026",
        "12-03390-02-2026",
    ]
    assert {one.issued_on for one in certificates} == {today}
    assert {one.expires_on for one in certificates} == {date(2029, 9, 14)}
    assert len({one.record_number for one in certificates}) == 2
    assert {first.state, second.state} == {DossierState.RECOGNISED}
    assert decision.signed_by == "Nguyễn Văn Mẫu"


def test_everything_is_told_in_the_audit_log(session: WriteSession, people: People) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    sign(session, people, make_decision(session, people, dossier))
    commit(session)
    kinds = session.exec(select(AuditEvent.kind).order_by(col(AuditEvent.sequence))).all()
    about = {"decision", "certificate"}
    assert [kind for kind in kinds if kind.partition(".")[0] in about or "recognised" in kind] == [
        "decision.drafted",
        "dossier.recognised",
        "certificate.issued",
        "decision.signed",
    ]


@pytest.mark.parametrize(
    ("star", "refusal"), [(5, FiveStarsByMinistry), (2, BelowThreeStars), (0, BelowThreeStars)]
)
def test_the_province_recognises_three_and_four_stars_only(
    session: WriteSession, people: People, star: int, refusal: type[Exception]
) -> None:
    (dossier,) = locked_dossiers(session, people, star)
    with pytest.raises(refusal) as told:
        make_decision(session, people, dossier)
    assert "26/2026/QĐ-TTg, Điều 4.1" in str(getattr(told.value, "legal_basis", ""))
    assert recognisable(session, actor=people.agency()) == []


def test_a_dossier_without_a_locked_result_is_refused(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    with pytest.raises(ResultNotLocked):
        make_decision(session, people, dossier)
    with pytest.raises(NotFound):
        draft_decision(
            session,
            decision_data(dossier).model_copy(update={"dossiers": ["HS-KHONGCO"]}),
            actor=people.agency(),
            at=people.at,
        )


def test_a_dossier_is_decided_once(session: WriteSession, people: People) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    decision = make_decision(session, people, dossier)
    with pytest.raises(AlreadyInDecision, match="1268/QĐ-UBND"):
        make_decision(session, people, dossier, number="1269/QĐ-UBND")
    sign(session, people, decision)
    with pytest.raises(AlreadyInDecision):
        make_decision(session, people, dossier, number="1269/QĐ-UBND")
    assert recognisable(session, actor=people.agency()) == []


def test_a_number_is_used_once_a_year(session: WriteSession, people: People) -> None:
    first, second = locked_dossiers(session, people, 4, 4)
    make_decision(session, people, first)
    with pytest.raises(NumberUsed, match="2026"):
        make_decision(session, people, second)
    next_year = decision_data(second, decided_on=date(2027, 1, 4))
    draft_decision(session, next_year, actor=people.agency(), at=people.at)


def test_a_decision_is_not_older_than_its_results(
    session: WriteSession, people: People, today: date
) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    data = decision_data(dossier, decided_on=today - timedelta(days=1))
    with pytest.raises(DatedBeforeResult, match=dossier.code):
        draft_decision(session, data, actor=people.agency(), at=people.at)


def test_a_decision_dated_ahead_is_not_signed_before_its_day(
    session: WriteSession, people: People, today: date
) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    data = decision_data(dossier, decided_on=today + timedelta(days=1))
    decision = draft_decision(session, data, actor=people.agency(), at=people.at)
    with pytest.raises(DatedInFuture):
        sign(session, people, decision)
    people.at += timedelta(days=1)
    sign(session, people, decision)
    assert decision.state is DecisionState.SIGNED


def test_only_the_agency_drafts_and_only_the_province_signs(
    session: WriteSession, people: People
) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    for stranger in (people.officer(), people.signer(), people.head(), people.auditor()):
        with pytest.raises(DraftingByAgency) as told:
            draft_decision(session, decision_data(dossier), actor=stranger, at=people.at)
        assert told.value.legal_basis == "26/2026/QĐ-TTg, Điều 7.3.đ"
    decision = make_decision(session, people, dossier)
    data = SignDecision(version=decision.version, **SIGNATURE)
    for other in (people.agency(), people.head(), people.auditor()):
        with pytest.raises(SigningByProvince):
            sign_decision(session, decision.code, data, actor=other, at=people.at)


def test_a_draft_is_seen_by_the_province_only_and_a_signed_one_by_all(
    session: WriteSession, people: People
) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    decision = make_decision(session, people, dossier)
    with pytest.raises(NotFound):
        get_decision(session, decision.code, actor=people.officer())
    with pytest.raises(NotFound):
        sign_decision(
            session,
            decision.code,
            SignDecision(version=1, **SIGNATURE),
            actor=people.officer(),
            at=people.at,
        )
    sign(session, people, decision)
    assert get_decision(session, decision.code, actor=people.officer()).code == decision.code


def test_a_draft_is_written_anew_and_a_signed_one_never(
    session: WriteSession, people: People, today: date
) -> None:
    first, second = locked_dossiers(session, people, 4, 3)
    decision = make_decision(session, people, first)
    data = ReviseDecision(
        number="1270/QĐ-UBND",
        decided_on=today,
        dossiers=[second.code, first.code],
        version=decision.version,
    )
    revise_decision(session, decision.code, data, actor=people.agency(), at=people.at)
    assert (decision.number, decision.version) == ("1270/QĐ-UBND", 2)
    assert [row.dossier.code for row in decided_products(session, decision)] == [
        second.code,
        first.code,
    ]
    with pytest.raises(StaleVersion):
        revise_decision(session, decision.code, data, actor=people.agency(), at=people.at)
    sign(session, people, decision)
    with pytest.raises(DecisionSigned):
        revise_decision(
            session,
            decision.code,
            data.model_copy(update={"version": decision.version}),
            actor=people.agency(),
            at=people.at,
        )
    with pytest.raises(DecisionSigned):
        sign(session, people, decision)
    assert session.exec(select(func.count()).select_from(Certificate)).one() == 2
    assert session.exec(select(func.count()).select_from(DecisionItem)).one() == 2


def test_a_dossier_that_moved_on_stops_the_signature(session: WriteSession, people: People) -> None:
    (dossier,) = locked_dossiers(session, people, 4)
    decision = make_decision(session, people, dossier)
    dossier.state = DossierState.EXCLUDED
    with pytest.raises(Conflict):
        sign(session, people, decision)


def test_a_new_recognition_supersedes_the_older_one(
    session: WriteSession, people: People, today: date
) -> None:
    product = make_product(session, people)
    older = import_certificate(session, people, product, star=3)
    dossier = locked_dossier(session, people, product=product)
    decision = sign(session, people, make_decision(session, people, dossier))
    (newer,) = certificates_of(session, decision)
    assert (older.superseded_by_id, older.superseded_on) == (newer.id, today)
    entry = get_register_entry(session, older.code, on=today)
    assert entry.standing is Standing.SUPERSEDED
    before = get_register_entry(session, older.code, on=today - timedelta(days=1))
    assert before.standing is Standing.VALID
    assert running_certificate(session, product.id or 0, on=today) == newer
    shown = register_page(session, Wanted(), on=today).page
    assert [one.code for one in shown.items] == [newer.code]


def test_history_takes_its_place_in_time_whichever_is_entered_first(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    newest = import_certificate(session, people, product, issued_on=date(2025, 8, 1))
    oldest = import_certificate(session, people, product, issued_on=date(2020, 8, 1))
    middle = import_certificate(session, people, product, issued_on=date(2022, 8, 1), star=3)
    assert (oldest.superseded_by_id, oldest.superseded_on) == (middle.id, date(2022, 8, 1))
    assert (middle.superseded_by_id, middle.superseded_on) == (newest.id, date(2025, 8, 1))
    assert newest.superseded_by_id is None
    with pytest.raises(RecognitionKnown):
        import_certificate(session, people, product, issued_on=date(2022, 8, 1))


def test_history_keeps_its_own_term_and_names_its_source(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    kept = import_certificate(session, people, product, expires_on=date(2027, 1, 15))
    assert kept.expires_on == date(2027, 1, 15)
    assert kept.source_note == "Dựng cho thử nghiệm"
    with pytest.raises(Invalid):
        import_certificate(
            session,
            people,
            product,
            issued_on=date(2022, 8, 1),
            expires_on=date(2022, 8, 1),
        )


def test_history_is_loaded_by_an_administrator_only(session: WriteSession, people: People) -> None:
    product = make_product(session, people)
    data = ImportRecognised(
        star=3,
        regime_code="qd148-2023",
        authority="UBND huyện Mường Tè",
        issued_on=date(2024, 6, 28),
        source_note="Báo Lai Châu",
    )
    with pytest.raises(ImportingNotYours):
        import_recognised(session, product, data, actor=people.agency(), at=people.at)
    made = import_recognised(session, product, data, actor=people.administrator(), at=people.at)
    assert made.expires_on == date(2027, 6, 28)


def test_standing_day_by_day(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people)
    end = certificate.expires_on
    told = {
        days: get_register_entry(session, certificate.code, on=end - timedelta(days=days))
        for days in (181, 180, 121, 120, 119, 1, 0, -1)
    }
    assert [told[days].standing for days in told] == [
        Standing.VALID,
        Standing.RENEWAL_WINDOW,
        Standing.RENEWAL_WINDOW,
        Standing.RENEWAL_WINDOW,
        Standing.LATE,
        Standing.LATE,
        Standing.LATE,
        Standing.EXPIRED,
    ]
    assert told[0].days_left == 0
    assert told[0].renewal_from == end - timedelta(days=180)
    assert told[0].renewal_until == end - timedelta(days=120)
    in_force = [
        bool(register_page(session, Wanted(), on=end + timedelta(days=d)).page.items)
        for d in (-1, 0, 1)
    ]
    assert in_force == [True, True, False]


def test_revocation_counts_from_its_day(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people)
    certificate.revoked_on = date(2026, 9, 14)
    session.flush()
    day = date(2026, 9, 14)
    assert get_register_entry(session, certificate.code, on=day).standing is Standing.REVOKED
    before = get_register_entry(session, certificate.code, on=day - timedelta(days=1))
    assert before.standing is Standing.VALID
    assert not register_page(session, Wanted(), on=day).page.items


def test_a_certificate_is_seen_by_its_producer_its_commune_and_the_province(
    session: WriteSession, people: People, today: date
) -> None:
    certificate = import_certificate(session, people)
    for who in (people.producer(certificate.producer_id), people.officer(), people.agency()):
        found = get_certificate(session, certificate.code, actor=who, on=today)
        assert found.certificate.code == certificate.code
        assert len(certificates_page(session, actor=who, on=today).items) == 1
    stranger = people.officer(ELSEWHERE)
    assert not certificates_page(session, actor=stranger, on=today).items
    with pytest.raises(NotFound):
        get_certificate(session, certificate.code, actor=stranger, on=today)


def test_work_waits_for_the_agency_then_for_the_signer(
    session: WriteSession, people: People, today: date
) -> None:
    first, second = locked_dossiers(session, people, 4, 3)
    (waiting,) = work_for(session, people.agency(), on=today)
    assert waiting.title == "Soạn quyết định công nhận: 2 sản phẩm"
    assert waiting.basis == "26/2026/QĐ-TTg, Điều 7.3.đ"
    assert work_for(session, people.signer(), on=today) == []
    decision = make_decision(session, people, first, second)
    assert work_for(session, people.agency(), on=today) == []
    (to_sign,) = work_for(session, people.signer(), on=today)
    assert (to_sign.code, to_sign.route_name) == (decision.code, "decisions.show")
    assert "2 sản phẩm" in to_sign.subtitle
    sign(session, people, decision)
    assert work_for(session, people.signer(), on=today) == []
    assert work_for(session, people.officer(), on=today) == []
