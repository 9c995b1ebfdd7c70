"""Pure rules of the register: the life of a product from its certificates, and how each one ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, Protocol, TypeVar

from app.domain.recognition.enums import Replacement, RevocationGround, Standing
from app.domain.recognition.rules import (
    EXTENSION,
    ONE_HOLDER,
    PRODUCTION_STOPPED,
    REVOCATION_GROUNDS,
    Certified,
    last_day_in_force,
)
from app.domain.register.enums import Moment, RegisterState
from app.rulebooks.model import Ground, Regime, RubricSummary

LIFE = "26/2026/QĐ-TTg, Điều 4.3"

STATE_LABELS: dict[RegisterState, str] = {
    RegisterState.IN_FORCE: "Đang mang sao",
    RegisterState.RENEWAL: "Đến kỳ đánh giá lại",
    RegisterState.EXTENDED: "Được kéo dài hiệu lực",
    RegisterState.ENDED: "Đã hết hạn hoặc thu hồi",
    RegisterState.ALL: "Tất cả",
}
MOMENT_LABELS: dict[Moment, str] = {
    Moment.RECOGNISED: "Được công nhận",
    Moment.UPGRADED: "Được nâng hạng",
    Moment.RENEWED: "Được đánh giá, công nhận lại",
    Moment.HOLDER_CHANGED: "Chuyển sang chủ thể kế thừa",
    Moment.CORRECTED: "Được đính chính",
    Moment.EXTENDED: "Được kéo dài hiệu lực",
    Moment.LAPSED: "Hết hiệu lực",
    Moment.HOLDER_ENDED: "Chủ thể ngừng hoạt động",
    Moment.REVOKED: "Bị thu hồi giấy chứng nhận",
}
MOMENT_BASIS: dict[Moment, str] = {
    Moment.RECOGNISED: LIFE,
    Moment.UPGRADED: "26/2026/QĐ-TTg, Điều 7.5",
    Moment.RENEWED: "26/2026/QĐ-TTg, Điều 7.6",
    Moment.HOLDER_CHANGED: ONE_HOLDER,
    Moment.CORRECTED: "",
    Moment.EXTENDED: EXTENSION,
    Moment.LAPSED: LIFE,
    Moment.HOLDER_ENDED: PRODUCTION_STOPPED,
    Moment.REVOKED: REVOCATION_GROUNDS,
}
_CAME_BY: dict[Replacement, Moment] = {
    Replacement.RECOGNITION: Moment.RECOGNISED,
    Replacement.UPGRADE: Moment.UPGRADED,
    Replacement.RENEWAL: Moment.RENEWED,
    Replacement.HOLDER_CHANGE: Moment.HOLDER_CHANGED,
}
# Where several things fall on one day, the end is told after the beginning.
_ORDER = tuple(Moment)


class InSequence(Certified, Protocol):
    """A certificate among those of its product."""

    id: int | None
    superseded_by_id: int | None


AnyInSequence = TypeVar("AnyInSequence", bound=InSequence)


@dataclass(frozen=True, slots=True)
class LifeEvent(Generic[AnyInSequence]):
    """One thing that happened to a product, by which of its certificates."""

    day: date
    moment: Moment
    certificate: AnyInSequence

    @property
    def basis(self) -> str:
        """The citation behind the event; a correction has none of its own."""
        return MOMENT_BASIS[self.moment]


def life_of(
    certificates: Sequence[AnyInSequence],
    on: date,
    *,
    corrected: Sequence[tuple[int, date]] = (),
) -> list[LifeEvent[AnyInSequence]]:
    """Return what happened to a product up to a day, the newest first.

    Corrections leave no mark on a certificate: they are handed in by certificate and day.
    Basis: `MOMENT_BASIS`, one citation for each kind of event.
    """
    came_by: dict[int | None, Moment] = {
        one.superseded_by_id: _CAME_BY[one.superseded_how]
        for one in certificates
        if one.superseded_by_id is not None and one.superseded_how is not None
    }
    events = []
    for one in certificates:
        events.append(LifeEvent(one.issued_on, came_by.get(one.id, Moment.RECOGNISED), one))
        events += [LifeEvent(day, moment, one) for day, moment in _endings(one)]
        events += [
            LifeEvent(day, Moment.CORRECTED, one) for number, day in corrected if number == one.id
        ]
    told = [event for event in events if event.day <= on]
    return sorted(told, key=lambda event: (event.day, _ORDER.index(event.moment)), reverse=True)


def _endings(certificate: AnyInSequence) -> list[tuple[date, Moment]]:
    """Return what befell one certificate; time ends it only where nothing ended it before."""
    happened: list[tuple[date, Moment]] = []
    if certificate.holder_ended_on is not None:
        happened.append((certificate.holder_ended_on, Moment.HOLDER_ENDED))
    if certificate.revoked_on is not None:
        happened.append((certificate.revoked_on, Moment.REVOKED))
    lapse = last_day_in_force(certificate) + timedelta(days=1)
    ends = [day for day, _ in happened]
    if certificate.superseded_on is not None:
        ends.append(certificate.superseded_on)
    if all(day > lapse for day in ends):
        happened.append((lapse, Moment.LAPSED))
    if certificate.extended_from is not None:
        happened.append((certificate.extended_from, Moment.EXTENDED))
    return happened


def ended_on(certificate: Certified, standing: Standing) -> date | None:
    """Return the first day without the star, None while it is carried (26/2026/QĐ-TTg art. 4.3)."""
    match standing:
        case Standing.REVOKED:
            return certificate.revoked_on
        case Standing.SUPERSEDED | Standing.HOLDER_CHANGED:
            return certificate.superseded_on
        case Standing.PRODUCER_DISSOLVED:
            return certificate.holder_ended_on
        case Standing.EXPIRED:
            return last_day_in_force(certificate) + timedelta(days=1)
        case _:
            return None


def public_ground(ground: RevocationGround | None, regime: Regime) -> Ground | None:
    """Return the ground of a revocation in the words of the law: all that anybody is told of it.

    The free text of a case may be about people and stays inside. Basis: 26/2026/QĐ-TTg art. 8.1.
    """
    if ground is None or regime.stated_procedure is None:
        return None
    grounds = regime.stated_procedure.revocation.grounds
    return next((one for one in grounds if one.code == ground), None)


def last_day_of_renewal(on: date, regime: Regime) -> date:
    """Return up to which last day of a term its renewal is due on a day (art. 7.6.a).

    A regime whose procedure is not held has no renewal: then nothing is due.
    """
    if regime.stated_procedure is None:
        return on - timedelta(days=1)
    return on + timedelta(days=regime.stated_procedure.renewal.file_from_days_before)


def categories(sets: Sequence[RubricSummary]) -> dict[str, str]:
    """Return the categories of a catalogue of product sets by code (26/2026/QĐ-TTg, Phụ lục I)."""
    return {one.category_code: one.category_name for one in sets if one.category_code}
