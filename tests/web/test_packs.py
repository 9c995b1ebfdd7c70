"""Pages of scoring without network: packs given away, files taken back, paper keyed in twice."""

import json
import re
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.codes import new_secret
from app.core.db import reading
from app.domain.councils.models import Mark, ScoreSheet
from app.domain.packs.models import PackReturn
from app.domain.packs.rules import LARGEST_ANSWER_BYTES
from tests.factories.councils import lower_answers
from tests.factories.dossiers import complete_answers
from tests.factories.files import photo
from tests.factories.packs import carried, filled, written
from tests.factories.statements import counted
from tests.web.hall import (
    AGENCY,
    AUDITOR,
    CHAIR,
    MEMBER,
    OTHER,
    SECRETARY,
    STRANGER,
    Hall,
    make_hall,
)
from tests.web.page_checks import check_page
from tests.web.test_dossiers import LARGEST_PAGE, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on

HARD_CAP = 14 * 1024


def taken(hall: Hall, username: str = MEMBER) -> dict[str, Any]:
    """Return what the pack carries that this person downloads."""
    answer = hall.by(username).client.get(f"{hall.meeting}/scoring-pack")
    assert answer.status_code == 200, answer.text
    return carried(answer.text)


def sent(hall: Hall, content: bytes, **more: str) -> Response:
    """Upload a file on the meeting's page, as its form does."""
    return hall.client.post(
        f"{hall.meeting}/pack-returns",
        data={"_key": new_secret(), **more},
        files={"file": ("phieu.json", content, "application/json")},
    )


def sheet_of(engine: Engine, code: str) -> tuple[ScoreSheet, dict[str, str]]:
    with reading(engine) as session:
        sheet = session.exec(select(ScoreSheet).where(col(ScoreSheet.code) == code)).one()
        marks = session.exec(select(Mark).where(col(Mark.sheet_id) == sheet.id)).all()
        session.expunge(sheet)
        return sheet, {mark.criterion_code: mark.option_code for mark in marks if mark.option_code}


# --- packs ------------------------------------------------------------------------------------


def test_a_member_takes_a_pack_along_and_brings_its_file_back(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    page = hall.page(f"{hall.meeting}/offline")
    check_page(page)
    assert f'href="{hall.meeting}/scoring-pack"' in page
    assert f'href="{hall.meeting}/offline"' in hall.page(hall.meeting)
    answers = complete_answers(hall.rubric)
    pack = taken(hall)
    answer = sent(hall, written(filled(pack, answers, opinion="Tốt.")))
    assert answer.status_code == 303, answer.text
    seen = hall.page(answer.headers["location"])
    check_page(seen)
    assert "chưa chấm" in seen
    assert "Nộp phiếu luôn" in seen
    done = hall.press(answer.headers["location"], f"{answer.headers['location']}/apply")
    assert done.status_code == 303, done.text
    sheet, marks = sheet_of(engine, hall.sheets[MEMBER])
    assert (sheet.state, sheet.origin, sheet.opinion, marks) == (
        "submitted",
        "pack",
        "Tốt.",
        answers,
    )
    assert "không còn gì phải làm" in hall.page(done.headers["location"])
    assert "Gói chấm không cần mạng" in hall.page(hall.sheet(MEMBER))


def test_a_pack_is_a_file_to_be_saved_that_runs_nothing_here(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    answer = hall.client.get(f"{hall.meeting}/scoring-pack")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, no-store"
    inside = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', answer.text)
    assert inside is not None
    assert "default-src 'none'" in inside[1]
    assert "unsafe" not in inside[1]
    assert "http" not in inside[1]


def test_a_file_pasted_counts_as_a_file(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    text = written(filled(taken(hall), {"1.1": "a"})).decode()
    answer = hall.press(f"{hall.meeting}/offline", f"{hall.meeting}/pack-returns", pasted=text)
    assert answer.status_code == 303
    kept = answer.headers["location"]
    again = sent(hall, text.encode())
    assert again.headers["location"] == kept


def test_every_wrong_file_is_refused_on_the_page_with_a_sentence(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    file = filled(taken(hall), {"1.1": "a"})
    forged = json.loads(written(file))
    forged["pack"]["member"] = "Người khác"
    elsewhere = json.loads(written(file))
    elsewhere["pack"]["meeting"] = "PH-0000000"
    for content, said in (
        (b"", "không phải tệp phiếu chấm"),
        (b"%PDF-1.7", "không phải tệp phiếu chấm"),
        (written(forged), "không khớp niêm phong"),
        (written(elsewhere), "thuộc phiên họp PH-0000000"),
        (b" " * (LARGEST_ANSWER_BYTES + 1), "quá lớn"),
        (written(filled(taken(hall), {"1.1": "z"})), "không thuộc bộ tiêu chí"),
    ):
        answer = sent(hall, content)
        assert answer.status_code == 422, said
        assert said in answer.text
        check_page(answer.text)
    with reading(engine) as session:
        assert session.exec(select(PackReturn)).all() == []


def test_script_in_a_remark_is_text_wherever_it_is_shown(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    said = "<script>alert(1)</script>"
    answer = sent(hall, written(filled(taken(hall), {"1.1": {"option": "a", "remark": said}})))
    page = hall.page(answer.headers["location"])
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_changed_on_both_sides_is_chosen_line_by_line(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    pack = taken(hall)
    section = f"{hall.sheet(MEMBER)}?section=1"
    hall.press(section, section, **{"option.1.1": "a", "option.1.2": "b"})
    answer = sent(hall, written(filled(pack, {"1.1": "b", "1.2": "a", "2.1": "a"})))
    address = answer.headers["location"]
    page = hall.page(address)
    check_page(page)
    assert page.count("Giữ bản đang lưu") == 2
    refused = hall.press(address, f"{address}/apply", **{"take.1.1": "filed"})
    assert refused.status_code == 409
    assert "1.2" in refused.text
    assert 'value="filed" checked' in refused.text
    done = hall.press(address, f"{address}/apply", **{"take.1.1": "filed", "take.1.2": "stored"})
    assert done.status_code == 303, done.text
    assert sheet_of(engine, hall.sheets[MEMBER])[1] == {"1.1": "b", "1.2": "b", "2.1": "a"}


def test_a_file_of_several_products_is_brought_in_at_once_where_nothing_conflicts(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, products=3).by(MEMBER)
    pack = taken(hall)
    assert len(pack["sheets"]) == 3
    file = filled(pack, {})
    answers = complete_answers(hall.rubric)
    file["sheets"] = {
        sheet["code"]: filled(pack, answers, sheet=sheet["code"])["sheets"][sheet["code"]]
        for sheet in pack["sheets"]
    }
    address = sent(hall, written(file)).headers["location"]
    page = hall.page(address)
    check_page(page)
    chosen = form_on(page, f"{address}/apply")
    assert len(chosen["sheet"]) >= 3
    done = hall.post(f"{address}/apply", sheet=[one["code"] for one in pack["sheets"]], submit="on")
    assert done.status_code == 303, done.text
    for one in pack["sheets"]:
        assert sheet_of(engine, one["code"])[0].state == "submitted"


def test_the_secretary_hands_in_for_a_member_and_nobody_else_does(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine)
    content = written(filled(taken(hall), {"1.1": "a"}))
    for username in (CHAIR, OTHER, AUDITOR):
        assert sent(hall.by(username), content).status_code == 403
    answer = sent(hall.by(SECRETARY), content)
    address = answer.headers["location"]
    assert hall.press(address, f"{address}/apply").status_code == 303
    for username, status in ((MEMBER, 200), (OTHER, 404), (CHAIR, 404), (AGENCY, 404)):
        assert hall.by(username).client.get(address).status_code == status


def test_who_has_no_sheet_gets_no_pack(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine)
    for username, status in ((SECRETARY, 422), (AGENCY, 422), (AUDITOR, 422), (STRANGER, 422)):
        answer = hall.by(username).client.get(f"{hall.meeting}/scoring-pack")
        assert answer.status_code == status
    for username in (SECRETARY, AGENCY):
        page = hall.by(username).page(f"{hall.meeting}/offline")
        assert 'aria-disabled="true"' in page
        assert "Phiếu giấy" in page
    assert hall.by(STRANGER).client.get(f"{hall.meeting}/offline").status_code == 404


# --- paper ------------------------------------------------------------------------------------


def keyed(hall: Hall, answers: dict[str, str], **more: str) -> Response:
    """Key the member's paper in, a letter a line."""
    address = f"{hall.sheet(MEMBER)}/paper"
    return hall.press(
        address, address, **{f"o.{code}": sign for code, sign in answers.items()}, **more
    )


def test_paper_is_keyed_twice_compared_and_handed_in(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(SECRETARY)
    address = f"{hall.sheet(MEMBER)}/paper"
    found = hall.client.get(f"{hall.meeting}/paper?sheet={hall.sheets[MEMBER].lower()}")
    assert found.headers["location"] == address
    check_page(hall.page(f"{hall.meeting}/paper"))
    check_page(hall.page(address))
    answers = complete_answers(hall.rubric)
    first = keyed(hall, answers | {"1.1": "A"}, remarks="1.1: Xa chợ.\nĐường khó.")
    assert first.status_code == 303, first.text
    second = hall.by(AGENCY).page(address)
    check_page(second)
    assert "Xa chợ" not in second
    assert 'value="a"' not in second
    differs = keyed(hall, answers | {"1.2": "a"})
    page = hall.page(differs.headers["location"])
    check_page(page)
    assert "Xa chợ" in page
    assert page.count("Lần một") == page.count("Lần hai")
    open_ = hall.press(address, f"{address}/resolve", **{"take.1.1": "first"})
    assert open_.status_code == 409
    assert "1.2" in open_.text
    settled = hall.press(
        address, f"{address}/resolve", **{"take.1.1": "first", "take.1.2": "first"}
    )
    assert settled.status_code == 303, settled.text
    check_page(hall.page(address))
    done = hall.press(address, f"{address}/enter")
    assert done.status_code == 303, done.text
    check_page(hall.page(address))
    sheet, marks = sheet_of(engine, hall.sheets[MEMBER])
    assert (sheet.state, sheet.origin) == ("submitted", "paper")
    assert marks == answers | {"1.1": "a"}
    assert "Phiếu giấy, nhập hai lần" in hall.by(MEMBER).page(hall.sheet(MEMBER))


def test_a_letter_the_criterion_does_not_have_is_told_beside_its_line(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(SECRETARY)
    answers = complete_answers(hall.rubric)
    answer = keyed(hall, answers | {"1.1": "z", "1.2": "k"}, remarks="không có mã")
    assert answer.status_code == 422
    check_page(answer.text)
    for said in ("Tiêu chí 1.1 không có ô «z»", "Tiêu chí 1.2 không có ô «k»", "bắt đầu bằng mã"):
        assert said in answer.text
    kept = form_on(answer.text, f"{hall.sheet(MEMBER)}/paper")
    assert kept["o.1.1"] == ["z"]
    assert kept["o.2.1"] == [answers["2.1"]]


def test_the_scan_of_the_signed_paper_is_inspected_and_given_back(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(SECRETARY)
    address = f"{hall.sheet(MEMBER)}/paper"
    keyed(hall, complete_answers(hall.rubric))
    version = form_on(hall.page(address), f"{address}/scan")["version"][0]

    def upload(content: bytes) -> Response:
        return hall.client.post(
            f"{address}/scan",
            data={"_key": new_secret(), "version": version},
            files={"file": ("phiếu ký.jpg", content, "image/jpeg")},
        )

    assert upload(b"<script>").status_code == 422
    assert upload(photo()).status_code == 303
    link = re.search(r'href="(/paper-sheets/[^"]+/scan)"', hall.page(address))
    assert link is not None
    for username, status in ((MEMBER, 200), (AGENCY, 200), (OTHER, 403), (CHAIR, 403)):
        answer = hall.by(username).client.get(link[1])
        assert answer.status_code == status, username
    assert hall.by(MEMBER).client.get(link[1]).content == photo()


def test_paper_is_the_offices_alone(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine)
    for username in (CHAIR, MEMBER, OTHER, AUDITOR):
        hall.by(username)
        assert hall.client.get(f"{hall.meeting}/paper").status_code == 403
        assert hall.client.get(f"{hall.sheet(MEMBER)}/paper").status_code in {403, 404}
    grid = hall.by(MEMBER).client.get(f"{hall.sheet(MEMBER)}/grid.pdf")
    assert grid.headers["content-type"] == "application/pdf"
    assert hall.by(SECRETARY).client.get(f"{hall.item}/grids.pdf").content.startswith(b"%PDF")


# --- weight -----------------------------------------------------------------------------------


def test_pages_are_light(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, products=2).by(MEMBER)
    pack = taken(hall)
    mine = hall.sheets[MEMBER]
    section = f"{hall.sheet(MEMBER)}?section=1"
    hall.press(section, section, **{"option.1.1": "a"})
    worst = lower_answers(hall.rubric.code, 60)
    file = filled(pack, worst, sheet=mine, opinion="Đồng ý.")
    address = sent(hall, written(file)).headers["location"]
    hall.by(SECRETARY)
    keyed(hall, complete_answers(hall.rubric))
    pages = [
        (MEMBER, f"{hall.meeting}/offline"),
        (MEMBER, address),
        (SECRETARY, f"{hall.meeting}/offline"),
        (SECRETARY, f"{hall.meeting}/paper"),
        (SECRETARY, f"{hall.sheet(MEMBER)}/paper"),
    ]
    for username, path in pages:
        hall.by(username)
        with counted(client) as said:
            answer = client.get(path, headers=PACKED)
        assert answer.status_code == 200
        assert len(said) <= MOST_STATEMENTS, (path, len(said))
        assert answer.num_bytes_downloaded <= LARGEST_PAGE, (path, answer.num_bytes_downloaded)
