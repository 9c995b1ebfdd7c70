"""The way of one dossier up to the province's acceptance, each step by who takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.clock import local_day
from app.core.files import StoredFile
from app.demonstration.calendar import Way, moment
from app.demonstration.sources import Claim, Example, ExampleProduct, Paper
from app.demonstration.stage import Script, Stage
from app.domain.accounts.rules import Actor
from app.domain.councils.queries import round_choice
from app.domain.dossiers.actions import (
    accept_dossier,
    add_evidence,
    check_at_province,
    check_components,
    file_dossier,
    propose_dossier,
    receive_dossier,
    record_site_survey,
    request_completion,
    return_dossier,
    save_advice,
    save_commune_report,
    save_report_parts,
    save_section,
    sign_advice,
    sign_commune_report,
    use_evidence,
)
from app.domain.dossiers.enums import (
    Addressee,
    CheckedPart,
    DossierPart,
    EvidenceKind,
    Recommendation,
)
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import find_report, gates_before
from app.domain.dossiers.rules import parts_of
from app.domain.dossiers.schemas import (
    AcceptDossier,
    AddEvidence,
    AdvicePart,
    AnswerIn,
    AskedItem,
    CheckAtProvince,
    CheckComponents,
    CheckedItem,
    CiteEvidence,
    ComponentCheck,
    FileDossier,
    GateAnswerIn,
    OpenDossier,
    ProposeDossier,
    ReceiveDossier,
    RecordSiteSurvey,
    RequestCompletion,
    ReturnDossier,
    ReturnItem,
    SaveAdvisoryReport,
    SaveCommuneReport,
    SaveReportParts,
    SaveSection,
    SignAdvisoryReport,
    SignCommuneReport,
)
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.actions import open_first
from app.rulebooks import loader

AGENCY, ADVISOR = "canbotinh", "totuvan"
TO_COMPLETE = timedelta(days=14)
SAMPLES = 5
REVENUE = 360_000_000  # invented, like everything here
PLACEHOLDER = "tai-lieu-minh-hoa.pdf"
UNSAID = "Minh họa: lời của chủ thể."
CONFIRMED = {f"{finding}_confirmed": True for finding in ("material", "labour", "idea", "identity")}


def no_gate_holds(product: Product, producer: Producer, at: datetime) -> list[GateAnswerIn]:
    """Answer every condition a dossier of the product asks before it is opened: none applies."""
    return [
        GateAnswerIn(gate=one.code, applies=False)
        for one in gates_before(product, producer, on=local_day(at))
        if one.is_asked
    ]


@dataclass(frozen=True, slots=True)
class Office:
    """Who acts in a commune, by account."""

    applicant: str
    officer: str
    leader: str


@dataclass
class Journey:
    """One product's dossier: what is claimed about it, and by whose hands it goes."""

    stage: Stage
    files: Mapping[str, StoredFile]
    office: Office
    producer: str
    product: ExampleProduct
    example: Example
    _dossier: Dossier | None = field(default=None, init=False)

    @property
    def dossier(self) -> Dossier:
        """The dossier, once opened."""
        if self._dossier is None:
            message = f"{self.product.name} has no dossier yet"
            raise LookupError(message)
        return self._dossier

    @property
    def is_worked(self) -> bool:
        """Whether this is the very product of the worked example, not another scored alike."""
        return self.product is self.example.product

    def play_until_accepted(self, script: Script, way: Way, round_code: str) -> None:
        """Note every step up to the acceptance into a round."""
        self.play_until_proposed(script, way)
        script.add(moment(way.accepted, 9), lambda at: self.accept(at, round_code))

    def play_until_proposed(self, script: Script, way: Way) -> None:
        """Note every step up to the commune's proposal."""
        script.add(moment(way.opened, 9), self.open)
        script.add(moment(way.written, 14), self.write)
        script.add(moment(way.filed, 9), self.file)
        script.add(moment(way.reported, 15), self.report)
        script.add(moment(way.signed, 10), self.sign)
        script.add(moment(way.proposed, 10), self.propose)

    def open(self, at: datetime) -> None:
        """Open the dossier; an invented product is registered just before."""
        key = (self.producer, self.product.name)
        if key not in self.stage.products:
            self.stage.register_product(self.stage.producers[self.producer], self.product, at)
        product = self.stage.products[key]
        self._dossier = open_first(
            self.stage.session,
            OpenDossier(
                product_code=product.code,
                gate_answers=no_gate_holds(product, self.stage.producers[self.producer], at),
            ),
            actor=self._actor(self.office.applicant, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()

    def begin_writing(self, at: datetime) -> None:
        """Answer the first section only."""
        self._answer(at, sections=1)

    def write(self, at: datetime) -> None:
        """Answer every criterion, add the papers, write parts II and IV."""
        self._answer(at)
        for paper in self._papers():
            self._add(paper, at)
        save_report_parts(
            self.stage.session,
            self.dossier.code,
            SaveReportParts(
                business_results="Minh họa: bán ổn định, doanh thu tăng so với năm trước.",
                stated_revenue=REVENUE,
                stated_revenue_year=at.year - 1,
                business_plan="Minh họa: thêm hai điểm bán, giữ sản lượng như năm nay.",
                sample_count=SAMPLES,
                version=self.dossier.version,
            ),
            actor=self._actor(self.office.applicant, at),
            at=at,
        )

    def file(self, at: datetime) -> None:
        """Hand in at the commune."""
        file_dossier(
            self.stage.session,
            self.dossier.code,
            FileDossier(version=self.dossier.version),
            actor=self._actor(self.office.applicant, at),
            at=at,
        )

    def give_back(self, at: datetime) -> None:
        """Let the commune give the dossier back for its papers."""
        return_dossier(
            self.stage.session,
            self.dossier.code,
            ReturnDossier(
                items=[
                    ReturnItem(
                        part=DossierPart.EVIDENCE,
                        reason="Minh họa: tệp kèm theo chỉ giữ chỗ, hãy thay bằng giấy tờ thật.",
                    )
                ],
                version=self.dossier.version,
            ),
            actor=self._actor(self.office.officer, at),
            at=at,
        )

    def report(self, at: datetime) -> None:
        """Receive the dossier, go through its parts, and write the report with its findings."""
        officer = self._actor(self.office.officer, at)
        if self.dossier.received_at is None:
            receive_dossier(
                self.stage.session,
                self.dossier.code,
                ReceiveDossier(
                    samples_received=self.dossier.sample_count, version=self.dossier.version
                ),
                actor=officer,
                at=at,
            )
        check_components(
            self.stage.session,
            self.dossier.code,
            CheckComponents(
                items=[ComponentCheck(part=part, complete=True) for part in DossierPart],
                version=self.dossier.version,
            ),
            actor=officer,
            at=at,
        )
        save_commune_report(
            self.stage.session,
            self.dossier.code,
            SaveCommuneReport(**self.example.commune_report.model_dump(), **CONFIRMED),
            actor=officer,
            at=at,
        )
        self.stage.session.flush()

    def sign(self, at: datetime) -> None:
        """Sign the commune's report."""
        report = find_report(self.stage.session, self.dossier)
        sign_commune_report(
            self.stage.session,
            self.dossier.code,
            SignCommuneReport(
                report_number=self.stage.paper_number("BC"),
                signed_title="Phó Chủ tịch UBND xã",
                version=report.version if report else 1,
            ),
            actor=self._actor(self.office.leader, at),
            at=at,
        )

    def propose(self, at: datetime) -> None:
        """Propose to the province."""
        propose_dossier(
            self.stage.session,
            self.dossier.code,
            ProposeDossier(
                proposal_number=self.stage.paper_number("CV"), version=self.dossier.version
            ),
            actor=self._actor(self.office.leader, at),
            at=at,
        )

    def accept(self, at: datetime, round_code: str) -> None:
        """Take the dossier into a round."""
        accept_dossier(
            self.stage.session,
            self.dossier.code,
            AcceptDossier(version=self.dossier.version),
            round_choice(self.stage.session, round_code),
            actor=self._actor(AGENCY, at),
            at=at,
        )

    def ask_completion(self, at: datetime) -> None:
        """Check the dossier at the province, and ask producer and commune to complete it."""
        agency, lacking = self._actor(AGENCY, at), "Minh họa: phiếu kiểm nghiệm đã quá hạn."
        check_at_province(
            self.stage.session,
            self.dossier.code,
            CheckAtProvince(
                items=[
                    CheckedItem(
                        part=part,
                        is_complete=part is not CheckedPart.EVIDENCE,
                        note=lacking if part is CheckedPart.EVIDENCE else "",
                    )
                    for part in parts_of(self.dossier.kind)
                ],
                version=self.dossier.version,
            ),
            actor=agency,
            at=at,
        )
        self.stage.session.flush()
        request_completion(
            self.stage.session,
            self.dossier.code,
            RequestCompletion(
                letter_number=self.stage.paper_number("CV"),
                due_on=local_day(at) + TO_COMPLETE,
                items=[
                    AskedItem(part=CheckedPart.EVIDENCE, reason=lacking),
                    AskedItem(
                        part=CheckedPart.PROPOSAL_LETTER,
                        reason="Minh họa: ghi lại tên sản phẩm cho khớp phiếu đăng ký.",
                        addressee=Addressee.COMMUNE,
                    ),
                ],
                version=self.dossier.version,
            ),
            actor=agency,
            at=at,
        )

    def advise(self, at: datetime) -> None:
        """Survey on the spot; write and sign the advisory team's report."""
        member = self._actor(ADVISOR, at)
        record_site_survey(
            self.stage.session,
            self.dossier.code,
            RecordSiteSurvey(
                record_number=self.stage.paper_number("BBKS"),
                surveyed_on=local_day(at),
                people="Minh họa: hai thành viên Tổ tư vấn, đại diện chủ thể.",
                findings="Minh họa: nơi sản xuất đúng như hồ sơ mô tả.",
            ),
            actor=member,
            at=at,
        )
        parts = loader.rubric(self.dossier.rubric_code).parts
        report = save_advice(
            self.stage.session,
            self.dossier.code,
            SaveAdvisoryReport(
                parts=[
                    AdvicePart(
                        part=part.code,
                        text=f"Minh họa: hồ sơ phần {part.code} phù hợp với minh chứng kèm theo.",
                    )
                    for part in parts
                ],
                legal_papers="Minh họa: giấy tờ còn hiệu lực.",
                legal_papers_in_order=True,
                recommendation=Recommendation.EVALUATE,
                conclusion="Minh họa: đề nghị đưa ra Hội đồng.",
                version=0,
            ),
            actor=member,
            at=at,
        )
        self.stage.session.flush()
        sign_advice(
            self.stage.session,
            self.dossier.code,
            SignAdvisoryReport(version=report.version),
            actor=member,
            at=at,
        )

    def _answer(self, at: datetime, *, sections: int | None = None) -> None:
        rubric = loader.rubric(self.dossier.rubric_code)
        every = [section for part in rubric.parts for section in part.sections]
        for section in every[:sections]:
            save_section(
                self.stage.session,
                self.dossier.code,
                section.code,
                SaveSection(
                    answers=[self._claimed(criterion.code) for criterion in section.criteria],
                    version=self.dossier.version,
                ),
                actor=self._actor(self.office.applicant, at),
                at=at,
            )

    def _claimed(self, criterion_code: str) -> AnswerIn:
        claim: Claim = self.example.self_assessment[criterion_code]
        return AnswerIn(
            criterion_code=criterion_code,
            option_code=claim.option,
            description=claim.description if self.is_worked else UNSAID,
        )

    def _papers(self) -> tuple[Paper, ...]:
        if self.is_worked and self.example.evidence:
            return self.example.evidence
        placeholder = Paper(
            file=PLACEHOLDER,
            kind=EvidenceKind.OTHER,
            title="Tài liệu giữ chỗ (minh họa)",
            criteria=("1.1", "2.3"),
        )
        return (placeholder,)

    def _add(self, paper: Paper, at: datetime) -> None:
        actor = self._actor(self.office.applicant, at)
        first, *others = paper.criteria
        kept = add_evidence(
            self.stage.session,
            self.dossier.code,
            AddEvidence(kind=paper.kind, title=paper.title, criterion_code=first),
            self.files[paper.file],
            file_name=paper.file,
            actor=actor,
            at=at,
        )
        for criterion_code in others:
            use_evidence(
                self.stage.session,
                self.dossier.code,
                CiteEvidence(evidence_code=kept.code, criterion_code=criterion_code),
                actor=actor,
                at=at,
            )

    def _actor(self, username: str, at: datetime) -> Actor:
        return self.stage.cast.actor(username, at)
