"""Communes over JSON: reference data, for anybody."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from app.api.deps import AnyCall, public_router
from app.core.clock import local_day
from app.domain.places.queries import communes_on

router = public_router(tags=["places"])


class CommuneOut(BaseModel):
    """A commune as it is or was on a day."""

    code: str = Field(examples=["03405"])
    name: str = Field(examples=["Xã Tả Lèng"])
    valid_from: date
    valid_to: date | None
    successor_codes: list[str]


@router.get("/communes", summary="Xã, phường vào một ngày")
def communes(call: AnyCall, on: Annotated[date | None, Query()] = None) -> list[CommuneOut]:
    """List the communes of a day (today unless told): 106 in 2022, 38 since 2025-07-01."""
    return [
        CommuneOut(
            code=unit.code,
            name=unit.full_name,
            valid_from=unit.valid_from,
            valid_to=unit.valid_to,
            successor_codes=[code for code in unit.successor_codes.split(";") if code],
        )
        for unit in communes_on(call.session, on or local_day(call.at))
    ]
