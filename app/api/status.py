"""Status for whoever has no network: the certificates, what changed since, the bundle of an inspector.

Lists of stamps have an address of their own, `/status/{shard}`, which their tokens name. Everything
here is signed, may be read from anywhere and kept for a minute, never over midnight in Viet Nam.
"""

from typing import Annotated, Any

from fastapi import Query, Response

from app.api.deps import AnyCall, OpenCall, public_router
from app.core.paging import LARGEST_KEY
from app.domain.status.queries import Served, served, signed_delta
from app.domain.status.rules import BUNDLE, CERTIFICATES, MEDIA_TYPE
from app.http.conditional import is_known, shared

router = public_router(tags=["status"])
_SIGNED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "description": "Ba đoạn base64url cách bằng dấu chấm (RFC 7515), ký ES256.",
    }
}
_OPEN = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag"}


@router.head("/status/certificates", include_in_schema=False)
@router.get(
    "/status/certificates",
    summary="Mọi giấy chứng nhận và hiệu lực hôm nay, có chữ ký",
    response_class=Response,
    responses=_SIGNED,
)
def certificates(call: AnyCall) -> Response:
    """Give every certificate a stamp can name with its state of a day (`day`, in Viet Nam).

    A JWS of type `ocop-certificates+jwt` by a key of purpose `answers`. `lst` is base64url of zlib of
    JSON: rows whose fields `fields` names, days counted from `day_zero`; a row ends with its last
    field that says something. On a later day look at `last_day` too: time ends a star by itself.
    """
    return _listed(call, CERTIFICATES)


@router.head("/status/changes", include_in_schema=False)
@router.get(
    "/status/changes",
    summary="Tem nào đổi trạng thái từ sau một số thay đổi, có chữ ký",
    response_class=Response,
    responses=_SIGNED,
)
def changes(
    call: AnyCall,
    since: Annotated[
        int,
        Query(ge=0, le=LARGEST_KEY, description="`version` của danh sách đang giữ.", examples=[0]),
    ],
) -> Response:
    """Give what brings a list of stamps of one number to a newer one.

    A JWS of type `ocop-status-changes+jwt` by a key of purpose `answers`. `lst` is base64url of
    groups of numbers, `status, size, how many, first, gap, gap …`: stretches of `size` indexes that
    have this status now, each told by the distance from the one before. Numbers are LEB128: seven
    bits a byte, the lowest first, the highest bit set on all bytes but the last. With `more`, ask
    again with `since=version`. 503 where no key that signs answers is at hand.
    """
    delta = signed_delta(
        call.session,
        since,
        public_url=call.settings.public_url,
        key_dir=call.settings.answer_key_dir,
        invented=call.settings.demonstration,
        at=call.at,
    )
    return _answer(call, delta, of_rows_alone=False)  # signed now, by a key that lies in a file


@router.head("/status/bundle", include_in_schema=False)
@router.get(
    "/status/bundle",
    summary="Gói dữ liệu cho người kiểm tra không có mạng, ký bằng khóa gốc",
    response_class=Response,
    responses=_SIGNED,
)
def bundle(call: AnyCall) -> Response:
    """Give all that an inspector's page needs besides the lists of stamps.

    A JWS of type `ocop-bundle+jwt`. The page trusts one key alone, of purpose `root`, which it brings
    with it: check the signature with that one, whatever key the JWKS of the bundle lists, and `typ`,
    and that `iat` is not older than that of the bundle already held. Only then trust `jwks`. Fetch
    each list of `stamps.lists`: either its SHA-256 is the one told here, or it is newer – then it
    carries the signature of a key of purpose `answers` of this JWKS, its own address as `sub` and a
    `version` not below the one told here. What happened after `next_change` is in the delta.
    """
    return _listed(call, BUNDLE)


def _listed(call: OpenCall, name: str) -> Response:
    return _answer(
        call, served(call.session, name, lambda mark: is_known(call.request, _etag(mark)))
    )


def _answer(call: OpenCall, said: Served, *, of_rows_alone: bool = True) -> Response:
    answer = Response(said.token, media_type=MEDIA_TYPE, headers=_OPEN)
    return shared(
        call.request, answer, at=call.at, etag=_etag(said.etag), of_rows_alone=of_rows_alone
    )


def _etag(mark: str) -> str:
    """Return a mark as an ETag; a weak one, because the text may be compressed on its way."""
    return f'W/"{mark}"'
