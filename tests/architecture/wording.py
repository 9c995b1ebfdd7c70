"""Every sentence people may read, found in the source: templates, refusals, labels, events, menus.

Run as a module it prints what the English catalogue lacks, ready to paste:
`python -m tests.architecture.wording`.
"""

import ast
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import babel_extract

from app.rulebooks import loader
from app.web.navigation import ENTRIES
from app.web.render import CATALOGUES, TEMPLATES
from tests.architecture.source import ROOT, Source, python_files

TABLES = re.compile(r"(LABELS|HEADINGS|MESSAGES|SENTENCES|NEXT_STEP|KINDS)$")
SINGLE = {"OTHERWISE", "ON_BEHALF"}
# Functions whose first text is shown to people through the catalogue, and keywords that are.
TOLD_BY = {"Worded", "Refusal", "Entry"}
TOLD_AS = {"said", "message"}
# What a letter says, in the modules that hold nothing else.
LETTER_PARTS = {"title", "todo"}
VIETNAMESE = re.compile(r"[à-ỹÀ-ỸđĐ]")


@dataclass
class Wording:
    """The sentences found, each with the places that say it, and those nobody could translate."""

    places: dict[str, list[str]] = field(default_factory=dict)
    untranslatable: list[str] = field(default_factory=list)

    def add(self, sentence: str, place: str) -> None:
        """Note a sentence; one without a letter of its own needs no translation."""
        if any(letter.isalpha() for letter in re.sub(r"\{.*?\}", "", sentence)):
            self.places.setdefault(sentence, []).append(place)


def parameters(sentence: str) -> set[str]:
    """Return the names in braces that a sentence has filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def catalogue(language: str = "en") -> Catalog:
    """Return a catalogue as it stands in the source."""
    with (CATALOGUES / f"{language}.po").open("rb") as text:
        return read_po(text, locale=language, abort_invalid=True)


def spoken() -> Wording:
    """Return everything the program says to people."""
    wording = Wording()
    for path in sorted(TEMPLATES.rglob("*.html")):
        place = path.relative_to(ROOT).as_posix()
        with path.open("rb") as text:
            for line, _function, message, _comments in babel_extract(
                text, ("_", "gettext"), [], {"silent": "false", "trim_blocks": "true"}
            ):
                for sentence in (message,) if isinstance(message, str) else message or ():
                    if sentence:
                        wording.add(sentence, f"{place}:{line}")
    sources = [
        source
        for source in python_files("app")
        if source.place.startswith(
            ("app/core/", "app/domain/", "app/http/", "app/rulebooks/", "app/web/")
        )
        or source.place == "app/main.py"
    ]
    refusals = _refusals(sources)
    for source in sources:
        _listen(source, refusals, wording)
    for entry in ENTRIES:
        wording.add(entry.label, "app/web/navigation.py")
    for summary in loader.rubrics("qd26-2026"):
        wording.add(summary.category_name, "app/rulebooks/data")
    return wording


def _refusals(sources: Iterable[Source]) -> set[str]:
    """Return the names of every class that is a refusal, however far down."""
    parents = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    }
    known = {"Refusal"}
    while more := {name for name, bases in parents.items() if bases & known} - known:
        known |= more
    return known


def _listen(source: Source, refusals: set[str], wording: Wording) -> None:
    """Add what one file says."""
    for node in ast.walk(source.tree):
        said: Iterator[ast.expr] = iter(())
        if isinstance(node, ast.ClassDef) and node.name in refusals:
            said = _class_messages(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            said = _assigned(node, node.value)
        elif isinstance(node, ast.FunctionDef) and node.name == "fault":
            said = (
                one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value
            )
        elif isinstance(node, ast.Call) and source.place.endswith("/letters.py"):
            said = (word.value for word in node.keywords if word.arg in LETTER_PARTS)
        elif isinstance(node, ast.Call):
            said = _told(node, refusals)
        for value in said:
            _note(source, value, wording, any_text=_is_table(node))


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict)


def _class_messages(node: ast.ClassDef) -> Iterator[ast.expr]:
    for line in node.body:
        if isinstance(line, ast.Assign) and _names(line) == {"message"}:
            yield line.value
        if isinstance(line, ast.AnnAssign) and _names(line) == {"message"} and line.value:
            yield line.value


def _assigned(node: ast.Assign | ast.AnnAssign, value: ast.expr) -> Iterator[ast.expr]:
    for name in _names(node):
        if isinstance(value, ast.Dict) and TABLES.search(name):
            yield from value.values
        elif name in SINGLE or name == "message":
            yield value


def _names(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _told(node: ast.Call, refusals: set[str]) -> Iterator[ast.expr]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in refusals | TOLD_BY and node.args:
        first = node.args[0]
        yield from first.values if isinstance(first, ast.Dict) else [first]
        yield from node.args[1:2] if name == "Invalid" else []
    if name == "Missing":
        yield from node.args[1:2]
    yield from (word.value for word in node.keywords if word.arg in TOLD_AS)


def _note(source: Source, value: ast.expr, wording: Wording, *, any_text: bool = False) -> None:
    """Add a literal sentence; a call's text counts when it is Vietnamese, a table's always."""
    place = f"{source.place}:{value.lineno}"
    if isinstance(value, ast.IfExp):
        _note(source, value.body, wording, any_text=any_text)
        _note(source, value.orelse, wording, any_text=any_text)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        if any_text or VIETNAMESE.search(value.value):
            wording.add(value.value, place)
    elif isinstance(value, ast.JoinedStr):
        words = "".join(str(part.value) for part in value.values if isinstance(part, ast.Constant))
        if VIETNAMESE.search(words):
            wording.untranslatable.append(f"{place}: f-string «{words}»; use Worded(…)")


def bare_text() -> list[str]:
    """Return the Vietnamese that templates say outside the catalogue's reach."""
    lexer = Environment(autoescape=True)
    return [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {text.strip()}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for line, kind, text in lexer.lex(path.read_text(encoding="utf-8"))
        if kind == "data" and VIETNAMESE.search(text.replace("Lai Châu", ""))
    ]


def missing() -> dict[str, list[str]]:
    """Return the sentences without an English one, with their places."""
    known = {message.id: message.string for message in catalogue() if message.id}
    return {said: places for said, places in spoken().places.items() if not known.get(said)}


def unused() -> list[str]:
    """Return the entries of the catalogue that nothing says any more."""
    said = spoken().places
    return [str(message.id) for message in catalogue() if message.id and message.id not in said]


def as_entry(sentence: str, places: Iterable[str]) -> str:
    """Return a sentence as an entry of the catalogue that waits for its translation."""
    quoted = sentence.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'# {", ".join(places)}\nmsgid "{quoted}"\nmsgstr ""\n'


if __name__ == "__main__":
    for sentence, places in missing().items():
        print(as_entry(sentence, places))  # noqa: T201 -- printing is what it is run for
    for sentence in unused():
        print(f"# unused: {sentence}")  # noqa: T201 -- printing is what it is run for
