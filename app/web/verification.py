"""What a buyer's phone opens: the verdict, in one small page without script, cookie or other file."""

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope

from app.core.errors import Refusal
from app.core.settings import Settings
from app.core.text import fold
from app.domain.scans.enums import Caller
from app.domain.scans.queries import look_up_and_count
from app.domain.stamps.enums import Verdict
from app.domain.stamps.rules import DIGITS, parse_serial
from app.domain.verification.queries import LONGEST_TEXT, is_digits, is_plain_code, told_params
from app.domain.verification.rules import MESSAGES
from app.domain.verification.schemas import Answer, AskedTold
from app.http.fast_lane import ScanLane
from app.http.ready import Written
from app.http.scan_desk import ScanDesk, host_of
from app.http.sessions import unit_of
from app.web.deps import PublicPage, verdict_router
from app.web.render import LANGUAGES, moment, number, translated
from app.web.slim import slim_page, slim_text

router = verdict_router()

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
    Verdict.HOLDER_CHANGED: "Đã đổi nhà sản xuất",
    Verdict.PRODUCER_DISSOLVED: "Nhà sản xuất đã ngừng",
    Verdict.ROLL: "Nhãn cuộn tem",
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
    Verdict.HOLDER_CHANGED: _WARN,
    Verdict.PRODUCER_DISSOLVED: _BAD,
    Verdict.ROLL: _WARN,
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
    "roll": "Nếu thấy nhãn này dán trên một món hàng, hãy báo cơ quan quản lý thị trường.",
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
    Verdict.HOLDER_CHANGED: "newer",
    Verdict.PRODUCER_DISSOLVED: "no_star",
    Verdict.ROLL: "roll",
    Verdict.SPECIMEN: "specimen",
}
FACT_LABELS: dict[str, str] = {
    "packaging": "Bao gói",
    "producer": "Nhà sản xuất",
    "address": "Địa chỉ",
    "until": "Có giá trị đến hết",
    "decision": "Quyết định",
    "product_code": "Mã sản phẩm",
    "serial": "Số sê-ri của tem",
    "roll": "Cuộn",
    "stamps": "Số tem trong cuộn",
}


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
    desk: ScanDesk = request.app.state.desk
    language = _asked(request) or LANGUAGES[0]
    at = desk.now()
    desk.admit(host_of(request), at=at)
    try:
        found = look_up_and_count(
            unit_of(request).session, text, at=at, demonstration=settings.demonstration
        )
    except Refusal as refusal:
        return slim_page(
            slim_text(
                "public/mistyped.html",
                language,
                {"typed": text, "said": translated(language, refusal.template, refusal.params)},
                settings=settings,
                path=request.url.path,
            ),
            status=404,
        )
    return desk.finished(
        request, verdict_page(request, found.answer, language), found, at=at, caller=Caller.BUYER
    )


def verdict_page(request: Request, answer: Answer, language: str) -> Response:
    """Tell an answer of the domain as a page."""
    return slim_page(_told(request.app, answer, request.url.path, language))


def _told(app: FastAPI, answer: Answer, path: str, language: str) -> Written:
    return slim_text(
        "public/verdict.html",
        language,
        _context(app, answer, path, language),
        settings=app.state.settings,
        path=path,
        pictures=answer.picture is not None,
    )


def _context(app: FastAPI, answer: Answer, path: str, language: str) -> dict[str, object]:
    def said(sentence: str) -> str:
        return translated(language, sentence)

    tone, symbol = TONES[answer.verdict]
    told = answer.newer or answer.certificate
    find = app.url_path_for
    asked = f"?lang={language}" if language != LANGUAGES[0] else ""
    reported = {"code": answer.serial or path.removeprefix("/")}
    if asked:
        reported["lang"] = language
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
        "report_url": f"{find('misuse.report')}?{urlencode(reported)}",
        "pin_url": f"/{answer.serial.replace('-', '')}/pin{asked}"
        if answer.pin and answer.serial
        else "",
    }


class _Page:
    """The answer as a buyer gets it, in one language."""

    caller = Caller.BUYER

    def __init__(self, app: FastAPI, language: str) -> None:
        self.name = language
        self._app = app

    def written(self, answer: Answer, text: str) -> Written:
        """Write it by its template."""
        return _told(self._app, answer, f"/{text}", self.name)

    def words(self, serial: str | None, asked: AskedTold | None, text: str) -> Sequence[str]:
        """Return serial (twice: its link bears no hyphens), address, number and time as on the page."""
        bare = serial.replace("-", "") if serial else ""
        if asked is None:
            return serial or "", bare, text, "", ""
        return serial or "", bare, text, number(asked.times), moment(asked.first_at)


def _plainly_asked(scope: Scope) -> tuple[str, _Page] | None:
    """Return what a plain request asks about: an address of one code, in a language or in none."""
    text: str = scope["path"][1:]
    if len(text) > DIGITS or not is_plain_code(text):
        return None
    language = _LANES.get(scope["query_string"])
    if language is None:
        return None
    return text, _Page(scope["app"], language)


_LANES = {b"": LANGUAGES[0]} | {f"lang={known}".encode(): known for known in LANGUAGES}

# Before everything else; the routes above answer what this leaves to them, with the same words.
scan_lanes = (ScanLane(_plainly_asked, "page"),)


def _facts(answer: Answer) -> list[tuple[str, str]]:
    """Return what is compared with the pack, in the order in which it stands on one."""
    product, producer, certificate = answer.product, answer.producer, answer.certificate
    if product is None or producer is None or certificate is None:
        return []
    roll = answer.roll
    address = [producer.address]
    if fold(producer.commune) not in fold(producer.address):
        address.append(producer.commune)
    return [
        ("packaging", product.packaging),
        ("producer", producer.name),
        ("address", ", ".join(part for part in address if part)),
        ("until", f"{certificate.extended_until or certificate.expires_on:%d/%m/%Y}"),
        ("decision", f"{certificate.decision_number} ({certificate.issued_on:%d/%m/%Y})".strip()),
        ("product_code", product.product_code or ""),
        ("serial", answer.serial or ""),
        ("roll", f"{roll.number}/{roll.rolls}" if roll else ""),
        ("stamps", number(roll.stamps) if roll else ""),
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
