"""Builders of packaging: sealed certificates, artwork as designers send it, requests of every state."""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO

from PIL import Image, ImageDraw
from sqlmodel import col, select

from app.core.artwork_reading import store_artwork
from app.core.db import ReadSession, WriteSession
from app.core.qr import QUIET_ZONE, dark_runs, matrix_png, qr_matrix
from app.core.settings import Settings
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import SYSTEM
from app.domain.credentials.actions import seal_certificates
from app.domain.credentials.rules import Issuer
from app.domain.packaging.actions import (
    add_artwork,
    check_permission,
    draft_permission,
    send_permission,
)
from app.domain.packaging.enums import ArtworkItem, CheckDecision, PermissionState
from app.domain.packaging.models import PackagingPermission
from app.domain.packaging.queries import artwork_digits
from app.domain.packaging.schemas import (
    AddArtwork,
    CheckPermission,
    DraftPermission,
    ItemAnswer,
    SendPermission,
)
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.stamps.rules import stamp_url
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.stamps import ensure_key

ISSUER = Issuer("https://ocop.example")
PACKAGE = {
    "package_name": "Túi zip đứng",
    "net_content": "500 g",
    "size": "18 × 26 cm",
    "star": 4,
    "planned_quantity": 5000,
    "printer": "Công ty In Mẫu",
}
ALL_OK = [ItemAnswer(item=item, ok=True) for item in ArtworkItem]


def sealed_certificate(
    session: WriteSession,
    people: People,
    settings: Settings,
    *,
    product: Product | None = None,
    expires_on: date | None = None,
) -> Certificate:
    """Enter a certificate in force and let the server's key seal it: its code exists then."""
    ensure_key(session, settings.private_key_dir, at=people.at)
    certificate = import_certificate(session, people, product, expires_on=expires_on)
    session.flush()
    seal_certificates(
        session,
        actor=SYSTEM,
        at=people.at,
        issuer=ISSUER,
        key_dir=settings.private_key_dir,
        only=[certificate.id or 0],
    )
    session.flush()
    return certificate


def code_of(session: ReadSession, certificate: Certificate, settings: Settings) -> str:
    """Return what the printed code of a certificate says."""
    return stamp_url(settings.stamp_host, artwork_digits(session, certificate))


def artwork_pdf(at: datetime, text: str, *, size_mm: float = 25) -> bytes:
    """Return a PDF with one symbol of this size, its quiet zone included."""
    matrix = qr_matrix(text)
    data = {
        "title": "Mẫu túi",
        "size_mm": size_mm,
        "modules": len(matrix) + 2 * QUIET_ZONE,
        "runs": [
            [column, row, length]
            for row, modules in enumerate(matrix, QUIET_ZONE)
            for column, length in dark_runs(modules)
        ],
    }
    return render_pdf("packaging_symbol", data, timestamp=at, tagged=False)


def artwork_png(text: str = "", *, dpi: int = 0, words: str = "Túi") -> bytes:
    """Return a picture of a pack, with one symbol of 25 mm at 300 dots an inch where one is given."""
    picture = Image.new("RGB", (900, 700), "white")
    ImageDraw.Draw(picture).text((20, 20), words, fill="black")
    if text:
        symbol = Image.open(BytesIO(matrix_png(qr_matrix(text)))).convert("RGB")
        picture.paste(symbol.resize((295, 295), Image.Resampling.NEAREST), (300, 200))
    kept = BytesIO()
    picture.save(kept, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return kept.getvalue()


def make_permission(
    session: WriteSession,
    people: People,
    settings: Settings,
    *,
    state: PermissionState = PermissionState.DRAFT,
    certificate: Certificate | None = None,
    artwork: bytes | None = None,
    star: int = 4,
) -> PackagingPermission:
    """Begin a request with one file and take it to a state, each step by who takes it."""
    certificate = certificate or sealed_certificate(session, people, settings)
    producer = people.producer(certificate.producer_id)
    permission = draft_permission(
        session,
        certificate.code,
        DraftPermission.model_validate(PACKAGE | {"star": star}),
        actor=producer,
        at=people.at,
    )
    content = artwork or artwork_pdf(people.at, code_of(session, certificate, settings))
    put(session, people, settings, permission, content)
    if state is PermissionState.DRAFT:
        return permission
    send_permission(
        session,
        permission.code,
        SendPermission(version=permission.version),
        actor=producer,
        at=people.at,
        host=settings.stamp_host,
    )
    if state is PermissionState.SENT:
        return permission
    return decide(session, people, settings, permission, CheckDecision.GRANT)


def put(
    session: WriteSession,
    people: People,
    settings: Settings,
    permission: PackagingPermission,
    content: bytes,
) -> None:
    """Add a file of artwork as the producer does."""
    add_artwork(
        session,
        permission.code,
        AddArtwork(version=permission.version),
        store_artwork(settings.files, content),
        file_name="tui-500g.pdf",
        actor=people.producer(permission.producer_id),
        at=people.at,
    )


def decide(
    session: WriteSession,
    people: People,
    settings: Settings,
    permission: PackagingPermission,
    decision: CheckDecision,
    *,
    answers: Sequence[ItemAnswer] = (),
    reason: str = "",
) -> PackagingPermission:
    """Look at artwork as the agency does; everything is in order unless told otherwise."""
    changed = {one.item: one for one in answers}
    return check_permission(
        session,
        permission.code,
        CheckPermission(
            version=permission.version,
            decision=decision,
            answers=[changed.get(one.item, one) for one in ALL_OK],
            reason=reason,
        ),
        actor=people.agency(),
        at=people.at,
        host=settings.stamp_host,
    )


def permission_named(session: ReadSession, code: str) -> PackagingPermission:
    """Return a request as stored now."""
    return session.exec(
        select(PackagingPermission)
        .where(col(PackagingPermission.code) == code)
        .execution_options(populate_existing=True)
    ).one()
