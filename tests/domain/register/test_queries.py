"""Finding in the register: by words, codes, places of today and before, set, stars and state."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.core.text import fold
from app.domain.places.queries import named_place
from app.domain.products.models import ProductCodeAlias
from app.domain.recognition.enums import Replacement, Standing
from app.domain.recognition.models import Certificate
from app.domain.register.enums import RegisterState
from app.domain.register.queries import Entry, get_register_entry, register_page
from app.domain.register.schemas import Wanted
from tests.factories.large_register import fill_register
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product

TODAY = date(2026, 9, 14)


def names(session: WriteSession, **asked: Any) -> list[str]:
    found = register_page(session, Wanted(**asked), on=TODAY).page
    return [one.product_name for one in found.items]


@pytest.fixture
def tea(session: WriteSession, people: People) -> Certificate:
    """Enter honey and tea; return the tea's certificate."""
    producer = make_producer(session, people, name="Hợp tác xã Bình Lư")
    honey = make_product(session, people, producer, name="Mật ong", set_number=8)
    import_certificate(session, people, honey, star=3)
    tea = make_product(session, people, producer, name="Trà Shan tuyết", set_number=17)
    return import_certificate(session, people, tea, star=4)


def test_words_are_found_by_their_beginnings_without_accents(
    session: WriteSession, tea: Certificate
) -> None:
    assert names(session, q="tra sh") == ["Trà Shan tuyết"]
    assert names(session, q="BINH LU mật") == ["Mật ong"]
    assert names(session, q="bình") == ["Trà Shan tuyết", "Mật ong"]
    for nothing in ("rà", "100%_", '"', "' OR", "zz:*", "&", "\U0001e900a", "NEAR AND"):
        assert names(session, q=nothing) == [], nothing
    tea.product_name, tea.search_folded = "Trà cổ thụ", "tra co thu"
    session.flush()
    assert names(session, q="co thu") == ["Trà cổ thụ"]
    assert names(session, q="shan") == []


def test_every_code_a_product_ever_bore_leads_to_it(
    session: WriteSession, people: People, tea: Certificate
) -> None:
    tea.code, tea.product_code = "CN-TPPHVYQ", "12-03390-01-2026"
    tea.search_folded += " 12 03390 01 2026"
    session.add(
        ProductCodeAlias(
            code="OCOP.LC/0012",
            code_folded="ocop lc 0012",
            product_id=tea.product_id,
            source="Danh sách 2022",
            created_at=people.at,
        )
    )
    session.flush()
    for typed in (tea.code, tea.code.lower(), "12-03390-01-2026", "ocop lc 0012", "OCOP.LC/0012"):
        assert names(session, q=typed) == ["Trà Shan tuyết"], typed
        assert get_register_entry(session, typed, on=TODAY).certificate.code == tea.code
    with pytest.raises(NotFound):
        get_register_entry(session, "0012", on=TODAY)


@pytest.mark.usefixtures("tea")
def test_places_of_before_lead_to_their_successors(session: WriteSession) -> None:
    both = ["Trà Shan tuyết", "Mật ong"]
    for typed in ("Xã Bình Lư", "binh lu", "Sơn Bình", "Thị trấn Tam Đường", "huyện tam duong"):
        assert names(session, commune=typed) == both, typed
    for code in (HOME, "03413", "106"):
        assert names(session, commune_code=code) == both, code
    assert names(session, commune_code=ELSEWHERE) == names(session, commune="Xứ lạ") == []
    led = named_place(session, "Thèn Sin", on=TODAY)
    assert [unit.full_name for unit in led.communes] == ["Xã Sin Suối Hồ"]
    assert [unit.full_name for unit in led.former] == ["Xã Thèn Sin"]
    assert named_place(session, "105", on=date(2024, 1, 1)).codes


@pytest.mark.usefixtures("tea")
def test_set_category_and_stars_narrow(session: WriteSession) -> None:
    assert names(session, star=4) == names(session, category="II") == ["Trà Shan tuyết"]
    assert names(session, category="I") == names(session, set_number=8) == ["Mật ong"]
    assert names(session, category="II", set_number=8) == names(session, category="X") == []


def test_each_state_holds_what_it_says(session: WriteSession, people: People) -> None:
    def enter(name: str, expires_on: date, **changes: Any) -> Certificate:
        one = import_certificate(
            session,
            people,
            make_product(session, people, make_producer(session, people, name), name=name),
            issued_on=date(2023, 1, 1),
            expires_on=expires_on,
        )
        for field, value in changes.items():
            setattr(one, field, value)
        session.flush()
        return one

    enter("running", date(2028, 1, 1))
    enter("window", date(2027, 2, 1))
    enter("late", date(2026, 10, 1))
    enter("extended", date(2026, 9, 1), extended_from=date(2026, 9, 2), extended_until=TODAY)
    enter(
        "ran out",
        date(2026, 1, 1),
        extended_from=date(2026, 1, 2),
        extended_until=date(2026, 3, 1),
    )
    enter("lapsed", date(2026, 9, 13))
    enter("dissolved", date(2028, 1, 1), holder_ended_on=TODAY)
    revoked = enter("revoked", date(2028, 1, 1), revoked_on=TODAY)
    newer = enter("newer", date(2028, 1, 1))
    enter(
        "older",
        date(2025, 1, 1),
        superseded_by_id=newer.id,
        superseded_on=date(2024, 1, 1),
        superseded_how=Replacement.RENEWAL,
    )
    revoked.superseded_by_id, revoked.superseded_on = newer.id, TODAY
    session.flush()
    held = {state: set(names(session, state=state)) for state in RegisterState}
    assert held == {
        RegisterState.IN_FORCE: {"running", "window", "late", "extended", "newer"},
        RegisterState.RENEWAL: {"window", "late"},
        RegisterState.EXTENDED: {"extended"},
        RegisterState.ENDED: {"ran out", "lapsed", "dissolved", "revoked"},
        RegisterState.ALL: held[RegisterState.IN_FORCE] | held[RegisterState.ENDED],
    }
    assert get_register_entry(session, revoked.code, on=TODAY).standing is Standing.REVOKED


@pytest.mark.usefixtures("tea")
def test_pages_follow_each_other(session: WriteSession) -> None:
    for asked in (Wanted(), Wanted(q="binh lu"), Wanted(q=""), Wanted(state=RegisterState.ALL)):
        first = register_page(session, asked, on=TODAY, limit=1).page
        assert first.next_after is not None
        rest = register_page(session, asked, on=TODAY, limit=1, after=first.next_after).page
        assert rest.next_after is None
        whole = register_page(session, asked, on=TODAY).page
        assert [*first.items, *rest.items] == list(whole.items)


@pytest.mark.usefixtures("tea")
def test_the_index_of_words_stays_true(session: WriteSession, engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        check = (
            "INSERT INTO certificate_search(certificate_search, rank) VALUES ('integrity-check', 1)"
        )
        session.execute(text(check))


def test_words_find_the_same_near_the_top_and_far_below(session: WriteSession) -> None:
    fill_register(session, 900)
    everything = register_page(session, Wanted(), on=TODAY, limit=1000).page.items

    def begin(entry: Entry, words: list[str]) -> bool:
        said = f"{entry.product_name} {entry.producer_name} {entry.product_code or ''}"
        known = fold(said).split()
        return all(any(one.startswith(word) for one in known) for word in words)

    rarest = " ".join(word for word in fold(everything[-1].producer_name).split() if word.isalpha())
    for words in ("tra", "h", "tra huu", rarest, "khongco"):
        expected = [one for one in everything if begin(one, words.split())]
        for after in (0, everything[100].id, everything[-3].id):
            found = register_page(session, Wanted(q=words), on=TODAY, after=after).page
            below = [one for one in expected if not after or one.id < after]
            assert [one.id for one in found.items] == [one.id for one in below[:20]], (words, after)
            assert (found.next_after is None) is (len(below) <= 20)
