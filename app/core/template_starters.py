"""A first own template of a paper, made from the data it reads: to be opened and worded anew.

Both starters print everything the paper knows, under its name: whoever words the paper keeps what
is wanted, moves it about, and never has to guess a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO

from docx import Document

from app.core.word import sealed


def typst_starter(data: Mapping[str, object]) -> str:
    """Return a Typst template that prints every value of the data by its name."""
    lines = [
        "// Dữ liệu của văn bản này: xem tệp .json cùng tên; mọi tên trong đó dùng được ở đây.",
        "#let data = json(bytes(sys.inputs.data))",
        '#set page(paper: "a4", margin: (top: 20mm, bottom: 20mm, left: 30mm, right: 18mm))',
        '#set text(font: "Liberation Serif", size: 13pt, lang: "vi")',
        "",
    ]
    for name, value in data.items():
        match value:
            case Mapping():
                lines += [f"*{name}.{inner}*: #data.{name}.{inner}\n" for inner in value]
            case str():
                lines.append(f"*{name}*: #data.{name}\n")
            case Sequence():
                lines += _typst_list(name, value)
            case _:
                lines.append(f"*{name}*: #data.{name}\n")
    return "\n".join(lines) + "\n"


def word_starter(data: Mapping[str, object], *, at: datetime) -> bytes:
    """Return a Word template that prints every value of the data by its name."""
    document = Document()
    document.core_properties.created = document.core_properties.modified = at
    for name, value in data.items():
        match value:
            case Mapping():
                for inner in value:
                    document.add_paragraph(f"{name}.{inner}: {{{{ {name}.{inner} }}}}")
            case str():
                document.add_paragraph(f"{name}: {{{{ {name} }}}}")
            case Sequence() if _keys(value):
                _word_table(document, name, _keys(value))
            case Sequence():
                document.add_paragraph(
                    f"{name}: {{% for one in {name} %}}{{{{ one }}}}; {{% endfor %}}"
                )
            case _:
                document.add_paragraph(f"{name}: {{{{ {name} }}}}")
    written = BytesIO()
    document.save(written)
    return sealed(written)


def _typst_list(name: str, value: Sequence[object]) -> Iterator[str]:
    keys = _keys(value)
    if not keys:
        yield f"*{name}*\n#list(..data.{name}.map(one => [#one]))\n"
        return
    heads = ", ".join(f"[*{key}*]" for key in keys)
    cells = ", ".join(f"[#one.{key}]" for key in keys)
    yield f"*{name}*"
    yield f"#table(columns: {len(keys)}, {heads},"
    yield f"  ..data.{name}.map(one => ({cells},)).flatten())\n"


def _word_table(document: object, name: str, keys: Sequence[str]) -> None:
    table = document.add_table(4, len(keys), style="Table Grid")  # type: ignore[attr-defined]  # -- no types
    for column, key in enumerate(keys):
        table.rows[0].cells[column].text = key
        table.rows[2].cells[column].text = f"{{{{ one.{key} }}}}"
    table.rows[1].cells[0].text = f"{{%tr for one in {name} %}}"
    table.rows[3].cells[0].text = "{%tr endfor %}"


def _keys(value: Sequence[object]) -> list[str]:
    """Return the names of plain values in a list of records; nothing for a list of words."""
    first = next(iter(value), None)
    if not isinstance(first, Mapping):
        return []
    return [
        str(key) for key, inner in first.items() if not isinstance(inner, list | tuple | Mapping)
    ]
