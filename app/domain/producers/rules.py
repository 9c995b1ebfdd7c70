"""Who may take part, in words: pure."""

from app.domain.producers.enums import Gender, ProducerKind

KIND_LABELS: dict[ProducerKind, str] = {
    ProducerKind.COOPERATIVE: "Hợp tác xã",
    ProducerKind.COOPERATIVE_GROUP: "Tổ hợp tác",
    ProducerKind.ENTERPRISE: "Doanh nghiệp nhỏ và vừa",
    ProducerKind.FARM: "Trang trại",
    ProducerKind.HOUSEHOLD: "Hộ sản xuất, hộ gia đình có đăng ký kinh doanh",
    ProducerKind.ASSOCIATION: "Hội, hiệp hội (nhóm du lịch)",
    ProducerKind.OPERATING_CENTRE: "Trung tâm điều hành (nhóm du lịch)",
}
GENDER_LABELS: dict[Gender, str] = {
    Gender.FEMALE: "Nữ",
    Gender.MALE: "Nam",
    Gender.UNSTATED: "Không nêu",
}


def is_tax_code(text: str) -> bool:
    """Tell whether a text can be a tax code: 10 or 13 digits, or a 12-digit personal number.

    Basis: households with a business registration use the personal number as tax code since
    01/07/2025 (Law on Tax Administration 38/2019/QH14 art. 35.7).
    """
    digits = text.replace("-", "").replace(" ", "")
    return digits.isdigit() and len(digits) in {10, 12, 13}


# What lists and usual answers leave out; see domain/privacy. Basis: Nghị định 356/2025/NĐ-CP, Điều 4.
PERSONAL_FIELDS = frozenset(
    {
        "phone",
        "email",
        "representative_gender",
        "representative_ethnicity",
        "representative_address",
    }
)
_PERSONAL_NUMBER_DIGITS = 12


def shown_tax_code(text: str) -> str:
    """Return a tax code as it may be read by many: of a personal number, only the last four digits."""
    digits = text.replace("-", "").replace(" ", "")
    if len(digits) != _PERSONAL_NUMBER_DIGITS:
        return text
    return f"•••• •••• {digits[-4:]}"
