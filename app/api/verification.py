"""The verdict on a stamp over JSON: for anybody, without a token."""

from typing import Annotated

from fastapi import Path, Response

from app.api.deps import AnyCall, api_router
from app.domain.verification.queries import LONGEST_TEXT, verdict
from app.domain.verification.schemas import Answer

router = api_router(tags=["verification"])


@router.get("/verify/{text}", summary="Tra cứu một con tem")
def show(
    call: AnyCall,
    response: Response,
    text: Annotated[
        str,
        Path(
            min_length=1,
            max_length=LONGEST_TEXT,
            description="193 chữ số của mã QR, hoặc số sê-ri 16 ký tự.",
            examples=["009D-D1X1-PB1X-9SDW"],
        ),
    ],
) -> Answer:
    """Say what a stamp is worth now; `valid` is never «genuine»: compare the pack."""
    response.headers["cache-control"] = "no-store"
    response.headers["referrer-policy"] = "no-referrer"
    return verdict(call.session, text, at=call.at, demonstration=call.settings.demonstration)
