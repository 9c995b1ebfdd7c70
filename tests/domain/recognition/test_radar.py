"""The renewal radar: what ends where and when, what nobody renews first, and who watches."""

from datetime import date

import pytest
from sqlalchemy import Engine

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.dossiers.enums import DossierState
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.policy import WatchingByOffice
from app.domain.recognition.queries import radar, radar_page
from tests.factories.dossiers import make_dossier
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.statements import counted


def ending(
    session: WriteSession, people: People, *ends: date, commune: str = HOME
) -> list[Certificate]:
    """Return certificates of one producer that end on these days."""
    producer = make_producer(session, people, f"Hợp tác xã {commune}", commune_code=commune)
    return [
        import_certificate(
            session,
            people,
            make_product(session, people, producer, name=f"Chè {number}"),
            issued_on=date(2023, 1, 1),
            expires_on=day,
        )
        for number, day in enumerate(ends)
    ]


def test_communes_stand_by_months_with_what_ended_and_what_nobody_renews(
    session: WriteSession, people: People, engine: Engine
) -> None:
    today = local_day(people.at)
    home = ending(
        session,
        people,
        date(2027, 1, 10),
        date(2027, 1, 5),
        date(2026, 9, 2),
        date(2026, 9, 20),
        date(2026, 3, 1),  # more than 180 days ago
        date(2028, 3, 1),  # the nineteenth month
        date(2027, 1, 31),  # revoked
    )
    ending(session, people, date(2027, 1, 31), commune=ELSEWHERE)
    home[-1].revoked_on = today
    filed = make_dossier(session, people, product=session.get(Product, home[1].product_id))
    filed.state = DossierState.PROPOSED
    make_dossier(session, people, product=session.get(Product, home[0].product_id))  # a draft
    session.flush()
    agency = people.agency()
    with counted(engine) as sent:
        found = radar(session, actor=agency, on=today)
    assert len(sent) == 2
    assert (found.months[0].code, found.months[-1].code) == ("2026-09", "2028-02")
    assert [row.commune_code for row in found.rows] == [HOME, ELSEWHERE]
    cells = {one.month: (one.count, one.not_filed) for one in found.rows[0].months if one.count}
    assert cells == {"2026-09": (1, 1), "2027-01": (2, 1)}
    assert (found.rows[0].ended.count, found.rows[0].ended.not_filed) == (1, 1)
    assert (found.total.count, found.total.not_filed) == (5, 4)
    mine = radar(session, actor=people.leader(ELSEWHERE), on=today)
    assert [row.commune_code for row in mine.rows] == [ELSEWHERE]
    with pytest.raises(WatchingByOffice):
        radar(session, actor=people.producer(home[0].producer_id), on=today)


def test_the_list_behind_a_cell_goes_on_page_by_page_without_a_dossier_first(
    session: WriteSession, people: People
) -> None:
    today = local_day(people.at)
    found = ending(
        session, people, date(2027, 1, 10), date(2027, 1, 5), date(2027, 1, 5), date(2027, 2, 1)
    )
    filed = make_dossier(session, people, product=session.get(Product, found[1].product_id))
    filed.state = DossierState.PROPOSED
    codes, after = [], 0
    while True:
        page = radar_page(
            session,
            actor=people.officer(),
            on=today,
            commune_code=HOME,
            month="2027-01",
            after=after,
            limit=1,
        )
        codes += [(one.found.certificate.code, one.is_filed) for one in page.items]
        if page.next_after is None:
            break
        after = page.next_after
    assert codes == [(found[2].code, False), (found[0].code, False), (found[1].code, True)]
    stranger = radar_page(session, actor=people.officer(ELSEWHERE), on=today, commune_code=HOME)
    assert stranger.items == []
    everything = radar_page(session, actor=people.auditor(), on=today)
    assert len(everything.items) == len(found)
    assert everything.items[0].days_left == (date(2027, 1, 5) - today).days
