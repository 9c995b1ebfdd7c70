"""One product, day by day from 2021 to 2032: every state compared with the table made by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.dossiers.enums import DossierKind
from app.domain.producers.enums import ProducerKind
from app.domain.products.models import Product
from app.domain.recognition.actions import (
    draft_on_certificates,
    record_dissolution,
    submit_case,
    verify_case,
)
from app.domain.recognition.enums import DecisionKind, Replacement
from app.domain.recognition.models import Certificate, RevocationCase
from app.domain.recognition.queries import in_force_on
from app.domain.recognition.rules import (
    certificate_on,
    is_in_force,
    last_extended_day,
    last_valid_day,
    standing,
)
from app.domain.recognition.schemas import (
    DecidedCertificate,
    DraftOnCertificates,
    RecordDissolution,
    SubmitCase,
    VerifyCase,
)
from app.rulebooks.loader import in_force, regime
from tests.domain.recognition import life_by_hand as table
from tests.factories.people import People
from tests.factories.recognition import (
    certificates_of,
    import_certificate,
    locked_dossier,
    make_decision,
    sign,
)
from tests.factories.register import make_producer, make_product

MONTHS = 36


@dataclass
class Paper:
    """A certificate as the rules see it, with the star and the holder it names."""

    issued_on: date
    star: int
    holder: str = table.COOPERATIVE
    expires_on: date = date.min
    extended_from: date | None = None
    extended_until: date | None = None
    holder_ended_on: date | None = None
    revoked_on: date | None = None
    superseded_on: date | None = None
    superseded_how: Replacement | None = None

    def __post_init__(self) -> None:
        """Let the term be the law's, unless it is said."""
        if self.expires_on == date.min:
            self.expires_on = last_valid_day(self.issued_on, MONTHS)


def papers() -> list[Paper]:
    """Return the four certificates of the product in the order of their issue."""
    first = Paper(table.ISSUED, 3, superseded_on=table.UPGRADED, superseded_how=Replacement.UPGRADE)
    upgraded = Paper(
        table.UPGRADED,
        4,
        extended_from=table.EXTENDED,
        extended_until=table.EXTENDED_UNTIL,
        superseded_on=table.RENEWED,
        superseded_how=Replacement.RENEWAL,
    )
    renewed = Paper(
        table.RENEWED,
        4,
        superseded_on=table.HANDED_OVER,
        superseded_how=Replacement.HOLDER_CHANGE,
    )
    handed_over = Paper(
        table.HANDED_OVER,
        4,
        table.COMPANY,
        expires_on=renewed.expires_on,
        holder_ended_on=table.DISSOLVED,
        revoked_on=table.REVOKED,
    )
    return [first, upgraded, renewed, handed_over]


def every_day() -> list[date]:
    """Return the days of the table, the first and the last included."""
    count = (table.LAST - table.FIRST).days + 1
    return [table.FIRST + timedelta(days=number) for number in range(count)]


def test_the_state_of_the_product_is_the_tables_on_each_of_4383_days() -> None:
    known = papers()
    days = every_day()
    assert len(days) == 4383
    for day in days:
        expected, law = table.on(day), in_force(day)
        speaks = certificate_on(known, day)
        found = (
            (standing(speaks, day, law), speaks.star, speaks.holder) if speaks else (None, 0, "")
        )
        assert found == (expected.standing, expected.star, expected.holder), day
        carries = speaks is not None and is_in_force(speaks, day, law)
        assert carries is table.carries_a_star(day), day


def test_no_two_certificates_of_the_product_are_ever_in_force_on_one_day() -> None:
    for day in every_day():
        law = in_force(day)
        assert sum(is_in_force(one, day, law) for one in papers()) <= 1, day


def test_each_certificate_tells_how_it_ended_from_that_day_for_ever() -> None:
    for paper, (worth, since) in zip(papers(), table.AFTERWARDS, strict=True):
        day = since
        while day <= table.LAST:
            assert standing(paper, day, in_force(day)) is worth, day
            day += timedelta(days=1)
        assert standing(paper, since - timedelta(days=1), in_force(since)) is not worth


def test_the_tables_extension_is_the_longest_the_law_allows() -> None:
    upgraded = papers()[1]
    assert last_extended_day(upgraded.expires_on, regime("qd26-2026")) == table.EXTENDED_UNTIL


# --- the same life, lived through the actions of the people who take part -------------------------


def at_nine(day: date) -> datetime:
    """Return nine o'clock of a day in Viet Nam."""
    return datetime(day.year, day.month, day.day, 2, 0, tzinfo=UTC)


def decide(session: WriteSession, people: People, kind: DecisionKind, **line: object) -> None:
    """Draft and sign a decision of today on one certificate."""
    day = local_day(people.at)
    data = DraftOnCertificates(
        kind=kind,
        number=f"{day:%d%m}/QĐ-UBND",
        decided_on=day,
        items=[DecidedCertificate.model_validate(line)],
    )
    decision = draft_on_certificates(session, data, actor=people.agency(), at=people.at)
    sign(session, people, decision)


def renew(session: WriteSession, people: People, product: Product) -> Certificate:
    """Let a renewal of the product be recognised today."""
    dossier = locked_dossier(session, people, product=product)
    dossier.kind = DossierKind.RENEWAL
    decision = sign(session, people, make_decision(session, people, dossier))
    (certificate,) = certificates_of(session, decision)
    return certificate


def revoke(session: WriteSession, people: People, case: RevocationCase) -> None:
    """Verify and submit the case, and revoke today."""
    day = local_day(people.at)
    checked = VerifyCase(verified_on=day, verification="Đúng như xác nhận.", version=case.version)
    verify_case(session, case.code, checked, actor=people.agency(), at=people.at)
    letter = SubmitCase(submission_number="112/TTr-SNNMT", submitted_on=day, version=case.version)
    submit_case(session, case.code, letter, actor=people.agency(), at=people.at)
    decide(session, people, DecisionKind.REVOCATION, case=case.code)


def live(session: WriteSession, people: People) -> Product:
    """Bring the past in, then let everything of the table happen on its day; return the product."""
    producer = make_producer(session, people, table.COOPERATIVE)
    product = make_product(session, people, producer)
    import_certificate(session, people, product, star=3, issued_on=table.ISSUED)
    upgraded = import_certificate(session, people, product, star=4, issued_on=table.UPGRADED)
    people.at = at_nine(table.EXTENDED)
    decide(
        session,
        people,
        DecisionKind.EXTENSION,
        certificate=upgraded.code,
        until=table.EXTENDED_UNTIL,
        reason="Hồ sơ đánh giá lại nộp chậm do lũ.",
    )
    people.at = at_nine(table.RENEWED)
    renewed = renew(session, people, product)
    people.at = at_nine(table.HANDED_OVER)
    company = make_producer(session, people, table.COMPANY, kind=ProducerKind.ENTERPRISE)
    decide(
        session,
        people,
        DecisionKind.HOLDER_CHANGE,
        certificate=renewed.code,
        new_producer=company.code,
        reason="Hợp tác xã chuyển thành công ty.",
    )
    people.at = at_nine(table.DISSOLVED)
    said = RecordDissolution(
        dissolved_on=table.DISSOLVED,
        number="38/UBND-KT",
        authority="UBND xã Bình Lư",
        confirmed_on=table.DISSOLVED,
        version=company.version,
    )
    record_dissolution(session, company.code, said, actor=people.leader(), at=people.at)
    people.at = at_nine(table.REVOKED)
    revoke(session, people, session.exec(select(RevocationCase)).one())
    return product


def test_what_people_did_gives_the_very_table_and_the_database_agrees_at_every_turn(
    session: WriteSession, people: People
) -> None:
    product = live(session, people)
    session.flush()
    kept = session.exec(
        select(Certificate)
        .where(col(Certificate.product_id) == product.id)
        .order_by(col(Certificate.id))
    ).all()
    assert len(kept) == len(table.AFTERWARDS)
    for day in every_day():
        expected, law = table.on(day), in_force(day)
        speaks = certificate_on(kept, day)
        found = (
            (standing(speaks, day, law), speaks.star, speaks.producer_name)
            if speaks
            else (None, 0, "")
        )
        assert found == (expected.standing, expected.star, expected.holder), day
    for stretch in table.PRODUCT[1:]:
        for day in (stretch.first - timedelta(days=1), stretch.first):
            running = session.exec(select(Certificate.id).where(*in_force_on(day))).all()
            assert len(running) == table.carries_a_star(day), day
    assert len({one.product_code for one in kept[2:]}) == 1
