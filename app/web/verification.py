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
    return _page(
        "public/verdict.html",
        language,
        _context(answer, language),
        settings=settings,
        path=request.url.path,
    )


def _context(answer: Answer, language: str) -> dict[str, object]:
    said = translated(language, MESSAGES[answer.verdict], told_params(answer)).strip()
    return {
        "answer": answer,
        "verdict": answer.verdict.value,
        "valid": answer.valid,
        "heading": translated(language, HEADINGS[answer.verdict]),
        "message": said,
    }


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
