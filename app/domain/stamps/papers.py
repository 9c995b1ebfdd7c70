"""Papers and files of stamps: what a printer is given, notes of delivery, minutes of destruction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from app.core.clock import VIET_NAM, local_day
from app.core.db import Database, ReadSession, reading
from app.core.errors import Conflict, NotFound
from app.core.label_sheets import SYMBOL_MM, Label, label_sheet_pdf
from app.core.official_days import place_and_date, short_day, written_day
from app.core.print_house import PrintRow, print_house_bundle
from app.core.signing import KeyFileError, load_pepper
from app.core.text import thousands
from app.core.typesetting import render_pdf
from app.core.zip_stream import ZipStream, in_pieces
from app.domain.jobs.schemas import MadeFile
from app.domain.stamps.enums import PrintForm, RollState
from app.domain.stamps.models import (
    StampBatch,
    StampDelivery,
    StampDestruction,
    StampPrinting,
    StampRoll,
)
from app.domain.stamps.policy import (
    CUSTODY_BASIS,
    WITHDRAWAL_LABELS,
    FilesNotMade,
    is_made_first,
)
from app.domain.stamps.queries import (
    BatchRow,
    PlacedStamp,
    destroyed_by,
    files_made,
    placed_stamps,
    rolls_between,
    rolls_of_delivery,
    stamp_out,
)
from app.domain.stamps.rules import LABELS_AT_ONCE, decode_header, pin_of, roll_count

SIZES_MM: dict[PrintForm, float] = {PrintForm.SHEETS_25: 25.0, PrintForm.SHEETS_22: 22.0}
TERMS = (
    "Tem chỉ có hiệu lực sau khi bên nhận xác nhận trên hệ thống đã nhận đủ cuộn",
    "Tem hỏng, mất hoặc thừa phải báo ngay trên hệ thống; con tem đã in không được in lại",
    "Tem chỉ dán lên đúng sản phẩm ghi trên giấy chứng nhận, khi giấy còn hiệu lực",
)
_PROVINCE = "Lai Châu"
_ABOVE = f"ỦY BAN NHÂN DÂN TỈNH {_PROVINCE.upper()}"


def _to_nobody(_rolls: int) -> None:
    """Nobody asks how far it is."""


class NoPepper(Conflict):
    """The secret of scratch codes is not where this server looks for it."""

    code = "printing.no_pepper"
    message = (
        "Máy chủ chưa có khóa mã cào nên chưa in được lô có mã cào. Hãy báo quản trị hệ thống chạy lệnh "
        "«ocop stamp-key create-pepper»."
    )


class NothingToPrint(Conflict):
    """The roll was withdrawn since it was given to the printer."""

    code = "printing.roll_withdrawn"
    message = "Cuộn {roll} đã rút; tem đã rút không được in."


class Installation(Protocol):
    """What an installation says of its stamps, and where the secret of scratch codes lies."""

    @property
    def stamp_host(self) -> str:
        """The name under which stamps are looked up."""

    @property
    def answer_key_dir(self) -> Path:
        """Where the secret lies."""

    @property
    def demonstration(self) -> bool:
        """Whether everything printed is a specimen."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """What all labels of a batch say, and the secret of its scratch codes (empty when it has none)."""

    batch: str
    product: str
    producer: str
    count: int
    roll_size: int
    host: str
    pepper: bytes
    specimen: bool

    def places(self, roll: StampRoll) -> tuple[int, int]:
        """Return the places in the batch of the first and the last stamp of a roll."""
        return places_of(roll, self.roll_size)

    def rolls(self) -> int:
        """Return how many rolls the batch has."""
        return roll_count(self.count, self.roll_size)

    def pin(self, placed: PlacedStamp) -> str:
        """Return the scratch code of a stamp; labels of rolls and batches without have none."""
        if not self.pepper or not placed.stamp.place:
            return ""
        return pin_of(self.pepper, placed.stamp.header)


def places_of(roll: StampRoll, roll_size: int) -> tuple[int, int]:
    """Return the places in its batch of the first and the last stamp of a roll, from 1."""
    first = (roll.number - 1) * roll_size + 1
    return first, first + roll.size - 1


def imprint_of(row: BatchRow, installation: Installation) -> Imprint:
    """Return what the labels of a batch say; NoPepper when its scratch codes cannot be made here."""
    pepper = b""
    if row.batch.with_pin:
        try:
            pepper = load_pepper(installation.answer_key_dir)
        except KeyFileError as missing:
            raise NoPepper from missing
    return Imprint(
        batch=row.batch.code,
        product=row.product.name,
        producer=row.producer.name,
        count=row.batch.count,
        roll_size=row.batch.roll_size,
        host=installation.stamp_host,
        pepper=pepper,
        specimen=installation.demonstration,
    )


def label_sheets(
    session: ReadSession,
    printing: StampPrinting,
    imprint: Imprint,
    *,
    number: int,
    at: datetime,
) -> Iterator[bytes]:
    """Give the label sheets of one roll of a printing as a PDF: its own label, then its stamps.

    Stamps are read at once; the sheets are set when they are asked for, a thousand labels in some
    seconds, so that no transaction waits for them. NotFound for a roll of another printing,
    NothingToPrint for one that was withdrawn since, FilesNotMade for one that is too large.
    """
    if printing.form not in SIZES_MM or not printing.first_roll <= number <= printing.last_roll:
        raise NotFound
    rolls = rolls_between(session, printing, after=number - 1, limit=1)
    if not rolls or rolls[0].number != number:
        raise NotFound
    (roll,) = rolls
    if roll.state is RollState.VOID:
        raise NothingToPrint(roll=number)
    if roll.size > LABELS_AT_ONCE:
        raise FilesNotMade(printing=printing.code)
    labels = _labels(session, roll, imprint)
    heading = _heading(printing, imprint, number)
    return _set(labels, heading=heading, at=at, size_mm=SIZES_MM[printing.form])


def print_files(
    session: ReadSession,
    database: Database,
    row: BatchRow,
    printing: StampPrinting,
    installation: Installation,
    *,
    at: datetime,
) -> MadeFile | Iterator[bytes]:
    """Give all files of a printing as one ZIP: the one a job made, or a small one while it is made.

    FilesNotMade where there are too many labels for that and no job has made them.
    """
    if made := files_made(session, printing):
        return made
    if is_made_first(printing, row.batch.roll_size):
        raise FilesNotMade(printing=printing.code)
    return print_archive(database, printing, imprint_of(row, installation), at=at)


def print_archive(
    database: Database,
    printing: StampPrinting,
    imprint: Imprint,
    *,
    at: datetime,
    told: Callable[[int], object] = _to_nobody,
) -> Iterator[bytes]:
    """Give what the form of a printing asks for as a ZIP in pieces: a print house's files, or sheets."""
    if printing.form is PrintForm.PRINT_HOUSE:
        return print_house_archive(database, printing, imprint, told=told)
    return label_sheets_archive(database, printing, imprint, at=at, told=told)


def label_sheets_archive(
    database: Database,
    printing: StampPrinting,
    imprint: Imprint,
    *,
    at: datetime,
    told: Callable[[int], object] = _to_nobody,
) -> Iterator[bytes]:
    """Give the label sheets of all rolls of a printing as a ZIP in pieces, one PDF for each roll.

    Each roll is read in a short transaction of its own, its sheets are set outside; `told` is called
    with the number of rolls that are done. A roll that was withdrawn since is left out.
    """
    if printing.form not in SIZES_MM:
        raise NotFound
    parts = _rolls_of_sheets(database, printing.model_copy(), imprint, at=at, told=told)
    return in_pieces(parts)


def _rolls_of_sheets(
    database: Database,
    printing: StampPrinting,
    imprint: Imprint,
    *,
    at: datetime,
    told: Callable[[int], object],
) -> Iterator[bytes]:
    name, size_mm = f"in-tem-{printing.code}", SIZES_MM[printing.form]
    with ZipStream() as archive:
        for number in range(printing.first_roll, printing.last_roll + 1):
            with reading(database) as session:
                rolls = rolls_between(session, printing, after=number - 1, limit=1)
                is_wanted = (
                    bool(rolls)
                    and rolls[0].number == number
                    and rolls[0].state is not RollState.VOID
                )
                labels = _labels(session, rolls[0], imprint) if is_wanted else []
            if labels:
                heading = _heading(printing, imprint, number)
                content = label_sheet_pdf(labels, heading=heading, at=at, size_mm=size_mm)
                yield archive.small(f"{name}/cuon-{number:04}.pdf", content)
            told(number - printing.first_roll + 1)
        yield from archive.end()


def _labels(session: ReadSession, roll: StampRoll, imprint: Imprint) -> list[Label]:
    return [_label(imprint, roll, placed) for placed in placed_stamps(session, roll)]


def _heading(printing: StampPrinting, imprint: Imprint, number: int) -> str:
    return (
        f"Lô tem {imprint.batch} · {imprint.product} · cuộn {number}/{imprint.rolls()} · "
        f"lần in {printing.code}"
    )


def _set(labels: Sequence[Label], *, heading: str, at: datetime, size_mm: float) -> Iterator[bytes]:
    yield label_sheet_pdf(labels, heading=heading, at=at, size_mm=size_mm)


def _label(imprint: Imprint, roll: StampRoll, placed: PlacedStamp) -> Label:
    header, told = decode_header(placed.stamp.header), stamp_out(placed, host=imprint.host)
    first, last = imprint.places(roll)
    of_roll = (
        f"Cuộn {roll.number}/{imprint.rolls()} · {thousands(roll.size)} tem · vị trí {first}–{last}"
    )
    return Label(
        url=told.url,
        serial=told.serial,
        product=imprint.product,
        producer=imprint.producer,
        stars=header.stars,
        until=short_day(header.last_valid_day),
        specimen=imprint.specimen,
        pin=imprint.pin(placed),
        roll="" if placed.stamp.place else of_roll,
    )


def print_house_archive(
    database: Database,
    printing: StampPrinting,
    imprint: Imprint,
    *,
    told: Callable[[int], object] = _to_nobody,
) -> Iterator[bytes]:
    """Give what a print house takes, in pieces; each roll is read in a short transaction of its own.

    `told` is called with the number of rolls that are done.
    Nothing is held in the database while a slow line takes what was read. What was withdrawn before
    its roll is read is not printed.
    """
    if printing.form is not PrintForm.PRINT_HOUSE:
        raise NotFound
    said = (
        f"Lô tem {imprint.batch}, lần in {printing.code}: cuộn {printing.first_roll} đến "
        f"{printing.last_roll}.\n"
        f"Sản phẩm: {imprint.product}\nChủ thể: {imprint.producer}\n\n"
        "tem.csv: mỗi dòng một con tem, theo thứ tự in. Cột place là vị trí trong lô (0 là nhãn của cả "
        "cuộn, đứng trước tem của cuộn ấy, không dán lên sản phẩm); cột svg là tệp hình của mã.\n"
        f"Mã QR in đúng {SYMBOL_MM:g} mm kể cả viền trắng, không dưới 22 mm; đen trên nền trắng, không chèn "
        "hình.\n"
        "Mã cào (cột pin, nếu có) in cạnh mã QR rồi phủ lớp cào; giữ kín như tiền.\n"
        "Mỗi con tem chỉ in một lần. Con in hỏng: gạch bỏ, ghi lại số sê-ri và trả cơ quan đặt in; không in "
        "lại. In xong, xóa các tệp này.\n"
    )
    if imprint.specimen:
        said = "BẢN MINH HỌA, KHÔNG CÓ GIÁ TRỊ.\n\n" + said
    rows = _print_rows(database, printing.model_copy(), imprint, told)
    return print_house_bundle(rows, readme=said, name=f"in-tem-{printing.code}")


def _print_rows(
    database: Database, printing: StampPrinting, imprint: Imprint, told: Callable[[int], object]
) -> Iterator[PrintRow]:
    after = printing.first_roll - 1
    while True:
        with reading(database) as session:
            rolls = rolls_between(session, printing, after=after, limit=1)
            made = [
                _print_row(imprint, roll, placed)
                for roll in rolls
                for placed in placed_stamps(session, roll)
            ]
            after = rolls[0].number if rolls else 0
        if not after:
            return
        yield from made
        told(after - printing.first_roll + 1)


def _print_row(imprint: Imprint, roll: StampRoll, placed: PlacedStamp) -> PrintRow:
    header, told = decode_header(placed.stamp.header), stamp_out(placed, host=imprint.host)
    first, _last = imprint.places(roll)
    return PrintRow(
        place=placed.stamp.place and first + placed.stamp.place - 1,
        roll=roll.number,
        serial=told.serial,
        url=told.url,
        product=imprint.product,
        producer=imprint.producer,
        stars=header.stars,
        until=short_day(header.last_valid_day),
        pin=imprint.pin(placed),
    )


def delivery_note(
    session: ReadSession,
    row: BatchRow,
    delivery: StampDelivery,
    *,
    agency: str,
    demonstration: bool,
) -> bytes:
    """Return the minutes of a delivery as a PDF, for both sides to sign.

    Stamps withdrawn since are counted as they are today: the note is printed on the day.
    """
    rolls = rolls_of_delivery(session, delivery)
    withdrawn = sum(one.roll.size - one.roll.in_use for one in rolls)
    size = sum(one.roll.size for one in rolls)
    at = delivery.delivered_at
    data: dict[str, Any] = {
        "specimen": demonstration,
        "above": _ABOVE,
        "authority": agency.upper(),
        "code": delivery.code,
        "place_and_date": place_and_date(f"Tỉnh {_PROVINCE}", local_day(at)),
        "handed_over": _moment(at),
        "batch": row.batch.code,
        "product": row.product.name,
        "producer": row.producer.name,
        "certificate": row.certificate.code,
        "stars": row.certificate.star,
        "until": short_day(row.certificate.expires_on),
        "giver": {"unit": agency, "name": delivery.delivered_by},
        "receiver": {"unit": row.producer.name, "name": delivery.delivered_to},
        "rolls": [
            {
                "number": str(one.roll.number),
                "places": _places(row.batch, one.roll),
                "stamps": thousands(one.roll.size),
                "withdrawn": thousands(one.roll.size - one.roll.in_use),
                "first_serial": one.first_serial,
                "last_serial": one.last_serial,
            }
            for one in rolls
        ],
        "total": {
            "rolls": thousands(len(rolls)),
            "stamps": thousands(size),
            "withdrawn": thousands(withdrawn),
            "usable": thousands(size - withdrawn),
        },
        "terms": TERMS,
        "basis": CUSTODY_BASIS,
    }
    return render_pdf("stamp_delivery", data, timestamp=at)


def destruction_minutes(
    session: ReadSession, destruction: StampDestruction, *, agency: str, demonstration: bool
) -> bytes:
    """Return the minutes of a destruction as a PDF, for its witnesses to sign."""
    at = destruction.destroyed_at
    data: dict[str, Any] = {
        "specimen": demonstration,
        "above": _ABOVE,
        "authority": agency.upper(),
        "code": destruction.code,
        "place_and_date": place_and_date(f"Tỉnh {_PROVINCE}", local_day(at)),
        "destroyed": _moment(at),
        "place": destruction.place,
        "method": destruction.method,
        "witnesses": [_witness(line) for line in destruction.witnesses.splitlines() if line],
        "withdrawals": [
            {
                "batch": one.batch,
                "withdrawal": one.code,
                "kind": WITHDRAWAL_LABELS[one.kind],
                "count": thousands(one.stamps),
                "reason": one.reason,
            }
            for one in destroyed_by(session, destruction)
        ],
        "total": thousands(destruction.stamps),
        "recorder": {"title": "Người lập biên bản", "name": destruction.recorded_by},
        "basis": CUSTODY_BASIS,
    }
    return render_pdf("stamp_destruction", data, timestamp=at)


def _witness(line: str) -> dict[str, str]:
    name, _comma, role = line.partition(",")
    return {"name": name.strip(), "role": role.strip()}


def _places(batch: StampBatch, roll: StampRoll) -> str:
    first, last = places_of(roll, batch.roll_size)
    return f"{thousands(first)}–{thousands(last)}"


def _moment(at: datetime) -> str:
    local = at.astimezone(VIET_NAM)
    return f"{local.hour} giờ {local:%M} phút, {written_day(local.date())}"
