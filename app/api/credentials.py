"""Credentials over JSON: the signed extract of the register, its check, the certificate on paper."""

from typing import Annotated

from fastapi import Response

from app.api.deps import AnyCall, Call, needs, public_router
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.credentials.papers import certificate_paper
from app.domain.credentials.queries import checked_credential, credential_out, sealed_certificate
from app.domain.credentials.rules import Issuer
from app.domain.credentials.schemas import CheckCredential, CheckedCredential, CredentialOut
from app.http.papers import PDF_ANSWER, pdf_answer

router = public_router(tags=["credentials"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]


@router.get("/register/{code}/credential", summary="Bản ký điện tử của một giấy chứng nhận")
def show(call: AnyCall, code: str) -> CredentialOut:
    """Give the newest credential with its payload read out; `standing` tells today's worth beside it."""
    issuer = Issuer.of(call.settings)
    sealed = sealed_certificate(call.session, code, on=local_day(call.at), issuer=issuer)
    return credential_out(sealed, issuer)


@router.post("/credentials/check", summary="Kiểm tra một bản ký điện tử")
def check(call: AnyCall, response: Response, data: CheckCredential) -> CheckedCredential:
    """Say whether it was signed here, what it says, and what the register says today; keeps nothing."""
    response.headers["cache-control"] = "no-store"
    return checked_credential(call.session, data.jws, at=call.at)


@router.get(
    "/certificates/{code}/paper.pdf",
    summary="Bản in giấy chứng nhận",
    response_class=Response,
    responses=PDF_ANSWER,
)
def certificate_pdf(call: Reading, code: str) -> Response:
    """Print a certificate, or the extract of the register for what others issued."""
    paper = certificate_paper(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        issuer=Issuer.of(call.settings),
        stamp_host=call.settings.stamp_host,
    )
    return pdf_answer(paper, f"giay-chung-nhan-{code}.pdf")
