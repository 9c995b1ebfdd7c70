"""What anybody may read: the register of recognised products, its changes, the keys of stamps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

from app.core import clock
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.paging import LARGEST_KEY
from app.domain.credentials.queries import has_credential
from app.domain.photos.schemas import photo_path
from app.domain.places.queries import communes_on
from app.domain.products.rules import as_printed
from app.domain.recognition.enums import DecisionKind, Standing
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import CertifiedProduct
from app.domain.recognition.rules import (
    CHANGE_LABELS,
    IN_FORCE,
    STANDING_LABELS,
    certificate_on,
    last_day_in_force,
    standing,
)
from app.domain.register.enums import Moment, RegisterState
from app.domain.register.queries import (
    Decided,
    address_files,
    addresses,
    certificates_of_product,
    changes_page,
    decisions_about,
    get_register_entry,
    old_codes_of,
    pictures_of,
    product_sets_on,
    register_page,
)
from app.domain.register.rules import (
    MOMENT_LABELS,
    STATE_LABELS,
    categories,
    ended_on,
    life_of,
    public_ground,
)
from app.domain.register.schemas import LONGEST_SEARCH, Wanted
from app.domain.stamps.queries import jwks
from app.http.conditional import shared
from app.http.sessions import unit_of
from app.rulebooks import loader
from app.rulebooks.model import RubricSummary
from app.web.deps import After, PublicPage, VisitorPage, public_router
from app.web.linked_data import Place, linked_product, shortened
from app.web.render import rendered, translated
from app.web.tones import CHANGE_TONES, STANDING_TONES

router = public_router()

RECOGNISED_STARS = (5, 4, 3)
FEED_LENGTH = 50
_READ = ["GET", "HEAD"]
_STATES = {one.value: one for one in RegisterState}
_STARS = {str(one): one for one in RECOGNISED_STARS}
FileNumber = Annotated[int, Path(ge=1, le=10_000)]

# What a visitor is told first, by what the certificate is worth today.
STANDING_MESSAGES: dict[Standing, str] = {
    Standing.VALID: "Được mang {star} sao đến hết ngày {until}.",
    Standing.RENEWAL_WINDOW: "Được mang {star} sao đến hết ngày {until}.",
    Standing.LATE: "Được mang {star} sao đến hết ngày {until}.",
    Standing.EXTENDED: (
        "Giấy chứng nhận hết hạn ngày {expires} được kéo dài hiệu lực: được mang {star} sao đến "
        "hết ngày {until}."
    ),
    Standing.EXPIRED: (
        "Giấy chứng nhận đã hết hiệu lực từ ngày {ended}. Sản phẩm không còn được mang sao theo "
        "giấy này."
    ),
    Standing.PRODUCER_DISSOLVED: (
        "Chủ thể đã ngừng hoạt động từ ngày {ended}. Sản phẩm không còn được mang sao theo giấy này."
    ),
    Standing.HOLDER_CHANGED: (
        "Từ ngày {ended}, chủ thể kế thừa giữ sản phẩm theo một giấy chứng nhận mới."
    ),
    Standing.SUPERSEDED: "Từ ngày {ended}, giấy này được thay bằng một giấy chứng nhận mới.",
    Standing.REVOKED: (
        "Giấy chứng nhận đã bị thu hồi từ ngày {ended}. Sản phẩm không được mang sao theo giấy này."
    ),
}
# The kind of decision in which an event of the product's life was decided.
_DECIDED_BY: dict[Moment, frozenset[DecisionKind]] = {
    Moment.RECOGNISED: frozenset({DecisionKind.RECOGNITION, DecisionKind.APPROVAL}),
    Moment.UPGRADED: frozenset({DecisionKind.RECOGNITION}),
    Moment.RENEWED: frozenset({DecisionKind.RECOGNITION}),
    Moment.HOLDER_CHANGED: frozenset({DecisionKind.HOLDER_CHANGE}),
    Moment.CORRECTED: frozenset({DecisionKind.CORRECTION}),
    Moment.EXTENDED: frozenset({DecisionKind.EXTENSION}),
    Moment.REVOKED: frozenset({DecisionKind.REVOCATION}),
}
_BEGINNINGS = frozenset({Moment.RECOGNISED, Moment.UPGRADED, Moment.RENEWED, Moment.HOLDER_CHANGED})
_ENDINGS = frozenset({Moment.LAPSED, Moment.HOLDER_ENDED, Moment.REVOKED})


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a product's life as the page shows it."""

    day: date
    label: str
    certificate: Certificate
    begins: bool
    ends: bool
    until: date | None
    number: str
    decision_url: str
    regime: str
    basis: str


class RegisterAddress(BaseModel):
    """What the address of a list says, in whatever words: nobody gets an error for a link."""

    q: str = ""
    commune: str = ""
    category: str = ""
    set: str = ""
    star: str = ""
    state: str = ""
    after: int = Field(default=0, ge=0, le=LARGEST_KEY)

    def wanted(self, sets: Sequence[RubricSummary]) -> Wanted:
        """Return what of it can be asked; a set of another category was chosen before."""
        category = self.category if self.category in categories(sets) else ""
        within = {
            str(one.set_number): one.set_number
            for one in sets
            if category in {"", one.category_code}
        }
        return Wanted(
            q=self.q.strip()[:LONGEST_SEARCH],
            commune=self.commune.strip()[:60],
            category=category,
            set_number=within.get(self.set),
            star=_STARS.get(self.star),
            state=_STATES.get(self.state, RegisterState.IN_FORCE),
        )


@router.api_route("/register", methods=_READ, name="register.list")
def index(page: PublicPage, address: Annotated[RegisterAddress, Query()]) -> Response:
    """List the products of the register; what nobody offers narrows nothing."""
    day = local_day(page.at)
    sets, law = product_sets_on(day), loader.in_force(day)
    asked, after = address.wanted(sets), address.after
    found = register_page(page.session, asked, on=day, after=after)
    pictures = pictures_of(page.session, [one.product_id for one in found.page.items])
    query = {
        "q": asked.q,
        "commune": asked.commune,
        "category": asked.category,
        "set": asked.set_number,
        "star": asked.star,
        "state": "" if asked.state is RegisterState.IN_FORCE else asked.state.value,
    }
    is_plain = not any(query.values()) and not after
    communes = [] if page.is_fragment else communes_on(page.session, day)
    answer = page.render(
        "public/_register.html" if page.is_fragment else "public/register.html",
        rows=found.page.items,
        next_after=found.page.next_after,
        place=found.place,
        pictures={product: own[0] for product, own in pictures.items()},
        asked=asked,
        query=query,
        after=after,
        kinds=categories(sets),
        sets=[one for one in sets if one.category_code == asked.category],
        stars=RECOGNISED_STARS,
        states=STATE_LABELS,
        standing_of={one.id: standing(one, day, law) for one in found.page.items},
        labels=STANDING_LABELS,
        tones=STANDING_TONES,
        last_day=last_day_in_force,
        communes=[unit.full_name for unit in communes],
        entry_url=page.url("register.show", code="_").removesuffix("_"),
        photo_path=photo_path,
        canonical=_site(page) + page.url("register.list") if is_plain else "",
        hidden=page.settings.demonstration or not is_plain,
    )
    return _kept(page, answer)


@router.api_route("/register/changes", methods=_READ, name="register.changes")
def changes(page: PublicPage, after: After = 0) -> Response:
    """Tell what changed in the register, the newest first."""
    found = changes_page(page.session, after=after, newest_first=True)
    answer = page.render(
        "public/changes.html",
        found=found,
        after=after,
        labels=CHANGE_LABELS,
        tones=CHANGE_TONES,
        entry_url=page.url("register.show", code="_").removesuffix("_"),
        hidden=page.settings.demonstration or bool(after),
    )
    return _kept(page, answer)


@router.api_route("/register/changes.atom", methods=_READ, name="register.feed")
def feed(page: PublicPage) -> Response:
    """Tell the newest changes as an Atom feed (RFC 4287)."""
    site = _site(page)
    found = changes_page(page.session, limit=FEED_LENGTH, newest_first=True).items
    body = rendered(
        "public/changes.atom",
        "vi",
        {
            "changes": found,
            "labels": CHANGE_LABELS,
            "site": site,
            "authority": site.partition("://")[2].partition("/")[0],
            "page_url": site + page.url("register.changes"),
            "feed_url": site + page.url("register.feed"),
            "entry_url": site + page.url("register.show", code="_").removesuffix("_"),
            "updated": found[0].told_at if found else page.at.replace(hour=0, minute=0, second=0),
        },
    )
    answer = Response(body, media_type="application/atom+xml")
    answer.headers["access-control-allow-origin"] = "*"
    return shared(page.request, answer, at=page.at)


@router.api_route("/register/{code}", methods=_READ, name="register.show")
def show(page: PublicPage, code: str) -> Response:
    """Show one product by any of its codes: what its certificate is worth today, and its life."""
    day = local_day(page.at)
    found = get_register_entry(page.session, code, on=day)
    certificate, product_id = found.certificate, found.product.id or 0
    certificates = certificates_of_product(page.session, product_id)
    decided = decisions_about(page.session, certificates)
    pictures = pictures_of(page.session, [product_id]).get(product_id, [])
    law = loader.in_force(day)
    newest = certificate_on(certificates, day)
    known_set = next(
        (one for one in product_sets_on(day) if one.set_number == found.product.set_number), None
    )
    site = _site(page)
    url = site + page.url("register.show", code=certificate.code)
    begun = certificate.issued_on <= day
    carries = begun and found.standing in IN_FORCE
    place = Place(
        site,
        url,
        (
            ("OCOP Lai Châu", site + page.url("register.list")),
            (certificate.product_name, url),
        ),
    )
    answer = page.render(
        "public/entry.html",
        found=found,
        begun=begun,
        carries=carries,
        standing=found.standing,
        message=translated(page.language, STANDING_MESSAGES[found.standing], _params(found)),
        ground=public_ground(certificate.revocation_ground, law)
        if found.standing is Standing.REVOKED
        else None,
        newer=newest if newest is not None and newest.code != certificate.code else None,
        newer_carries=newest is not None
        and newest.code != certificate.code
        and CertifiedProduct(newest, found.product, found.producer, "", day).standing in IN_FORCE,
        pictures=pictures,
        photo_path=photo_path,
        life=_told(page, certificates, decided),
        old_codes=old_codes_of(page.session, product_id),
        gtin=as_printed(found.product.gtin),
        decision_url=_decision_url(page, certificate, decided),
        regime=loader.regime(certificate.regime_code).decision,
        known_set=known_set,
        labels=STANDING_LABELS,
        tones=STANDING_TONES,
        canonical=url,
        site=site,
        about=shortened(found.product.story or found.product.description, 160),
        linked=linked_product(
            found,
            pictures,
            place,
            set_name=known_set.name if known_set else "",
            carries_star=carries,
        ),
        report_url=_address(page, "misuse.report", certificate=certificate.code),
        credential_url=_address(page, "credentials.file", code=certificate.code)
        if has_credential(page.session, found)
        else "",
        hidden=page.settings.demonstration,
    )
    return _kept(page, answer)


def _params(found: CertifiedProduct) -> dict[str, object]:
    """Return what the first sentence of an entry is filled in with."""
    certificate = found.certificate
    ended = ended_on(certificate, found.standing)
    return {
        "star": certificate.star,
        "until": f"{last_day_in_force(certificate):%d/%m/%Y}",
        "expires": f"{certificate.expires_on:%d/%m/%Y}",
        "ended": f"{ended:%d/%m/%Y}" if ended else "",
    }


def _told(
    page: VisitorPage, certificates: Sequence[Certificate], decided: list[Decided]
) -> list[Told]:
    corrected = [
        (one.certificate_id, one.decided_on)
        for one in decided
        if one.kind is DecisionKind.CORRECTION
    ]
    told = []
    for event in life_of(certificates, local_day(page.at), corrected=corrected):
        begins, certificate = event.moment in _BEGINNINGS, event.certificate
        behind = _behind(event.moment, certificate, decided)
        number = behind.number if behind else certificate.decision_number if begins else ""
        told.append(
            Told(
                day=event.day,
                label=MOMENT_LABELS[event.moment],
                certificate=certificate,
                begins=begins,
                ends=event.moment in _ENDINGS,
                until=certificate.extended_until if event.moment is Moment.EXTENDED else None,
                number=number,
                decision_url=_address(page, "register.decision", code=behind.code)
                if behind and behind.code
                else "",
                regime=loader.regime(certificate.regime_code).decision if begins else "",
                basis=event.basis,
            )
        )
    return told


def _behind(moment: Moment, certificate: Certificate, decided: list[Decided]) -> Decided | None:
    kinds = _DECIDED_BY.get(moment, frozenset())
    return next(
        (one for one in decided if one.certificate_id == certificate.id and one.kind in kinds), None
    )


def _decision_url(page: VisitorPage, certificate: Certificate, decided: list[Decided]) -> str:
    """Return where the decision that gave a certificate is published, nothing while it is not."""
    code = next(
        (
            one.code
            for one in decided
            if one.certificate_id == certificate.id and one.number == certificate.decision_number
        ),
        None,
    )
    return _address(page, "register.decision", code=code) if code else ""


def _address(page: VisitorPage, route: str, **params: Any) -> str:
    """Return a page of another part of the program, nothing where that part is not installed."""
    return page.url(route, **params) if route in page.request.app.state.pages else ""


def _site(page: VisitorPage) -> str:
    return page.settings.public_url.rstrip("/")


def _kept(page: VisitorPage, answer: Response) -> Response:
    """Let a visitor's page be kept for a moment; one with somebody's name on it never is."""
    if page.signed_in is not None or "set-cookie" in answer.headers:
        return answer
    return shared(page.request, answer, at=page.at)


@router.api_route("/sitemap.xml", methods=_READ, name="sitemap")
def sitemap(page: PublicPage) -> Response:
    """Tell search engines every entry: at once, or in files of five thousand."""
    files = address_files(page.session)
    if len(files) == 1:
        return _addresses(page, 1)
    site = _site(page)
    listed = [(site + page.url("sitemap.file", number=one.number), one.changed_at) for one in files]
    return _xml(page, "public/sitemap_index.xml", files=listed)


@router.api_route("/sitemap-{number}.xml", methods=_READ, name="sitemap.file")
def sitemap_file(page: PublicPage, number: FileNumber) -> Response:
    """Tell one file of addresses."""
    if number > len(address_files(page.session)):
        raise NotFound
    return _addresses(page, number)


def _addresses(page: VisitorPage, number: int) -> Response:
    site = _site(page)
    found = addresses(page.session, number, on=local_day(page.at))
    entry_url = site + page.url("register.show", code="_").removesuffix("_")
    listed = [(entry_url + one.code, one.changed_at) for one in found]
    if number == 1:
        own = [(site + page.url(name), None) for name in ("register.list", "register.changes")]
        listed = [*own, *listed]
    return _xml(page, "public/sitemap.xml", addresses=listed)


def _xml(page: VisitorPage, template: str, **context: Any) -> Response:
    answer = Response(rendered(template, "vi", context), media_type="application/xml")
    return shared(page.request, answer, at=page.at)


@router.api_route("/robots.txt", methods=_READ, name="robots")
def robots(page: PublicPage) -> Response:
    """Tell programs that read the web where the register is; an invented world is not for them."""
    if page.settings.demonstration:
        lines = ["User-agent: *", "Disallow: /"]
    else:
        lines = [
            "User-agent: *",
            "Disallow: /sign-in",
            "Disallow: /register?",
            f"Sitemap: {_site(page)}{page.url('sitemap')}",
        ]
    answer = PlainTextResponse("\n".join(lines) + "\n")
    return shared(page.request, answer, at=page.at)


@router.api_route("/.well-known/jwks.json", methods=["GET", "HEAD"], name="jwks")
def keys(request: Request) -> Response:
    """Publish the keys that sign stamps, answers and bundles, readable from anywhere.

    Kept for a minute: a key that was retired because it fell into other hands is known at once.
    """
    answer = JSONResponse(
        jwks(unit_of(request).session).model_dump(),
        media_type="application/jwk-set+json",
        headers={"access-control-allow-origin": "*"},
    )
    return shared(request, answer, at=clock.now())
