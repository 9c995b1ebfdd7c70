"""A register with every fate a certificate can have, for snapshots and reports."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.core.db import WriteSession
from app.domain.exports.actions import House
from app.domain.producers.enums import Gender, ProducerKind
from app.domain.producers.models import Producer
from app.domain.recognition.enums import Replacement, RevocationGround, RevocationState
from app.domain.recognition.models import Certificate, RevocationCase
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product

EMAIL, REPRESENTATIVE = "bi-mat@example.org", "Lò Thị Mẫu"
PRIVATE = ("0912 345 678", EMAIL, REPRESENTATIVE, "Bản Thử Nghiệm", "6200012345")
FORMULA = '=HYPERLINK("https://x.example";"Bấm")'
OLD_CODE = "12-106-03390-3-2024"


@dataclass(frozen=True, slots=True)
class Fates:
    """Certificates by what became of them up to 14/09/2026."""

    running: Certificate
    formula: Certificate
    ending: Certificate
    expired: Certificate
    extended: Certificate
    revoked: Certificate
    orphaned: Certificate
    replaced: Certificate
    upgraded: Certificate


def house(folder: Path, *, demonstration: bool = False) -> House:
    """Return an installation for exports."""
    return House("https://ocop.example", "Sở Nông nghiệp và Môi trường", demonstration, folder)


def many_fates(session: WriteSession, people: People) -> Fates:
    """Enter nine certificates; their ends are written as decisions write them, tested elsewhere."""
    women = _producer(session, people, "Hợp tác xã Chị Em", HOME, Gender.FEMALE, "Thái")
    kinh = _producer(session, people, "Công ty Đồng Bằng", ELSEWHERE, Gender.MALE, " KINH ")
    silent = make_producer(session, people, "Hộ Không Nêu", kind=ProducerKind.HOUSEHOLD)
    product = make_product(session, people, women, "Trà shan", set_number=11)

    def enter(producer: Producer, name: str, star: int, issued_on: date) -> Certificate:
        made = make_product(session, people, producer, name, set_number=4 if star > 3 else 2)
        return import_certificate(session, people, made, star=star, issued_on=issued_on)

    found = Fates(
        running=enter(women, "Mật ong rừng", 4, date(2026, 2, 1)),
        formula=enter(kinh, FORMULA, 3, date(2025, 3, 1)),
        ending=enter(silent, "Chè cổ thụ", 4, date(2024, 5, 10)),
        expired=enter(women, "Gạo nếp", 3, date(2023, 5, 10)),
        extended=enter(kinh, "Miến dong", 3, date(2023, 5, 10)),
        revoked=enter(kinh, "Thịt sấy", 4, date(2025, 1, 5)),
        orphaned=enter(silent, "Rượu ngô", 3, date(2025, 1, 6)),
        replaced=import_certificate(session, people, product, star=3, issued_on=date(2024, 1, 7)),
        upgraded=import_certificate(session, people, product, star=5, issued_on=date(2026, 3, 1)),
    )
    found.replaced.superseded_how = Replacement.UPGRADE
    found.replaced.product_code = OLD_CODE
    found.extended.extended_from = date(2026, 5, 11)
    found.extended.extended_until = date(2026, 10, 31)
    found.revoked.revoked_on = date(2026, 4, 2)
    found.revoked.revocation_ground = RevocationGround.MARK_MISUSED
    found.orphaned.holder_ended_on = date(2026, 4, 3)
    session.add(
        RevocationCase(
            code="TH-0000001",
            certificate_id=found.revoked.id or 0,
            state=RevocationState.REVOKED,
            ground=RevocationGround.MARK_MISUSED,
            conclusion_number="15/KL-SNNMT",
            conclusion_authority="Sở Nông nghiệp và Môi trường",
            concluded_on=date(2026, 3, 20),
            due_on=date(2026, 4, 4),
            opened_at=people.at,
            opened_by="Cán bộ Thử Nghiệm",
            closed_at=people.at,
        )
    )
    session.flush()
    return found


def _producer(
    session: WriteSession, people: People, name: str, commune: str, gender: Gender, ethnicity: str
) -> Producer:
    kind = ProducerKind.ENTERPRISE if commune == ELSEWHERE else ProducerKind.COOPERATIVE
    producer = make_producer(session, people, name, commune_code=commune, kind=kind)
    producer.representative_gender, producer.representative_ethnicity = gender, ethnicity
    producer.email = EMAIL
    session.add(producer)
    session.flush()
    return producer
