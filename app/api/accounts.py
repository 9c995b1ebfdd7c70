"""Who a token speaks for, over JSON; accounts and tokens themselves are made on the pages."""

from typing import Annotated

from app.api.deps import Call, api_router, needs
from app.domain.accounts.queries import me_out
from app.domain.accounts.schemas import MeOut

router = api_router(tags=["accounts"])
AnyToken = Annotated[Call, needs(None)]


@router.get("/me", summary="Khóa kết nối này là của ai")
def show(call: AnyToken) -> MeOut:
    """Tell whose token this is, their posts today, its scopes and its last day."""
    return me_out(call.actor, call.token)
