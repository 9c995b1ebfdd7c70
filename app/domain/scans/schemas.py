"""What comes in and goes out about flags and scratch codes; forms and the API share it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.text import normal
from app.domain.scans.enums import Caller, FlagDecision, FlagKind, FlagState, PinResult
from app.domain.stamps.enums import Verdict


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class DecideFlag(_Input):
    """What a human makes of a flag, and why."""

    version: int = Field(
        ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
    )
    decision: FlagDecision = Field(
        description="Có sao chép (confirmed) hay không (dismissed).", examples=["dismissed"]
    )
    reason: Annotated[str, AfterValidator(normal)] = Field(
        min_length=5,
        max_length=500,
        description="Lý do.",
        examples=["Tem trưng bày tại hội chợ, nhiều người quét thử."],
    )
    suspend: bool = Field(
        default=False, description="Đồng thời tạm ngừng cuộn tem; chỉ khi có sao chép."
    )


class TryPin(_Input):
    """The code under the scratch layer, as typed: case, spaces and hyphens do not matter."""

    pin: str = Field(min_length=1, max_length=40, examples=["7K2M-9Q4X"])


class PinOut(BaseModel):
    """Whether a scratch code is right; a wrong one never tells why."""

    result: PinResult = Field(examples=["right"])
    message: str = Field(examples=["Mã cào đúng, lần đầu tiên được kiểm tra."])
    first_right_at: datetime | None = None
    blocked_until: datetime | None = None


class FlagOut(BaseModel):
    """What looks odd about a stamp or a roll; a reason to look, never a verdict."""

    code: str = Field(examples=["DH-7K2M9Q4"])
    version: int = Field(examples=[1])
    kind: FlagKind = Field(examples=["many_devices"])
    kind_label: str = Field(examples=["Nhiều máy cùng quét một tem"])
    state: FlagState = Field(examples=["open"])
    state_label: str = Field(examples=["Chờ xem xét"])
    serial: str | None = Field(default=None, examples=["009D-D1X1-PB1X-9SDW"])
    batch: str | None = Field(default=None, examples=["TB-7K2M9Q4"])
    roll: int | None = Field(default=None, examples=[2])
    product: str | None = Field(default=None, examples=["Miến dong Bình Lư"])
    certificate: str | None = Field(default=None, examples=["CN-4M7P2Q8"])
    count: int = Field(examples=[7], description="Số máy, cặp nơi, tỉnh, tem hoặc lượt quét.")
    raised_at: datetime
    seen_until: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    note: str = ""


class ScanOut(BaseModel):
    """One scan of the last ninety days; devices are numbered within one answer."""

    at: datetime
    verdict: Verdict
    caller: Caller
    device: int | None = Field(default=None, examples=[1])
    latitude: float | None = Field(default=None, examples=[22.4])
    longitude: float | None = Field(default=None, examples=[103.5])
    province: str = Field(default="", examples=["12"])


class FlagDetailOut(FlagOut):
    """A flag with its evidence and the newest scans of its stamp."""

    producer: str | None = Field(default=None, examples=["HTX Miến dong Bình Lư"])
    evidence: dict[str, Any] = Field(examples=[{"count": 7, "scans": 12}])
    total_scans: int = Field(default=0, examples=[12])
    scans: Sequence[ScanOut] = ()
