"""What a printer is given: read roll by roll while it goes out, and what it leaves out."""

import csv
from io import BytesIO, TextIOWrapper
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.settings import Settings
from app.core.signing import create_pepper
from app.domain.stamps.actions import withdraw_stamps
from app.domain.stamps.enums import BatchState, PrintForm, WithdrawalKind
from app.domain.stamps.papers import (
    NoPepper,
    NothingToPrint,
    imprint_of,
    label_sheets,
    print_house_archive,
)
from app.domain.stamps.queries import get_batch, get_printing
from app.domain.stamps.rules import pin_of
from app.domain.stamps.schemas import WithdrawStamps
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.stamps import make_batch, print_all, rolls_in, stamps_of


def test_an_archive_on_its_way_holds_no_connection_and_leaves_out_what_is_withdrawn_meanwhile(
    engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        agency = people.agency()
        batch = make_batch(
            session,
            people,
            settings.private_key_dir,
            state=BatchState.ISSUED,
            quantity=120,
            roll_size=50,
            with_pin=True,
        )
        code = batch.code
        printing_code = print_all(
            session, batch, actor=agency, at=AT, form=PrintForm.PRINT_HOUSE
        ).code
        headers = {bytes(one.header) for one in stamps_of(session, batch)}
        of_second = rolls_in(session, batch)[1].id
        lost = {bytes(one.header) for one in stamps_of(session, batch) if one.roll_id == of_second}
    with reading(engine) as session:
        row = get_batch(session, code, actor=agency)
        with pytest.raises(NoPepper, match="create-pepper"):
            imprint_of(row, settings)
        pepper = create_pepper(settings.answer_key_dir)
        imprint = imprint_of(row, settings.model_copy(update={"demonstration": True}))
        printing = get_printing(session, row.batch, printing_code)
        with pytest.raises(NotFound):
            label_sheets(session, printing, imprint, number=1, at=AT)
        pieces = print_house_archive(engine, printing, imprint)
    begun = next(pieces)
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    with transaction(engine) as session:
        version = get_batch(session, code, actor=agency).batch.version
        data = WithdrawStamps(
            version=version, kind=WithdrawalKind.RECALLED, rolls=[2], reason="Đặt thừa"
        )
        withdraw_stamps(session, code, data, actor=agency, at=AT)
    whole = begun + b"".join(pieces)
    with ZipFile(BytesIO(whole)) as archive:
        (table,) = (name for name in archive.namelist() if name.endswith(".csv"))
        (told,) = (name for name in archive.namelist() if name.endswith(".txt"))
        assert "BẢN MINH HỌA" in archive.read(told).decode("utf-8-sig")
        with archive.open(table) as raw:
            rows = list(csv.DictReader(TextIOWrapper(raw, "utf-8-sig")))
    assert [row["roll"] for row in rows] == ["1"] * 51 + ["3"] * 21
    pins = {pin_of(pepper, header) for header in headers - lost}
    assert {row["pin"].replace("-", "") for row in rows} == pins | {""}
    assert [row["place"] for row in rows if not row["pin"]] == ["0", "0"]


def test_sheets_of_a_roll_that_was_withdrawn_are_not_set(
    engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(
            session,
            people,
            settings.private_key_dir,
            state=BatchState.ISSUED,
            quantity=100,
            roll_size=50,
        )
        printing = print_all(session, batch, actor=people.agency(), at=AT)
        data = WithdrawStamps(
            version=batch.version, kind=WithdrawalKind.RECALLED, rolls=[2], reason="Đặt thừa"
        )
        withdraw_stamps(session, batch.code, data, actor=people.agency(), at=AT)
        session.flush()
        row = get_batch(session, batch.code, actor=people.agency())
        imprint = imprint_of(row, settings)
        with pytest.raises(NothingToPrint, match="Cuộn 2"):
            label_sheets(session, printing, imprint, number=2, at=AT)
        for missing in (0, 3):
            with pytest.raises(NotFound):
                label_sheets(session, printing, imprint, number=missing, at=AT)
