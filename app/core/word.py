"""The blocks of a paper as a DOCX that an office can go on writing in; the same bytes each time.

Made without a template language, so nothing typed can be read as one. The measures are those of
templates/print/common.typ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Written
from docx.enum.section import WD_SECTION_START
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from app.core.layout import (
    TEXT_WIDTH_MM,
    Align,
    Block,
    Framed,
    Letterhead,
    Line,
    NationalHeading,
    PageBreak,
    Paper,
    Part,
    Remark,
    Signature,
    Span,
    Table,
    Title,
)
from app.core.typesetting import printable

FONT = "Times New Roman"
SYMBOLS = "Segoe UI Symbol"  # has both boxes on every office machine
TICKED, NOT_TICKED = "☑", "☐"
SPECIMEN = "BẢN MINH HỌA – KHÔNG CÓ GIÁ TRỊ"
NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"

_FRAME_INSET_MM = 4
_LETTERHEAD_MM = (64, 98)
_MOTTO_MM = 62
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_ALIGNS: dict[Align, WD_ALIGN_PARAGRAPH] = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "justify": WD_ALIGN_PARAGRAPH.JUSTIFY,
}

_Place = Written | _Cell


def render_docx(paper: Paper, *, timestamp: datetime) -> bytes:
    """Return the paper as DOCX, in A4 with the margins of an official paper."""
    sheet = _Sheet(_empty(paper, timestamp))
    for block in paper.blocks:
        sheet.add(block)
    sheet.put_footnotes()
    kept = BytesIO()
    sheet.document.save(kept)
    return sealed(kept)


@dataclass(slots=True)
class _Sheet:
    document: Written
    footnotes: list[str] = field(default_factory=list)
    numbered: int = 0

    def add(self, block: Block) -> None:
        place = self.document
        match block:
            case Line():
                self._line(place, block)
            case Part() | Remark() | NationalHeading():
                _head(place, block)
            case Letterhead():
                self._letterhead(block)
            case Title():
                self._title(block)
            case Table():
                self._table(block)
            case Signature():
                self._signature(place, block, TEXT_WIDTH_MM)
            case Framed():
                self._framed(block)
            case PageBreak():
                self.put_footnotes()
                last = _paragraph(place, "left", after=0)
                last.add_run().add_break(WD_BREAK.PAGE)

    def put_footnotes(self) -> None:
        """Write the notes of the page below a short rule, as the printed forms have them."""
        if self.footnotes:
            _rule(self.document, 40, 0, before=12)
        for note in self.footnotes:
            _words(_paragraph(self.document, "justify", after=2), note, size=10)
        self.footnotes.clear()

    def _line(
        self, place: _Place, line: Line, *, width_mm: int = TEXT_WIDTH_MM, size: float = 0
    ) -> Paragraph:
        paragraph = _paragraph(place, line.align)
        if line.indent:
            paragraph.paragraph_format.first_line_indent = Mm(10)
        paragraph.paragraph_format.keep_with_next = line.keep or None
        self._spans(paragraph, line.spans, width_mm=width_mm, size=size)
        return paragraph

    def _spans(
        self, paragraph: Paragraph, spans: Sequence[Span], *, width_mm: int, size: float = 0
    ) -> None:
        blanks = sum(span.blank for span in spans)
        passed = 0
        for span in spans:
            if span.blank:
                passed += 1
                _dots_until(paragraph, (width_mm - 1) * passed / blanks)
                paragraph.add_run().add_tab()
            elif span.box is not None:
                _box(paragraph, ticked=span.box)
            else:
                _words(paragraph, span.text, bold=span.bold, italic=span.italic, size=size)
            if span.footnote:
                self.numbered += 1
                paragraph.add_run(str(self.numbered)).font.superscript = True
                self.footnotes.append(f"{self.numbered} {span.footnote}")

    def _letterhead(self, block: Letterhead) -> None:
        left, right = _beside(self.document, _LETTERHEAD_MM)
        _words(_first(left, "center"), block.authority, bold=True, size=12.5)
        _rule(left, 24, _LETTERHEAD_MM[0])
        number = block.number or "........................."
        _words(_paragraph(left, "center"), f"Số: {number}", size=13)
        _national(right, _LETTERHEAD_MM[1], first=_first(right, "center"))
        _words(_paragraph(right, "center"), block.place_and_date, italic=True)

    def _title(self, block: Title) -> None:
        named = _paragraph(self.document, "center", before=16, after=4)
        _words(named, block.name, bold=True, size=15)
        for line in block.subject:
            paragraph = _paragraph(self.document, "center", after=4)
            self._spans(paragraph, line.spans, width_mm=TEXT_WIDTH_MM)
        if block.ruled:
            _rule(self.document, 32, TEXT_WIDTH_MM)
        self.document.paragraphs[-1].paragraph_format.space_after = Pt(12)

    def _table(self, block: Table) -> None:
        table = self.document.add_table(0, len(block.widths_mm), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, width in zip(table.columns, block.widths_mm, strict=True):
            column.width = Mm(width)
        heads = table.add_row()
        _row_flag(heads._tr, "w:tblHeader")  # noqa: SLF001 -- the library has no name for it
        _row_flag(heads._tr, "w:cantSplit")  # noqa: SLF001 -- the library has no name for it
        for cell, head, width in zip(heads.cells, block.heads, block.widths_mm, strict=True):
            cell.width = Mm(width)
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            _words(_first(cell, "center"), head, bold=True, size=11.5)
        for row, whole in zip(block.rows, block.whole, strict=True):
            added = table.add_row()
            if whole:
                _row_flag(added._tr, "w:cantSplit")  # noqa: SLF001 -- the library has no name for it
            written, at = added.cells, 0
            for told in row:
                cell = written[at]
                if told.columns > 1:
                    cell = cell.merge(written[at + told.columns - 1])
                width = sum(block.widths_mm[at : at + told.columns])
                cell.width = Mm(width)
                for number, line in enumerate(told.lines):
                    side: Align = "left" if told.columns > 1 else block.aligns[at]
                    paragraph = (
                        _first(cell, side) if number == 0 else _paragraph(cell, side, after=2)
                    )
                    paragraph.paragraph_format.keep_with_next = line.keep or None
                    self._spans(paragraph, line.spans, width_mm=width - 4, size=11.5)
                at += told.columns
        _paragraph(self.document, "left", after=2)

    def _signature(self, place: _Place, block: Signature, width_mm: int) -> None:
        left, right = _beside(place, (width_mm // 2, width_mm - width_mm // 2))
        if block.recipients:
            _words(_first(left, "left"), "Nơi nhận:", bold=True, italic=True, size=12)
            for place_of, line in enumerate(block.recipients, start=1):
                end = "." if place_of == len(block.recipients) else ";"
                _words(_paragraph(left, "left", after=2), f"- {line}{end}", size=11)
        if block.beside is not None:
            self._pen(left, block.beside)
        self._pen(right, block)

    def _pen(self, place: _Cell, block: Signature) -> None:
        lines: list[tuple[str, dict[str, Any]]] = [
            (block.place_and_date, {"italic": True}),
            *((named, {"bold": True}) for named in block.title),
            (block.hint, {"italic": True, "size": 12}),
        ]
        paragraph = _first(place, "center")
        for number, (words, style) in enumerate(line for line in lines if line[0]):
            paragraph = paragraph if number == 0 else _paragraph(place, "center", after=2)
            paragraph.paragraph_format.keep_with_next = True
            _words(paragraph, words, **style)
        note = _paragraph(place, "center", before=26, after=26)
        note.paragraph_format.keep_with_next = True
        _words(note, block.note, italic=True, size=11)
        _words(_paragraph(place, "center"), block.name, bold=True)

    def _framed(self, block: Framed) -> None:
        table = self.document.add_table(1, 1, style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        _row_flag(table.rows[0]._tr, "w:cantSplit")  # noqa: SLF001 -- the library has no name for it
        cell = table.rows[0].cells[0]
        cell.width = Mm(TEXT_WIDTH_MM)
        _pad(cell, _FRAME_INSET_MM)
        inner = TEXT_WIDTH_MM - 2 * _FRAME_INSET_MM
        for one in block.blocks:
            if isinstance(one, Line):
                self._line(cell, one, width_mm=inner - 3)
            else:
                self._signature(cell, one, inner)
        blank = cell.paragraphs[0]._p  # noqa: SLF001 -- a cell begins with a paragraph nobody asked for
        blank.getparent().remove(blank)
        _paragraph(cell, "left", after=0)
        _paragraph(self.document, "left", after=4)


# --- the empty paper --------------------------------------------------------------------------


def _empty(paper: Paper, timestamp: datetime) -> Written:
    document = Document()
    at = timestamp.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    about = document.core_properties
    about.title, about.language = printable(paper.title)[:255], "vi-VN"
    about.author = about.comments = about.last_modified_by = ""
    about.created = about.modified = at
    about.revision = 1
    normal = _style(document, "Normal")
    _set_font(normal.element.get_or_add_rPr(), FONT)
    normal.font.size = Pt(13.5)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing = 1.1
    section = document.sections[0]
    section.start_type = WD_SECTION_START.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(18)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    _words(_head_line(section.first_page_header), "")
    number = _head_line(section.header)
    _page_number(number)
    if paper.specimen:
        for header in (section.first_page_header, section.header):
            run = _words(_head_line(header), SPECIMEN, bold=True, size=13)
            run.font.color.rgb = RGBColor(0xB0, 0x1E, 0x1E)
    return document


def _style(document: Written, name: str) -> ParagraphStyle:
    style = document.styles.get_by_id(name, WD_STYLE_TYPE.PARAGRAPH)
    if not isinstance(style, ParagraphStyle):
        raise TypeError("a style of paragraphs")
    return style


def _head_line(header: Any) -> Paragraph:
    used: Paragraph = header.paragraphs[0]
    if used.runs:
        used = header.add_paragraph()
    used.alignment = WD_ALIGN_PARAGRAPH.CENTER
    used.paragraph_format.space_after = Pt(0)
    return used


def _page_number(paragraph: Paragraph) -> None:
    run = paragraph.add_run()
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.text = words
        run._r.append(element)  # noqa: SLF001 -- the library has no fields


# --- pieces -----------------------------------------------------------------------------------


def _paragraph(
    place: _Place, align: Align, *, before: float = 0, after: float | None = None
) -> Paragraph:
    paragraph = place.add_paragraph()
    paragraph.alignment = _ALIGNS[align]
    if before:
        paragraph.paragraph_format.space_before = Pt(before)
    if after is not None:
        paragraph.paragraph_format.space_after = Pt(after)
    return paragraph


def _first(cell: _Cell, align: Align) -> Paragraph:
    """Return the paragraph a cell begins with."""
    paragraph: Paragraph = cell.paragraphs[0]
    paragraph.alignment = _ALIGNS[align]
    paragraph.paragraph_format.space_after = Pt(2)
    return paragraph


def _words(
    paragraph: Paragraph,
    words: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: float = 0,
) -> Run:
    run = paragraph.add_run(printable(words))
    run.bold, run.italic = bold or None, italic or None
    if size:
        run.font.size = Pt(size)
    return run


def _box(paragraph: Paragraph, *, ticked: bool) -> None:
    run = paragraph.add_run(TICKED if ticked else NOT_TICKED)
    _set_font(run._r.get_or_add_rPr(), SYMBOLS)  # noqa: SLF001 -- one face for every script


def _set_font(properties: Any, name: str) -> None:
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for script in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(script), None)
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), name)


def _dots_until(paragraph: Paragraph, at_mm: float) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    paragraph.paragraph_format.tab_stops.add_tab_stop(
        _length(at_mm), WD_TAB_ALIGNMENT.LEFT, WD_TAB_LEADER.DOTS
    )


def _head(place: _Place, block: Part | Remark | NationalHeading) -> None:
    match block:
        case Part():
            for words, before in ((block.number, 10), (block.name, 0)):
                line = _paragraph(place, "center", before=before, after=4)
                line.paragraph_format.keep_with_next = True
                _words(line, words, bold=True)
        case Remark():
            _words(_paragraph(place, "right"), block.text, italic=True, size=11)
        case NationalHeading():
            _national(place, TEXT_WIDTH_MM)


def _national(place: _Place, width_mm: int, *, first: Paragraph | None = None) -> None:
    nation = first or _paragraph(place, "center")
    nation.paragraph_format.space_after = Pt(2)
    _words(nation, NATION, bold=True, size=12.5)
    motto = _paragraph(place, "center", after=0)
    _words(motto, MOTTO, bold=True, size=13.5)
    _rule(place, _MOTTO_MM, width_mm)


def _rule(place: _Place, length_mm: int, width_mm: int, *, before: float = 0) -> None:
    """Draw a line in the middle of a width; at its beginning when the width is 0."""
    paragraph = _paragraph(place, "center", before=before, after=6)
    form = paragraph.paragraph_format
    form.line_spacing = Pt(3)
    side = (width_mm - length_mm) / 2 if width_mm else 0
    form.left_indent = Mm(side)
    form.right_indent = Mm(side if width_mm else TEXT_WIDTH_MM - length_mm)
    border = OxmlElement("w:pBdr")
    edge = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "5"), ("space", "1"), ("color", "auto")):
        edge.set(qn(f"w:{name}"), value)
    border.append(edge)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 -- the library draws no borders
    properties.insert_element_before(
        border, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _beside(place: _Place, widths_mm: Sequence[int]) -> tuple[_Cell, _Cell]:
    """Return two cells beside each other, without rules, that no page break divides."""
    table = place.add_table(1, 2) if isinstance(place, _Cell) else place.add_table(1, 2, style=None)
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    row = table.rows[0]
    _row_flag(row._tr, "w:cantSplit")  # noqa: SLF001 -- the library has no name for it
    left, right = row.cells
    for cell, width in zip((left, right), widths_mm, strict=True):
        cell.width = Mm(width)
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = _length(width)
    return left, right


def _length(millimetres: float) -> Length:
    return Mm(millimetres)


def _pad(cell: _Cell, inset_mm: int) -> None:
    margins = OxmlElement("w:tcMar")
    for side in ("top", "left", "bottom", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(Mm(inset_mm).twips))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    cell._tc.get_or_add_tcPr().append(margins)  # noqa: SLF001 -- the library has no margins of cells


def _row_flag(row: Any, name: str) -> None:
    properties = row.get_or_add_trPr()
    properties.append(OxmlElement(name))


def sealed(written: BytesIO) -> bytes:
    """Return the package with one time on every part: the same paper is the same bytes."""
    kept = BytesIO()
    with ZipFile(written) as parts, ZipFile(kept, "w", ZIP_DEFLATED) as again:
        for name in parts.namelist():
            again.writestr(ZipInfo(name, _ZIP_EPOCH), parts.read(name), ZIP_DEFLATED)
    return kept.getvalue()
