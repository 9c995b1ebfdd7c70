"""The label sheets of a batch, in parts that a server and a printer can hold."""

from datetime import datetime

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import Conflict, NotFound
from app.core.label_sheets import Label, label_sheet_pdf, layout
from app.domain.stamps.enums import StampState
from app.domain.stamps.models import Stamp, StampBatch
from app.domain.stamps.queries import BatchRow, stamp_out
from app.domain.stamps.rules import decode_header
from app.domain.stamps.schemas import LARGEST_BATCH

SHEETS_A_PART = 15
MOST_PARTS = LARGEST_BATCH // SHEETS_A_PART  # a bound for readers of input: a sheet holds a label


class NothingToPrint(Conflict):
    """Every stamp of this part was withdrawn."""

    code = "batch.nothing_to_print"
    message = "Mọi con tem của phần {part} đã hủy, không còn gì để in."


def labels_a_part() -> int:
    """Return how many places on the roll one part covers."""
    return SHEETS_A_PART * layout().labels_a_sheet


def sheet_parts(batch: StampBatch) -> int:
    """Return in how many parts the label sheets of a batch are printed; 0 before it is issued."""
    return -(-batch.issued_count // labels_a_part())


def label_sheets(
    session: ReadSession, row: BatchRow, *, part: int, host: str, at: datetime, demonstration: bool
) -> bytes:
    """Return one part of the label sheets as a PDF, in the order of the roll; void stamps are left out.

    A part always covers the same places, whatever was withdrawn since: printing one again gives the
    same stamps.
    """
    parts = sheet_parts(row.batch)
    if not 1 <= part <= parts:
        raise NotFound
    first = (part - 1) * labels_a_part()
    stamps = session.exec(
        select(Stamp)
        .where(
            col(Stamp.batch_id) == row.batch.id,
            col(Stamp.position) > first,
            col(Stamp.position) <= first + labels_a_part(),
            col(Stamp.state) != StampState.VOID,
        )
        .order_by(col(Stamp.position))
    ).all()
    if not stamps:
        raise NothingToPrint(part=part)
    heading = f"Lô tem {row.batch.code} · {row.product.name}"
    if parts > 1:
        heading += f" · phần {part}/{parts}"
    return label_sheet_pdf(
        [_label(row, stamp, host=host, specimen=demonstration) for stamp in stamps],
        heading=heading,
        at=at,
    )


def _label(row: BatchRow, stamp: Stamp, *, host: str, specimen: bool) -> Label:
    header, told = decode_header(stamp.header), stamp_out(stamp, host=host)
    return Label(
        url=told.url,
        serial=told.serial,
        product=row.product.name,
        producer=row.producer.name,
        stars=header.stars,
        until=f"{header.last_valid_day:%d/%m/%Y}",
        specimen=specimen,
    )
