"""One HTML file that opens without network: its style, its script and its data are inside it.

Nothing typed by a person is markup in it: data stands as JSON that cannot end its element, and the
script puts it into the page as text. A policy in the file lets this very script and style run and
nothing else, and lets nothing be fetched or sent.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parents[2] / "static"

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript><p>{without_script}</p></noscript>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""
# What JSON may hold and HTML must not see: the ends of elements and comments, and two line ends.
_HIDDEN = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def self_contained(
    name: str, data: Mapping[str, Any], *, title: str, language: str, without_script: str
) -> bytes:
    """Return the page of `static/js/<name>.js` and `static/css/<name>.css` with its data."""
    script = (STATIC / "js" / f"{name}.js").read_text(encoding="utf-8")
    style = (STATIC / "css" / f"{name}.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        language=html.escape(language),
        policy=policy,
        title=html.escape(title),
        style=style,
        without_script=html.escape(without_script),
        data=inert_json(data),
        script=script,
    ).encode()


def inert_json(data: Mapping[str, Any]) -> str:
    """Return JSON that no HTML reader takes for anything but text."""
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign, hidden in _HIDDEN.items():
        written = written.replace(sign, hidden)
    return written


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
