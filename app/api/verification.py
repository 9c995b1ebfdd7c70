"""The verdict on a stamp over JSON: for anybody, without a token.

Plain questions are answered by a lane before the table of routes (http/fast_lane.py); what comes with a
place, a token or a typing mistake goes the ordinary way. Both say the same, byte for byte.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.types import Scope

from app.api.deps import AnyCall, OpenCall, verdict_router
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import actor_of, find_token
from app.domain.scans.enums import Caller
from app.domain.scans.queries import look_up_and_count
from app.domain.scans.rules import tenths
from app.domain.verification.queries import LONGEST_TEXT, is_plain_code
from app.domain.verification.schemas import Answer, AskedTold
from app.http.fast_lane import ScanLane
from app.http.ready import Written
from app.http.scan_desk import ScanDesk, host_of

router = verdict_router(tags=["verification"])

_ADDRESS = "/verify/"


class Place(BaseModel):
    """Where somebody asks, if they want to say; kept as a tenth of a degree and a province only."""

    lat: float | None = Field(default=None, ge=-90, le=90, description="Vĩ độ, nếu muốn cho biết.")
    lon: float | None = Field(default=None, ge=-180, le=180, description="Kinh độ.")
    province: str = Field(
        default="", pattern=r"^(?:[0-9]{2})?$", description="Mã tỉnh, nếu muốn cho biết."
    )

    @property
    def coarse(self) -> tuple[int, int] | None:
        """The place in tenths of a degree; half a place is none."""
        if self.lat is None or self.lon is None:
            return None
        return tenths(self.lat), tenths(self.lon)


class _Json:
    """The answer as programs get it."""

    name = "json"
    caller = Caller.PROGRAM

    def written(self, answer: Answer, _text: str) -> Written:
        """Write it as Pydantic does."""
        return Written(
            answer.model_dump_json(),
            [
                (b"content-type", b"application/json"),
                (b"x-slim-answer", b"1"),
                (b"referrer-policy", b"no-referrer"),
                (b"x-content-type-options", b"nosniff"),
                (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
                (b"access-control-allow-origin", b"*"),
            ],
        )

    def words(self, serial: str | None, asked: AskedTold | None, _text: str) -> Sequence[str]:
        """Return serial, number and time as they stand in JSON."""
        if asked is None:
            return serial or "", "", ""
        return serial or "", str(asked.times), to_json(asked.first_at).decode().strip('"')


_JSON = _Json()


@router.head("/verify/{text}", include_in_schema=False)
@router.get("/verify/{text}", summary="Tra cứu một con tem", response_model=Answer)
def show(
    call: AnyCall,
    text: Annotated[
        str,
        Path(
            min_length=1,
            max_length=LONGEST_TEXT,
            description="193 chữ số của mã QR, hoặc số sê-ri 16 ký tự.",
            examples=["009D-D1X1-PB1X-9SDW"],
        ),
    ],
    place: Annotated[Place, Query()],
) -> Response:
    """Say what a stamp is worth now; `valid` is never «genuine»: compare the pack.

    Whoever asks may keep the answer for half a minute, nobody between may. A place is kept coarsely,
    and only when it is told; the token of an inspector tells that an inspector asked, nothing more.
    """
    desk: ScanDesk = call.request.app.state.desk
    at = desk.now()
    desk.admit(host_of(call.request), at=at)
    found = look_up_and_count(call.session, text, at=at, demonstration=call.settings.demonstration)
    written = _JSON.written(found.answer, text)
    answer = Response(written.text)
    for name, value in written.headers:
        answer.headers[name.decode()] = value.decode()
    return desk.finished(
        call.request,
        answer,
        found,
        at=at,
        caller=_caller(call),
        place=place.coarse,
        province=place.province,
    )


def _caller(call: OpenCall) -> Caller:
    """Tell an inspector by the token; any other token is a program like one without."""
    kind, _, secret = call.request.headers.get("authorization", "").partition(" ")
    roles = call.request.app.state.second_factor_roles
    found = (
        find_token(call.session, secret, at=call.at, roles=roles)
        if kind.lower() == "bearer"
        else None
    )
    if found is None:
        return Caller.PROGRAM
    actor = actor_of(call.session, found[1], at=call.at)
    return Caller.INSPECTOR if actor.has(Role.INSPECTOR) else Caller.PROGRAM


def _lane(prefix: str) -> ScanLane:
    """Return the short way to `show`, where the door is mounted."""
    address = f"{prefix}{_ADDRESS}"

    def plainly_asked(scope: Scope) -> tuple[str, _Json] | None:
        path: str = scope["path"]
        if scope["query_string"] or not path.startswith(address):
            return None
        text = path[len(address) :]
        with_token = any(name == b"authorization" for name, _ in scope["headers"])
        return None if with_token or not is_plain_code(text) else (text, _JSON)

    return ScanLane(plainly_asked, "program")


scan_lanes = (_lane,)
