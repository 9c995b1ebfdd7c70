"""What follows a ceremony: decisions on certificates, checks, what buyers report, packaging."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.files import StoredFile
from app.demonstration.afterwards import Certified
from app.demonstration.honours import HEAD, SIGNER
from app.demonstration.journeys import AGENCY, PLACEHOLDER, Journey
from app.demonstration.sources import INVENTED
from app.demonstration.stage import Stage
from app.domain.inspections.actions import (
    approve_plan,
    change_choice,
    close_record,
    conclude,
    draft_plan,
    plan_inspection,
    save_section,
)
from app.domain.inspections.enums import Finding, InspectionKind, Outcome
from app.domain.inspections.models import Inspection
from app.domain.inspections.queries import item_codes
from app.domain.inspections.rules import MARK_SECTION
from app.domain.inspections.schemas import (
    ApprovePlan,
    ChangeChoice,
    CloseRecord,
    Conclude,
    DraftPlan,
    ItemIn,
    PlanInspection,
    SaveSection,
)
from app.domain.misuse.actions import send_report
from app.domain.misuse.enums import Concern
from app.domain.misuse.schemas import SendReport
from app.domain.packaging.actions import draft_permission
from app.domain.packaging.schemas import DraftPermission
from app.domain.recognition.actions import (
    attach_decision_scan,
    draft_on_certificates,
    publish_decision,
    sign_decision,
    submit_case,
    verify_case,
)
from app.domain.recognition.enums import DecisionKind, RevocationGround
from app.domain.recognition.models import Certificate, RecognitionDecision, RevocationCase
from app.domain.recognition.schemas import (
    AttachDecisionScan,
    DecidedCertificate,
    DraftOnCertificates,
    PublishDecision,
    SignDecision,
    SubmitCase,
    VerifyCase,
)

MARKET_WATCH, INSPECTOR = "CHI_CUC_QLTT", "kiemtra"
_EXTENDED_FOR = timedelta(days=120)
_SEASON = timedelta(days=60)
_OFFICE = f"Cơ quan không có thật ({INVENTED})"
_STAR_ON_THE_PACK = "star"


@dataclass
class Ruling:
    """A decision on one certificate, from its draft to the day anybody may read it."""

    stage: Stage
    kind: DecisionKind
    _decision: RecognitionDecision | None = field(default=None, init=False)

    def draft(self, line: DecidedCertificate, at: datetime) -> None:
        """Let the agency prepare the decision, dated the same day."""
        self._decision = draft_on_certificates(
            self.stage.session,
            DraftOnCertificates(
                kind=self.kind,
                number=self.stage.paper_number("QĐ"),
                decided_on=local_day(at),
                items=[line],
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )
        self.stage.session.flush()

    def sign(self, at: datetime) -> None:
        """Let the province's leader sign."""
        sign_decision(
            self.stage.session,
            self._drafted.code,
            SignDecision(
                version=self._drafted.version,
                signed_by=self.stage.cast.name(SIGNER),
                signed_title="Phó Chủ tịch",
                on_behalf="TM. ỦY BAN NHÂN DÂN, KT. CHỦ TỊCH",
            ),
            actor=self.stage.cast.actor(SIGNER, at),
            at=at,
        )
        self.stage.session.flush()

    def publish(self, scan: StoredFile, at: datetime) -> None:
        """Let the agency put the scan beside it and let everybody read it."""
        actor, session = self.stage.cast.actor(AGENCY, at), self.stage.session
        attach_decision_scan(
            session,
            self._drafted.code,
            AttachDecisionScan(version=self._drafted.version),
            scan,
            file_name=PLACEHOLDER,
            actor=actor,
            at=at,
        )
        publish_decision(
            session,
            self._drafted.code,
            PublishDecision(version=self._drafted.version),
            actor=actor,
            at=at,
        )

    @property
    def _drafted(self) -> RecognitionDecision:
        if self._decision is None:
            message = "the decision is not drafted yet"
            raise LookupError(message)
        return self._decision


@dataclass
class Watched:
    """A certified product that does not exist, and what becomes of its star."""

    stage: Stage
    certified: Certified
    _inspection: Inspection | None = field(default=None, init=False)
    _ruling: Ruling | None = field(default=None, init=False)

    @property
    def certificate(self) -> Certificate:
        """The newest certificate of the product, in force or not."""
        return newest_certificate(self.stage, self.certified.producer, self.certified.product.name)

    def draft_extension(self, at: datetime) -> None:
        """Let the agency propose to extend a certificate whose renewal came late (art. 12.3)."""
        self._draft(
            DecisionKind.EXTENSION,
            DecidedCertificate(
                certificate=self.certificate.code,
                until=self.certificate.expires_on + _EXTENDED_FOR,
                reason="Minh họa: mưa lũ, xã chưa gửi được hồ sơ đánh giá lại đúng kỳ.",
            ),
            at,
        )

    def draft_revocation(self, at: datetime) -> None:
        """Let the agency propose to revoke; the draft then lies on the signer's table."""
        self._draft(DecisionKind.REVOCATION, DecidedCertificate(case=self._case.code), at)

    def sign(self, at: datetime) -> None:
        """Let the province's leader sign what was drafted."""
        self._drafted.sign(at)

    def publish(self, scan: StoredFile, at: datetime) -> None:
        """Let everybody read what was signed."""
        self._drafted.publish(scan, at)

    def be_reported(self, at: datetime) -> None:
        """Let a buyer tell that more stars stand on the pack than were given."""
        send_report(
            self.stage.session,
            SendReport(
                concern=Concern.STAR_HIGHER,
                product_seen=f"{self.certified.product.name}, hộp in 4 sao",
                place=f"Quầy hàng không có thật ở chợ Mẫu ({INVENTED})",
                seen_on=local_day(at),
                description="Minh họa: hộp in bốn sao, trong danh bạ ghi ba sao.",
                certificate=self.certificate.code,
            ),
            at=at,
        )

    def be_checked(self, at: datetime) -> None:
        """Let the agency and market surveillance look in, and close the minutes."""
        stage, actor = self.stage, self.stage.cast.actor(AGENCY, at)
        row = plan_inspection(
            stage.session,
            PlanInspection(
                certificate=self.certificate.code,
                kind=InspectionKind.SURPRISE,
                reason="Minh họa: người mua phản ánh số sao in trên hộp.",
                planned_on=local_day(at),
                place="Minh họa: xưởng tại bản Mẫu",
                leader=AGENCY,
                team=[INSPECTOR],
            ),
            actor=actor,
            at=at,
        )
        stage.session.flush()
        self._inspection = row.inspection
        said = {_STAR_ON_THE_PACK: "Minh họa: hộp in bốn sao, giấy chứng nhận ghi ba sao."}
        save_section(
            stage.session,
            row.inspection.code,
            MARK_SECTION,
            SaveSection(
                items=[
                    ItemIn(
                        item=code,
                        finding=Finding.NOT_KEPT if code in said else Finding.KEPT,
                        note=said.get(code, ""),
                    )
                    for code in item_codes(row.inspection, MARK_SECTION)
                ],
                version=0,
            ),
            actor=stage.cast.actor(INSPECTOR, at),
            at=at,
        )
        close_record(
            stage.session,
            row.inspection.code,
            CloseRecord(
                record_number=stage.paper_number("BB"),
                held_on=local_day(at),
                present="Minh họa: đoàn kiểm tra, người đại diện chủ thể",
                producer_opinion="Minh họa: in nhầm, xin in lại.",
                version=row.inspection.version,
            ),
            actor=actor,
            at=at,
        )
        stage.session.flush()

    def be_found_out(self, at: datetime) -> None:
        """Conclude that the mark was misused: fifteen days run from here (art. 8.4)."""
        if self._inspection is None:
            message = f"{self.certified.product.name} was not checked yet"
            raise LookupError(message)
        conclude(
            self.stage.session,
            self._inspection.code,
            Conclude(
                outcome=Outcome.BREACH,
                conclusion_number=self.stage.paper_number("KL"),
                conclusion_authority=_OFFICE,
                concluded_on=local_day(at),
                conclusion="Minh họa: in số sao cao hơn giấy chứng nhận, gây nhầm lẫn.",
                ground=RevocationGround.MARK_MISUSED,
                version=self._inspection.version,
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )
        self.stage.session.flush()

    def go_before_the_province(self, at: datetime) -> None:
        """Verify the case and submit it."""
        case, actor = self._case, self.stage.cast.actor(AGENCY, at)
        verify_case(
            self.stage.session,
            case.code,
            VerifyCase(
                verified_on=local_day(at),
                verification="Minh họa: kiểm tra lại tại cơ sở, đúng như kết luận.",
                version=case.version,
            ),
            actor=actor,
            at=at,
        )
        submit_case(
            self.stage.session,
            case.code,
            SubmitCase(
                submission_number=self.stage.paper_number("TTr"),
                submitted_on=local_day(at),
                version=case.version,
            ),
            actor=actor,
            at=at,
        )
        self.stage.session.flush()

    def _draft(self, kind: DecisionKind, line: DecidedCertificate, at: datetime) -> None:
        self._ruling = Ruling(self.stage, kind)
        self._ruling.draft(line, at)

    @property
    def _drafted(self) -> Ruling:
        if self._ruling is None:
            message = f"nothing is drafted about {self.certified.product.name}"
            raise LookupError(message)
        return self._ruling

    @property
    def _case(self) -> RevocationCase:
        return self.stage.session.exec(
            select(RevocationCase).where(col(RevocationCase.certificate_id) == self.certificate.id)
        ).one()


@dataclass(frozen=True)
class Season:
    """The plan of this season's checks, over products that were recognised."""

    stage: Stage
    journeys: tuple[Journey, ...]

    def plan(self, at: datetime) -> None:
        """Draft the plan with its products, let the head approve it, arrange the first check."""
        stage, today = self.stage, local_day(at)
        actor = stage.cast.actor(AGENCY, at)
        chosen = [
            newest_certificate(stage, journey.producer, journey.product.name).code
            for journey in self.journeys
        ]
        plan = draft_plan(
            stage.session,
            DraftPlan(
                year=today.year,
                title=f"Kế hoạch kiểm tra sản phẩm OCOP ({INVENTED})",
                number=stage.paper_number("KH"),
                decided_on=today,
                period_from=today,
                period_to=today + _SEASON,
                agencies=["CQTM_OCOP", MARKET_WATCH],
                reasons="Minh họa: sản phẩm mới được công nhận, chưa kiểm tra lần nào.",
            ),
            actor=actor,
            at=at,
        )
        stage.session.flush()
        change_choice(
            stage.session,
            plan.code,
            ChangeChoice(add=chosen, reason="Chưa kiểm tra lần nào", version=plan.version),
            actor=actor,
            at=at,
        )
        approve_plan(
            stage.session,
            plan.code,
            ApprovePlan(version=plan.version),
            actor=stage.cast.actor(HEAD, at),
            at=at,
        )
        stage.session.flush()
        plan_inspection(
            stage.session,
            PlanInspection(
                certificate=chosen[0],
                kind=InspectionKind.PERIODIC,
                plan=plan.code,
                planned_on=today + timedelta(days=9),
                place="Minh họa: kho và xưởng của chủ thể",
                leader=AGENCY,
                team=[INSPECTOR],
            ),
            actor=actor,
            at=at,
        )


@dataclass(frozen=True)
class Pack:
    """A pack that is to carry the mark of a recognised product."""

    stage: Stage
    journey: Journey

    def ask(self, at: datetime) -> None:
        """Begin the request; the designer's file is still missing."""
        certificate = newest_certificate(
            self.stage, self.journey.producer, self.journey.product.name
        )
        draft_permission(
            self.stage.session,
            certificate.code,
            DraftPermission(
                package_name=f"Túi zip đứng ({INVENTED})",
                net_content="2 kg",
                size="24 × 38 cm",
                star=certificate.star,
                planned_quantity=2000,
            ),
            actor=self.stage.cast.actor(self.journey.office.applicant, at),
            at=at,
        )


def newest_certificate(stage: Stage, producer: str, product: str) -> Certificate:
    """Return the newest certificate of a product of this world, in force or not."""
    return stage.session.exec(
        select(Certificate)
        .where(col(Certificate.product_id) == stage.products[producer, product].id)
        .order_by(col(Certificate.issued_on).desc())
        .limit(1)
    ).one()
