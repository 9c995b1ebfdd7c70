"""Credentials for people and machines: the certificate on paper, the signed file, and its check."""

from fastapi import Request, Response

from app.core import clock
from app.core.clock import local_day
from app.domain.credentials.enums import Finding
from app.domain.credentials.papers import certificate_paper
from app.domain.credentials.queries import (
    checked_credential,
    credential_to_hand_out,
    told_params,
)
from app.domain.credentials.rules import (
    LONGEST_JWS,
    MEDIA_TYPE,
    MESSAGES,
    TERM_LABELS,
    Issuer,
)
from app.domain.credentials.schemas import CheckedCredential
from app.http.conditional import shared
from app.http.papers import pdf_answer
from app.http.sessions import unit_of
from app.web.deps import Page, PublicPage, public_router
from app.web.forms import PostedForm
from app.web.render import translated
from app.web.tones import STANDING_TONES

router = public_router()

HEADINGS: dict[Finding, str] = {
    Finding.HOLDS: "Đúng và còn hiệu lực",
    Finding.CHANGED: "Đúng lúc ký, nay đã thay đổi",
    Finding.ENDED: "Đúng lúc ký, nay không còn hiệu lực",
    Finding.ALTERED: "Chữ ký không đúng",
    Finding.NOT_OURS: "Không do sổ đăng ký này ký",
    Finding.UNREADABLE: "Không đọc được",
    Finding.UNRECORDED: "Sổ đăng ký không có bản này",
}
_TONES: dict[Finding, str] = {
    Finding.HOLDS: "good",
    Finding.CHANGED: "warn",
    Finding.ENDED: "bad",
    Finding.ALTERED: "bad",
    Finding.NOT_OURS: "bad",
    Finding.UNREADABLE: "warn",
    Finding.UNRECORDED: "bad",
}


@router.get("/certificates/{code}/paper.pdf", name="certificates.paper")
def certificate_pdf(page: Page, code: str) -> Response:
    """Print a certificate, or the extract of the register for what others issued."""
    paper = certificate_paper(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        issuer=Issuer.of(page.settings),
        stamp_host=page.settings.stamp_host,
    )
    return pdf_answer(paper, f"giay-chung-nhan-{code}.pdf")


@router.api_route(
    "/register/{code}/credential.jwt", methods=["GET", "HEAD"], name="credentials.file"
)
def file(request: Request, code: str) -> Response:
    """Give the newest credential of a certificate in force, readable from anywhere."""
    at = clock.now()
    sealed = credential_to_hand_out(
        unit_of(request).session,
        code,
        on=local_day(at),
        issuer=Issuer.of(request.app.state.settings),
    )
    answer = Response(
        sealed.credential.jws,
        media_type=MEDIA_TYPE,
        headers={
            "access-control-allow-origin": "*",
            "x-content-type-options": "nosniff",
            "content-disposition": f'attachment; filename="{sealed.found.certificate.code}.jwt"',
        },
    )
    return shared(request, answer, at=at)


@router.get("/credentials/check", name="credentials.form")
def form(page: PublicPage) -> Response:
    """Ask for a credential to check; explain what its words mean."""
    return _show(page, typed="", found=None)


@router.post("/credentials/check", name="credentials.check")
def check(form: PostedForm, page: PublicPage) -> Response:
    """Say who signed what was pasted, what it says, and what the register says today."""
    typed = form.text("jws").strip()
    return _show(
        page, typed=typed[:LONGEST_JWS], found=checked_credential(page.session, typed, at=page.at)
    )


def _show(page: PublicPage, *, typed: str, found: CheckedCredential | None) -> Response:
    return page.render(
        "credentials/check.html",
        typed=typed,
        found=found,
        changed=[one for one in found.says if one.differs] if found else [],
        heading=HEADINGS[found.finding] if found else "",
        tone=_TONES[found.finding] if found else "",
        message=translated(page.language, MESSAGES[found.finding], told_params(found))
        if found
        else "",
        standing_tones=STANDING_TONES,
        terms=TERM_LABELS,
    )
