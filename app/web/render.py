"""The only place that renders templates: pages, fragments, filters, languages."""

import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.clock import VIET_NAM
from app.core.errors import Worded
from app.http.assets import asset

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
CATALOGUES = Path(__file__).parent / "catalogues"
LANGUAGES = ("vi", "en")


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language; Vietnamese is the source and needs none."""
    source = CATALOGUES / f"{language}.po"
    if language == "vi" or not source.exists():
        return NullTranslations()
    with source.open("rb") as text:
        catalogue = read_po(text, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def translated(language: str, template: str, params: Mapping[str, object] | None = None) -> str:
    """Return a sentence of the domain in the reader's language with its parameters filled in.

    A parameter may itself be a word of ours (the name of a state), so it is looked up as well.
    """
    sentence = translations(language).gettext(template) if template else ""
    if not params:
        return sentence
    words = {
        name: _translated(language, word) if isinstance(word, str) else word
        for name, word in params.items()
    }
    return sentence.format(**words)


def _translated(language: str, said: str) -> str:
    """Return a sentence in the reader's language; one that was filled in keeps its parameters."""
    if isinstance(said, Worded):
        return translated(language, said.template, said.params)
    return translated(language, said)


def day(value: date | datetime | None) -> str:
    """Write a day as 24/11/2026, in Viet Nam."""
    if value is None:
        return "—"
    local = value.astimezone(VIET_NAM) if isinstance(value, datetime) else value
    return format_date(local, "dd/MM/yyyy", locale="vi")


def moment(value: datetime | None) -> str:
    """Write a moment as 08:05 24/11/2026, in Viet Nam."""
    if value is None:
        return "—"
    return format_datetime(
        value.astimezone(VIET_NAM), "HH:mm dd/MM/yyyy", locale="vi", tzinfo=VIET_NAM
    )


def number(value: float | Decimal | None) -> str:
    """Write a number with Vietnamese grouping: 1.250.000."""
    return "—" if value is None else format_decimal(value, locale="vi")


def points(value: float | Fraction | Decimal | str | None) -> str:
    """Write points with a decimal comma and no needless zeros; a text passes as it is."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, Fraction):
        cut = Fraction(int(value * 100), 100)
        value = Decimal(cut.numerator) / Decimal(cut.denominator)
    return format_decimal(value, format="0.##", locale="vi")


@cache
def environment(language: str) -> Environment:
    """Return the template environment of a language."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Not the "newstyle" of gettext: it would mark every sentence as safe HTML, also one that repeats
    # what somebody typed, and trip over a percent sign.
    templates.install_gettext_callables(  # type: ignore[attr-defined]  # -- added by the i18n extension
        partial(_translated, language), translations(language).ngettext, newstyle=False
    )
    templates.filters.update(day=day, moment=moment, number=number, points=points)
    # Vietnamese letters as they are: written as \u1ea1 they weigh three times as much.
    templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    templates.globals.update(asset=asset, lang=language)
    return templates


def rendered(template: str, language: str, context: Mapping[str, Any]) -> str:
    """Return a template filled in."""
    return environment(language).get_template(template).render(**context)
