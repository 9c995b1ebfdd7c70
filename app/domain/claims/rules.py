"""Pure rules of claims: what is found when a shop says how many stars a product has, and in which words.

An answer is about the product, never about a seller or about the goods in somebody's hands: whoever
sells is repeated from the question, and nobody is named who is not named in the public register.
"""

from datetime import date, timedelta

from app.domain.claims.enums import Finding, Reason
from app.domain.recognition.enums import Standing
from app.domain.recognition.rules import IN_FORCE
from app.domain.stamps.enums import StampState

PROOF_TYP = "ocop-claim+jwt"
# So long an answer may be shown as today's; afterwards it still proves what was known, and when.
PROOF_LIFE = timedelta(hours=24)
MOST_CLAIMS = 500
LARGEST_BODY = 1024 * 1024

FINDING_OF: dict[Reason, Finding] = {
    Reason.AS_REGISTERED: Finding.MATCH,
    Reason.OTHER_STAR: Finding.MISMATCH,
    Reason.STAMP_VOID: Finding.MISMATCH,
    Reason.STAMP_SUSPENDED: Finding.MISMATCH,
    Reason.STAMP_NOT_ACTIVATED: Finding.MISMATCH,
    Reason.ENDED: Finding.LAPSED,
    Reason.HOLDER_CHANGED: Finding.LAPSED,
    Reason.NOT_REGISTERED: Finding.UNKNOWN,
    Reason.SEVERAL: Finding.UNKNOWN,
    Reason.UNREADABLE: Finding.UNKNOWN,
    Reason.STAMP_UNKNOWN: Finding.UNKNOWN,
    Reason.STAMP_ALTERED: Finding.UNKNOWN,
    Reason.STAMP_SPECIMEN: Finding.UNKNOWN,
    Reason.ROLL_LABEL: Finding.UNKNOWN,
}

MESSAGES: dict[Reason, str] = {
    Reason.AS_REGISTERED: (
        "Sổ đăng ký ghi đúng như vậy: {product} của {producer} được {star} sao, giấy chứng nhận còn "
        "hiệu lực đến hết ngày {until}."
    ),
    Reason.OTHER_STAR: (
        "Không đúng với sổ đăng ký: nơi bán ghi {claimed} sao, nhưng {product} của {producer} được "
        "{star} sao, đến hết ngày {until}."
    ),
    Reason.STAMP_VOID: "Con tem này đã bị hủy, không được dùng trên hàng hóa.",
    Reason.STAMP_SUSPENDED: "Con tem này đang bị tạm ngừng để kiểm tra.",
    Reason.STAMP_NOT_ACTIVATED: (
        "Tem này chưa được bàn giao cho nhà sản xuất, chưa được bán hàng mang tem này."
    ),
    Reason.ENDED: (
        "Hạng {star} sao của {product} đã hết giá trị từ ngày {since}. Hôm nay sản phẩm không được "
        "ghi sao nào."
    ),
    Reason.HOLDER_CHANGED: (
        "Từ ngày {since} {product} không còn do {producer} làm ra. Giấy chứng nhận của chủ thể cũ "
        "không còn giá trị."
    ),
    Reason.NOT_REGISTERED: (
        "Sổ đăng ký OCOP của tỉnh không có sản phẩm này. Hãy hỏi nơi bán mã giấy chứng nhận."
    ),
    Reason.SEVERAL: (
        "Có nhiều sản phẩm cùng tên của chủ thể cùng tên. Hãy hỏi lại bằng mã sản phẩm hoặc mã giấy "
        "chứng nhận."
    ),
    Reason.UNREADABLE: "Mã gửi lên bị gõ sai hoặc thiếu ký tự. Hãy so lại với mã in trên sản phẩm.",
    Reason.STAMP_UNKNOWN: "Không có con tem nào mang mã này trong sổ tem.",
    Reason.STAMP_ALTERED: (
        "Mã tem không mang chữ ký của cơ quan phát hành: bị sửa, quét nhầm hoặc làm giả."
    ),
    Reason.STAMP_SPECIMEN: "Đây là tem mẫu để tập huấn, không dùng cho hàng hóa.",
    Reason.ROLL_LABEL: "Đây là nhãn của cả cuộn tem, không phải tem của một sản phẩm.",
}

# Programs abroad read these beside the sentences above; the doors of JSON have no catalogue.
ENGLISH: dict[Reason, str] = {
    Reason.AS_REGISTERED: (
        "As registered: {product} of {producer} has {star} stars; its certificate is in force until "
        "the end of {until}."
    ),
    Reason.OTHER_STAR: (
        "Not as registered: {claimed} stars are claimed, but {product} of {producer} has {star} "
        "stars, until the end of {until}."
    ),
    Reason.STAMP_VOID: "This stamp is void and may not be used on goods.",
    Reason.STAMP_SUSPENDED: "This stamp is suspended while somebody looks into it.",
    Reason.STAMP_NOT_ACTIVATED: (
        "This stamp was not yet handed over to the producer: goods bearing it may not be sold."
    ),
    Reason.ENDED: (
        "The {star} stars of {product} ended on {since}. Today the product may not be sold with "
        "stars."
    ),
    Reason.HOLDER_CHANGED: (
        "Since {since} {product} is no longer made by {producer}. The certificate of the former "
        "holder has ended."
    ),
    Reason.NOT_REGISTERED: (
        "The OCOP register of the province has no such product. Ask the seller for the code of the "
        "certificate."
    ),
    Reason.SEVERAL: (
        "There are several products of this name and producer. Ask again by the code of the product "
        "or of the certificate."
    ),
    Reason.UNREADABLE: "The code is mistyped or incomplete. Compare it with what is printed.",
    Reason.STAMP_UNKNOWN: "No stamp bears this code.",
    Reason.STAMP_ALTERED: (
        "The code does not carry the signature of the authority: altered, misread or forged."
    ),
    Reason.STAMP_SPECIMEN: "This is a specimen for training, not for goods.",
    Reason.ROLL_LABEL: "This is the label of a whole roll of stamps, not the stamp of a product.",
}

_OF_STAMP: dict[StampState, Reason] = {
    StampState.VOID: Reason.STAMP_VOID,
    StampState.SUSPENDED: Reason.STAMP_SUSPENDED,
    StampState.ISSUED: Reason.STAMP_NOT_ACTIVATED,
}


def reason_of(
    *, star: int, worth: Standing, claimed: int, stamp: StampState | None = None
) -> Reason:
    """Return what is found for a certificate of this star and worth, named by a stamp or not.

    An ended star is told before a stamp that was not handed over, a withdrawn stamp before both: so a
    scan says it too. Basis: 26/2026/QĐ-TTg art. 4.3, 8.
    """
    if stamp in {StampState.VOID, StampState.SUSPENDED}:
        return _OF_STAMP[stamp]
    if worth is Standing.HOLDER_CHANGED:
        return Reason.HOLDER_CHANGED
    if worth not in IN_FORCE:
        return Reason.ENDED
    if stamp is StampState.ISSUED:
        return Reason.STAMP_NOT_ACTIVATED
    return Reason.AS_REGISTERED if star == claimed else Reason.OTHER_STAR


def written(day: date | None) -> str:
    """Write a day as people do here: 24/11/2026."""
    return f"{day:%d/%m/%Y}" if day else ""
