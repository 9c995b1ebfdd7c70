"""Photos of products: taken in by form and by program, shown to anybody as copies only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import reading, transaction
from app.core.pictures import MOST_THUMBNAIL_BYTES
from app.core.settings import Settings
from app.core.storage import whole
from app.domain.accounts.enums import Scope
from app.domain.audit.models import AuditEvent
from app.domain.photos.actions import MOST_PHOTOS
from app.domain.photos.models import ProductPhoto
from app.main import create_app
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.factories.files import blank_pdf, painted, photo, png_of, written
from tests.factories.people import ELSEWHERE, HOME, People, signed_in, token_for
from tests.factories.recognition import import_certificate
from tests.factories.register import make_product
from tests.plugins.bucket import Bucket
from tests.web.page_checks import check_page

SHOWN = re.compile(
    r'src="(/photos/[0-9a-f]{64}\.webp)" width="(\d+)" height="(\d+)" loading="lazy"'
)


@dataclass
class Case:
    """A recognised product, its owner's browser, and the page of the register."""

    client: TestClient
    engine: Engine
    settings: Settings
    product: str
    owner: str
    entry: str

    @property
    def page(self) -> str:
        """The product's page as it stands."""
        answer = self.client.get(f"/products/{self.product}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def add(self, content: bytes = photo(), *, caption: str = "Mặt trước <b>", **how: Any) -> Any:
        """Post the form of the page."""
        keys = re.findall(r'name="_key" value="([^"]+)"', self.page)
        return self.client.post(
            f"/products/{self.product}/photos",
            data={"_key": how.get("key", keys[-1]), "caption": caption},
            files={"file": (how.get("name", "ảnh.jpg"), content, "image/jpeg")}
            if content
            else None,
        )

    def rows(self) -> list[ProductPhoto]:
        """Return the photos as stored."""
        with reading(self.engine) as session:
            rows = list(session.exec(select(ProductPhoto).order_by("id")).all())
            session.expunge_all()
            return rows

    def api(self, method: str, path: str, **more: Any) -> Any:
        """Call as the owner's program."""
        token = token_for(self.engine, self.owner, Scope.REGISTER_READ, Scope.REGISTER_WRITE)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)


def prepared(client: TestClient, engine: Engine, settings: Settings) -> Case:
    with transaction(engine) as session:
        people = People(session, AT)
        product = make_product(session, people)
        people.officer(ELSEWHERE)
        people.auditor()
        entry = import_certificate(session, people, product, star=4).code
        owner = f"chuthe{product.producer_id}"
        people.producer(product.producer_id)
        code = product.code
    return Case(signed_in(client, owner), engine, settings, code, owner, entry)


@pytest.fixture
def case(client: TestClient, engine: Engine, settings: Settings) -> Case:
    return prepared(client, engine, settings)


@pytest.fixture
def bucket_case(engine: Engine, settings: Settings, bucket: Bucket) -> Iterator[Case]:
    kept = Settings(**(settings.model_dump() | bucket.settings()))
    with TestClient(create_app(kept), follow_redirects=False) as client:
        yield prepared(client, engine, kept)


def test_a_photo_is_added_and_shown_to_anybody_upright_small_and_silent(case: Case) -> None:
    check_page(case.page)
    original = photo(image=painted(1600, 2400), orientation=6)
    assert case.add(original).status_code == 303
    check_page(case.page)
    assert "Mặt trước &lt;b&gt;" in case.page
    case.client.cookies.clear()
    entry = case.client.get(f"/register/{case.entry}").text
    check_page(entry)
    path, width, height = SHOWN.findall(entry)[0]
    answer = case.client.get(path)
    assert answer.status_code == 200
    assert len(answer.content) <= MOST_THUMBNAIL_BYTES
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in answer.headers
    image = Image.open(BytesIO(answer.content))
    assert (image.width, image.height) == (int(width), int(height))
    assert image.width > image.height
    assert b"May anh bi mat" in original
    for shown in set(re.findall(r"/photos/[0-9a-f]{64}\.webp", entry)):
        content = case.client.get(shown).content
        assert b"May anh bi mat" not in content
        assert b"Exif" not in content
    assert len(set(re.findall(r"/photos/[0-9a-f]{64}\.webp", entry))) == 2
    assert case.client.head(path).headers["content-length"] == str(len(answer.content))


def test_an_original_and_a_paper_are_not_to_be_had_as_photos(case: Case) -> None:
    case.add()
    row = case.rows()[0]
    assert whole(case.settings.files, row.sha256) == photo()
    for digest in (row.sha256, "0" * 64, "A" * 64, "..", "0" * 63):
        assert case.client.get(f"/photos/{digest}.webp").status_code == 404
    assert case.client.get(f"/photos/{row.copy_sha256}.jpg").status_code == 404


def test_everything_works_the_same_from_a_bucket(bucket_case: Case) -> None:
    assert bucket_case.add().status_code == 303
    path = SHOWN.findall(bucket_case.page)[0][0]
    assert Image.open(BytesIO(bucket_case.client.get(path).content)).format == "WEBP"
    assert not bucket_case.settings.files_dir.exists()


def test_the_same_photo_again_and_a_double_press_are_one_photo(case: Case) -> None:
    key = str(uuid4())
    first, again = case.add(key=key), case.add(key=key)
    assert first.headers["location"] == again.headers["location"]
    assert case.add(caption="Tên khác").status_code == 303
    assert [row.caption for row in case.rows()] == ["Mặt trước <b>"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Hãy chọn tệp."),
        (written(blank_pdf()), "không phải tệp PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Chỉ nhận tệp PDF hoặc ảnh"),
        (photo() + b"<?php ?>", "nội dung lạ"),
        (png_of(20_000, 20_000), "60 triệu điểm ảnh"),
        (photo()[:900], "Tệp hỏng"),
    ],
)
def test_what_is_no_photo_is_refused_beside_the_field_with_the_caption_kept(
    case: Case, content: bytes, said: str
) -> None:
    answer = case.add(content, caption="Chú thích giữ lại")
    assert answer.status_code == 422
    check_page(answer.text)
    assert said in answer.text
    assert "Chú thích giữ lại" in answer.text
    assert not case.rows()
    assert not case.settings.files_dir.exists()


def test_a_photo_without_a_caption_says_so(case: Case) -> None:
    answer = case.add(caption=" ")
    assert answer.status_code == 422
    assert 'id="caption-e"' in answer.text


def test_a_product_has_six_photos_at_most_and_one_may_be_taken_off(case: Case) -> None:
    for number in range(MOST_PHOTOS):
        assert case.add(photo(image=painted(noise=number + 5))).status_code == 303
    assert 'type="file"' not in case.page
    content = photo(image=painted(noise=99))
    refused = case.api(
        "POST",
        f"/products/{case.product}/photos",
        data={"caption": "Thứ bảy"},
        files={"file": ("a.jpg", content, "image/jpeg")},
    )
    assert_problem(refused, 409, "photo.too_many")
    row = case.rows()[0]
    key = re.findall(r'name="_key" value="([^"]+)"', case.page)[0]
    gone = case.client.post(
        f"/products/{case.product}/photos/{row.code}/remove", data={"_key": key}
    )
    assert gone.status_code == 303
    assert row.code not in {one.code for one in case.rows()}
    assert 'type="file"' in case.page
    assert case.client.get(f"/photos/{row.copy_sha256}.webp").status_code == 404
    with reading(case.engine) as session:
        kinds = session.exec(select(AuditEvent.kind)).all()
    assert kinds.count("product.photo_added") == MOST_PHOTOS
    assert kinds.count("product.photo_removed") == 1


@pytest.mark.parametrize(
    ("username", "status"), [(f"canbo{ELSEWHERE}", 404), ("kiemtoan", 403), (f"canbo{HOME}", 303)]
)
def test_only_the_producer_or_its_commune_writes(case: Case, username: str, status: int) -> None:
    signed_in(case.client, username)
    answer = case.client.post(
        f"/products/{case.product}/photos",
        data={"_key": str(uuid4()), "caption": "Ảnh"},
        files={"file": ("a.jpg", photo(), "image/jpeg")},
    )
    assert answer.status_code == status
    assert bool(case.rows()) == (status == 303)
    assert case.settings.files_dir.exists() == (status == 303)
    if status == 303:
        assert case.rows()[0].added_by_helper


def test_a_visitor_is_sent_to_sign_in_before_anything_is_kept(case: Case) -> None:
    case.client.cookies.clear()
    answer = case.client.post(
        f"/products/{case.product}/photos",
        data={"_key": str(uuid4()), "caption": "Ảnh"},
        files={"file": ("a.jpg", photo(), "image/jpeg")},
    )
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["location"]
    assert not case.settings.files_dir.exists()


def test_a_program_adds_lists_and_takes_off_photos(case: Case) -> None:
    path = f"/products/{case.product}/photos"
    made = case.api(
        "POST",
        path,
        data={"caption": "Hũ mật ong"},
        files={"file": ("a.png", photo("PNG"), "image/png")},
    )
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["caption"] == "Hũ mật ong"
    assert case.api("GET", path).json() == [told]
    public = case.client.get(f"/api/v1/register/{case.entry}/photos")
    assert public.json() == [told]
    shown = case.client.get(told["thumbnail"]["path"])
    image = Image.open(BytesIO(shown.content))
    assert image.size == (told["thumbnail"]["width"], told["thumbnail"]["height"])
    assert case.api("POST", f"{path}/{told['code']}/remove").json() == []
    assert_problem(case.api("POST", f"{path}/{told['code']}/remove"), 404, "not_found")


def test_a_program_is_told_what_is_wrong_with_a_file(case: Case) -> None:
    path = f"/products/{case.product}/photos"
    for content, code in ((written(blank_pdf()), "file.not_a_picture"), (b"", "file.empty")):
        answer = case.api(
            "POST", path, data={"caption": "Ảnh"}, files={"file": ("a.jpg", content, "image/jpeg")}
        )
        assert "file" in assert_problem(answer, 422, code)["errors"]
    assert_problem(case.api("POST", path, data={"caption": "Ảnh"}), 422, "invalid")
