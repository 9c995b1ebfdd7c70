"""The scratch code of a stamp, for anybody: one small page, asked and answered without script.

The form of the answer to a scan posts here. No key makes a try single: that answer is the same for
everybody; a page loaded again tells when the code was first right.
"""

from urllib.parse import urlencode

from fastapi import Request, Response

import app.web.verification  # noqa: F401 -- it registers the kinds of addresses used here
from app.core.errors import Refusal, Worded
from app.domain.scans.actions import Tried, pepper_in, try_pin
from app.domain.scans.enums import PinResult
from app.domain.scans.rules import PIN_HEADINGS, PIN_MESSAGES
from app.domain.scans.schemas import TryPin
from app.domain.stamps.rules import format_serial, parse_serial
from app.http.limits import FloodLimit, network_of
from app.http.problems import status_of
from app.web.deps import PublicPage, page_router
from app.web.forms import PostedForm
from app.web.render import LANGUAGES, moment, translated
from app.web.slim import slim_page, slim_text

router = page_router()
# Symbol and colour say the same as the words, as in the answer to a scan.
TONES: dict[PinResult, tuple[str, str]] = {
    PinResult.RIGHT: ("good", "✓"),
    PinResult.RIGHT_AGAIN: ("warn", "!"),
    PinResult.WRONG: ("bad", "✕"),
    PinResult.BLOCKED: ("warn", "!"),
}
_ASKS_AGAIN = (PinResult.WRONG,)
_NOT_CHECKED = Worded("Chưa kiểm tra được")


@router.get("/{serial:stamp_serial}/pin", name="pin.ask")
def ask(page: PublicPage, serial: str) -> Response:
    """Ask for the code under the scratch layer of a stamp."""
    try:
        parse_serial(serial)
    except Refusal as typo:
        return _refused(page.request, serial, typo)
    return _page(page.request, serial)


@router.post("/{serial:stamp_serial}/pin", name="pin.try")
def check(form: PostedForm, page: PublicPage, serial: str) -> Response:
    """Compare it; what comes is counted by network first, right or wrong."""
    limit: FloodLimit = page.request.app.state.pin_tries
    try:
        limit.count(network_of(page.request.client.host if page.request.client else ""))
        typed = form.read(TryPin)
        tried = try_pin(
            page.session,
            serial,
            typed.pin,
            at=page.at,
            pepper=pepper_in(page.settings.answer_key_dir),
        )
    except Refusal as refusal:
        return _refused(page.request, serial, refusal)
    return _page(page.request, serial, tried)


def _language(request: Request) -> str:
    """Return the language the address asks for: no cookie is read, as in the answer to a scan."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _page(request: Request, serial: str, tried: Tried | None = None) -> Response:
    language = _language(request)
    if tried is None:
        return _shown(request, serial, language, asks=True, heading="")
    told = {
        "first": moment(tried.first_right_at) if tried.first_right_at else "",
        "until": moment(tried.blocked_until) if tried.blocked_until else "",
    }
    tone, symbol = TONES[tried.result]
    return _shown(
        request,
        serial,
        language,
        asks=tried.result in _ASKS_AGAIN,
        heading=translated(language, PIN_HEADINGS[tried.result]),
        message=translated(language, PIN_MESSAGES[tried.result], told),
        tone=tone,
        symbol=symbol,
    )


def _refused(request: Request, serial: str, refusal: Refusal) -> Response:
    language = _language(request)
    answer = _shown(
        request,
        serial,
        language,
        asks=False,
        heading=translated(language, _NOT_CHECKED),
        message=translated(language, refusal.template, refusal.params),
        tone="",
        symbol="?",
        status=_status(refusal),
    )
    waits = getattr(refusal, "retry_after_seconds", None)
    if waits:
        answer.headers["retry-after"] = str(waits)
    return answer


def _status(refusal: Refusal) -> int:
    return 429 if refusal.code == "too_many_attempts" else status_of(refusal)


def _shown(
    request: Request, serial: str, language: str, *, asks: bool, status: int = 200, **said: str
) -> Response:
    asked = f"?lang={language}" if language != LANGUAGES[0] else ""
    try:
        printed = parse_serial(serial).text
    except Refusal:
        printed = ""
    reported = {"code": printed} | ({"lang": language} if asked else {})
    find = request.app.url_path_for
    context = {
        "serial": format_serial(printed) if printed else serial,
        "asks": asks and bool(printed),
        "action": f"{request.url.path}{asked}",
        "verdict_url": f"{find('verify.serial', serial=printed)}{asked}" if printed else "",
        "form_url": f"{find('verify.form')}{asked}",
        "report_url": f"{find('misuse.report')}?{urlencode(reported)}",
    }
    page = slim_text(
        "public/pin.html",
        language,
        context | said,
        settings=request.app.state.settings,
        path=request.url.path,
    )
    return slim_page(page, status=status)
