"""What the program finds on artwork, where a symbol leads, and when a permission holds."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.artwork_reading import ArtworkReading, PageRead
from app.domain.packaging.enums import (
    AutomaticCheck,
    CheckOutcome,
    PermissionStanding,
    SymbolKind,
)
from app.domain.packaging.rules import (
    Artworks,
    Finding,
    SymbolFound,
    automatic_checks,
    permission_standing,
    symbol_kind,
)
from app.domain.recognition.enums import Replacement
from app.domain.recognition.rules import is_in_force
from app.domain.stamps.enums import StampLevel
from app.domain.stamps.rules import StampHeader, Token, serial_of, token_digits
from app.rulebooks.loader import in_force

DAY = date(2026, 9, 14)
HOST = "tem.example"
SIGNATURE = bytes(64)
FIRST = date(2025, 1, 1)
DRAWN = ArtworkReading(complete=True, pages=(PageRead(1, 200.0, 300.0, None, drawn=True),))


@dataclass
class Life:
    """A certificate, as far as its standing goes."""

    issued_on: date = date(2025, 8, 1)
    expires_on: date = date(2028, 8, 1)
    extended_from: date | None = None
    extended_until: date | None = None
    holder_ended_on: date | None = None
    revoked_on: date | None = None
    superseded_on: date | None = None
    superseded_how: Replacement | None = None


days = st.integers(0, 1500).map(lambda days: FIRST + timedelta(days))
maybe = st.none() | days


@st.composite
def lives(draw: st.DrawFn) -> Life:
    issued = draw(days)
    expires = issued + timedelta(draw(st.integers(1, 1200)))
    extended = draw(st.booleans())
    since = expires + timedelta(draw(st.integers(-60, 60)))
    superseded = draw(maybe)
    return Life(
        issued_on=issued,
        expires_on=expires,
        extended_from=since if extended else None,
        extended_until=expires + timedelta(draw(st.integers(1, 180))) if extended else None,
        holder_ended_on=draw(maybe),
        revoked_on=draw(maybe),
        superseded_on=superseded,
        superseded_how=draw(st.sampled_from(Replacement)) if superseded else None,
    )


@given(life=lives(), granted=maybe, withdrawn=maybe, on=days)
def test_a_permission_is_never_in_force_on_a_day_its_certificate_is_not(
    life: Life, granted: date | None, withdrawn: date | None, on: date
) -> None:
    law = in_force(on)
    worth = permission_standing(granted, withdrawn, life, on, law)
    holds = worth is PermissionStanding.IN_FORCE
    expected = (
        granted is not None
        and granted <= on
        and (withdrawn is None or on < withdrawn)
        and is_in_force(life, on, law)
    )
    assert holds is expected


def digits(record: int = 7, level: StampLevel = StampLevel.PRODUCT) -> str:
    single = level is not StampLevel.PRODUCT
    header = StampHeader(
        specimen=False,
        pin=False,
        level=level,
        kid=1,
        last_valid_day=date(2028, 8, 1),
        stars=4,
        certificate=record,
        index=12 if single else 0,
        random=b"\x01\x02\x03\x04\x05" if single else bytes(5),
    )
    return token_digits(Token(header, SIGNATURE))


def serial() -> str:
    header = StampHeader(
        specimen=False,
        pin=False,
        level=StampLevel.ITEM,
        kid=1,
        last_valid_day=date(2028, 8, 1),
        stars=4,
        certificate=7,
        index=12,
        random=b"\x01\x02\x03\x04\x05",
    )
    return serial_of(header)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"https://{HOST}/{digits()}", SymbolKind.OWN),
        (f"https://{HOST}/{digits(8)}", SymbolKind.OTHER_CERTIFICATE),
        (f"https://{HOST}/{digits(level=StampLevel.ITEM)}", SymbolKind.STAMP),
        (f"https://{HOST}/{serial()}", SymbolKind.STAMP),
        (f"https://{HOST}/01/08936012345678/21/{serial()}", SymbolKind.STAMP),
        (f"https://la.example/{digits()}", SymbolKind.UNSIGNED),
        ("https://ocop.example/register/CN-7K2M9Q4", SymbolKind.ELSEWHERE),
        ("https://ocop.example/register/CN-9T2W6X4", SymbolKind.OTHER_CERTIFICATE),
        ("https://truyxuat.example/0123456789ABCDEF", SymbolKind.ELSEWHERE),
        ("8936012345678", SymbolKind.ELSEWHERE),
    ],
)
def test_a_symbol_leads_to_this_certificate_another_a_stamp_or_elsewhere(
    text: str, kind: SymbolKind
) -> None:
    def told(*, signed: bool) -> SymbolKind:
        return symbol_kind(
            text,
            host=HOST,
            record_number=7,
            certificate_code="CN-7K2M9Q4",
            verifies=lambda _kid, _message, _signature: signed,
        )

    assert told(signed=True) is kind
    if "register" not in text and digits(7)[:10] in text:
        assert told(signed=False) is SymbolKind.UNSIGNED


def found(
    *symbols: SymbolFound,
    reading: ArtworkReading = DRAWN,
    life: Life | None = None,
    star: int = 4,
    used_for: tuple[str, ...] = (),
) -> dict[AutomaticCheck, Finding]:
    told = automatic_checks(
        life or Life(),
        Artworks([reading], symbols, used_for),
        certified_star=4,
        star=star,
        on=DAY,
        regime=in_force(DAY),
    )
    assert [one.check for one in told] == list(AutomaticCheck)
    return {one.check: one for one in told}


def own(side_mm: float | None) -> SymbolFound:
    return SymbolFound(SymbolKind.OWN, "tui.pdf", side_mm)


def test_artwork_in_order_passes_every_look() -> None:
    told = found(own(25.0))
    assert {one.outcome for one in told.values()} == {CheckOutcome.PASSED}
    assert not any(one.blocks for one in told.values())


def test_a_star_that_ended_or_is_not_the_certificates_blocks() -> None:
    over = found(own(25.0), life=Life(expires_on=DAY - timedelta(1)))
    assert over[AutomaticCheck.CERTIFICATE].blocks
    other = found(own(25.0), star=5)[AutomaticCheck.STAR]
    assert other.blocks
    assert str(other.said) == "Mẫu in 5 sao, giấy chứng nhận là 4 sao."


@pytest.mark.parametrize(("left", "outcome"), [(179, "warning"), (180, "passed")])
def test_prints_that_outlive_the_star_are_warned_of(left: int, outcome: str) -> None:
    told = found(own(25.0), life=Life(expires_on=DAY + timedelta(left)))
    assert told[AutomaticCheck.DAYS_LEFT].outcome == outcome
    assert not told[AutomaticCheck.DAYS_LEFT].blocks


@pytest.mark.parametrize(
    "kind", [SymbolKind.OTHER_CERTIFICATE, SymbolKind.STAMP, SymbolKind.UNSIGNED]
)
def test_a_wrong_symbol_blocks_even_beside_the_right_one(kind: SymbolKind) -> None:
    told = found(own(25.0), SymbolFound(kind, "sau.pdf", 25.0))[AutomaticCheck.SYMBOL]
    assert told.blocks
    assert "sau.pdf" in told.said


def test_what_is_not_known_is_never_taken_for_passed() -> None:
    unread = found(reading=ArtworkReading(complete=False))
    for check in (AutomaticCheck.SYMBOL, AutomaticCheck.SYMBOL_SIZE, AutomaticCheck.RESOLUTION):
        assert unread[check].outcome is CheckOutcome.UNKNOWN
    assert found(own(None))[AutomaticCheck.SYMBOL_SIZE].outcome is CheckOutcome.UNKNOWN
    assert found(own(25.0), own(None))[AutomaticCheck.SYMBOL_SIZE].outcome is CheckOutcome.UNKNOWN


@pytest.mark.parametrize(("side", "outcome"), [(21.6, "failed"), (21.8, "passed"), (22, "passed")])
def test_a_symbol_below_twenty_two_millimetres_fails(side: float, outcome: str) -> None:
    assert found(own(side))[AutomaticCheck.SYMBOL_SIZE].outcome == outcome


def test_no_symbol_coarse_pictures_and_siblings_are_told_and_do_not_block() -> None:
    coarse = ArtworkReading(complete=True, pages=(PageRead(1, 90.0, 90.0, 120, drawn=False),))
    told = found(reading=coarse, used_for=("Trà xanh",))
    assert told[AutomaticCheck.SYMBOL].outcome is CheckOutcome.WARNING
    assert "120" in told[AutomaticCheck.RESOLUTION].said
    assert "«Trà xanh»" in told[AutomaticCheck.SIBLINGS].said
    assert not any(one.blocks for one in told.values())
