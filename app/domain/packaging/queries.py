"""Reads of permissions to print the mark: requests, their files, what the program finds on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import Select

from app.core.artwork_reading import reading_of
from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Refusal, Worded
from app.core.paging import Page, newest_first
from app.core.signing import KeyRing, VerifyingKey
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.credentials.queries import newest_credentials
from app.domain.packaging.enums import PermissionStanding, PermissionState
from app.domain.packaging.models import PackagingArtwork, PackagingCheck, PackagingPermission
from app.domain.packaging.policy import SymbolNotMade, is_agency
from app.domain.packaging.rules import (
    MARK,
    MOST_ARTWORKS,
    Artworks,
    Finding,
    SymbolFound,
    Verifies,
    automatic_checks,
    permission_standing,
    symbol_kind,
)
from app.domain.packaging.schemas import (
    ArtworkOut,
    CheckOut,
    FindingOut,
    PermissionDetailOut,
    PermissionOut,
)
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import last_day_in_force
from app.domain.stamps.queries import stamp_keys
from app.rulebooks.loader import in_force

Permissions = Select[PackagingPermission, Certificate, Product, Producer]
MOST_WORK = 20
MOST_CHECKS = 20
MOST_OF_A_CERTIFICATE = 50
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """A request with what it is for, and what it is worth on a day."""

    permission: PackagingPermission
    certificate: Certificate
    product: Product
    producer: Producer
    on: date

    @property
    def standing(self) -> PermissionStanding:
        """What it is worth on the day asked for."""
        permission = self.permission
        return permission_standing(
            permission.granted_on,
            permission.withdrawn_on,
            self.certificate,
            self.on,
            in_force(self.on),
        )

    @property
    def until(self) -> date:
        """The last day on which the certificate lets it hold, if nothing ends it earlier."""
        return last_day_in_force(self.certificate)

    @property
    def number(self) -> str:
        """The number under which it was granted; empty before."""
        permission = self.permission
        if permission.number is None:
            return ""
        return f"{permission.number:02}/{permission.year}/CT-BBOCOP"


@dataclass(frozen=True, slots=True)
class ArtworkFile:
    """One stored file of a request, as it is sent."""

    sha256: str
    media_type: str
    file_name: str


def permissions_visible_to(actor: Actor) -> Permissions:
    """Return the only base for requests at work: one's own, one's commune's, or the province's."""
    query = permissions_of_everybody()
    condition = visible(
        actor,
        producer_id=col(PackagingPermission.producer_id),
        commune_code=col(Product.commune_code),
    )
    return query if condition is None else query.where(condition)


def get_permission(session: ReadSession, code: str, *, actor: Actor, on: date) -> PermissionRow:
    """Return a request this actor may see."""
    found = session.exec(
        permissions_visible_to(actor).where(col(PackagingPermission.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return PermissionRow(*found, on=on)


def permission_for_update(
    session: WriteSession, code: str, *, actor: Actor, on: date
) -> PermissionRow:
    """Return a request, locked until the transaction ends."""
    found = session.exec(
        permissions_visible_to(actor)
        .where(col(PackagingPermission.code) == code)
        .with_for_update(of=PackagingPermission)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return PermissionRow(*found, on=on)


def permissions_page(
    session: ReadSession,
    *,
    actor: Actor,
    on: date,
    certificate_id: int | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[PermissionRow]:
    """Return requests this actor may see, newest first."""
    query = permissions_visible_to(actor)
    if certificate_id is not None:
        query = query.where(col(PackagingPermission.certificate_id) == certificate_id)
    return newest_first(session, query, PackagingPermission, after=after, limit=limit).map(
        lambda row: PermissionRow(*row, on=on)
    )


def permissions_of(
    session: ReadSession, certificate: Certificate, *, on: date
) -> Sequence[PermissionRow]:
    """Return what was ever granted for a certificate, newest first, with what it is worth on a day.

    For whoever holds a pack in hand: inspectors, market surveillance. At most fifty.
    """
    rows = session.exec(
        permissions_of_everybody()
        .where(
            col(PackagingPermission.certificate_id) == certificate.id,
            col(PackagingPermission.granted_on) <= on,
        )
        .order_by(col(PackagingPermission.granted_on).desc(), col(PackagingPermission.id).desc())
        .limit(MOST_OF_A_CERTIFICATE)
    ).all()
    return [PermissionRow(*row, on=on) for row in rows]


def permissions_of_everybody() -> Permissions:
    """Return the join without a condition on who asks: for readings that have their own."""
    return (
        select(PackagingPermission, Certificate, Product, Producer)
        .join(Certificate, col(Certificate.id) == col(PackagingPermission.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(PackagingPermission.producer_id))
    )


def artworks_of(
    session: ReadSession, permission: PackagingPermission
) -> Sequence[PackagingArtwork]:
    """Return the files of a request in the order in which they came."""
    return session.exec(
        select(PackagingArtwork)
        .where(col(PackagingArtwork.permission_id) == permission.id)
        .order_by(col(PackagingArtwork.id))
        .limit(MOST_ARTWORKS)
    ).all()


def get_artwork(
    session: ReadSession, permission: PackagingPermission, code: str
) -> PackagingArtwork:
    """Return one file of a request."""
    found = session.exec(
        select(PackagingArtwork).where(
            col(PackagingArtwork.permission_id) == permission.id,
            col(PackagingArtwork.code) == code,
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def thumbnail_of(artwork: PackagingArtwork) -> ArtworkFile:
    """Return the small picture of a file; NotFound where none could be made."""
    if artwork.thumbnail_sha256 is None:
        raise NotFound
    return ArtworkFile(artwork.thumbnail_sha256, "image/webp", f"{artwork.code}.webp")


def checks_of(session: ReadSession, permission: PackagingPermission) -> Sequence[PackagingCheck]:
    """Return what the agency found so far, newest first."""
    return session.exec(
        select(PackagingCheck)
        .where(col(PackagingCheck.permission_id) == permission.id)
        .order_by(col(PackagingCheck.id).desc())
        .limit(MOST_CHECKS)
    ).all()


def artwork_digits(session: ReadSession, certificate: Certificate) -> str:
    """Return the digits of the code that may be printed on packaging (level 2)."""
    certificate_id = certificate.id or 0
    credential = newest_credentials(session, [certificate_id]).get(certificate_id)
    if credential is None:
        raise SymbolNotMade(certificate=certificate.code)
    return credential.digits


def why_no_symbol(session: ReadSession, certificate: Certificate) -> Refusal | None:
    """Say why there is no code to print yet; None where there is one."""
    try:
        artwork_digits(session, certificate)
    except SymbolNotMade as refusal:
        return refusal
    return None


def findings_of(
    session: ReadSession,
    row: PermissionRow,
    artworks: Sequence[PackagingArtwork],
    *,
    actor: Actor,
    host: str,
) -> tuple[Finding, ...]:
    """Return what the program finds on a request on its day; at most two statements.

    `host` is the one stamps are printed with. The agency is told of every product a file was handed
    in for, others only of the same producer's.
    """
    readings = [reading_of(one.reading) for one in artworks]
    verifies = _verifies(session) if any(one.symbols for one in readings) else _nobody
    symbols = [
        SymbolFound(
            symbol_kind(
                symbol.text,
                host=host,
                record_number=row.certificate.record_number,
                certificate_code=row.certificate.code,
                verifies=verifies,
            ),
            artwork.file_name,
            symbol.side_mm,
        )
        for artwork, reading in zip(artworks, readings, strict=True)
        for symbol in reading.symbols
    ]
    return automatic_checks(
        row.certificate,
        Artworks(readings, symbols, _used_for(session, row, artworks, actor=actor)),
        certified_star=row.certificate.star,
        star=row.permission.star,
        on=row.on,
        regime=in_force(row.on),
    )


def _verifies(session: ReadSession) -> Verifies:
    return KeyRing(VerifyingKey.from_jwk(key.jwk) for key in stamp_keys(session)).verifies


def _nobody(_kid: int, _message: bytes, _signature: bytes) -> bool:
    return False


def _used_for(
    session: ReadSession,
    row: PermissionRow,
    artworks: Sequence[PackagingArtwork],
    *,
    actor: Actor,
) -> Sequence[str]:
    """Return names of other products for which one of these very files was handed in."""
    if not artworks:
        return []
    query = (
        select(Certificate.product_name)
        .join(PackagingPermission, col(PackagingPermission.certificate_id) == col(Certificate.id))
        .join(PackagingArtwork, col(PackagingArtwork.permission_id) == col(PackagingPermission.id))
        .where(
            col(PackagingArtwork.sha256).in_([one.sha256 for one in artworks]),
            col(Certificate.product_id) != row.certificate.product_id,
        )
    )
    if not is_agency(actor):
        query = query.where(col(PackagingPermission.producer_id) == row.permission.producer_id)
    return session.exec(
        query.distinct().order_by(col(Certificate.product_name)).limit(_MOST_NAMED)
    ).all()


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:  # noqa: ARG001 -- no limit of days runs here; every part is asked the same way
    """Return the requests that wait for this person, oldest first, in one statement.

    The agency looks at what was sent, the producer's side changes what came back.
    """
    waits = _waiting_for(actor)
    if not waits:
        return []
    rows = session.exec(
        permissions_of_everybody()
        .where(or_(*waits))
        .order_by(col(PackagingPermission.sent_at), col(PackagingPermission.id))
        .limit(MOST_WORK)
    ).all()
    return [
        WorkItem(
            kind=f"packaging.{permission.state.value}",
            code=permission.code,
            title=Worded(_NEXT_STEP[permission.state], product=certificate.product_name),
            subtitle=Worded(
                "{package} · {producer} · {code}",
                package=permission.package_name,
                producer=certificate.producer_name,
                code=permission.code,
            ),
            due_on=None,
            overdue=False,
            basis=MARK,
            route_name="packaging.show",
        )
        for permission, certificate, _, _ in rows
    ]


_NEXT_STEP = {
    PermissionState.SENT: "Kiểm tra mẫu bao bì: {product}",
    PermissionState.RETURNED: "Sửa mẫu bao bì: {product}",
}


def _waiting_for(actor: Actor) -> list[Any]:
    state = col(PackagingPermission.state)
    waits: list[Any] = []
    if is_agency(actor):
        waits.append(state == PermissionState.SENT)
    if actor.producer_ids:
        waits.append(
            and_(
                state == PermissionState.RETURNED,
                col(PackagingPermission.producer_id).in_(actor.producer_ids),
            )
        )
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if officer_of:
        waits.append(
            and_(
                state == PermissionState.RETURNED,
                col(PackagingPermission.by_helper),
                col(Product.commune_code).in_(officer_of),
            )
        )
    return waits


def permission_out(row: PermissionRow) -> PermissionOut:
    """Return a request as the JSON door tells it."""
    return PermissionOut(**_told(row))


def permission_detail_out(
    session: ReadSession, row: PermissionRow, *, actor: Actor, host: str
) -> PermissionDetailOut:
    """Return a request with its files and findings as the JSON door tells it."""
    artworks = artworks_of(session, row.permission)
    return PermissionDetailOut(
        **_told(row),
        artworks=[
            ArtworkOut(**one.model_dump(include=set(ArtworkOut.model_fields))) for one in artworks
        ],
        findings=[
            finding_out(one) for one in findings_of(session, row, artworks, actor=actor, host=host)
        ],
        checks=[
            CheckOut.model_validate(one.model_dump(include=set(CheckOut.model_fields)))
            for one in checks_of(session, row.permission)
        ],
    )


def finding_out(finding: Finding) -> FindingOut:
    """Return a finding as it is told and kept."""
    return FindingOut(
        check=finding.check,
        outcome=finding.outcome,
        said=str(finding.said),
        blocks=finding.blocks,
        basis=finding.basis,
    )


def _told(row: PermissionRow) -> dict[str, Any]:
    ours = {
        "standing",
        "certificate",
        "product",
        "producer",
        "number",
        "until",
    }
    told = row.permission.model_dump(include=set(PermissionOut.model_fields) - ours)
    return told | {
        "standing": row.standing,
        "certificate": row.certificate.code,
        "product": row.certificate.product_name,
        "producer": row.certificate.producer_name,
        "number": row.number,
        "until": row.until if row.permission.granted_on else None,
    }
