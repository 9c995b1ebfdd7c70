"""Lists of what stamps are worth, at the addresses that the lists themselves name.

Media type and form are those of the IETF Token Status List (draft-ietf-oauth-status-list-21, 8.2).
"""

from typing import Annotated

from fastapi import Path, Request, Response

from app.core import clock
from app.domain.status.queries import served
from app.domain.status.rules import HIGHEST_SHARD, LIST_MEDIA_TYPE, shard_name
from app.http.conditional import is_known, shared
from app.http.sessions import unit_of
from app.web.deps import public_router

router = public_router()
_OPEN = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag"}


@router.api_route("/status/{shard}", methods=["GET", "HEAD"], name="status_list")
def status_list(
    request: Request, shard: Annotated[int, Path(ge=0, le=HIGHEST_SHARD, examples=[0])]
) -> Response:
    """Give the list of 131,072 stamps, those of the indexes from `shard` times that number on."""
    said = served(
        unit_of(request).session,
        shard_name(shard),
        lambda mark: is_known(request, f'W/"{mark}"'),
    )
    answer = Response(said.token, media_type=LIST_MEDIA_TYPE, headers=_OPEN)
    return shared(request, answer, at=clock.now(), etag=f'W/"{said.etag}"')
