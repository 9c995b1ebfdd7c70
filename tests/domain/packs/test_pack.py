"""The pack itself: light, whole, in the reader's language, and nothing a browser could run but its own."""

import re
from pathlib import Path

import html5lib
import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.offline_page import STATIC, inert_json
from app.core.pictures import LONGEST_THUMBNAIL, store_picture
from app.core.settings import Settings
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.packs import papers
from app.domain.packs.papers import PackTooLarge, scoring_pack
from app.domain.packs.rules import (
    LARGEST_PACK_BYTES,
    MOST_PICTURE_BYTES,
    MOST_PICTURES_OF_A_PRODUCT,
    PACK_LABELS,
)
from app.domain.photos.actions import add_photo
from app.domain.photos.schemas import AddPhoto
from app.domain.products.models import Product
from app.rulebooks import loader
from tests.conftest import AT
from tests.factories.agency import advise, survey
from tests.factories.councils import FIRST_MEMBER, convene, items_of, make_meeting, the_round
from tests.factories.dossiers import make_dossier
from tests.factories.files import painted, photo
from tests.factories.packs import carried
from tests.factories.people import People
from tests.factories.statements import counted

SETS = (4, 11, 13, 26)  # plain, third-level groups twice, two-case criteria


class Shelf:
    """A meeting over several sets, with photos."""

    def __init__(
        self, session: WriteSession, people: People, settings: Settings, photos: int
    ) -> None:
        self.session, self.settings = session, settings
        round_ = the_round(session, people)
        dossiers = [
            make_dossier(
                session, people, state=DossierState.ACCEPTED, round_=round_, set_number=number
            )
            for number in SETS
        ]
        for dossier in dossiers:
            product = session.exec(
                select(Product).where(col(Product.id) == dossier.product_id)
            ).one()
            product.story = "Chuyện kể </script><script>alert(1)</script> & <b>đậm</b>"
            for number in range(photos):
                add_photo(
                    session,
                    product.code,
                    AddPhoto(caption=f"Ảnh {number}"),
                    store_picture(settings.files, photo(image=painted(160 + number, 120))),
                    actor=people.producer(dossier.producer_id),
                    at=AT,
                )
        self.meeting = make_meeting(session, people, dossiers=dossiers, members=2)
        for item in items_of(session, self.meeting):
            item.survey_record = "12/BB"
        session.flush()
        convene(session, people, self.meeting)
        self.member = people.council_member(FIRST_MEMBER)

    def page(self, **more: object) -> bytes:
        how: dict[str, object] = {"demonstration": False} | more
        return scoring_pack(
            self.session,
            self.meeting.code,
            actor=self.member,
            at=AT,
            files=self.settings.files,
            **how,  # type: ignore[arg-type]  # -- whatever a test changes
        )


@pytest.fixture
def shelf(session: WriteSession, people: People, settings: Settings) -> Shelf:
    return Shelf(session, people, settings, photos=MOST_PICTURES_OF_A_PRODUCT + 1)


def test_a_pack_is_one_sound_document_that_asks_for_nothing(shelf: Shelf) -> None:
    page = shelf.page().decode()
    parser = html5lib.HTMLParser(strict=False)  # type: ignore[no-untyped-call]  # -- html5lib tells no types
    document = parser.parse(page)  # type: ignore[no-untyped-call]  # -- html5lib tells no types
    assert parser.errors == []
    scripts = [one for one in document.iter() if str(one.tag).endswith("}script")]
    assert len(scripts) == 2, "the data and the pack's own script"
    assert not re.search(r"""(?:src|href)=["']?(?!data:)[a-z]+:""", page)
    shown = "".join(document.itertext())
    assert "alert(1)" in shown
    assert "<script>alert" not in page


def test_a_pack_shows_every_kind_of_criterion(shelf: Shelf) -> None:
    data = carried(shelf.page())
    assert {sheet["rubric"] for sheet in data["sheets"]} == set(data["rubrics"])
    for code, shown in data["rubrics"].items():
        rubric = loader.rubric(code)
        criteria = {
            one["code"]: (section, one)
            for part in shown["parts"]
            for section in part["sections"]
            for one in section["criteria"]
        }
        assert list(criteria) == [one.code for one in rubric.criteria]
        for criterion in rubric.criteria:
            section, told = criteria[criterion.code]
            options = [option for case in told["cases"] for option in case["options"]]
            assert [(one["code"], one["points"], one["label"]) for one in options] == [
                (one.code, one.points, one.label) for one in criterion.options
            ]
            assert told["canFail"] == criterion.allows_not_met
            assert bool(told["when"]) == bool(criterion.applies_when)
            assert not told["group"] or told["group"] in section["groups"]
            assert [case["name"] for case in told["cases"]] == [
                case.name for case in criterion.cases
            ] or not criterion.cases


def test_a_packs_weight_is_bounded_and_every_product_keeps_its_first_picture(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shelf.page()
    data = carried(page)
    assert [len(sheet["pictures"]) for sheet in data["sheets"]] == [4, 4, 4, 4]
    assert all(
        len(one["source"]) < 42 * 1024 and one["width"] <= LONGEST_THUMBNAIL
        for sheet in data["sheets"]
        for one in sheet["pictures"]
    )
    assert len(page) < MOST_PICTURE_BYTES
    text_alone = len(page) - sum(
        len(one["source"]) for sheet in data["sheets"] for one in sheet["pictures"]
    )
    assert text_alone < 400 * 1024
    weights = [len(one["source"]) * 3 // 4 for sheet in data["sheets"] for one in sheet["pictures"]]
    monkeypatch.setattr(papers, "MOST_PICTURE_BYTES", sum(weights) // 2)
    fewer = carried(shelf.page())
    counts = [len(sheet["pictures"]) for sheet in fewer["sheets"]]
    assert min(counts) >= 1
    assert sum(counts) < 16
    assert fewer["picturesLeftOut"] == 16 - sum(counts)


def test_a_pack_beyond_its_limit_is_refused_and_one_product_is_offered(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_PICTURE_BYTES * 4 // 3 < LARGEST_PACK_BYTES
    one = carried(shelf.page())["sheets"][0]["code"]
    alone = shelf.page(sheet=one)
    monkeypatch.setattr(papers, "LARGEST_PACK_BYTES", len(alone))
    with pytest.raises(PackTooLarge, match="từng sản phẩm"):
        shelf.page()
    assert [sheet["code"] for sheet in carried(shelf.page(sheet=one))["sheets"]] == [one]


def test_a_pack_of_many_products_costs_as_many_statements_as_of_one(
    shelf: Shelf, engine: Engine
) -> None:
    def asked(sheet: str = "") -> int:
        shelf.session.expire_all()
        _ = shelf.meeting.code
        with counted(engine) as said:
            shelf.page(sheet=sheet)
        return len(said)

    one = carried(shelf.page())["sheets"][0]["code"]
    assert asked() == asked(one) <= 10


def test_a_pack_speaks_the_readers_language_and_says_all_its_words(shelf: Shelf) -> None:
    page = shelf.page(say=str.upper, language="en").decode()
    assert '<html lang="en">' in page
    assert carried(page)["words"]["save"] == PACK_LABELS["save"].upper()
    script = (STATIC / "js" / "pack.js").read_text(encoding="utf-8")
    used = set(re.findall(r'say\(\s*"(\w+)"', script)) | set(
        re.findall(r'isConfirmed \? "(\w+)" : "(\w+)"', script)[0]
    )
    texts = {name for name, _ in re.findall(r'\("(\w+)", (product|dossier)\.', _source())}
    assert used | texts | {"finish", "no_script"} == set(PACK_LABELS)


def _source() -> str:
    return Path(papers.__file__).read_text(encoding="utf-8")


def test_what_officials_wrote_goes_along(
    session: WriteSession, people: People, settings: Settings
) -> None:
    meeting = make_meeting(session, people, members=1)
    item = items_of(session, meeting)[0]
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    advise(session, people, dossier)
    survey(session, people, dossier)
    convene(session, people, meeting)
    page = scoring_pack(
        session,
        meeting.code,
        actor=people.council_member(FIRST_MEMBER),
        at=AT,
        files=settings.files,
        demonstration=True,
    )
    (sheet,) = carried(page)["sheets"]
    assert sheet["advice"]
    assert sheet["surveys"]
    assert {"1.1"} <= set(sheet["findings"])
    assert sheet["claims"]["1.1"]["papers"]
    assert carried(page)["specimen"]


def test_json_in_a_page_cannot_end_its_element() -> None:
    written = inert_json({"a": "</script><!--<script>&\u2028\u2029"})
    for sign in "<>&\u2028\u2029":
        assert sign not in written
