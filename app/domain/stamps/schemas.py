"""What comes in and goes out of stamps: orders, approval, issue, print, custody, keys."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.text import normal
from app.domain.stamps.enums import BatchState, PrintForm, RollState, WithdrawalKind

LARGEST_BATCH = 1_000_000
LARGEST_OUTPUT = 50_000_000
SMALLEST_ROLL, LARGEST_ROLL, USUAL_ROLL = 50, 5_000, 1_000
MOST_ROLLS = LARGEST_BATCH // SMALLEST_ROLL
MOST_SERIALS = 500
MOST_MARKETS = 40

Line = Annotated[str, AfterValidator(normal)]
RollNumber = Annotated[int, Field(ge=1, le=MOST_ROLLS)]
# A serial, or the whole link of a code as a hand-held reader types it.
TypedSerial = Annotated[str, Field(min_length=16, max_length=240)]
Reason = Annotated[
    Line, Field(min_length=5, max_length=500, description="Lý do.", examples=["Tem in hỏng"])
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OrderBatch(_Input):
    """How many stamps for which certificate, what for, and how much is made in a year."""

    certificate: str = Field(
        min_length=4, max_length=20, description="Mã giấy chứng nhận.", examples=["CN-4M7P2Q8"]
    )
    quantity: int = Field(ge=1, le=LARGEST_BATCH, description="Số tem.", examples=[500])
    packs_a_year: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_OUTPUT,
        description="Sản lượng một năm, tính bằng bao gói; bỏ trống khi như lần khai trước.",
        examples=[6000],
    )
    purpose: Line = Field(
        default="",
        max_length=500,
        description="Dùng cho lô hàng, kỳ bán nào.",
        examples=["Hàng Tết, gói 500 g"],
    )
    markets: list[Annotated[str, Field(pattern=r"^[0-9]{2}$")]] = Field(
        default_factory=list,
        max_length=MOST_MARKETS,
        description="Mã các tỉnh sẽ bán; bỏ trống là bán khắp nơi.",
        examples=[["12", "01"]],
    )
    with_pin: bool = Field(default=False, description="In kèm mã cào dưới lớp phủ.")
    roll_size: int = Field(
        default=USUAL_ROLL,
        ge=SMALLEST_ROLL,
        le=LARGEST_ROLL,
        description="Số tem một cuộn.",
        examples=[1000],
    )


class _Step(_Input):
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class ApproveBatch(_Step):
    """The agency's head agrees to the ordered quantity, or to less."""

    count: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_BATCH,
        description="Số tem được duyệt; bỏ trống là đúng số đã đặt.",
        examples=[400],
    )


class RefuseBatch(_Step):
    """The agency's head says no, and why."""

    reason: Line = Field(
        min_length=5, max_length=500, description="Lý do.", examples=["Vượt sản lượng đã khai"]
    )


class StartIssue(_Step):
    """The stamps are to be made and signed: once, exactly as many as approved."""


class StopIssue(_Step):
    """An issue that does not go on is ended; what was signed stays."""

    reason: Reason


class OpenPrinting(_Step):
    """Rolls are given to a printer, once."""

    form: PrintForm = Field(description="Dạng tệp in.", examples=["sheets_25"])
    printer: Line = Field(
        min_length=3,
        max_length=200,
        description="Ai in, ở đâu.",
        examples=["Nhà in Thống Nhất, hợp đồng 12/2026"],
    )
    first_roll: RollNumber | None = Field(
        default=None, description="Từ cuộn; bỏ trống là mọi cuộn chưa in.", examples=[1]
    )
    last_roll: RollNumber | None = Field(default=None, description="Đến cuộn.", examples=[3])


class ClosePrinting(_Step):
    """The printer is done: the files are given out no more."""


class DeliverRolls(_Step):
    """Printed rolls are handed over."""

    delivered_to: Line = Field(
        min_length=3,
        max_length=200,
        description="Người nhận, giấy tờ, nơi giao.",
        examples=["Bà Lò Thị Mẫu, HTX Bình Lư"],
    )
    rolls: list[RollNumber] = Field(
        default_factory=list,
        max_length=MOST_ROLLS,
        description="Các cuộn giao lần này; bỏ trống là mọi cuộn chưa giao.",
        examples=[[1, 2]],
    )


class ActivateRolls(_Step):
    """The producer confirms that rolls arrived; only now do their stamps say «valid»."""

    rolls: list[RollNumber] = Field(
        default_factory=list,
        max_length=MOST_ROLLS,
        description="Các cuộn đã nhận.",
        examples=[[1]],
    )
    labels: list[TypedSerial] = Field(
        default_factory=list,
        max_length=MOST_SERIALS,
        description="Số sê-ri trên nhãn của các cuộn đã nhận; không ghi cuộn, không ghi nhãn là mọi "
        "cuộn đã giao.",
        examples=[["009D-D1X1-PB1X-9SDW"]],
    )


class SuspendRolls(_Step):
    """Rolls whose stamps must not be trusted while somebody looks into it."""

    rolls: list[RollNumber] = Field(
        min_length=1, max_length=MOST_ROLLS, description="Các cuộn.", examples=[[2]]
    )
    reason: Reason


class ReleaseRolls(SuspendRolls):
    """Suspended rolls are good again."""


class CloseBatch(_Step):
    """The batch is used up or put away."""


class WithdrawStamps(_Step):
    """Stamps that must not be used: named ones, rolls, or the whole batch."""

    kind: WithdrawalKind = Field(
        default=WithdrawalKind.SPOILT, description="Vì sao rút.", examples=["spoilt"]
    )
    serials: list[TypedSerial] = Field(
        default_factory=list,
        max_length=MOST_SERIALS,
        description="Các số sê-ri, hoặc cả đường dẫn quét được.",
        examples=[["009D-D1X1-PB1X-9SDW"]],
    )
    rolls: list[RollNumber] = Field(
        default_factory=list, max_length=MOST_ROLLS, description="Cả cuộn.", examples=[[3]]
    )
    whole_batch: bool = Field(default=False, description="Cả lô; lô được đóng.")
    reason: Reason


class RecordDestruction(_Input):
    """Withdrawn stamps were destroyed before witnesses."""

    withdrawals: list[Annotated[str, Field(max_length=20)]] = Field(
        min_length=1, max_length=200, description="Mã các lần rút.", examples=[["RT-5Q9S3V2"]]
    )
    place: Line = Field(
        min_length=3, max_length=200, description="Nơi hủy.", examples=["Kho Chi cục, xã Tân Phong"]
    )
    method: Line = Field(
        min_length=3, max_length=200, description="Cách hủy.", examples=["Cắt vụn, đốt"]
    )
    witnesses: Line = Field(
        min_length=5,
        max_length=1000,
        description="Người chứng kiến và chức vụ, mỗi người một dòng.",
        examples=["Giàng A Mẫu, Sở Công Thương"],
    )


class BalanceOut(BaseModel):
    """What may still be ordered for a certificate today, and how that was found."""

    packs_a_year: int = Field(description="Sản lượng khai, bao gói một năm.", examples=[6000])
    counted_until: date = Field(description="Sản lượng được tính đến hết ngày này.")
    most: int = Field(description="Số tem cho sản lượng ấy.", examples=[6000])
    earlier: int = Field(
        description="Đã đặt trước đây, trừ tem đã rút và đơn không được duyệt.", examples=[600]
    )
    left: int = Field(description="Còn đặt được.", examples=[5400])


class BatchCounts(BaseModel):
    """Where the stamps of a batch are: issued = in store + delivered + activated + suspended + void."""

    issued: int = Field(examples=[500])
    in_hand: int = Field(
        description="Chưa kích hoạt: còn ở kho hoặc đã giao mà chưa xác nhận nhận.", examples=[0]
    )
    delivered: int = Field(description="Trong đó đã giao.", examples=[0])
    activated: int = Field(examples=[498])
    suspended: int = Field(examples=[0])
    void: int = Field(examples=[2])
    destroyed: int = Field(description="Trong số đã rút, đã tiêu hủy.", examples=[2])
    lost: int = Field(description="Trong số đã rút, bị mất.", examples=[0])


class BatchOut(BaseModel):
    """A batch of stamps."""

    code: str = Field(examples=["LT-5Q9S3V2"])
    version: int = Field(examples=[3])
    state: BatchState
    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    quantity: int = Field(examples=[500])
    approved_count: int | None = Field(default=None, examples=[400])
    issued_count: int = Field(description="Đã ký đến nay.", examples=[400])
    roll_size: int = Field(examples=[1000])
    with_pin: bool = False
    markets: list[str] = Field(default_factory=list, examples=[["12"]])
    purpose: str = ""
    refusal_reason: str = ""
    halt_reason: str = Field(default="", description="Vì sao việc ký đang dừng.")
    balance: dict[str, Any] = Field(default_factory=dict, description="Đối chiếu lúc đặt.")
    ordered_at: datetime
    ordered_by_helper: bool
    approved_at: datetime | None = None
    approved_by: str | None = None
    started_at: datetime | None = None
    issued_at: datetime | None = None
    kid: int | None = Field(default=None, examples=[7])
    delivered_at: datetime | None = None
    delivered_to: str = ""
    activated_at: datetime | None = None
    closed_at: datetime | None = None


class BatchDetailOut(BatchOut):
    """A batch of stamps with its counts."""

    counts: BatchCounts


class RollOut(BaseModel):
    """A roll of a batch."""

    number: int = Field(examples=[1])
    size: int = Field(examples=[1000])
    state: RollState
    void_count: int = Field(description="Rút từng con.", examples=[2])
    printed: bool = Field(description="Đã giao tệp cho nơi in.")
    label_serial: str = Field(default="", description="Số sê-ri của nhãn cuộn.")
    activated_at: datetime | None = None
    suspended_at: datetime | None = None
    suspension_reason: str = ""


class PrintingOut(BaseModel):
    """Rolls given to one printer, once, for a bounded time."""

    code: str = Field(examples=["IN-5Q9S3V2"])
    version: int = Field(examples=[1])
    form: PrintForm
    printer: str = Field(examples=["Nhà in Thống Nhất, hợp đồng 12/2026"])
    first_roll: int = Field(examples=[1])
    last_roll: int = Field(examples=[3])
    opened_at: datetime
    opened_by: str
    open_until: datetime = Field(description="Tệp in giao đến lúc này, trừ khi kết thúc sớm.")
    closed_at: datetime | None = None
    closed_by: str | None = None
    is_open: bool = Field(description="Tệp in còn giao.")


class DeliveryOut(BaseModel):
    """Rolls handed over to the producer."""

    code: str = Field(examples=["GN-5Q9S3V2"])
    delivered_to: str = Field(examples=["Bà Lò Thị Mẫu, HTX Bình Lư"])
    delivered_at: datetime
    delivered_by: str
    rolls: int = Field(description="Số cuộn.", examples=[2])
    stamps: int = Field(description="Số tem dùng được khi giao.", examples=[2000])


class WithdrawalOut(BaseModel):
    """Stamps taken out of use."""

    code: str = Field(examples=["RT-5Q9S3V2"])
    batch: str = Field(examples=["LT-5Q9S3V2"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    kind: WithdrawalKind
    reason: str
    stamps: int
    withdrawn_at: datetime
    withdrawn_by: str = Field(examples=["Lò Thị Mẫu"])
    destruction: str | None = Field(default=None, examples=["TH-5Q9S3V2"])


class DestructionOut(BaseModel):
    """Withdrawn stamps that were destroyed before witnesses."""

    code: str = Field(examples=["TH-5Q9S3V2"])
    destroyed_at: datetime
    place: str
    method: str = Field(examples=["Cắt vụn, đốt"])
    witnesses: str
    recorded_by: str
    stamps: int = Field(examples=[12])


class StampOut(BaseModel):
    """One stamp as its printer needs it."""

    roll: int = Field(examples=[1])
    place: int = Field(description="Chỗ trên cuộn; 0 là nhãn cuộn.", examples=[1])
    serial: str = Field(examples=["009D-D1X1-PB1X-9SDW"])
    url: str = Field(description="Nội dung mã QR.")
    pin: str = Field(default="", description="Mã cào, khi lô có.", examples=["7KQ2-M0XD"])


class Jwk(BaseModel):
    """A public key, what it may sign, and with which indexes (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str
    purpose: str = Field(description="stamps, answers hoặc root.", examples=["stamps"])
    nbf: int = Field(description="Ký từ thời điểm này (giây Unix).")
    exp: int | None = Field(default=None, description="Thôi ký từ thời điểm này (giây Unix).")
    index_ranges: list[tuple[int, int]] = Field(description="Các khoảng chỉ số được ký.")


class Jwks(BaseModel):
    """The published keys."""

    keys: list[Jwk]
