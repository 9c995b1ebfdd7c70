"""Builders of files on their way, and of what a program says when it sends one."""

import random
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO

from PIL import Image

from app.core.db import WriteSession
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.schemas import AddEvidence
from app.domain.uploads.actions import start_upload
from app.domain.uploads.models import Upload
from app.domain.uploads.schemas import DESCRIBED, StartUpload
from app.domain.wallet.schemas import AddPaper, ReplacePaper
from tests.factories.people import People


def photo(seed: int, *, side: int = 200) -> bytes:
    """Return a photo of nothing, the same for the same number: about half a byte a pixel and more."""
    picture = Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3))  # noqa: S311 -- a picture
    kept = BytesIO()
    picture.save(kept, "JPEG", quality=90)
    return kept.getvalue()


def metadata(said: Mapping[str, str]) -> str:
    """Return the header in which a program describes its file."""
    return ",".join(
        f"{key} {b64encode(value.encode()).decode()}".strip() for key, value in said.items()
    )


def upload_data(
    subject_code: str,
    *,
    length: int = 1000,
    start_key: str | None = None,
    sha256: str = "",
    described: AddEvidence | AddPaper | ReplacePaper | None = None,
) -> StartUpload:
    """Return what is said of a file before its first byte: of a dossier's evidence, if nothing else."""
    described = described or AddEvidence(kind=EvidenceKind.TEST_REPORT, title="Phiếu kiểm nghiệm")
    return StartUpload(
        purpose=next(one for one, schema in DESCRIBED.items() if type(described) is schema),
        subject_code=subject_code,
        file_name="Phiếu.jpg",
        length=length,
        sha256=sha256,
        start_key=start_key,
        described=described,
    )


def make_upload(
    session: WriteSession, people: People, dossier: Dossier, *, length: int = 1000
) -> Upload:
    """Begin a file through the account of the dossier's producer."""
    return start_upload(
        session,
        upload_data(dossier.code, length=length),
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )
