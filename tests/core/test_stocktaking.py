"""Files that no row names are swept after a day; files that rows name are held against their hash."""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import Engine

from app.core.db import metadata, reading, transaction
from app.core.pictures import store_picture
from app.core.settings import Settings
from app.core.stocktaking import named_files, sweep, verify
from app.core.storage import DiskStorage
from app.domain.dossiers.enums import DossierState
from app.domain.photos.actions import add_photo
from app.domain.photos.schemas import AddPhoto
from app.domain.products.models import Product
from tests.conftest import AT
from tests.factories.dossiers import make_dossier, stored_file
from tests.factories.files import photo
from tests.factories.people import People

LONG_AGO = (1_000_000_000, 1_000_000_000)
LATER = datetime(2001, 9, 10, tzinfo=UTC)


@pytest.fixture
def storage(settings: Settings, engine: Engine) -> DiskStorage:
    """Keep a paper that a dossier cites and a photo that a product shows, both long ago."""
    storage = settings.files
    assert isinstance(storage, DiskStorage)
    stored_file(directory=settings.files_dir)  # the paper that every filed dossier cites
    picture = store_picture(storage, photo())
    with transaction(engine) as session:
        people = People(session, AT)
        dossier = make_dossier(session, people, state=DossierState.FILED)
        product = session.get_one(Product, dossier.product_id)
        add_photo(
            session,
            product.code,
            AddPhoto(caption="Mặt trước"),
            picture,
            actor=people.producer(product.producer_id),
            at=AT,
        )
    for one in storage.kept():
        os.utime(storage.place_of(one.sha256), LONG_AGO)
    return storage


def kept(storage: DiskStorage, content: bytes, *, long_ago: bool) -> str:
    digest = sha256(content).hexdigest()
    storage.keep(digest, content)
    if long_ago:
        os.utime(storage.place_of(digest), LONG_AGO)
    return digest


def test_only_old_files_that_nobody_names_are_swept(storage: DiskStorage, engine: Engine) -> None:
    named = {one.sha256 for one in storage.kept()}
    assert len(named) == 4
    old = kept(storage, b"bo do hom kia", long_ago=True)
    young = kept(storage, b"dang tai len", long_ago=False)
    counted = sweep(engine, storage, before=LATER, dry_run=True)
    assert (counted.files, counted.size, counted.left) == (1, 13, 5)
    assert storage.find(old) is not None
    swept = sweep(engine, storage, before=LATER)
    assert (swept.files, swept.size, swept.left) == (1, 13, 5)
    assert {one.sha256 for one in storage.kept()} == named | {young}
    assert sweep(engine, storage, before=LATER).files == 0


def test_an_old_file_that_is_sent_again_is_young(storage: DiskStorage, engine: Engine) -> None:
    digest = kept(storage, b"bo do", long_ago=True)
    kept(storage, b"bo do", long_ago=False)
    assert sweep(engine, storage, before=LATER).files == 0
    assert storage.find(digest) is not None


def test_a_sweep_that_does_not_know_every_table_refuses_to_begin(
    storage: DiskStorage, engine: Engine
) -> None:
    with transaction(engine) as session:
        session.connection().exec_driver_sql("CREATE TABLE cua_phan_khac (sha256 varchar(64))")
    with pytest.raises(RuntimeError, match="cua_phan_khac"):
        sweep(engine, storage, before=LATER + timedelta(days=9999))
    assert len(list(storage.kept())) == 4
    assert "cua_phan_khac" not in metadata().tables


def test_every_named_file_is_read_and_held_against_its_name(
    storage: DiskStorage, engine: Engine
) -> None:
    kept(storage, b"khong ai nhac den", long_ago=True)
    with reading(engine) as session:
        report = verify(session, storage)
        assert (report.files, report.missing, report.changed) == (4, [], [])
        gone, changed, *_ = sorted(named_files(session))
        storage.remove(gone)
        place = storage.place_of(changed)
        content = bytearray(place.read_bytes())
        content[-1] ^= 1
        place.write_bytes(bytes(content))
        report = verify(session, storage)
    assert (report.files, report.missing, report.changed) == (4, [gone], [changed])
