"""Pages of a producer's papers: found, added, renewed, put away; marked wherever they are cited."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now, today
from app.core.db import WriteSession, reading, transaction
from app.core.settings import Settings
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.producers.models import Producer
from app.rulebooks import loader
from tests.factories.dossiers import cite_evidence, fill_dossier, make_dossier, pdf_bytes
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.statements import counted
from tests.factories.wallet import make_paper, renew
from tests.web.page_checks import WORK_STATEMENTS, check_page, vietnamese_left
from tests.web.test_dossiers import HTMX, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on, press

OFFICER, LEADER = f"canbo{HOME}", f"lanhdao{HOME}"
LARGEST_PAGE, LARGEST_LIST = 6 * 1024, 4.5 * 1024


@dataclass
class Case:
    """A producer with a draft dossier, and the browser of whoever looks."""

    client: TestClient
    producer: str
    dossier: str
    owner: str

    @property
    def wallet(self) -> str:
        return f"/producers/{self.producer}/papers"

    def by(self, username: str) -> "Case":
        signed_in(self.client, username)
        return self

    def page(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        check_page(answer.text)
        return answer.text


Also = Callable[[WriteSession, People, Producer, Dossier], object]
Begin = Callable[..., Case]


@pytest.fixture
def begin(client: TestClient, engine: Engine) -> Begin:
    """Return a function that makes a draft, does something more, and signs its producer in."""

    def make(also: Also = lambda *_: None) -> Case:
        with transaction(engine) as session:
            people = People(session, now())
            dossier = make_dossier(session, people)
            producer = session.get_one(Producer, dossier.producer_id)
            also(session, people, producer, dossier)
            for office in (people.officer, people.leader, people.agency):
                office()
            people.officer(ELSEWHERE)
            people.council_member(1)
            case = Case(client, producer.code, dossier.code, f"chuthe{producer.id}")
        return case.by(case.owner)

    return make


def expiring(session: WriteSession, people: People, producer: Producer, dossier: Dossier) -> None:
    """Let the dossier cite one paper that has run out and one that soon will."""
    for days in (-2, 10):
        paper = make_paper(
            session, people, producer, f"Hạn {days}", expires_on=today() + timedelta(days=days)
        )
        cite_evidence(session, people, dossier, paper, "1.1")


def code_of(engine: Engine, title: str) -> str:
    with reading(engine) as session:
        return session.exec(select(Evidence.code).where(col(Evidence.title) == title)).one()


def sent(case: Case, action: str, form_page: str, title: str, **typed: str) -> tuple[int, str]:
    values = form_on(case.page(form_page), action)
    values |= {"title": [title]} | {name: [value] for name, value in typed.items()}
    files = {"file": (f"{title}.pdf", pdf_bytes(title), "application/pdf")}
    answer = case.client.post(action, data=values, files=files)
    return answer.status_code, answer.headers.get("location", answer.text)


def test_a_paper_is_added_corrected_renewed_and_its_history_is_shown(
    begin: Begin, engine: Engine
) -> None:
    case = begin()
    status, place = sent(
        case, case.wallet, f"{case.wallet}/new", "Phiếu 2026", number="KN-1", kind="test_report"
    )
    assert status == 303
    page = case.page(place)
    assert "Phiếu 2026" in page
    assert "Chưa hồ sơ nào dùng" in page
    corrected = press(case.client, case.page(f"{place}/edit"), place, number="KN-2")
    assert corrected.headers["location"] == place
    assert "KN-2" in case.page(place)
    code = code_of(engine, "Phiếu 2026")
    cite = press(
        case.client,
        case.page(f"/dossiers/{case.dossier}/evidence"),
        f"/dossiers/{case.dossier}/evidence/cite",
        evidence_code=code,
        cited_criterion="2.1",
    )
    assert cite.status_code == 303
    assert case.dossier in case.page(place)
    renewing = case.page(f"{place}/replace")
    assert "Giấy mới sẽ vào thay" in renewing
    status, newer = sent(case, f"{place}/replace", f"{place}/replace", "Phiếu 2027")
    assert status == 303
    page = case.page(newer)
    assert case.dossier in page
    assert "Các lần thay" in page
    assert f'href="{place}"' in page
    old = case.page(place)
    assert "Đã thay" in old
    assert f'href="{place}/edit"' not in old
    file = case.client.get(f"{place}/file")
    assert file.content == pdf_bytes("Phiếu 2026")
    assert file.headers["content-disposition"].startswith("attachment")


def test_a_form_that_is_wrong_comes_back_with_what_was_typed(begin: Begin) -> None:
    case = begin()
    answer = press(
        case.client,
        case.page(f"{case.wallet}/new"),
        case.wallet,
        title="Giấy hai ngày",
        issued_on="2026-05-01",
        expires_on="2026-04-01",
    )
    assert answer.status_code == 422
    check_page(answer.text)
    assert "Giấy hai ngày" in answer.text
    assert "Ngày hết hạn không được trước ngày cấp." in answer.text
    assert "Hãy chọn tệp." in answer.text


def test_a_stale_correction_shows_what_is_stored(begin: Begin, engine: Engine) -> None:
    case = begin(lambda s, p, producer, _d: make_paper(s, p, producer, "Giấy A"))
    place = f"/papers/{code_of(engine, 'Giấy A')}"
    mine = case.page(f"{place}/edit")
    assert press(case.client, mine, place, title="Giấy B").status_code == 303
    late = press(case.client, mine, place, title="Giấy C", _key="một-mã-khác-hẳn")
    assert late.status_code == 409
    check_page(late.text)
    assert "Giấy B" in late.text
    assert 'value="Giấy C"' in late.text


def test_a_paper_is_put_away_taken_out_and_removed(begin: Begin, engine: Engine) -> None:
    case = begin(lambda s, p, producer, _d: make_paper(s, p, producer, "Nhầm"))
    place = f"/papers/{code_of(engine, 'Nhầm')}"
    silent = press(case.client, case.page(place), f"{place}/withdraw", reason="")
    assert silent.status_code == 422
    check_page(silent.text)
    put_away = press(case.client, case.page(place), f"{place}/withdraw", reason="Tải nhầm")
    assert put_away.status_code == 303
    page = case.page(place)
    assert "Tải nhầm" in page
    assert press(case.client, page, f"{place}/restore").status_code == 303
    removed = press(case.client, case.page(place), f"{place}/remove", reason="Tải nhầm tệp")
    assert removed.headers["location"] == case.wallet
    assert case.client.get(place).status_code == 404


def test_the_list_is_searched_and_filtered_and_a_producer_reaches_it_from_the_menu(
    begin: Begin,
) -> None:
    case = begin(expiring)
    page = case.page("/papers")
    assert ">Giấy tờ</a>" in page
    assert f'href="{case.wallet}/new"' in page
    assert "đã hết hạn" in page
    assert "còn 10 ngày" in page
    found = case.client.get(f"{case.wallet}?state=expired", headers=HTMX).text
    assert "<html" not in found
    assert "Hạn -2" in found
    assert "Hạn 10" not in found
    assert "Không thấy giấy tờ nào." in case.page(f"{case.wallet}?q=khongco&kind=story")
    assert "Hạn 10" in case.page(f"{case.wallet}?state=lạ&kind=lạ")
    work = case.page("/work")
    assert "Thay giấy tờ đã hết hạn: Hạn -2" in work
    assert "Nhắc chủ thể thay giấy tờ hết hạn" in case.by(OFFICER).page("/work")


def test_what_runs_out_is_marked_in_words_where_it_is_cited_and_stops_filing(
    begin: Begin,
) -> None:
    def also(session: WriteSession, people: People, producer: Producer, dossier: Dossier) -> None:
        fill_dossier(session, people, dossier)
        expiring(session, people, producer, dossier)

    case = begin(also)
    gone = (today() - timedelta(days=2)).strftime("%d/%m/%Y")
    for step in ("", "/evidence", "/sections/1"):
        page = case.page(f"/dossiers/{case.dossier}{step}")
        assert f'<span class="g bad">đã hết hạn {gone}</span>' in page, step
    page = case.page(f"/dossiers/{case.dossier}/file")
    assert f"«Hạn -2» (tiêu chí 1.1) hết hạn {gone}" in page
    assert "Mẫu số 02" in page
    assert "disabled" in page


def test_papers_are_offered_with_the_kind_that_suits_the_criterion_first(begin: Begin) -> None:
    def also(session: WriteSession, people: People, producer: Producer, _dossier: Dossier) -> None:
        for kind in (EvidenceKind.AWARD, EvidenceKind.LOCAL_LABOUR, EvidenceKind.ENVIRONMENT):
            make_paper(session, people, producer, f"Giấy {kind}", kind=kind)

    case = begin(also)
    rubric = loader.rubric("qd26-2026-04")
    wanted = {"lao động": "local_labour", "môi trường": "environment"}
    for words, kind in wanted.items():
        section, criterion = next(
            (section, one) for _, section, one in rubric.walk() if words in one.name
        )
        page = case.page(f"/dossiers/{case.dossier}/sections/{section.code}")
        fold = re.search(
            rf'<details id="evidence\.{re.escape(criterion.code)}".*?</details>', page, re.DOTALL
        )
        assert fold
        assert re.findall(r"<span>(Giấy \w+)", fold[0])[0] == f"Giấy {kind}"


def test_helper_keeps_province_reads_strangers_find_nothing(begin: Begin, engine: Engine) -> None:
    case = begin(lambda s, p, producer, _d: make_paper(s, p, producer, "Giấy"))
    place = f"/papers/{code_of(engine, 'Giấy')}"
    assert f'action="{place}/withdraw"' in case.by(OFFICER).page(place)
    for reader in (LEADER, "canbotinh"):
        page = case.by(reader).page(place)
        assert '<form method="post" action="/papers' not in page
        assert case.client.get(f"{place}/edit").status_code == 403
        assert "Chỉ chủ thể" in case.page(case.wallet)
    for stranger in (f"canbo{ELSEWHERE}", "hoidong1"):
        case.by(stranger)
        for address in (place, f"{place}/file", f"{place}/replace", case.wallet):
            assert case.client.get(address).status_code == 404, (stranger, address)


def test_a_file_is_kept_only_for_somebody_who_may_write_there(
    begin: Begin, engine: Engine, settings: Settings
) -> None:
    case = begin(lambda s, p, producer, _d: make_paper(s, p, producer, "Giấy"))
    place = f"/papers/{code_of(engine, 'Giấy')}/replace"
    files = {"file": ("a.pdf", pdf_bytes("Lén"), "application/pdf")}
    for address in (case.wallet, place):
        form = {"_key": "mot-ma-dai-du", "title": "Lén", "kind": "other", "version": "1"}
        for username, status in ((f"canbo{ELSEWHERE}", 404), (LEADER, 403)):
            case.by(username)
            answer = case.client.post(address, data=form, files=files)
            assert answer.status_code == status
    assert not settings.files_dir.exists()


def test_pages_stay_light_with_sixty_papers_and_forty_criteria(
    begin: Begin, engine: Engine
) -> None:
    def also(session: WriteSession, people: People, producer: Producer, dossier: Dossier) -> None:
        codes = [criterion.code for criterion in loader.rubric(dossier.rubric_code).criteria]
        kinds = list(EvidenceKind)
        for number in range(60):
            paper = make_paper(
                session,
                people,
                producer,
                f"Giấy tờ thứ {number} của hợp tác xã",
                kind=kinds[number % len(kinds)],
                number=f"KN-{number * 37}/2026",
                expires_on=today() + timedelta(days=number * 3 - 20),
            )
            cite_evidence(session, people, dossier, paper, codes[number % len(codes)])
        paper = make_paper(session, people, producer, "Dùng khắp nơi")
        for code in codes:
            cite_evidence(session, people, dossier, paper, code)
        for number in range(6):
            paper = renew(session, people, paper, f"Bản {number}")

    case = begin(also)
    everywhere = f"/papers/{code_of(engine, 'Bản 5')}"
    dossier = f"/dossiers/{case.dossier}"
    weights = {}
    for address, most in (
        (case.wallet, LARGEST_LIST),
        ("/papers", LARGEST_LIST),
        ("/work", LARGEST_LIST),
        (everywhere, LARGEST_PAGE),
        (f"{everywhere}/replace", LARGEST_PAGE),
        (dossier, LARGEST_PAGE),
        (f"{dossier}/sections/1", LARGEST_PAGE),
        (f"{dossier}/evidence", LARGEST_PAGE),
        (f"{dossier}/file", LARGEST_PAGE),
    ):
        with counted(case.client) as said:
            answer = case.client.get(address, headers=PACKED)
        assert answer.status_code == 200
        weights[address] = answer.num_bytes_downloaded, most, len(said)
    allowed = {"/work": WORK_STATEMENTS}
    too_heavy = {
        a: w for a, w in weights.items() if w[0] > w[1] or w[2] > allowed.get(a, MOST_STATEMENTS)
    }
    assert not too_heavy, weights


def test_the_pages_are_told_in_english(begin: Begin, engine: Engine) -> None:
    case = begin(lambda s, p, producer, _d: make_paper(s, p, producer, "Paper"))
    place = f"/papers/{code_of(engine, 'Paper')}"
    for address in (case.wallet, place, f"{place}/edit", f"{place}/replace"):
        left = vietnamese_left(case.client.get(f"{address}?lang=en").text)
        assert not [line for line in left if "Hợp tác xã" not in line and "Mẫu" not in line], left
