"""Files go up over a line that breaks, and a server that is killed, and arrive byte for byte."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlmodel import select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader.uploader import Uploader

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.files import path_of
from app.core.parts import codes_in
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.dossiers.models import Evidence
from app.domain.producers.models import Producer
from tests.factories.dossiers import make_dossier
from tests.factories.people import PASSWORD, People, token_for
from tests.factories.served import Served, wait_for
from tests.factories.uploads import photo
from tests.plugins.browser import OpenPage
from tests.plugins.line import line_to
from tests.plugins.server import give_htmx

MEGABYTE = 1_000_000
# The bytes of a file meet no database: each of these long ways is gone on one of the two.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def dossier(engine: Engine) -> tuple[str, str]:
    """Return the code of a dossier that is being written, and its producer's account."""
    with transaction(engine) as session:
        row = make_dossier(session, People(session, now()))
        return row.code, f"chuthe{row.producer_id}"


def wallet_of(engine: Engine) -> str:
    """Return the address of the wallet of the only producer."""
    with reading(engine) as session:
        return f"/producers/{session.exec(select(Producer)).one().code}/papers"


def papers(engine: Engine) -> dict[str, Evidence]:
    with reading(engine) as session:
        found = {paper.title: paper for paper in session.exec(select(Evidence))}
        session.expunge_all()
        return found


def content_of(paper: Evidence, settings: Settings) -> bytes:
    return path_of(settings.files_dir, paper.sha256).read_bytes()


class Installation(Served):
    """A server of its own process that counts how often it was killed."""

    kills = 0

    def is_killed_and_comes_back(self) -> None:
        """Kill it and begin it again."""
        super().is_killed_and_comes_back()
        self.kills += 1


@contextmanager
def installation(settings: Settings) -> Iterator[Installation]:
    running = Installation(settings, settings.data_dir / "server.log", OCOP_POOL_SIZE="4")
    try:
        wait_for(running.is_up)
        yield running
    finally:
        running.kill()


def send_to_the_end(uploader: Uploader) -> None:
    """Begin again wherever the client itself gives up: a creation dropped, a server starting."""
    while True:
        try:
            uploader.upload()
        except TusCommunicationError:
            continue
        return


@on_sqlite
def test_ten_files_arrive_identical_through_cuts_drops_and_a_killed_server(
    dossier: tuple[str, str], engine: Engine, settings: Settings
) -> None:
    files = {f"Ảnh {number}": photo(number, side=1300) for number in range(10)}
    assert sum(map(len, files.values())) > 15 * MEGABYTE
    code, owner = dossier
    token = token_for(engine, owner, Scope.DOSSIERS_WRITE)
    with installation(settings) as server, line_to(server.address, seed=26) as line:
        client = TusClient(f"{line.address}/uploads", {"Authorization": f"Bearer {token}"})
        for number, (title, content) in enumerate(files.items()):
            if number == 4:
                line.once_sent(len(content) // 2, server.is_killed_and_comes_back)
            uploader = client.uploader(
                file_stream=BytesIO(content),
                metadata={"filename": f"{title}.jpg", "dossier": code, "title": title},
                retries=20,
                retry_delay=0.02,
            )
            send_to_the_end(uploader)
        assert server.kills == 1
        assert line.cuts > 100
    kept = papers(engine)
    assert {
        title: content_of(paper, settings) == files[title] for title, paper in kept.items()
    } == (dict.fromkeys(files, True))
    assert codes_in(settings.parts_dir) == set()


# --- the page ---------------------------------------------------------------------------------


def opened(page: Page, address: str, owner: str, path: str) -> Page:
    """Sign in at an address and open a page there."""
    give_htmx(page)
    page.goto(f"{address}/sign-in")
    page.get_by_label("Tên đăng nhập").fill(owner)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.goto(f"{address}{path}")
    return page


def choose(page: Page, title: str, file: Path, *, original: bool = False) -> None:
    """Choose a file and press the button, once the page can send it in pieces."""
    form = page.locator("form[data-ready]")
    if title:
        form.get_by_label("Tên giấy tờ").fill(title)
    form.locator("input[type=file]").set_input_files(file)
    if original:
        form.get_by_label("Gửi ảnh gốc").check()
    form.locator("button:not([type])").click()


def arrived(page: Page, engine: Engine, title: str) -> Evidence:
    """Wait until a paper is there."""
    for _ in range(600):
        if title in papers(engine):
            return papers(engine)[title]
        page.wait_for_timeout(50)
    raise AssertionError(page.locator("[data-line]").text_content())


@on_postgresql
def test_the_page_sends_a_file_through_a_line_that_is_cut_again_and_again(
    server: str,
    dossier: tuple[str, str],
    engine: Engine,
    settings: Settings,
    phone_page: Page,
    tmp_path: Path,
) -> None:
    file = tmp_path / "anh-goc.jpg"
    file.write_bytes(photo(3, side=900))
    with line_to(server, seed=6, calm=True) as line:
        page = opened(phone_page, line.address, dossier[1], f"/dossiers/{dossier[0]}/evidence")
        expect(page.locator("form[data-ready]")).to_be_visible()
        line.calm = False
        choose(page, "Ảnh gốc", file, original=True)
        paper = arrived(page, engine, "Ảnh gốc")
        assert line.cuts >= 4
    assert content_of(paper, settings) == file.read_bytes()
    assert paper.file_name == "anh-goc.jpg"


@on_sqlite
def test_a_large_photo_is_made_smaller_on_the_phone_before_it_is_sent(
    server: str,
    dossier: tuple[str, str],
    engine: Engine,
    settings: Settings,
    phone_page: Page,
    tmp_path: Path,
) -> None:
    file = tmp_path / "vuon.png"
    Image.effect_noise((2600, 1300), 20).convert("RGB").save(file)
    page = opened(phone_page, server, dossier[1], f"/dossiers/{dossier[0]}/evidence")
    choose(page, "Vườn chè", file)
    expect(page.get_by_text("Đã thêm minh chứng.")).to_be_visible()
    paper = papers(engine)["Vườn chè"]
    assert (paper.media_type, paper.file_name) == ("image/jpeg", "vuon.jpg")
    with Image.open(BytesIO(content_of(paper, settings))) as small:
        assert small.size == (2000, 1000)
    assert paper.size < file.stat().st_size / 2


@on_postgresql
def test_a_half_sent_file_goes_on_after_a_reload_and_on_another_device(
    server: str,
    dossier: tuple[str, str],
    engine: Engine,
    settings: Settings,
    new_page: OpenPage,
    tmp_path: Path,
) -> None:
    file = tmp_path / "giay.jpg"
    file.write_bytes(photo(5, side=1000))
    size = file.stat().st_size
    path = f"/dossiers/{dossier[0]}/evidence"
    with line_to(server, calm=True) as line:
        page = opened(new_page(), line.address, dossier[1], path)
        expect(page.locator("form[data-ready]")).to_be_visible()
        line.breaks_after(size // 3)
        choose(page, "Giấy chứng nhận", file, original=True)
        expect(page.get_by_text("Mất kết nối. Phần đã gửi vẫn còn")).to_be_visible()
        expect(page.get_by_text("còn khoảng")).to_be_visible()
        page.get_by_role("button", name="Tạm dừng").click()
        expect(page.get_by_role("button", name="Gửi tiếp")).to_be_visible()

        line.mend()
        page.reload()
        expect(page.get_by_text("Tệp «giay.jpg» còn gửi dở.")).to_be_visible()
        before = line.sent
        line.breaks_after(size // 3)
        choose(page, "", file, original=True)
        expect(page.get_by_text("Mất kết nối")).to_be_visible()
        code = page.locator("[data-code]").text_content() or ""
        assert len(code) == len("7K2M-9Q4T")
        page.get_by_role("button", name="Tạm dừng").click()

        line.mend()
        other = opened(new_page(phone=False), line.address, dossier[1], "/uploads/continue")
        other.get_by_label("Mã gửi tiếp").fill(code.lower())
        other.get_by_role("button", name="Tìm tệp").click()
        wrong = tmp_path / "khac.jpg"
        wrong.write_bytes(photo(6, side=300))
        choose(other, "", wrong)
        expect(other.get_by_text("Tệp này khác tệp đã gửi dở")).to_be_visible()
        choose(other, "", file)
        expect(other.get_by_text("Đã thêm minh chứng.")).to_be_visible()
        assert line.sent - before < size  # nothing went up twice
    paper = papers(engine)["Giấy chứng nhận"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == paper.sha256
    assert content_of(paper, settings) == file.read_bytes()


@on_sqlite
def test_papers_of_the_wallet_and_their_renewals_go_up_through_a_line_that_is_cut(
    server: str,
    dossier: tuple[str, str],
    engine: Engine,
    settings: Settings,
    phone_page: Page,
    tmp_path: Path,
) -> None:
    wallet = wallet_of(engine)
    with line_to(server, seed=11, calm=True) as line:
        page = opened(phone_page, line.address, dossier[1], f"{wallet}/new")
        for title, seed in (("Giấy VietGAP", 21), ("Giấy VietGAP mới", 22)):
            file = tmp_path / f"{seed}.jpg"
            file.write_bytes(photo(seed, side=800))
            expect(page.locator("form[data-ready]")).to_be_visible()
            cuts, line.calm = line.cuts, False
            # Bad for as long as most of it goes up; the pages around it may come.
            line.once_sent(file.stat().st_size, partial(setattr, line, "calm", True))
            choose(page, title, file, original=True)
            paper = arrived(page, engine, title)
            assert line.cuts > cuts
            assert content_of(paper, settings) == file.read_bytes()
            if paper.id == 1:
                page.wait_for_url(f"**{wallet}")
                expect(page.get_by_text("Đã thêm giấy tờ.")).to_be_visible()
                page.goto(f"{line.address}/papers/{paper.code}/replace")
        page.wait_for_url(f"**/papers/{paper.code}")
        expect(page.get_by_text("Đã thay bằng giấy tờ mới.")).to_be_visible()
    assert papers(engine)["Giấy VietGAP"].replaced_by_id == paper.id


@on_postgresql
def test_a_half_sent_paper_of_the_wallet_goes_on_on_another_device(
    server: str,
    dossier: tuple[str, str],
    engine: Engine,
    settings: Settings,
    new_page: OpenPage,
    tmp_path: Path,
) -> None:
    wallet = wallet_of(engine)
    file = tmp_path / "giay.jpg"
    file.write_bytes(photo(23, side=800))
    with line_to(server, calm=True) as line:
        page = opened(new_page(), line.address, dossier[1], f"{wallet}/new")
        expect(page.locator("form[data-ready]")).to_be_visible()
        line.breaks_after(file.stat().st_size // 2)
        choose(page, "Giấy phép", file, original=True)
        expect(page.get_by_text("Mất kết nối. Phần đã gửi vẫn còn")).to_be_visible()
        code = page.locator("[data-code]").text_content() or ""
        page.get_by_role("button", name="Tạm dừng").click()
        before = line.sent
        line.mend()
        other = opened(new_page(phone=False), line.address, dossier[1], "/uploads/continue")
        other.get_by_label("Mã gửi tiếp").fill(code)
        other.get_by_role("button", name="Tìm tệp").click()
        choose(other, "", file)
        other.wait_for_url(f"**{wallet}")
        expect(other.get_by_text("Đã thêm giấy tờ.")).to_be_visible()
        assert line.sent - before < file.stat().st_size
    assert content_of(papers(engine)["Giấy phép"], settings) == file.read_bytes()
