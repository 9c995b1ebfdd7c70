"""What goes on beside the rounds: certificates of the past, upgrades, renewals, ideas, photos, papers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core.clock import local_day
from app.core.files import StoredFile
from app.core.pictures import StoredPicture
from app.demonstration.journeys import UNSAID, Office, no_gate_holds
from app.demonstration.sources import INVENTED, Example, ExampleProduct
from app.demonstration.stage import Stage
from app.domain.accounts.rules import SYSTEM
from app.domain.dossiers.actions import save_changes, save_section
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.schemas import AnswerIn, OpenFromCertificate, SaveChanges, SaveSection
from app.domain.ideas.actions import register_idea, review_idea
from app.domain.ideas.enums import IdeaStep
from app.domain.ideas.schemas import RegisterIdea, ReviewIdea
from app.domain.photos.actions import add_photo
from app.domain.photos.schemas import AddPhoto
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.actions import import_recognised, open_renewal, open_upgrade
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import running_certificate
from app.domain.recognition.schemas import ImportRecognised
from app.domain.wallet.actions import add_paper
from app.domain.wallet.schemas import AddPaper
from app.rulebooks import loader

# A certificate of 36 months issued so long ago ends in about 165 days: its window is open, and
# still is when the days since were holidays.
_IN_ITS_WINDOW = timedelta(days=930)
# … so long ago that it ended some weeks ago, and in the middle of its term.
ENDED_LATELY, MIDWAY = timedelta(days=1116), timedelta(days=400)
_PAST_STAR = 3
_CHANGES = SaveChanges(
    version=1,
    changes="Minh họa: thêm một dây chuyền đóng gói, vùng nguyên liệu rộng thêm 2 ha.",
    materials="Minh họa: vẫn nguyên liệu trong xã, thêm bốn hộ cung cấp.",
    technology="Minh họa: thêm máy đóng gói.",
    packaging="Minh họa: hộp mới có mã truy xuất.",
    tests="Minh họa: kiểm nghiệm hằng năm, đều đạt.",
    tests_done=3,
    market="Minh họa: thêm hai cửa hàng trong tỉnh.",
    output_amount=3600,
    output_unit="kg",
    revenue=1_440_000_000,
)


@dataclass(frozen=True, slots=True)
class RunningOut:
    """A paper of the wallet and how many days it is still good; negative once it is not."""

    file: str
    kind: EvidenceKind
    title: str
    days: int


RUNNING_OUT = (
    RunningOut("phieu-kiem-nghiem-gao.pdf", EvidenceKind.TEST_REPORT, "Phiếu kiểm nghiệm", -4),
    RunningOut("ban-cong-bo-gao.pdf", EvidenceKind.QUALITY_DECLARATION, "Bản tự công bố", 20),
    RunningOut("vung-trong-lua.jpg", EvidenceKind.MATERIAL_ORIGIN, "Hợp đồng vùng trồng", 75),
)


@dataclass
class Certified:
    """A certified product that does not exist, and what its producer does next with it."""

    stage: Stage
    office: Office
    producer: str
    product: ExampleProduct
    began: timedelta = _IN_ITS_WINDOW
    _dossier: Dossier | None = None

    def recognise(self, at: datetime) -> None:
        """Register the product with a certificate of the past; unless told, it is to be renewed now."""
        made = self.stage.register_product(self._producer, self.product, at)
        issued_on = local_day(at) - self.began
        import_recognised(
            self.stage.session,
            made,
            ImportRecognised(
                star=_PAST_STAR,
                regime_code=loader.in_force(issued_on).code,
                decision_number=self.stage.paper_number("QĐ"),
                authority=f"Cơ quan không có thật ({INVENTED})",
                issued_on=issued_on,
                source_note="Minh họa: không có quyết định công nhận nào như vậy.",
            ),
            actor=SYSTEM,
            at=at,
        )

    def upgrade(self, at: datetime) -> None:
        """Open the dossier of an upgrade."""
        self._dossier = open_upgrade(
            self.stage.session,
            self._certificate(at).code,
            OpenFromCertificate(gate_answers=no_gate_holds(self._product, self._producer, at)),
            actor=self.stage.cast.actor(self.office.applicant, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()

    def renew(self, at: datetime) -> None:
        """Open the dossier of a renewal."""
        self._dossier = open_renewal(
            self.stage.session,
            self._certificate(at).code,
            OpenFromCertificate(gate_answers=no_gate_holds(self._product, self._producer, at)),
            actor=self.stage.cast.actor(self.office.applicant, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()

    def tell_changes(self, at: datetime) -> None:
        """Say what changed since the recognition."""
        save_changes(
            self.stage.session,
            self.dossier.code,
            _CHANGES.model_copy(update={"version": self.dossier.version}),
            actor=self.stage.cast.actor(self.office.applicant, at),
            at=at,
        )

    def better_first_section(self, example: Example, at: datetime) -> None:
        """Claim more for the first criterion: one answer differs from what was recognised."""
        section = loader.rubric(self.dossier.rubric_code).parts[0].sections[0]
        first, *others = section.criteria
        better = AnswerIn(
            criterion_code=first.code,
            option_code=max(first.options, key=lambda one: one.points).code,
            description="Minh họa: vùng nguyên liệu rộng hơn khi được công nhận.",
        )
        same = [
            AnswerIn(
                criterion_code=one.code,
                option_code=example.self_assessment[one.code].option,
                description=UNSAID,
            )
            for one in others
        ]
        save_section(
            self.stage.session,
            self.dossier.code,
            section.code,
            SaveSection(answers=[better, *same], version=self.dossier.version),
            actor=self.stage.cast.actor(self.office.applicant, at),
            at=at,
        )

    @property
    def dossier(self) -> Dossier:
        """The dossier of the upgrade or the renewal, once opened."""
        if self._dossier is None:
            message = f"{self.product.name} is not upgraded or renewed yet"
            raise LookupError(message)
        return self._dossier

    @property
    def _producer(self) -> Producer:
        return self.stage.producers[self.producer]

    @property
    def _product(self) -> Product:
        return self.stage.products[self.producer, self.product.name]

    def _certificate(self, at: datetime) -> Certificate:
        found = running_certificate(self.stage.session, self._product.id or 0, on=local_day(at))
        if found is None:
            message = f"{self.product.name} has no certificate in force"
            raise LookupError(message)
        return found


@dataclass(frozen=True)
class Beside:
    """What a producer and its commune do beside dossiers."""

    stage: Stage
    office: Office
    producer: str

    def have_ideas(self, at: datetime) -> None:
        """Bring two ideas before the commune: one is accepted, one waits."""
        cast, session = self.stage.cast, self.stage.session
        officer = cast.actor(self.office.officer, at)
        accepted = register_idea(
            session,
            RegisterIdea(
                commune_code=self._producer.commune_code,
                proposer=f"Nhóm phụ nữ bản Mẫu (nhân vật {INVENTED})",
                village="Bản Mẫu",
                title=f"Trà gừng gác bếp Mẫu (ý tưởng {INVENTED})",
                description="Minh họa: gừng nương thái lát, sấy khói bếp, đóng túi lọc.",
                material="Minh họa: gừng trồng trên nương của bản.",
                local_identity="Minh họa: cách giữ gừng qua mùa đông của người trong bản.",
                wished_support="Minh họa: máy sấy nhỏ, tập huấn an toàn thực phẩm.",
            ),
            actor=officer,
            at=at,
        )
        session.flush()
        review_idea(
            session,
            accepted.code,
            ReviewIdea(
                decision=IdeaStep.ACCEPT,
                reason="Minh họa: nguyên liệu sẵn trong xã, có người làm.",
                version=accepted.version,
            ),
            actor=officer,
            at=at,
        )
        register_idea(
            session,
            RegisterIdea(
                producer_code=self._producer.code,
                proposer=f"Lý Thị Mẫu (nhân vật {INVENTED})",
                title=f"Bỏng ngô mật mía Mẫu (ý tưởng {INVENTED})",
                description="Minh họa: ngô nếp nương rang nổ, trộn mật mía, đóng gói nhỏ.",
                material="Minh họa: ngô và mía trồng trong xã.",
                local_identity="Minh họa: quà vặt của trẻ trong bản ngày phiên chợ.",
            ),
            actor=cast.actor(self.office.applicant, at),
            at=at,
        )

    def keep_papers(self, files: Mapping[str, StoredFile], today: date, at: datetime) -> None:
        """Put papers into the wallet that run out: one lately, one this month, one this quarter."""
        for paper in RUNNING_OUT:
            expires_on = today + timedelta(days=paper.days)
            add_paper(
                self.stage.session,
                self._producer.code,
                AddPaper(
                    kind=paper.kind,
                    title=f"{paper.title} ({INVENTED})",
                    number=self.stage.paper_number("GT"),
                    issuer=f"Nơi cấp không có thật ({INVENTED})",
                    issued_on=expires_on - timedelta(days=365),
                    expires_on=expires_on,
                ),
                files[paper.file],
                file_name=paper.file,
                actor=self.stage.cast.actor(self.office.applicant, at),
                at=at,
            )

    def show_picture(self, product: str, picture: StoredPicture, at: datetime) -> None:
        """Show a drawn picture, in the place of a photo, with a product that does not exist."""
        add_photo(
            self.stage.session,
            self.stage.products[self.producer, product].code,
            AddPhoto(caption=f"Hình vẽ {INVENTED}, không phải ảnh sản phẩm có thật"),
            picture,
            actor=self.stage.cast.actor(self.office.applicant, at),
            at=at,
        )

    @property
    def _producer(self) -> Producer:
        return self.stage.producers[self.producer]
