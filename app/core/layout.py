"""A paper as plain blocks: said once, laid out twice, as PDF by Typst and as DOCX for a word processor.

Blocks know the customs of official papers (Decree 30/2020/NĐ-CP, Annex I) and nothing of what a
paper says. Text in them is text: neither side reads marks or field codes in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Literal

# Width of the text of an A4 page between the margins both sides keep.
TEXT_WIDTH_MM = 162

# Characters of a table's row that a page holds beside others; a longer row may be divided.
_LONGEST_WHOLE_ROW = 900

Align = Literal["left", "center", "right", "justify"]


class PaperFormat(StrEnum):
    """What a paper may come out as; the word is the ending of the file's name."""

    PDF = "pdf"
    DOCX = "docx"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line: text, a dotted rest of the line that waits for a pen, or a box to tick."""

    text: str = ""
    bold: bool = False
    italic: bool = False
    blank: bool = False
    box: bool | None = None
    footnote: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph; `keep` holds it on the page of what follows."""

    spans: tuple[Span, ...]
    align: Align = "justify"
    indent: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The number and the name of a part, centred, with room above."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A small line at the head of a form that says which form it is."""

    text: str


@dataclass(frozen=True, slots=True)
class NationalHeading:
    """The name of the country and its motto, alone."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who issues, beside the name of the country; number, place and date below."""

    authority: str
    number: str
    place_and_date: str


@dataclass(frozen=True, slots=True)
class Title:
    """The name of the paper and what it is about, one line each."""

    name: str
    subject: tuple[Line, ...]
    ruled: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines of one cell, which may reach over several columns."""

    lines: tuple[Line, ...]
    columns: int = 1


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table; its heads stand again on every page. Widths add up to the text's."""

    widths_mm: tuple[int, ...]
    heads: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: tuple[Row, ...]

    @property
    def whole(self) -> tuple[bool, ...]:
        """Of each row, whether it is short enough to stand undivided on one page."""
        return tuple(sum(map(len, words_of(row))) <= _LONGEST_WHOLE_ROW for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signs at the right, who receives or signs at the left; `note` stands in place of the pen."""

    recipients: tuple[str, ...] = ()
    beside: "Signature | None" = None
    place_and_date: str = ""
    title: tuple[str, ...]
    hint: str
    note: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Framed:
    """Lines and signatures within a frame that no page break divides."""

    blocks: tuple["Line | Signature", ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page."""


Block = (
    Line
    | Part
    | Remark
    | NationalHeading
    | Letterhead
    | Title
    | Table
    | Signature
    | Framed
    | PageBreak
)


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper; a specimen is marked on every page."""

    title: str
    blocks: tuple[Block, ...]
    specimen: bool = False

    def plain(self) -> dict[str, object]:
        """Return what templates/print/form.typ reads."""
        return {
            "title": self.title,
            "specimen": self.specimen,
            "blocks": [_plain(block) for block in self.blocks],
        }


def _plain(block: Block) -> dict[str, object]:
    said: dict[str, object] = {"is": type(block).__name__}
    if isinstance(block, Framed):
        return said | {"blocks": [_plain(inner) for inner in block.blocks]}
    if isinstance(block, Table):
        said["whole"] = list(block.whole)
    return said | asdict(block)


# --- small builders ---------------------------------------------------------------------------


def text(
    *words: str | Span,
    bold: bool = False,
    italic: bool = False,
    align: Align = "justify",
    indent: bool = False,
    keep: bool = False,
) -> Line:
    """Return a line; plain words take the style of the line."""
    spans = tuple(
        word if isinstance(word, Span) else Span(word, bold=bold, italic=italic) for word in words
    )
    return Line(spans, align=align, indent=indent, keep=keep)


def prose(typed: str, *, italic: bool = False) -> tuple[Line, ...]:
    """Return a typed text of several lines as paragraphs; nothing typed leaves a line for the pen."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if not lines:
        return (Line((filled(""),)),)
    return tuple(text(line, italic=italic, indent=True) for line in lines)


def filled(value: str) -> Span:
    """Return a value of a form, or the dotted line that waits for a pen."""
    return Span(value) if value.strip() else Span(blank=True)


def field(label: str, value: str, *more: tuple[str, str], bold: bool = False) -> Line:
    """Return one line of a form: a label and its value, and more of them beside it."""
    spans = [Span(f"{label}: ", bold=bold), filled(" ".join(value.split()))]
    for other, its_value in more:
        spans += [Span(f"    {other}: "), filled(" ".join(its_value.split()))]
    return Line(tuple(spans), align="left")


def box(label: str, *, ticked: bool) -> tuple[Span, Span]:
    """Return what a box stands for, and the box."""
    return Span(f"{label} "), Span(box=ticked)


def unbroken(name: str) -> str:
    """Return a name whose words stay on one line."""
    return name.replace(" ", "\N{NO-BREAK SPACE}")


def heading(words: str, *, align: Align = "left") -> Line:
    """Return a heading, which never stands alone at the foot of a page."""
    return text(words, bold=True, align=align, keep=True)


def words_of(block: Any) -> Iterator[str]:
    """Yield every text of a paper or block in the order in which it is read."""
    if isinstance(block, str):
        if block.strip():
            yield block
    elif isinstance(block, Sequence):
        for inner in block:
            yield from words_of(inner)
    elif hasattr(block, "__dataclass_fields__"):
        for one in fields(block):
            if one.name not in {"align", "aligns", "widths_mm"}:
                yield from words_of(getattr(block, one.name))
