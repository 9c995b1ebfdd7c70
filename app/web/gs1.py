"""GS1 Digital Link: what a product's own barcode number leads to, for phones and for programs.

`/01/{gtin}` leads to the register's entry, `/01/{gtin}/21/{serial}` answers as the serial itself.
Every link is also told as a linkset (GS1-Conformant Resolver Standard; RFC 9264). An item is
answered at once, without the redirect the standard describes: each one costs a phone on a slow
network a round trip, and the answer may not be a minute old.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from app.core.clock import local_day
from app.core.errors import NotFound, Refusal
from app.domain.credentials.queries import has_credential
from app.domain.credentials.rules import MEDIA_TYPE
from app.domain.products.rules import DigitalLink, WrongDigitalLink, parse_digital_link
from app.domain.recognition.queries import CertifiedProduct
from app.domain.recognition.rules import STANDING_LABELS
from app.domain.register.queries import NotOfThisStamp, check_gtin_of, get_entry_of_gtin
from app.domain.scans.enums import Caller
from app.domain.scans.queries import look_up_and_count
from app.domain.stamps.rules import SerialTypo, parse_serial
from app.domain.verification.queries import LookedUp, NotAStampCode
from app.http.conditional import seconds_to_keep, shared
from app.http.problems import problem_answer
from app.http.scan_desk import ScanDesk, host_of
from app.web.deps import PublicPage, VisitorPage, verdict_router
from app.web.linksets import (
    ALL,
    CERTIFICATION,
    CONTEXT,
    DEFAULT,
    JSON_TYPE,
    LINKSET_TYPE,
    PREFIX,
    PRODUCT_PAGE,
    REGISTRY,
    TRACEABILITY,
    VOCABULARY,
    Link,
    asked_type,
    chosen,
    links_wanted_as,
    linkset,
)
from app.web.render import LANGUAGES, translated
from app.web.verification import verdict_page

router = verdict_router()

_READ = ["GET", "HEAD"]
_NOT_AN_ADDRESS = 400  # what the standard wants for an address that is none (2.4.1)
_OPEN = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Link, Location",
}
_OFFERED = {
    "allow": "GET, HEAD, OPTIONS",
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "Accept, Accept-Language, If-None-Match",
    "access-control-max-age": "86400",
}


TITLE_SENTENCES: dict[str, str] = {
    "certificate": "Giấy chứng nhận OCOP {code}: {worth}",
    "entry": "Mục trong danh bạ sản phẩm OCOP",
    "stamp": "Kết quả tra cứu tem {serial}",
}


class NoSuchLink(NotFound):
    """A product is known, a link of the asked type is not."""

    code = "gs1.no_such_link"
    message = "Không có liên kết loại «{asked}» cho mã này."


@router.api_route("/01/{rest:path}", methods=_READ, name="gs1.resolve")
def resolve(page: PublicPage, rest: str) -> Response:
    """Lead from a GTIN to its product, answer for an item, or tell all links."""
    link = None
    try:
        link = parse_digital_link(_parts(page.request, rest))
        answer = _resolved(page, link)
    except (WrongDigitalLink, NotFound, SerialTypo, NotAStampCode) as refusal:
        answer = _refused(page, refusal, link)
    answer.headers.update(_OPEN)
    answer.headers.add_vary_header("Accept")
    return answer


@router.api_route("/.well-known/gs1resolver", methods=_READ, name="gs1.description")
def description(page: PublicPage) -> Response:
    """Describe this resolver to those who look for one (GS1-Conformant Resolver Standard, 3)."""
    answer = JSONResponse(
        {
            "name": "OCOP Lai Châu",
            "resolverRoot": _site(page),
            "supportedPrimaryKeys": ["01"],
            "supportedLinkType": [{"namespace": VOCABULARY, "prefix": PREFIX}],
            "linkTypeDefaultCanBeLinkset": False,
            "contact": {"fn": page.settings.agency_name},
            "jsonLdContextLocation": CONTEXT,
        },
        headers={"access-control-allow-origin": "*"},
    )
    return shared(page.request, answer, at=page.at)


@router.options("/01/{rest:path}", name="gs1.options")
@router.options("/.well-known/gs1resolver", name="gs1.description_options")
def offered() -> Response:
    """Tell programs of other sites that they may read here."""
    return Response(status_code=204, headers=_OFFERED)


def _parts(request: Request, rest: str) -> list[str]:
    """Return the parts of an address, each decoded on its own: a lot may contain a slash."""
    raw = request.scope.get("raw_path")
    if isinstance(raw, bytes):
        rest = raw.decode("latin-1").partition("/01/")[2].partition("?")[0]
        return [unquote(part) for part in rest.removesuffix("/").split("/")]
    return rest.removesuffix("/").split("/")


def _resolved(page: VisitorPage, link: DigitalLink) -> Response:
    asked, wanted_as = asked_type(page.request), links_wanted_as(page.request)
    if asked is None and not wanted_as and link.serial:
        return _item(page, link)
    found = get_entry_of_gtin(page.session, link.gtin, on=local_day(page.at))
    links = _links(page, found, link)
    if asked == ALL or (asked is None and wanted_as):
        return _told(page, link, found, links, media_type=wanted_as or LINKSET_TYPE)
    of_type = links.get(DEFAULT if asked is None else asked)
    if not of_type:
        raise NoSuchLink(asked=page.request.query_params.get("linkType", "")[:80])
    return _sent_to(page, link, chosen(page.request, of_type))


def _item(page: VisitorPage, link: DigitalLink) -> Response:
    """Answer a scan of one item as its serial does; no cookie chooses the language of a scan."""
    desk: ScanDesk = page.request.app.state.desk
    at = desk.now()
    desk.admit(host_of(page.request), at=at)
    found = _looked_up(page, link, at=at)
    asked = page.request.query_params.get("lang", "")
    answer = verdict_page(page.request, found.answer, asked if asked in LANGUAGES else LANGUAGES[0])
    answer.headers["link"] = _pointer(page, link)
    return desk.finished(page.request, answer, found, at=at, caller=Caller.BUYER)


def _looked_up(page: VisitorPage, link: DigitalLink, *, at: datetime) -> LookedUp:
    """Ask what a serial is worth; refuse one that is of another product than the address says."""
    found = look_up_and_count(
        page.session, link.serial, at=at, demonstration=page.settings.demonstration
    )
    if found.answer.certificate is not None:
        check_gtin_of(page.session, found.answer.certificate.code, link.gtin)
    return found


def _links(
    page: VisitorPage, found: CertifiedProduct, link: DigitalLink
) -> Mapping[str, list[Link]]:
    """Return what is known of a product and, where an item is named, of that item (2.5.9, rule 4)."""

    def titled(which: str, **params: object) -> str:
        return translated(page.language, TITLE_SENTENCES[which], params)

    site, certificate = _site(page), found.certificate
    entry = Link(
        site + page.url("register.show", code=certificate.code),
        certificate.product_name,
        languages=LANGUAGES,
    )
    worth = STANDING_LABELS[found.standing]
    paper = titled("certificate", code=certificate.code, worth=worth)
    papers = [
        Link(entry.href, paper, languages=LANGUAGES),
        Link(f"{site}/api/v1/register/{quote(certificate.code)}", paper, JSON_TYPE),
    ]
    if has_credential(page.session, found):
        sealed = page.url("credentials.file", code=certificate.code)
        papers.append(Link(site + sealed, paper, MEDIA_TYPE))
    links = {
        DEFAULT: [entry],
        PRODUCT_PAGE: [entry],
        REGISTRY: [Link(entry.href, titled("entry"), languages=LANGUAGES)],
        CERTIFICATION: papers,
    }
    if link.serial:
        _looked_up(page, link, at=page.at)
        serial = parse_serial(link.serial).text
        title = titled("stamp", serial=serial)
        own = Link(site + page.url("verify.serial", serial=serial), title, languages=LANGUAGES)
        links[DEFAULT] = [own]
        links[TRACEABILITY] = [own, Link(f"{site}/api/v1/verify/{serial}", title, JSON_TYPE)]
    return links


def _told(
    page: VisitorPage,
    link: DigitalLink,
    found: CertifiedProduct,
    links: Mapping[str, list[Link]],
    *,
    media_type: str,
) -> Response:
    content = linkset(_address(page, link), found.certificate.product_name, links)
    answer = shared(page.request, JSONResponse(content, media_type=media_type), at=page.at)
    answer.headers["link"] = (
        f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    )
    return answer


def _sent_to(page: VisitorPage, link: DigitalLink, target: Link) -> Response:
    """Lead on to a link with the whole query the address came with (2.12)."""
    query = page.request.url.query
    return Response(
        status_code=307,
        headers={
            "location": f"{target.href}?{query}" if query else target.href,
            "link": _pointer(page, link),
            "cache-control": f"public, max-age={seconds_to_keep(page.at)}",
        },
    )


def _refused(page: VisitorPage, refusal: Refusal, link: DigitalLink | None) -> Response:
    """Say what is not there: to a program as a problem (RFC 9457), to a person as a page."""
    # A serial that is none leads nowhere, as at its own address.
    status = 404 if link else _NOT_AN_ADDRESS
    said = translated(page.language, refusal.template, refusal.params)
    if links_wanted_as(page.request):
        answer: Response = problem_answer(
            page.request, status=status, code=refusal.reason_code, detail=said
        )
    else:
        answer = page.render(
            "public/gs1.html",
            status=status,
            said=said,
            serial_url=page.url("verify.serial", serial=parse_serial(link.serial).text)
            if link and isinstance(refusal, NotOfThisStamp)
            else "",
            linkset_url=f"{_address(page, link)}?linkType={ALL}"
            if link and isinstance(refusal, NoSuchLink)
            else "",
        )
        answer.headers["cache-control"] = "no-store"
    if link and isinstance(refusal, NoSuchLink):
        answer.headers["link"] = _pointer(page, link)
    return answer


def _address(page: VisitorPage, link: DigitalLink) -> str:
    """Return the one form of an address: fourteen digits, every part encoded."""
    return f"{_site(page)}/{'/'.join(quote(part, safe='') for part in link.path)}"


def _pointer(page: VisitorPage, link: DigitalLink) -> str:
    """Return the header that tells where all links are (RFC 9264, 6)."""
    return f'<{_address(page, link)}?linkType={ALL}>; rel="linkset"; type="{LINKSET_TYPE}"'


def _site(page: VisitorPage) -> str:
    return page.settings.public_url.rstrip("/")
