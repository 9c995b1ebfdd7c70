"""Decisions on certificates: what each kind takes, what it refuses, and what its signature does."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound
from app.core.files import StoredFile
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.notices.models import Notice
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.recognition.actions import (
    CaseNotSubmitted,
    CertificateEnded,
    CertificateTaken,
    CodesDiffer,
    DatedBeforeCertificate,
    DatedBeforeSubmission,
    DossierRuns,
    ExtendedTooFar,
    ExtensionLapsed,
    ExtensionTooLate,
    NothingCorrected,
    NumberUsed,
    ProductCodeTaken,
    SameHolder,
    StarByMinistry,
    StarByProvince,
    SuccessorDissolved,
    SuccessorHasProduct,
    TermOver,
    attach_decision_scan,
    draft_on_certificates,
    import_recognised,
    publish_decision,
    revise_decision,
    revise_on_certificates,
    sign_decision,
)
from app.domain.recognition.enums import (
    ChangeKind,
    Decider,
    DecisionKind,
    RevocationGround,
    RevocationState,
    Standing,
)
from app.domain.recognition.models import (
    Certificate,
    RecognitionDecision,
    RegisterChange,
    RevocationCase,
)
from app.domain.recognition.policy import (
    DecisionPublished,
    DecisionSigned,
    DraftingByAgency,
    NotSigned,
    PublishingByAgency,
    RecordingByAgency,
    ScanMissing,
    SigningByProvince,
)
from app.domain.recognition.queries import (
    decidable_page,
    decided_certificates,
    decided_products,
    decision_detail_out,
    published_decisions_page,
    published_scan,
    work_for,
)
from app.domain.recognition.rules import standing
from app.domain.recognition.schemas import (
    AttachDecisionScan,
    DecidedCertificate,
    DraftOnCertificates,
    ImportRecognised,
    PublishDecision,
    ReviseDecision,
    ReviseOnCertificates,
    SignDecision,
)
from app.rulebooks.loader import in_force
from tests.conftest import AT, commit
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

E = date(2028, 8, 1)  # the end of a certificate issued on 1 August 2025


@pytest.fixture
def today(people: People) -> date:
    return local_day(people.at)


def certified(session: WriteSession, people: People, **terms: Any) -> Certificate:
    """Return a certificate of one more product of the one producer of these tests."""
    owner = session.exec(select(Producer).order_by(col(Producer.id)).limit(1)).one_or_none()
    number = session.exec(select(func.count()).select_from(Product)).one()
    product = make_product(
        session, people, owner or make_producer(session, people), name=f"Mật ong số {number}"
    )
    return import_certificate(session, people, product, **terms)


def submitted_case(
    session: WriteSession, certificate: Certificate, *, state: RevocationState, today: date
) -> RevocationCase:
    """Put a case in place as the steps of its own leave it."""
    case = RevocationCase(
        code=f"TH-{certificate.record_number}",
        certificate_id=certificate.id or 0,
        state=state,
        ground=RevocationGround.LAW_BROKEN,
        conclusion_number="15/KL-QLTT",
        conclusion_authority="Chi cục Quản lý thị trường",
        concluded_on=today - timedelta(days=9),
        due_on=today + timedelta(days=6),
        opened_at=AT,
        opened_by="Cán bộ",
        submitted_on=today - timedelta(days=1),
    )
    session.add(case)
    session.flush()
    return case


def draft(
    session: WriteSession,
    people: People,
    kind: DecisionKind,
    *lines: dict[str, Any],
    number: str = "1500/QĐ-UBND",
    **changes: Any,
) -> RecognitionDecision:
    values = {"decided_on": local_day(people.at), "decider": Decider.PROVINCE} | changes
    data = DraftOnCertificates(
        kind=kind, number=number, items=[DecidedCertificate(**line) for line in lines], **values
    )
    return draft_on_certificates(session, data, actor=people.agency(), at=people.at)


def now_worth(certificate: Certificate, on: date) -> Standing:
    return standing(certificate, on, in_force(on))


def told(session: WriteSession, certificate: Certificate) -> list[ChangeKind]:
    session.flush()
    rows = session.exec(
        select(RegisterChange)
        .where(col(RegisterChange.certificate_id) == certificate.id)
        .order_by(col(RegisterChange.id))
    )
    return [row.kind for row in rows]


def audited(session: WriteSession) -> list[str]:
    commit(session)
    return list(session.exec(select(AuditEvent.kind).order_by(col(AuditEvent.sequence))))


# --- revocation -------------------------------------------------------------------------------


def test_a_revocation_ends_the_certificates_of_submitted_cases_on_its_day(
    session: WriteSession, people: People, today: date
) -> None:
    certificate = certified(session, people)
    people.producer(certificate.producer_id)
    case = submitted_case(session, certificate, state=RevocationState.SUBMITTED, today=today)
    offered = decidable_page(session, actor=people.agency(), kind=DecisionKind.REVOCATION, on=today)
    assert [one.case for one in offered.items] == [case]
    decision = draft(session, people, DecisionKind.REVOCATION, {"case": case.code})
    assert now_worth(certificate, today) is Standing.VALID
    with pytest.raises(CertificateTaken):
        draft(session, people, DecisionKind.REVOCATION, {"case": case.code}, number="2/QĐ-UBND")
    assert "decision.to_sign" in [i.kind for i in work_for(session, people.signer(), on=today)]
    sign(session, people, decision)
    assert (certificate.revoked_on, certificate.revocation_ground) == (today, case.ground)
    assert certificate.revocation_reason.startswith("Vi phạm pháp luật")
    assert (case.state, case.decision_id, case.closed_at) == (
        RevocationState.REVOKED,
        decision.id,
        people.at,
    )
    assert now_worth(certificate, today) is Standing.REVOKED
    assert told(session, certificate)[-1] is ChangeKind.REVOKED
    notices = session.exec(select(Notice.kind)).all()
    assert "certificate.revoked" in notices
    assert "decision.to_scan" in [i.kind for i in work_for(session, people.agency(), on=today)]
    detail = decision_detail_out(session, decision)
    assert (detail.products, detail.certificates[0].case) == (1, case.code)
    assert audited(session)[-2:] == ["certificate.revoked", "decision.signed"]


def test_a_revocation_needs_a_submitted_case_of_a_certificate_that_has_not_ended(
    session: WriteSession, people: People, today: date
) -> None:
    certificate = certified(session, people)
    case = submitted_case(session, certificate, state=RevocationState.VERIFIED, today=today)
    line = {"case": case.code}
    with pytest.raises(CaseNotSubmitted):
        draft(session, people, DecisionKind.REVOCATION, line)
    with pytest.raises(NotFound):
        draft(session, people, DecisionKind.REVOCATION, {"case": "TH-KHONGCO"})
    case.state = RevocationState.SUBMITTED
    with pytest.raises(DatedBeforeSubmission):
        draft(session, people, DecisionKind.REVOCATION, line, decided_on=today - timedelta(days=2))
    with pytest.raises(Invalid) as wrong:
        draft(session, people, DecisionKind.REVOCATION, {"certificate": certificate.code})
    assert set(wrong.value.fields) == {"items.0.case", "items.0.certificate"}
    decision = draft(session, people, DecisionKind.REVOCATION, line)
    certificate.superseded_on, certificate.superseded_by_id = today, certificate.id
    with pytest.raises(CertificateEnded):
        sign(session, people, decision)


def test_five_stars_are_revoked_by_the_ministry_and_the_agency_writes_it_down(
    session: WriteSession, people: People, today: date
) -> None:
    five = certified(session, people, star=5)
    four = certified(session, people)
    cases = [
        submitted_case(session, one, state=RevocationState.SUBMITTED, today=today)
        for one in (five, four)
    ]
    with pytest.raises(StarByMinistry) as refused:
        draft(session, people, DecisionKind.REVOCATION, {"case": cases[0].code})
    assert "Điều 8.2" in str(refused.value.legal_basis)
    with pytest.raises(StarByProvince):
        draft(
            session,
            people,
            DecisionKind.REVOCATION,
            {"case": cases[1].code},
            decider=Decider.MINISTRY,
        )
    decision = draft(
        session,
        people,
        DecisionKind.REVOCATION,
        {"case": cases[0].code},
        number="88/QĐ-BNNMT",
        decider=Decider.MINISTRY,
    )
    assert decision.authority == "Bộ Nông nghiệp và Môi trường"
    with pytest.raises(RecordingByAgency):
        sign(session, people, decision)
    data = SignDecision(
        version=1, signed_by="Trần Văn Bộ", signed_title="Bộ trưởng", on_behalf="BỘ TRƯỞNG"
    )
    sign_decision(session, decision.code, data, actor=people.agency(), at=people.at)
    assert five.revoked_on == today


# --- extension --------------------------------------------------------------------------------


def extension(certificate: Certificate, until: date) -> dict[str, Any]:
    return {"certificate": certificate.code, "until": until, "reason": "Đang đánh giá lại."}


def ending(session: WriteSession, people: People, expires_on: date) -> Certificate:
    return certified(session, people, issued_on=date(2023, 7, 1), expires_on=expires_on)


def test_an_extension_outlives_the_term_from_its_day_on_and_a_later_one_may_shorten_it(
    session: WriteSession, people: People, today: date
) -> None:
    ended = today - timedelta(days=10)
    certificate = ending(session, people, ended)
    last = ended + timedelta(days=180)
    for until in (ended, last + timedelta(days=1)):
        with pytest.raises(ExtendedTooFar):
            draft(session, people, DecisionKind.EXTENSION, extension(certificate, until))
    decision = draft(session, people, DecisionKind.EXTENSION, extension(certificate, last))
    sign(session, people, decision)
    assert now_worth(certificate, today - timedelta(days=1)) is Standing.EXPIRED
    assert now_worth(certificate, today) is Standing.EXTENDED
    assert now_worth(certificate, last) is Standing.EXTENDED
    assert now_worth(certificate, last + timedelta(days=1)) is Standing.EXPIRED
    assert certificate.extended_by == "Nguyễn Văn Mẫu, Phó Chủ tịch"
    assert certificate.extension_reason == "Đang đánh giá lại."
    shorter = today + timedelta(days=20)
    second = draft(
        session,
        people,
        DecisionKind.EXTENSION,
        extension(certificate, shorter),
        number="1501/QĐ-UBND",
    )
    sign(session, people, second)
    assert (certificate.extended_from, certificate.extended_until) == (today, shorter)
    assert told(session, certificate)[-2:] == [ChangeKind.EXTENDED, ChangeKind.EXTENDED]
    assert audited(session).count("certificate.extended") == 2


def test_what_ended_otherwise_or_too_long_ago_is_not_extended(
    session: WriteSession, people: People, today: date
) -> None:
    old = ending(session, people, today - timedelta(days=181))
    with pytest.raises(ExtensionTooLate):
        draft(session, people, DecisionKind.EXTENSION, extension(old, today))
    recent = ending(session, people, today - timedelta(days=5))
    recent.extended_from, recent.extended_until = today - timedelta(days=4), today - timedelta(2)
    with pytest.raises(ExtensionLapsed):
        draft(session, people, DecisionKind.EXTENSION, extension(recent, today))
    recent.extended_from = recent.extended_until = None
    recent.holder_ended_on = today
    with pytest.raises(CertificateEnded):
        draft(session, people, DecisionKind.EXTENSION, extension(recent, today))
    offered = decidable_page(session, actor=people.agency(), kind=DecisionKind.EXTENSION, on=today)
    assert offered.items == []


# --- correction -------------------------------------------------------------------------------


def correction(certificate: Certificate, **changes: str) -> dict[str, Any]:
    return {"certificate": certificate.code, "reason": "In nhầm.", **changes}


def coded(session: WriteSession, people: People, code: str, *, year: int = 2025) -> Certificate:
    certificate = certified(session, people, issued_on=date(year, 8, 1))
    certificate.product_code = code
    return certificate


def test_a_correction_keeps_what_stood_there_and_the_old_code_leads_to_the_product_for_ever(
    session: WriteSession, people: People
) -> None:
    certificate = coded(session, people, "12-03390-07-2025")
    earlier = import_recognised(
        session,
        session.get_one(Product, certificate.product_id),
        ImportRecognised(
            star=3,
            regime_code="qd148-2023",
            authority="UBND huyện Tam Đường",
            issued_on=date(2022, 8, 1),
            product_code="83-829-28780-3-2022",
            source_note="Sổ cũ",
        ),
        actor=people.administrator(),
        at=people.at,
    )
    name = certificate.product_name
    decision = draft(
        session,
        people,
        DecisionKind.CORRECTION,
        correction(certificate, product_name="Mật ong Sơn Bình", product_code="12-03390-01-2025"),
    )
    assert certificate.product_name == name
    sign(session, people, decision)
    assert certificate.product_name == "Mật ong Sơn Bình"
    assert fold("Mật ong Sơn Bình") in certificate.search_folded
    assert {certificate.product_code, earlier.product_code} == {"12-03390-01-2025"}
    assert "12 03390 01 2025" in earlier.search_folded
    aliases = session.exec(select(ProductCodeAlias.code).order_by(col(ProductCodeAlias.code))).all()
    assert aliases == ["12-03390-07-2025", "83-829-28780-3-2022"]
    (row,) = decided_certificates(session, decision)
    assert row.item.before == {"product_name": name, "product_code": "12-03390-07-2025"}
    for one in (certificate, earlier):
        assert told(session, one)[-1] is ChangeKind.CORRECTED
    assert audited(session)[-5:] == [
        "certificate.corrected",
        "certificate.corrected",
        "product.code_added",
        "product.code_added",
        "decision.signed",
    ]


def test_a_correction_says_something_else_and_takes_no_code_of_another_product(
    session: WriteSession, people: People
) -> None:
    certificate = coded(session, people, "12-03390-07-2025")
    other = coded(session, people, "12-03390-08-2025")
    same = correction(certificate, product_name=certificate.product_name)
    with pytest.raises(NothingCorrected):
        draft(session, people, DecisionKind.CORRECTION, same)
    taken = correction(certificate, product_code="12-03390-08-2025")
    with pytest.raises(ProductCodeTaken):
        draft(session, people, DecisionKind.CORRECTION, taken)
    fresh = [correction(one, product_code="12-03390-09-2025") for one in (certificate, other)]
    with pytest.raises(ProductCodeTaken):
        draft(session, people, DecisionKind.CORRECTION, *fresh)
    other.product_id = certificate.product_id
    fresh[1]["product_code"] = "12-03390-10-2025"
    with pytest.raises(CodesDiffer):
        draft(session, people, DecisionKind.CORRECTION, *fresh)


def test_the_communes_list_passes_a_corrected_code_over(
    session: WriteSession, people: People
) -> None:
    certificate = certified(session, people)
    wanted = correction(certificate, product_code="12-03390-01-2026")
    sign(session, people, draft(session, people, DecisionKind.CORRECTION, wanted))
    owner = session.get_one(Producer, certificate.producer_id)
    product = make_product(session, people, owner, name="Miến dong")
    decision = make_decision(session, people, locked_dossier(session, people, product=product))
    sign(session, people, decision)
    assert [one.product_code for one in certificates_of(session, decision)] == ["12-03390-02-2026"]


def test_star_term_and_holder_are_changed_by_other_decisions() -> None:
    for field, way in (("star", "nâng hạng"), ("expires_on", "kéo dài"), ("producer", "kế thừa")):
        with pytest.raises(ValueError, match=way):
            DecidedCertificate.model_validate({"certificate": "CN-1", field: "x"})


# --- holder change ----------------------------------------------------------------------------


def hand_over(certificate: Certificate, successor: Producer) -> dict[str, Any]:
    return {
        "certificate": certificate.code,
        "new_producer": successor.code,
        "reason": "Sáp nhập theo Quyết định số 12/QĐ-SKHĐT.",
    }


def test_a_successor_gets_a_certificate_of_its_own_and_the_old_one_is_replaced(
    session: WriteSession, people: People, today: date
) -> None:
    old = coded(session, people, "12-03390-07-2025")
    old_producer = old.producer_id
    successor = make_producer(session, people, name="Công ty Dũng Long", commune_code=ELSEWHERE)
    for account in (old_producer, successor.id or 0):
        people.producer(account)
    decision = draft(session, people, DecisionKind.HOLDER_CHANGE, hand_over(old, successor))
    sign(session, people, decision)
    (row,) = decided_certificates(session, decision)
    new = row.new_certificate
    assert new is not None
    assert new.code != old.code
    assert new.record_number != old.record_number
    assert (new.product_code, new.star, new.expires_on) == (old.product_code, old.star, E)
    assert (new.issued_on, new.producer_name) == (today, "Công ty Dũng Long")
    assert (old.superseded_by_id, old.superseded_on) == (new.id, today)
    assert now_worth(old, today) is Standing.HOLDER_CHANGED
    assert now_worth(new, today) is Standing.VALID
    moved = session.get_one(Product, old.product_id)
    assert (moved.producer_id, moved.commune_code) == (successor.id, ELSEWHERE)
    assert told(session, old)[-1] is ChangeKind.HOLDER_CHANGED
    assert told(session, new) == [ChangeKind.ISSUED]
    received = session.exec(
        select(Notice.subject_code).where(col(Notice.kind) == "certificate.holder_changed")
    ).all()
    assert {old.code, new.code} == set(received)
    with pytest.raises(CertificateEnded):
        draft(
            session,
            people,
            DecisionKind.HOLDER_CHANGE,
            hand_over(old, make_producer(session, people, name="Hợp tác xã Khác")),
            number="1501/QĐ-UBND",
        )


def test_a_product_does_not_change_hands_to_just_anybody(
    session: WriteSession, people: People, today: date
) -> None:
    owner = make_producer(session, people)
    product = make_product(session, people, owner, name="Mật ong bạc hà")
    old = import_certificate(session, people, product)
    successor = make_producer(session, people, name="Công ty Dũng Long")
    kind = DecisionKind.HOLDER_CHANGE
    with pytest.raises(SameHolder):
        draft(session, people, kind, hand_over(old, owner))
    twin = make_product(session, people, successor, name="MẬT ONG bạc hà")
    with pytest.raises(SuccessorHasProduct):
        draft(session, people, kind, hand_over(old, successor))
    twin.name_folded = "khac"
    successor.dissolved_on = today
    session.flush()
    with pytest.raises(SuccessorDissolved):
        draft(session, people, kind, hand_over(old, successor))
    successor.dissolved_on = None
    with pytest.raises(DatedBeforeCertificate):
        draft(session, people, kind, hand_over(old, successor), decided_on=date(2025, 7, 31))
    make_dossier(session, people, product=product)
    with pytest.raises(DossierRuns):
        draft(session, people, kind, hand_over(old, successor))
    ended = ending(session, people, today - timedelta(days=1))
    with pytest.raises(TermOver):
        draft(session, people, kind, hand_over(ended, successor))


# --- of all kinds -----------------------------------------------------------------------------


def test_a_draft_is_written_anew_until_it_is_signed_by_the_right_people(
    session: WriteSession, people: People, today: date
) -> None:
    first, second = (ending(session, people, today - timedelta(days=day)) for day in (3, 4))
    until = today + timedelta(days=30)
    data = DraftOnCertificates(
        kind=DecisionKind.EXTENSION,
        number="1500/QĐ-UBND",
        decided_on=today,
        items=[DecidedCertificate(**extension(first, until))],
    )
    with pytest.raises(DraftingByAgency):
        draft_on_certificates(session, data, actor=people.signer(), at=people.at)
    decision = draft_on_certificates(session, data, actor=people.agency(), at=people.at)
    with pytest.raises(NumberUsed):
        draft(session, people, DecisionKind.EXTENSION, extension(second, until))
    over_results = ReviseDecision(
        **decision_data(make_dossier(session, people)).model_dump(), version=1
    )
    with pytest.raises(Invalid):
        revise_decision(session, decision.code, over_results, actor=people.agency(), at=people.at)
    again = ReviseOnCertificates(
        **data.model_dump(exclude={"items"}),
        items=[DecidedCertificate(**extension(one, until)) for one in (second, first)],
        version=1,
    )
    revise_on_certificates(session, decision.code, again, actor=people.agency(), at=people.at)
    rows = decided_certificates(session, decision)
    assert [row.certificate for row in rows] == [second, first]
    data_signed = SignDecision(version=2, **SIGNATURE)
    with pytest.raises(SigningByProvince):
        sign_decision(session, decision.code, data_signed, actor=people.agency(), at=people.at)
    sign_decision(session, decision.code, data_signed, actor=people.signer(), at=people.at)
    with pytest.raises(DecisionSigned):
        revise_on_certificates(
            session,
            decision.code,
            again.model_copy(update={"version": 3}),
            actor=people.agency(),
            at=people.at,
        )


# --- scan and publication ---------------------------------------------------------------------


def test_a_signed_decision_gets_its_scan_and_is_then_published_for_good(
    session: WriteSession, people: People, today: date
) -> None:
    certificate = certified(session, people, expires_on=today - timedelta(days=3))
    agency = people.agency()
    line = extension(certificate, today + timedelta(days=30))
    decision = draft(session, people, DecisionKind.EXTENSION, line)

    def scan(content: str, *, actor: Actor = agency, media_type: str = "application/pdf") -> None:
        attach_decision_scan(
            session,
            decision.code,
            AttachDecisionScan(version=decision.version),
            StoredFile(content * 64, 1000, media_type),
            file_name="quyet dinh.pdf",
            actor=actor,
            at=people.at,
        )

    def publish() -> None:
        data = PublishDecision(version=decision.version)
        publish_decision(session, decision.code, data, actor=agency, at=people.at)

    with pytest.raises(NotSigned):
        scan("a")
    sign(session, people, decision)
    with pytest.raises(PublishingByAgency):
        scan("a", actor=people.signer())
    with pytest.raises(Invalid):
        scan("a", media_type="image/webp")
    with pytest.raises(ScanMissing):
        publish()
    scan("a")
    scan("b")
    assert published_decisions_page(session).items == []
    publish()
    (found, count) = published_decisions_page(session, kind=DecisionKind.EXTENSION).items[0]
    assert (found.code, count) == (decision.code, 1)
    assert published_scan(session, decision.code).sha256 == "b" * 64
    with pytest.raises(DecisionPublished):
        scan("c")
    with pytest.raises(DecisionPublished):
        publish()
    assert audited(session)[-3:] == ["decision.scanned", "decision.scanned", "decision.published"]
    waiting = {item.kind for item in work_for(session, agency, on=today)}
    assert not {"decision.to_scan", "decision.to_publish"} & waiting


def test_a_signed_decision_keeps_the_names_it_was_signed_with(
    session: WriteSession, people: People
) -> None:
    dossier = locked_dossier(session, people)
    recognition = sign(session, people, make_decision(session, people, dossier))
    (certificate,) = certificates_of(session, recognition)
    product = session.exec(select(Product).where(col(Product.id) == dossier.product_id)).one()
    signed_as, product.name = product.name, "Tên đặt sau này"
    misprint = correction(certificate, product_name="Mật ong bạc hà")
    second = sign(session, people, draft(session, people, DecisionKind.CORRECTION, misprint))
    session.flush()
    assert [row.product_name for row in decided_products(session, recognition)] == [signed_as]
    assert [row.product_name for row in decided_certificates(session, second)] == [signed_as]
    assert certificate.product_name == "Mật ong bạc hà"
