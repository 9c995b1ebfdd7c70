"""What a buyer's phone opens: the verdict, in one small page without script, cookie or other file."""

import base64
import hashlib
import re
from functools import lru_cache

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.convertors import Convertor, register_url_convertor

from app.core import clock
from app.core.errors import Refusal
from app.core.settings import Settings
from app.core.text import fold
from app.domain.stamps.enums import Verdict
from app.domain.stamps.rules import parse_serial
from app.domain.verification.queries import LONGEST_TEXT, is_digits, told_params, verdict
from app.domain.verification.rules import MESSAGES
from app.domain.verification.schemas import Answer
from app.http.sessions import unit_of
from app.web.deps import PublicPage, page_router
from app.web.render import LANGUAGES, rendered, translated

router = page_router()

HEADINGS: dict[Verdict, str] = {
    Verdict.VALID: "Tem còn hiệu lực",
    Verdict.LATE: "Tem còn hiệu lực",
    Verdict.EXTENDED: "Đang được kéo dài hiệu lực",
    Verdict.NOT_ACTIVATED: "Tem chưa kích hoạt",
    Verdict.EXPIRED: "Đã hết hạn",
    Verdict.REVOKED: "Đã bị thu hồi",
    Verdict.VOID: "Tem đã hủy",
    Verdict.SUSPENDED: "Tem tạm ngừng",
    Verdict.SUPERSEDED: "Đã có giấy chứng nhận mới",
    Verdict.SPECIMEN: "Tem mẫu",
    Verdict.UNKNOWN: "Không có trong sổ tem",
    Verdict.TAMPERED: "Mã không hợp lệ",
}
# Symbol and colour say the same as the words: ✓ carries its star, ! look closer, ✕ do not, ? not known.
_GOOD, _WARN, _BAD, _OPEN = ("good", "✓"), ("warn", "!"), ("bad", "✕"), ("", "?")
TONES: dict[Verdict, tuple[str, str]] = {
    Verdict.VALID: _GOOD,
    Verdict.LATE: _GOOD,
    Verdict.EXTENDED: _WARN,
    Verdict.NOT_ACTIVATED: _WARN,
    Verdict.EXPIRED: _BAD,
    Verdict.REVOKED: _BAD,
    Verdict.VOID: _BAD,
    Verdict.SUSPENDED: _WARN,
    Verdict.SUPERSEDED: _WARN,
    Verdict.SPECIMEN: _WARN,
    Verdict.UNKNOWN: _OPEN,
    Verdict.TAMPERED: _BAD,
}
ADVICE_SENTENCES: dict[str, str] = {
    "compare": (
        "Ảnh chụp của một con tem cũng quét ra kết quả này. Nếu món hàng khác với mô tả dưới đây, "
        "đừng mua và hãy báo cơ quan quản lý thị trường."
    ),
    "do_not_buy": "Đừng mua hàng mang con tem này; hãy báo nơi bán hoặc cơ quan quản lý thị trường.",
    "no_star": (
        "Sản phẩm không còn được mang hạng sao này. Nếu vẫn thấy bày bán với hạng sao, hãy báo cơ "
        "quan quản lý thị trường."
    ),
    "newer": "Hạng sao hiện nay là hạng ghi trong giấy chứng nhận mới.",
    "specimen": "Nếu thấy tem mẫu trên hàng đang bán, hãy báo cơ quan quản lý thị trường.",
}
_ADVICE: dict[Verdict, str] = {
    Verdict.VALID: "compare",
    Verdict.LATE: "compare",
    Verdict.EXTENDED: "compare",
    Verdict.NOT_ACTIVATED: "do_not_buy",
    Verdict.EXPIRED: "no_star",
    Verdict.REVOKED: "no_star",
    Verdict.VOID: "do_not_buy",
    Verdict.SUSPENDED: "do_not_buy",
    Verdict.SUPERSEDED: "newer",
    Verdict.SPECIMEN: "specimen",
}
FACT_LABELS: dict[str, str] = {
    "packaging": "Bao gói",
    "producer": "Nhà sản xuất",
    "address": "Địa chỉ",
    "until": "Có giá trị đến hết",
    "decision": "Quyết định",
    "product_code": "Mã sản phẩm",
    "serial": "Số sê-ri",
}
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class StampDigits(Convertor[str]):
    """The digits of a stamp's code: exactly as many as are printed, nothing else."""

    regex = "[0-9]{193}"

    def convert(self, value: str) -> str:
        """Take the digits as they are."""
        return value

    def to_string(self, value: str) -> str:
        """Put the digits into an address."""
        return value


class StampSerial(StampDigits):
    """A serial, with or without hyphens between its groups of four, in either case."""

    regex = "[0-9A-TV-Za-tv-z]{4}(?:-?[0-9A-TV-Za-tv-z]{4}){3}"


register_url_convertor("stamp_digits", StampDigits())
register_url_convertor("stamp_serial", StampSerial())


@router.api_route("/verify", methods=["GET", "HEAD"], name="verify.form")
def form(page: PublicPage, code: str = "") -> Response:
    """Ask for the serial printed under the code; a typed one leads to its verdict."""
    typed = code.strip()
    if not typed:
        return page.render("public/verify.html", typed="", problem=None)
    if is_digits(typed):
        return page.go("verify.digits", digits=typed, lang=_asked(page.request))
    try:
        serial = parse_serial(typed[:LONGEST_TEXT]).text
    except Refusal as problem:
        return page.render(
            "public/verify.html", status=422, typed=typed[:LONGEST_TEXT], problem=problem
        )
    return page.go("verify.serial", serial=serial, lang=_asked(page.request))


@router.api_route("/{digits:stamp_digits}", methods=["GET", "HEAD"], name="verify.digits")
def scanned(request: Request, digits: str) -> Response:
    """Answer a scan."""
    return _verdict(request, digits)


@router.api_route("/{serial:stamp_serial}", methods=["GET", "HEAD"], name="verify.serial")
def typed(request: Request, serial: str) -> Response:
    """Answer a typed serial; one with a typing mistake is asked for again."""
    return _verdict(request, serial)


def _asked(request: Request) -> str:
    """Return the language the address asks for; a scan reads no cookie."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else ""


def _verdict(request: Request, text: str) -> Response:
    settings: Settings = request.app.state.settings
    language = _asked(request) or LANGUAGES[0]
    try:
        answer = verdict(
            unit_of(request).session,
            text,
            at=clock.now(),
            demonstration=settings.demonstration,
        )
    except Refusal as refusal:
        return _page(
            "public/mistyped.html",
            language,
            {"typed": text, "said": translated(language, refusal.template, refusal.params)},
            settings=settings,
            path=request.url.path,
            status=404,
        )
    return verdict_page(request, answer, language)


def verdict_page(request: Request, answer: Answer, language: str) -> Response:
    """Tell an answer of the domain as a page."""
    return _page(
        "public/verdict.html",
        language,
        _context(request, answer, language),
        settings=request.app.state.settings,
        path=request.url.path,
    )


def _context(request: Request, answer: Answer, language: str) -> dict[str, object]:
    def said(sentence: str) -> str:
        return translated(language, sentence)

    tone, symbol = TONES[answer.verdict]
    told = answer.newer or answer.certificate
    find = request.app.url_path_for
    asked = f"?lang={language}" if language != LANGUAGES[0] else ""
    return {
        "answer": answer,
        "heading": said(HEADINGS[answer.verdict]),
        "message": translated(language, MESSAGES[answer.verdict], told_params(answer)).strip(),
        "tone": tone,
        "symbol": symbol,
        "advice": said(ADVICE_SENTENCES.get(_ADVICE.get(answer.verdict, ""), "")),
        "facts": [(said(FACT_LABELS[name]), value) for name, value in _facts(answer)],
        "linked": _linked(answer),
        "register_url": f"{find('register.show', code=told.code)}{asked}" if told else "",
        "form_url": f"{find('verify.form')}{asked}",
    }


def _facts(answer: Answer) -> list[tuple[str, str]]:
    """Return what is compared with the pack, in the order in which it stands on one."""
    product, producer, certificate = answer.product, answer.producer, answer.certificate
    if product is None or producer is None or certificate is None:
        return []
    address = [producer.address]
    if fold(producer.commune) not in fold(producer.address):
        address.append(producer.commune)
    return [
        ("packaging", product.packaging),
        ("producer", producer.name),
        ("address", ", ".join(part for part in address if part)),
        ("until", f"{certificate.expires_on:%d/%m/%Y}"),
        ("decision", f"{certificate.decision_number} ({certificate.issued_on:%d/%m/%Y})".strip()),
        ("product_code", product.product_code or ""),
        ("serial", answer.serial or ""),
    ]


def _linked(answer: Answer) -> dict[str, object] | None:
    """Return the product as search engines and shops read it (schema.org); no star that has ended."""
    product, producer, certificate = answer.product, answer.producer, answer.certificate
    if product is None or producer is None or certificate is None:
        return None
    linked: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "productID": product.product_code or certificate.code,
        "manufacturer": {
            "@type": "Organization",
            "name": producer.name,
            "address": producer.address,
        },
    }
    if answer.valid:
        linked["hasCertification"] = {
            "@type": "Certification",
            "name": f"OCOP {certificate.star} sao",
            "certificationIdentification": certificate.code,
            "issuedBy": {"@type": "Organization", "name": certificate.authority},
            "validFrom": certificate.issued_on.isoformat(),
            "expires": certificate.expires_on.isoformat(),
        }
    return linked


def _page(
    template: str,
    language: str,
    context: dict[str, object],
    *,
    settings: Settings,
    path: str,
    status: int = 200,
) -> Response:
    """Answer with a page that is whole in itself and carries only the headers it needs."""
    other = next(known for known in LANGUAGES if known != language)
    shell = {
        "demo": settings.demonstration,
        "other_language": other,
        "other_url": f"{path}?lang={other}",
    }
    html = rendered(template, language, shell | context)
    headers = {
        "x-slim-answer": "1",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": _policy(html),
    }
    if settings.secure_cookies:
        headers["strict-transport-security"] = "max-age=63072000"
    return HTMLResponse(html, status_code=status, headers=headers)


def _policy(html: str) -> str:
    """Allow the page's own style by its hash, the form to ourselves, and nothing else."""
    styles = " ".join(f"'sha256-{_hash(style)}'" for style in _STYLE.findall(html)) or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


@lru_cache(maxsize=32)
def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
