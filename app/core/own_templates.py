"""Papers whose words the province may replace: its own template goes first, our layout otherwise.

A paper is told twice: as plain data, and as the blocks we lay out from that data. In the folder of
own templates `<name>.typ` (Typst) stands for its PDF and `<name>.docx` (Word, with the marks of
docxtpl) for its DOCX; both read the same data. A template that fails says so and prints nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from docxtpl.template import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from app.core.errors import Refused
from app.core.layout import Paper, PaperFormat
from app.core.typesetting import TypesettingFailed, render_pdf
from app.core.word import render_docx, sealed

LONGEST_FAULT = 300


class TemplateBroken(Refused):
    """The province's own template of a paper cannot be filled in."""

    code = "paper.template_broken"
    message = (
        "Mẫu riêng «{name}» của tỉnh không in được: {fault}. Hãy báo quản trị sửa mẫu, hoặc cất mẫu "
        "đi để dùng mẫu có sẵn."
    )


@dataclass(frozen=True, slots=True)
class ReplaceablePaper:
    """A paper by the name of the template that may replace it, its data, and our own layout."""

    name: str
    data: Mapping[str, object]
    paper: Paper

    def printed(self, kind: PaperFormat, *, own: Path | None, at: datetime) -> bytes:
        """Return the paper, by the province's template where `own` holds one."""
        template = own_template(own, self.name, kind)
        data = dict(self.data) | {"specimen": self.paper.specimen}
        if template is None:
            return self._ours(kind, at)
        if kind is PaperFormat.DOCX:
            return _filled(template, data)
        try:
            return render_pdf(self.name, data, timestamp=at, folder=template.parent)
        except TypesettingFailed as fault:
            raise TemplateBroken(name=template.name, fault=_short(fault)) from fault

    def _ours(self, kind: PaperFormat, at: datetime) -> bytes:
        if kind is PaperFormat.DOCX:
            return render_docx(self.paper, timestamp=at)
        return render_pdf("form", self.paper.plain(), timestamp=at)


def own_template(own: Path | None, name: str, kind: PaperFormat) -> Path | None:
    """Return the province's template of a paper in a format, if there is one."""
    if own is None:
        return None
    place = own / f"{name}.{'typ' if kind is PaperFormat.PDF else 'docx'}"
    return place if place.is_file() else None


def _filled(template: Path, data: Mapping[str, object]) -> bytes:
    # Sandboxed: a template is a file from an office, its expressions reach nothing but the data.
    marks = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    written = BytesIO()
    try:
        document = DocxTemplate(template)
        document.render(dict(data), jinja_env=marks, autoescape=True)
        document.save(written)
    except (TemplateError, ValueError, KeyError, TypeError, OSError) as fault:
        raise TemplateBroken(name=template.name, fault=_short(fault)) from fault
    return sealed(written)


def _short(fault: Exception) -> str:
    said = " ".join(str(fault).split()) or type(fault).__name__
    return said if len(said) <= LONGEST_FAULT else said[: LONGEST_FAULT - 1] + "…"
