"""Pages of imports, without script: template, check, errors marked, apply, strangers outside."""

import re
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.domain.producers.models import Producer
from tests.conftest import AT
from tests.factories.people import HOME, People, signed_in
from tests.factories.workbooks import certificate_row, history, producer_row, product_row, workbook
from tests.web.page_checks import check_page, vietnamese_left
from tests.web.typing import form_on

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def everybody(engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        for known in (people.agency, people.administrator, people.officer, people.auditor):
            known()


def send(client: TestClient, content: bytes, name: str = "lịch sử.xlsx") -> str:
    """Send a file from the list and return the address or the page that answers."""
    page = client.get("/imports").text
    check_page(page)
    key = form_on(page, "/imports")["_key"][0]
    answer = client.post("/imports", data={"_key": key}, files={"file": (name, content, EXCEL)})
    return answer.headers["location"] if answer.status_code == 303 else answer.text


def producers(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(Producer)).one()


def test_a_file_is_checked_shown_and_brought_in(client: TestClient, engine: Engine) -> None:
    signed_in(client, "canbotinh")
    address = send(client, history())
    page = client.get(address).text
    check_page(page)
    assert "lịch sử.xlsx" in page
    assert producers(engine) == 0
    answer = client.post(f"{address}/apply", data=form_on(page, f"{address}/apply"))
    assert answer.headers["location"] == address
    assert producers(engine) == 1
    done = client.get(address).text
    check_page(done)
    assert "Đã nhập trọn tệp." in done
    assert f"{address}/apply" not in done
    again = client.get(send(client, history())).text
    assert "không có gì để thêm hay sửa" in again


def test_an_old_code_is_found_in_the_register_and_told_on_the_products_page(
    client: TestClient,
) -> None:
    signed_in(client, "canbotinh")
    content = workbook(
        [producer_row()], [product_row(old_codes="OCOP-LC-0012")], [certificate_row()]
    )
    address = send(client, content)
    page = client.get(address).text
    client.post(f"{address}/apply", data=form_on(page, f"{address}/apply"))
    listed = client.get("/products", params={"q": "ocop lc 0012"}).text
    product = re.findall(r'href="(/products/SP-[^"]+)"', listed)
    assert "OCOP-LC-0012" in client.get(product[0]).text
    client.cookies.clear()
    found = client.get("/register", params={"q": "OCOP-LC-0012"}).text
    assert "Miến dong" in found
    assert "Miến dong" in client.get("/register/OCOP-LC-0012").text
    assert "Miến dong" not in client.get("/register", params={"q": "OCOP-LC-0013"}).text


def test_errors_are_shown_by_cell_and_marked_in_the_file(
    client: TestClient, engine: Engine
) -> None:
    signed_in(client, "quantri")
    content = workbook([producer_row(), producer_row("X", registration_number="=1+1", commune=1)])
    address = send(client, content)
    page = client.get(address).text
    check_page(page)
    assert "B3" in page
    assert "D3" in page
    assert "Tệp còn 2 lỗi" in page
    english = client.get(address, params={"lang": "en"}).text
    assert not [line for line in vietnamese_left(english) if line != "Sản phẩm"]
    answer = client.get(f"{address}/errors.xlsx")
    assert answer.headers["content-type"] == EXCEL
    assert answer.headers["content-disposition"].startswith("attachment")
    marked = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    rows = marked.get_sheet_by_name("Chủ thể").to_python(skip_empty_area=False)
    assert rows[0][-1] == "Lỗi"
    assert "Mã xã: Không có xã, phường nào mang mã hoặc tên này." in str(rows[2][-1])
    assert "=1+1" in rows[2]
    assert producers(engine) == 0


@pytest.mark.parametrize("content", [b"", b"name,kind\n", b"\xd0\xcf\x11\xe0" + b"\0" * 600])
def test_a_wrong_file_is_refused_with_a_sentence_at_its_field(
    client: TestClient, content: bytes
) -> None:
    signed_in(client, "canbotinh")
    page = send(client, content)
    check_page(page)
    assert 'id="file-e"' in page


def test_without_a_file_the_form_says_so(client: TestClient) -> None:
    signed_in(client, "canbotinh")
    key = form_on(client.get("/imports").text, "/imports")["_key"][0]
    answer = client.post("/imports", data={"_key": key})
    assert answer.status_code == 422
    assert "Hãy chọn tệp." in answer.text


def test_the_template_is_given_to_those_who_import(client: TestClient) -> None:
    signed_in(client, "canbotinh")
    answer = client.get("/imports/template.xlsx")
    assert answer.headers["content-type"] == EXCEL
    assert answer.content.startswith(b"PK")


def test_strangers_stay_outside(client: TestClient, engine: Engine) -> None:
    address = send(signed_in(client, "canbotinh"), history())
    signed_in(client, f"canbo{HOME}")
    for path in ("/imports", "/imports/template.xlsx", address, f"{address}/errors.xlsx"):
        assert client.get(path).status_code == 403, path
    sent = client.post(
        "/imports", data={"_key": "k" * 20}, files={"file": ("a.xlsx", history(), EXCEL)}
    )
    assert sent.status_code == 403
    tried = client.post(f"{address}/apply", data={"_key": "k" * 21, "version": "1"})
    assert tried.status_code == 403
    signed_in(client, "kiemtoan")
    page = client.get(address)
    assert page.status_code == 200
    assert f'action="{address}/apply"' not in page.text
    assert producers(engine) == 0
