"""Builders of scoring without network: what a pack carries, and the file it would save."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.core.db import ReadSession
from app.core.storage import Storage
from app.domain.accounts.rules import Actor
from app.domain.packs.papers import scoring_pack
from tests.conftest import AT

_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def carried(page: bytes | str) -> dict[str, Any]:
    """Return what a pack carries, read as a browser would."""
    text = page.decode() if isinstance(page, bytes) else page
    found = _DATA.search(text)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def pack_of(
    session: ReadSession, meeting: str, member: Actor, files: Storage, *, sheet: str = ""
) -> dict[str, Any]:
    """Return what this member's pack of a meeting carries."""
    return carried(
        scoring_pack(
            session, meeting, actor=member, at=AT, files=files, demonstration=False, sheet=sheet
        )
    )


def filled(
    data: Mapping[str, Any],
    answers: Mapping[str, Any],
    *,
    sheet: str = "",
    opinion: str = "",
) -> dict[str, Any]:
    """Return the file a pack saves with these answers: option codes, or whole marks."""
    code = sheet or data["sheets"][0]["code"]
    begun = next(one for one in data["sheets"] if one["code"] == code)
    marks = dict(begun["marks"]) | {
        criterion: said if isinstance(said, dict) else {"option": said, "remark": ""}
        for criterion, said in answers.items()
    }
    return {
        "kind": data["kind"],
        "format": data["format"],
        "pack": data["pack"],
        "seal": data["seal"],
        "saved_at": "2026-09-14T03:00:00Z",
        "sheets": {code: {"marks": marks, "opinion": opinion or begun["opinion"]}},
    }


def written(file: Mapping[str, Any]) -> bytes:
    """Return a file as its bytes."""
    return json.dumps(file, ensure_ascii=False).encode()
