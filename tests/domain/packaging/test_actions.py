"""Requests to print the mark: each step by whom it is due, artwork that misleads refused, ends computed."""

from datetime import date, timedelta
from io import BytesIO

import pypdfium2 as pdfium
import pytest
import zxingcpp
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, StaleVersion
from app.core.settings import Settings
from app.domain.audit.models import AuditEvent
from app.domain.notices.models import Notice
from app.domain.packaging.actions import (
    ArtworkThere,
    cancel_permission,
    draft_permission,
    remove_artwork,
    revise_permission,
    send_permission,
    withdraw_permission,
)
from app.domain.packaging.enums import (
    ArtworkItem,
    CheckDecision,
    PermissionStanding,
    PermissionState,
)
from app.domain.packaging.models import PackagingPermission
from app.domain.packaging.papers import designer_symbol, permission_paper, symbol_pdf, symbol_svg
from app.domain.packaging.policy import (
    ArtworkWrong,
    AskingByProducer,
    CertificateNotInForce,
    CheckingByAgency,
    SymbolNotMade,
    TooManyArtworks,
    WrongPermissionState,
)
from app.domain.packaging.queries import (
    artworks_of,
    checks_of,
    findings_of,
    get_permission,
    permissions_of,
    work_for,
)
from app.domain.packaging.schemas import (
    CancelPermission,
    DraftPermission,
    ItemAnswer,
    RemoveArtwork,
    RevisePermission,
    SendPermission,
    WithdrawPermission,
)
from app.domain.producers.models import Producer
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import BatchState
from app.domain.stamps.rules import stamp_url
from tests.conftest import commit
from tests.factories.packaging import (
    PACKAGE,
    artwork_pdf,
    artwork_png,
    code_of,
    decide,
    make_permission,
    put,
    sealed_certificate,
)
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.stamps import digits_of, make_batch, stamps_of
from tests.print.reading import pdf_words

TODAY = date(2026, 9, 14)


def test_a_request_goes_from_draft_to_a_numbered_agreement_and_is_told(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, state=PermissionState.GRANTED)
    commit(session)
    row = get_permission(session, permission.code, actor=people.agency(), on=TODAY)
    assert (row.number, permission.granted_on) == ("01/2026/CT-BBOCOP", TODAY)
    assert row.standing is PermissionStanding.IN_FORCE
    assert permission.product_name == row.certificate.product_name
    kinds = session.exec(
        select(AuditEvent.kind)
        .where(col(AuditEvent.kind).startswith("packaging."))
        .order_by(col(AuditEvent.sequence))
    ).all()
    assert list(kinds) == [
        "packaging.drafted",
        "packaging.artwork_added",
        "packaging.sent",
        "packaging.granted",
    ]
    (notice,) = session.exec(select(Notice).where(col(Notice.subject_code) == permission.code))
    assert (notice.kind, notice.params["number"]) == ("packaging.granted", "01/2026/CT-BBOCOP")
    (check,) = checks_of(session, permission)
    (artwork,) = artworks_of(session, permission)
    assert check.file_hashes == [artwork.sha256]
    assert {one["outcome"] for one in check.findings} == {"passed"}
    second = make_permission(
        session, people, settings, state=PermissionState.GRANTED, certificate=row.certificate
    )
    assert (second.year, second.number) == (2026, 2)


def test_artwork_with_the_code_of_a_sibling_or_of_a_stamp_is_not_sent(
    session: WriteSession, people: People, settings: Settings
) -> None:
    certificate = sealed_certificate(session, people, settings)
    sister = make_product(session, people, _producer(session, certificate), name="Chè dây")
    sibling = sealed_certificate(session, people, settings, product=sister)
    stamp = make_batch(
        session, people, settings.private_key_dir, state=BatchState.ISSUED, certificate=certificate
    )
    link = stamp_url(settings.stamp_host, digits_of(stamps_of(session, stamp)[0]))
    for text, word in (
        (code_of(session, sibling, settings), "giấy chứng nhận khác"),
        (link, "mã của một con tem"),
    ):
        permission = make_permission(
            session,
            people,
            settings,
            certificate=certificate,
            artwork=artwork_pdf(people.at, text),
        )
        with pytest.raises(ArtworkWrong, match=word):
            _send(session, people, settings, permission)
        assert permission.state is PermissionState.DRAFT


def test_another_star_than_the_certificates_is_not_sent_until_it_is_revised(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, star=5)
    with pytest.raises(ArtworkWrong, match="Mẫu in 5 sao"):
        _send(session, people, settings, permission)
    revise_permission(
        session,
        permission.code,
        RevisePermission.model_validate(PACKAGE | {"version": permission.version}),
        actor=people.producer(permission.producer_id),
        at=people.at,
    )
    _send(session, people, settings, permission)
    assert permission.state is PermissionState.SENT
    (work,) = work_for(session, people.agency(), on=TODAY)
    assert (work.code, work.route_name) == (permission.code, "packaging.show")


def test_artwork_comes_back_with_reasons_is_changed_and_granted(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, state=PermissionState.SENT)
    producer = people.producer(permission.producer_id)
    wrong = ItemAnswer(item=ArtworkItem.CLAIMS, ok=False, reason="Bỏ chữ «cơ sở 4 sao»")
    decide(session, people, settings, permission, CheckDecision.RETURN, answers=[wrong])
    assert [one.code for one in work_for(session, producer, on=TODAY)] == [permission.code]
    (old,) = artworks_of(session, permission)
    remove_artwork(
        session,
        permission.code,
        old.code,
        RemoveArtwork(version=permission.version),
        actor=producer,
        at=people.at,
    )
    put(session, people, settings, permission, artwork_png(words="Mẫu mới"))
    _send(session, people, settings, permission)
    decide(session, people, settings, permission, CheckDecision.GRANT)
    newest, first = checks_of(session, permission)
    assert (newest.decision, first.decision) == (CheckDecision.GRANT, CheckDecision.RETURN)
    assert first.file_hashes == [old.sha256]
    with pytest.raises(WrongPermissionState):
        put(session, people, settings, permission, artwork_png(words="Thêm"))


def test_a_decision_must_rest_on_its_answers(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, state=PermissionState.SENT)
    bad = ItemAnswer(item=ArtworkItem.LABEL, ok=False)
    for decision, answers, field in (
        (CheckDecision.GRANT, [bad], "ok.label"),
        (CheckDecision.RETURN, [bad], "reason.label"),
        (CheckDecision.RETURN, [], "decision"),
        (CheckDecision.DECLINE, [], "reason"),
    ):
        with pytest.raises(Invalid) as refused:
            decide(session, people, settings, permission, decision, answers=answers)
        assert field in refused.value.fields
    decide(session, people, settings, permission, CheckDecision.DECLINE, reason="Không phải bao bì")
    assert permission.state is PermissionState.DECLINED
    assert permission.number is None


def test_the_same_file_for_another_product_is_told_to_the_agency_not_to_strangers(
    session: WriteSession, people: People, settings: Settings
) -> None:
    same = artwork_png(words="Một mẫu cho hai sản phẩm")
    first = make_permission(session, people, settings, artwork=same)
    stranger = make_product(session, people, make_producer(session, people, name="HTX Khác"))
    other = make_permission(
        session,
        people,
        settings,
        certificate=sealed_certificate(session, people, settings, product=stranger),
        artwork=same,
    )
    with pytest.raises(ArtworkThere):
        put(session, people, settings, other, same)

    def siblings(actor: object) -> str:
        row = get_permission(session, other.code, actor=people.agency(), on=TODAY)
        told = findings_of(
            session,
            row,
            artworks_of(session, other),
            actor=actor,  # type: ignore[arg-type]  # -- one of the people
            host=settings.stamp_host,
        )
        return str(told[-1].said)

    name = get_permission(session, first.code, actor=people.agency(), on=TODAY).certificate
    assert name.product_name in siblings(people.agency())
    assert name.product_name not in siblings(people.producer(other.producer_id))


def test_a_permission_ends_with_its_certificate_and_when_it_is_withdrawn(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, state=PermissionState.GRANTED)
    certificate = _certificate(session, permission)

    def worth(on: date) -> list[PermissionStanding]:
        return [row.standing for row in permissions_of(session, certificate, on=on)]

    assert worth(TODAY - timedelta(1)) == []
    assert worth(certificate.expires_on) == [PermissionStanding.IN_FORCE]
    assert worth(certificate.expires_on + timedelta(1)) == [PermissionStanding.CERTIFICATE_ENDED]
    certificate.revoked_on = TODAY + timedelta(30)
    assert worth(TODAY + timedelta(29)) == [PermissionStanding.IN_FORCE]
    assert worth(TODAY + timedelta(30)) == [PermissionStanding.CERTIFICATE_ENDED]
    withdraw_permission(
        session,
        permission.code,
        WithdrawPermission(version=permission.version, reason="In lên sản phẩm khác"),
        actor=people.agency(),
        at=people.at,
    )
    assert worth(TODAY) == [PermissionStanding.WITHDRAWN]
    paper = _paper(session, people, settings, permission)
    assert "đã bị thu hồi từ ngày 14/09/2026" in paper


def test_the_paper_names_number_days_and_hashes(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, state=PermissionState.GRANTED)
    (artwork,) = artworks_of(session, permission)
    said = _paper(session, people, settings, permission)
    assert "01/2026/CT-BBOCOP" in said
    assert f"{_certificate(session, permission).expires_on:%d/%m/%Y}" in said
    assert artwork.sha256[:8] in said


def test_designers_get_the_code_in_true_millimetres_while_the_certificate_runs(
    session: WriteSession, people: People, settings: Settings
) -> None:
    certificate = sealed_certificate(session, people, settings)
    asked = {"on": TODAY, "host": settings.stamp_host}
    producer = people.producer(certificate.producer_id)
    symbol = designer_symbol(session, certificate.code, actor=producer, **asked)  # type: ignore[arg-type]  # -- see above
    assert b'width="22mm" height="22mm"' in symbol_svg(symbol, 22)
    drawn = BytesIO(symbol_pdf(symbol, 22, at=people.at))
    with pdfium.PdfDocument(drawn) as document:  # type: ignore[no-untyped-call]  # -- the library has no types
        assert [round(side / 72 * 25.4) for side in document[0].get_size()] == [22, 22]
        picture = document[0].render(scale=8).to_pil()
    (read,) = zxingcpp.read_barcodes(picture)
    assert read.text == code_of(session, certificate, settings)
    with pytest.raises(AskingByProducer):
        designer_symbol(session, certificate.code, actor=people.auditor(), **asked)  # type: ignore[arg-type]  # -- see above
    late = asked | {"on": certificate.expires_on + timedelta(1)}
    with pytest.raises(CertificateNotInForce):
        designer_symbol(session, certificate.code, actor=producer, **late)  # type: ignore[arg-type]  # -- see above
    sister = make_product(session, people, _producer(session, certificate), name="Chè dây")
    unsealed = import_certificate(session, people, sister)
    session.flush()
    with pytest.raises(SymbolNotMade):
        designer_symbol(session, unsealed.code, actor=people.agency(), **asked)  # type: ignore[arg-type]  # -- see above


def test_steps_are_due_to_their_people_once_and_on_the_version_seen(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings)
    producer = people.producer(permission.producer_id)
    with pytest.raises(StaleVersion):
        _send(session, people, settings, permission, version=1)
    with pytest.raises(AskingByProducer):
        send_permission(
            session,
            permission.code,
            SendPermission(version=permission.version),
            actor=people.agency(),
            at=people.at,
            host=settings.stamp_host,
        )
    with pytest.raises(NotFound):
        get_permission(session, permission.code, actor=people.officer(ELSEWHERE), on=TODAY)
    with pytest.raises(WrongPermissionState):
        decide(session, people, settings, permission, CheckDecision.GRANT)
    for number in range(5):
        put(session, people, settings, permission, artwork_png(words=f"Mặt {number}"))
    with pytest.raises(TooManyArtworks):
        put(session, people, settings, permission, artwork_png(words="Thừa"))
    cancel = CancelPermission(version=permission.version)
    cancel_permission(session, permission.code, cancel, actor=producer, at=people.at)
    with pytest.raises(Conflict):
        _send(session, people, settings, permission)


def test_a_communes_officer_asks_on_behalf_and_nobody_asks_for_an_ended_star(
    session: WriteSession, people: People, settings: Settings
) -> None:
    certificate = sealed_certificate(session, people, settings)
    data = DraftPermission.model_validate(PACKAGE)
    made = draft_permission(
        session, certificate.code, data, actor=people.officer(HOME), at=people.at
    )
    assert made.by_helper
    with pytest.raises(Refused):
        send_permission(
            session,
            made.code,
            SendPermission(version=made.version),
            actor=people.officer(HOME),
            at=people.at,
            host=settings.stamp_host,
        )
    with pytest.raises(NotPermitted):
        draft_permission(session, certificate.code, data, actor=people.agency(), at=people.at)
    certificate.revoked_on = TODAY
    with pytest.raises(CertificateNotInForce):
        draft_permission(session, certificate.code, data, actor=people.officer(HOME), at=people.at)


def test_only_the_agency_looks_and_withdraws(
    session: WriteSession, people: People, settings: Settings
) -> None:
    permission = make_permission(session, people, settings, state=PermissionState.GRANTED)
    with pytest.raises(CheckingByAgency):
        withdraw_permission(
            session,
            permission.code,
            WithdrawPermission(version=permission.version, reason="Không đúng"),
            actor=people.producer(permission.producer_id),
            at=people.at,
        )


def _send(
    session: WriteSession,
    people: People,
    settings: Settings,
    permission: PackagingPermission,
    *,
    version: int | None = None,
) -> None:
    send_permission(
        session,
        permission.code,
        SendPermission(version=version or permission.version),
        actor=people.producer(permission.producer_id),
        at=people.at,
        host=settings.stamp_host,
    )


def _producer(session: WriteSession, certificate: Certificate) -> Producer:
    return session.exec(select(Producer).where(col(Producer.id) == certificate.producer_id)).one()


def _certificate(session: WriteSession, permission: PackagingPermission) -> Certificate:
    return session.exec(
        select(Certificate).where(col(Certificate.id) == permission.certificate_id)
    ).one()


def _paper(
    session: WriteSession, people: People, settings: Settings, permission: PackagingPermission
) -> str:
    return pdf_words(
        permission_paper(
            session,
            permission.code,
            actor=people.agency(),
            at=people.at,
            files=settings.files,
            agency="Sở Nông nghiệp và Môi trường",
            public_url="https://ocop.example",
            demonstration=False,
        )
    )
