"""A dossier in memory, with everything a form can say of it; people are invented."""

from datetime import UTC, date, datetime

from app.domain.dossiers.enums import DossierKind, DossierState, EvidenceKind
from app.domain.dossiers.models import CommuneReport, Dossier, Evidence, SelfAssessmentAnswer
from app.domain.dossiers.queries import STARS, DossierRow, SelfAssessment
from app.domain.producers.enums import Gender, ProducerKind
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import nearest_points, sheet_score

FILED_AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
# The largest set of the decision: most criteria, and cases.
LARGEST_RUBRIC = "qd26-2026-26"
TEA = "qd26-2026-11"


def dossier_row(
    *,
    rubric_code: str = TEA,
    product: str = "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    kind: DossierKind = DossierKind.FIRST,
    filed: bool = True,
    known: bool = True,
) -> DossierRow:
    """Return a dossier; when nothing is `known`, all that may be empty is."""
    rubric = loader.rubric(rubric_code)
    at = FILED_AT
    return DossierRow(
        Dossier(
            id=1,
            code="HS-7K2M9Q4",
            kind=kind,
            state=DossierState.FILED,
            product_id=1,
            producer_id=1,
            commune_code="03478",
            regime_code="qd26-2026",
            rubric_code=rubric_code,
            council_rules_code="lai-chau-default",
            regime_hash="",
            rubric_hash=rubric.sha256,
            council_rules_hash="",
            business_results="Năm 2025 bán 1,2 tấn.\nDoanh thu 480 triệu đồng." if known else "",
            business_plan="Mở thêm 5 ha chè.\nVào hai cửa hàng ở Hà Nội." if known else "",
            sample_count=5 if known else 0,
            opened_at=at,
            filed_at=at if filed else None,
            slip_number="07/PĐK-12-03478-2026" if filed else None,
            received_by="Giàng A Mẫu" if filed else "",
        ),
        Product(
            id=1,
            code="SP-1",
            producer_id=1,
            commune_code="03478",
            name=product,
            name_folded="",
            set_number=rubric.set_number,
            packaging="Hộp giấy 100 g." if known else "",
            description="Chè một tôm hai lá, TCCS 01:2026." if known else "",
            created_at=at,
            updated_at=at,
        ),
        Producer(
            id=1,
            code="CT-1",
            name="Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
            name_folded="",
            kind=ProducerKind.COOPERATIVE,
            commune_code="03478",
            address="Bản Sin Suối Hồ, xã Sin Suối Hồ, tỉnh Lai Châu",
            registration_number="120700123" if known else "",
            registered_on=date(2019, 5, 20) if known else None,
            phone="0900 000 000" if known else "",
            email="mau@example.org" if known else "",
            representative="Lò Thị Mẫu" if known else "",
            representative_title="Giám đốc" if known else "",
            representative_gender=Gender.FEMALE if known else Gender.UNSTATED,
            representative_ethnicity="Mông" if known else "",
            representative_address="Bản Sin Suối Hồ, xã Sin Suối Hồ" if known else "",
            history="Thành lập năm 2019 với bảy hộ.\nNay có 42 hộ." if known else "",
            structure="Hội đồng quản trị ba người; hai tổ sản xuất." if known else "",
            created_at=at,
            updated_at=at,
        ),
        "xã Sin Suối Hồ",
    )


def paper(number: int, kind: EvidenceKind, title: str) -> Evidence:
    """Return a paper of the producer; its hash is made of its number."""
    return Evidence(
        id=number,
        code=f"MC-{number:07d}",
        producer_id=1,
        kind=kind,
        title=title,
        title_folded="",
        number=f"{number}/KN",
        issuer="Trung tâm Kiểm nghiệm Mẫu",
        issued_on=date(2026, 3, 2),
        expires_on=date(2027, 3, 1),
        file_name=f"{title}.pdf",
        media_type="application/pdf",
        size=1000,
        sha256=f"{number:064x}",
        added_at=FILED_AT,
    )


def assessment_of(
    row: DossierRow,
    *,
    papers: int = 3,
    description: str = "Hái tay một tôm hai lá, ghi sổ từng ngày.",
    title: str = "Phiếu kiểm nghiệm",
    answered: bool = True,
) -> SelfAssessment:
    """Return a self-assessment with the best options; papers are cited one criterion after another."""
    rubric = row.rubric
    chosen = _best(rubric) if answered else {}
    kinds = list(EvidenceKind)
    cited = tuple(
        paper(number, kinds[(number - 1) % len(kinds)], f"{title} {number}")
        for number in range(1, papers + 1)
    )
    uses: dict[str, tuple[Evidence, ...]] = {}
    codes = [criterion.code for criterion in rubric.criteria]
    for place, one in enumerate(cited):
        code = codes[place % len(codes)]
        uses[code] = (*uses.get(code, ()), one)
    return SelfAssessment(
        row=row,
        answers={
            code: SelfAssessmentAnswer(
                dossier_id=1, criterion_code=code, option_code=option, description=description
            )
            for code, option in chosen.items()
        },
        papers=cited,
        uses={code: uses[code] for code in codes if code in uses},
        score=sheet_score(rubric, chosen),
        nearest=tuple(nearest_points(rubric, row.regime, chosen, star) for star in STARS),
    )


def report_of(*, known: bool = True, signed: bool = True) -> CommuneReport:
    """Return a commune's report on the dossier."""
    return CommuneReport(
        dossier_id=1,
        material_finding="Đã xem sổ thu mua ba vụ và đi thực tế tại vườn." if known else "",
        material_local_percent=92 if known else 0,
        material_confirmed=known,
        labour_finding="Lao động địa phương có hợp đồng, đóng bảo hiểm." if known else "",
        workers_total=21 if known else 0,
        workers_local=18 if known else 0,
        labour_confirmed=known,
        idea_finding="Sản phẩm truyền thống, có cải tiến khâu sao." if known else "",
        idea_confirmed=known,
        identity_finding="Giống chè bản địa, sao bằng chảo gang." if known else "",
        identity_confirmed=known,
        report_number="27/BC-UBND" if signed else "",
        prepared_by="Giàng A Mẫu",
        prepared_at=FILED_AT,
        signed_by="Nguyễn Văn Mẫu" if signed else None,
        signed_title="Phó Chủ tịch" if signed else "",
        signed_at=FILED_AT if signed else None,
    )


def _best(rubric: Rubric) -> dict[str, str]:
    return {
        criterion.code: max(criterion.options, key=lambda option: option.points).code
        for criterion in rubric.criteria
    }
