"""A line of the register: what anybody may know of one certificate, as of a day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.exports.enums import Origin
from app.domain.producers.enums import ProducerKind
from app.domain.recognition.enums import Replacement, RevocationGround, Standing
from app.domain.recognition.rules import standing
from app.rulebooks.model import Regime

ORIGIN_LABELS: dict[Origin, str] = {
    Origin.FIRST: "Công nhận lần đầu",
    Origin.UPGRADE: "Nâng hạng",
    Origin.RENEWAL: "Đánh giá lại",
    Origin.HOLDER_CHANGE: "Chủ thể kế thừa",
    Origin.EARLIER: "Công nhận của giai đoạn trước",
}
_REPLACED_LABELS: dict[Replacement, str] = {
    Replacement.RECOGNITION: "Có giấy chứng nhận mới",
    Replacement.UPGRADE: "Có giấy chứng nhận mới do nâng hạng",
    Replacement.RENEWAL: "Có giấy chứng nhận mới do đánh giá lại",
    Replacement.HOLDER_CHANGE: "Đã đổi chủ thể: giấy chứng nhận của chủ thể kế thừa thay thế",
}
_COMMUNE_CODE = re.compile(r"[0-9]{5}")
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class NamedCommune:
    """The commune a product code names, and the year for which it was given."""

    code: str
    year: int


def commune_named_by(product_code: str | None) -> NamedCommune | None:
    """Return what `12-03390-01-2026` names, or before the communes of 2025 `12-106-03390-3-2022`.

    None when no part, or more than one, can be a commune. Basis: 26/2026/QĐ-TTg, Phụ lục II.
    """
    *parts, year = (product_code or "").split("-")
    codes = [one for one in parts if _COMMUNE_CODE.fullmatch(one)]
    if len(codes) != 1 or not _YEAR.fullmatch(year):
        return None
    return NamedCommune(codes[0], int(year))


@dataclass(slots=True)
class RegisterLine:
    """One certificate with what it says and what became of it by a day; nothing personal.

    `law` is the regime in force on that day, `page` the public address of the entry.
    """

    on: date
    law: Regime
    page: str
    code: str
    product_code: str | None
    old_codes: tuple[str, ...]
    product_name: str
    producer_name: str
    producer_kind: ProducerKind
    set_number: int
    set_name: str
    gtin: str | None
    category: str
    star: int
    commune_code: str
    commune: str
    issue_commune_code: str
    issue_commune: str
    regime: str
    decision_number: str
    authority: str
    issued_on: date
    expires_on: date
    extended_from: date | None
    extended_until: date | None
    holder_ended_on: date | None
    revoked_on: date | None
    revocation_ground: RevocationGround | None
    revocation_reason: str
    superseded_on: date | None
    superseded_how: Replacement | None
    replaced_by_code: str | None
    origin: Origin

    @property
    def standing(self) -> Standing:
        """What the certificate is worth on the day."""
        return standing(self, self.on, self.law)

    @property
    def known_extended_until(self) -> date | None:
        """The last day of an extension that had begun by the day (26/2026/QĐ-TTg art. 12.3)."""
        begun = self.extended_from is not None and self.extended_from <= self.on
        return self.extended_until if begun else None

    @property
    def last_day(self) -> date:
        """The last day of the term, or of its extension; what ends it earlier aside."""
        return max(self.expires_on, self.known_extended_until or self.expires_on)

    @property
    def ended_on(self) -> date | None:
        """The first day without the star, as known on the day; None while it may be carried."""
        told = (self.revoked_on, self.superseded_on, self.holder_ended_on)
        ends = [one for one in told if one is not None and one <= self.on]
        if self.last_day < self.on:
            ends.append(self.last_day + timedelta(days=1))
        return min(ends) if ends else None

    @property
    def is_running(self) -> bool:
        """Whether the product may carry its star on the day."""
        return self.ended_on is None

    @property
    def ended_as(self) -> Standing | None:
        """What ended it first: the standing on its first day without the star."""
        return None if self.ended_on is None else standing(self, self.ended_on, self.law)

    @property
    def known_ground(self) -> RevocationGround | None:
        """The ground of a revocation that holds on the day (26/2026/QĐ-TTg art. 8.1)."""
        return self.revocation_ground if self._is_revoked else None

    @property
    def replaced_by(self) -> str | None:
        """The certificate that had taken its place by the day."""
        is_replaced = self.superseded_on is not None and self.superseded_on <= self.on
        return self.replaced_by_code if is_replaced else None

    @property
    def end_reason(self) -> str | None:
        """Why it may not be carried any more, in the words anybody may read."""
        match self.ended_as:
            case None:
                return None
            case Standing.REVOKED:
                return self._ground_text or "Bị thu hồi"
            case Standing.SUPERSEDED | Standing.HOLDER_CHANGED:
                return _REPLACED_LABELS[self.superseded_how or Replacement.RECOGNITION]
            case Standing.PRODUCER_DISSOLVED:
                return "Chủ thể đã ngừng hoạt động"
            case _:
                return "Hết thời gian kéo dài" if self.known_extended_until else "Hết thời hạn"

    @property
    def _is_revoked(self) -> bool:
        return self.revoked_on is not None and self.revoked_on <= self.on

    @property
    def _ground_text(self) -> str:
        """The law's own words for the ground; what an old record says where none was kept."""
        procedure = self.law.stated_procedure
        if self.revocation_ground is None or procedure is None:
            return self.revocation_reason
        grounds = procedure.revocation.grounds
        return next(
            (one.text for one in grounds if one.code == self.revocation_ground),
            self.revocation_reason,
        )
