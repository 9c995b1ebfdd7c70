"""The columns that say nothing about a person: judged one by one, so that a new one is judged too."""

IMPERSONAL: dict[str, str] = {
    "absences": "code",
    "administrative_units": (
        "code valid_from valid_to level kind name full_name name_folded "
        "parent_code successor_codes source"
    ),
    "advisory_amendments": "code decision_number decided_on effective_on recorded_at",
    "advisory_reports": "suggested recommendation written_at signed_at",
    "advisory_teams": "code decision_number decided_on term_from term_to created_at",
    "agencies": "code name name_en level valid_from valid_to source",
    "agenda_items": (
        "code day papers_open_on state taken_off_reason taken_off_at "
        "survey_record certified_at certified_hash locked_at"
    ),
    "attachments": "code subject_code criterion_code media_type added_at",
    "audit_events": "kind subject_type previous_hash hash",
    "audit_head": "hash",
    "centre_submissions": (
        "code state letter_number sent_on sent_at answer_number answered_on "
        "answered_at scan_media_type"
    ),
    "certificate_credentials": "digest sealed_at",
    "certificate_items": "until product_name",
    "certificates": (
        "code product_code regime_code decision_number authority issued_on "
        "expires_on product_name extended_from extended_until extension_reason "
        "holder_ended_on revoked_on revocation_ground revocation_reason "
        "superseded_on superseded_how"
    ),
    "chair_delegations": "code number signed_on first_day last_day recorded_at",
    "change_reports": "materials technology packaging quality_declaration tests market output_unit",
    "checked_items": "item section finding correction due_on",
    "checked_sections": "section saved_at",
    "clone_flags": "code kind state evidence raised_at seen_until decided_at note",
    "commune_reports": "meeting_number meeting_on report_number prepared_at signed_at",
    "completion_requests": (
        "code letter_number due_on requested_at answered_at recalled_at recall_reason"
    ),
    "correction_answers": "code item media_type answered_at judged_at",
    "council_amendments": "code decision_number decided_on effective_on recorded_at",
    "councils": (
        "code decision_number decided_on term_from term_to council_rules_code "
        "council_rules_hash created_at"
    ),
    "decision_items": "product_name",
    "deliveries": "code due_at leased_until",
    "dossiers": (
        "code kind certificate_code state commune_code regime_code rubric_code "
        "council_rules_code regime_hash rubric_hash council_rules_hash "
        "opened_at filed_at slip_number commune_due_on received_at checked_at "
        "assessed_at proposed_at proposal_number asked_parts completion_due_on "
        "accepted_at province_slip_number province_due_on closed_at"
    ),
    "evidence": "code media_type added_at replaced_at withdrawn_at",
    "evidence_uses": "criterion_code",
    "export_files": "code kind format about sha256 media_type file_name made_at",
    "extra_tests": (
        "code criterion_code subject laboratory sample_codes ordered_at outcome "
        "result_number result_on recorded_at"
    ),
    "gate_answers": "gate heading wording basis answered_at",
    "gate_findings": "code criterion_code kind state raised_at decided_at",
    "handovers": "code",
    "holidays": "day name source",
    "idea_reviews": "decision reason reviewed_at",
    "idempotent_requests": "key fingerprint media_type made_at",
    "import_runs": "code state checked_at applied_at counts",
    "inspection_photos": "code item media_type added_at",
    "inspection_plans": (
        "code state title number decided_on period_from period_to agencies "
        "reasons created_at approved_at"
    ),
    "inspections": (
        "code state kind planned_on place rubric_code announced_at created_at "
        "cancel_reason begun_at record_number held_on closed_at scan_media_type "
        "correction_due_on outcome conclusion_number conclusion_authority "
        "concluded_on concluded_at ground case_code"
    ),
    "invitations": "code",
    "jobs": (
        "code kind occasion state subject_code due_at leased_until worker "
        "created_at started_at finished_at"
    ),
    "marks": "evidence_code",
    "meeting_wishes": "wished_at",
    "meetings": (
        "code form state place starts_at papers_promised_on renewal_reason "
        "opinions_due_on collected_at reminded_on opened_at council_rules_code "
        "council_rules_hash closed_at minutes_number pack_secret"
    ),
    "minimum_confirmations": "criterion_code confirmed_at",
    "misuse_photos": "code media_type",
    "misuse_reports": (
        "code state concern product_commune_code verdict stamp_said received_at "
        "last_step_at taken_at outcome outcome_reference outcome_authority "
        "outcome_on ended_at forgotten_at"
    ),
    "misuse_steps": "step after at",
    "notices": "code occasion route_name basis planned_at",
    "number_series": "name",
    "output_declarations": "declared_at",
    "pack_returns": "code content_hash applied_at",
    "packaging_artworks": "code media_type reading added_at",
    "packaging_checks": "decision answers findings file_hashes reason checked_at",
    "packaging_permissions": (
        "code state package_name net_content size printer created_at sent_at "
        "granted_on product_name withdrawn_on withdrawal_reason"
    ),
    "paper_sheets": "code state first_at second_at scan_media_type entered_at",
    "personal_data_requests": "code",
    "pin_tries": "blocked_until first_right_at",
    "pinned_council_rules": "content_hash code content",
    "plan_amendments": "code number decided_on reason changes recorded_at",
    "planned_certificates": "added_at",
    "producers": "code dissolved_on dissolution_source created_at updated_at",
    "product_code_aliases": "code code_folded source created_at",
    "product_ideas": (
        "code state commune_code title_folded material local_identity "
        "wished_support created_at updated_at submitted_at converted_at"
    ),
    "product_photos": "code media_type added_at",
    "products": (
        "code commune_code name name_folded description packaging gtin created_at updated_at"
    ),
    "province_checks": "checked_at",
    "published_lists": "name etag token bits signed_at expires_at",
    "recognition_decisions": (
        "code kind state number decided_on authority authority_folded on_behalf "
        "signed_at scan_media_type published_at created_at"
    ),
    "register_changes": "kind since told_at",
    "register_snapshots": "code taken_on taken_at csv_sha256 json_sha256",
    "reopenings": "code state requested_at decision_number decided_at",
    "results": "code average_text outcome document_hash locked_at announced_at",
    "revocation_cases": (
        "code state ground conclusion_number conclusion_authority concluded_on "
        "conclusion_media_type inspection_code due_on opened_at verified_on "
        "submission_number submitted_on closed_at"
    ),
    "rounds": "code proposals_before results_before created_at",
    "scan_days": "day caller",
    "scan_events": "verdict",
    "scan_journals": "name read_at",
    "scan_totals": "first_at last_at",
    "score_sheets": "code state",
    "self_assessment_answers": "criterion_code option_code",
    "signing_records": "signed_at",
    "site_surveys": "code record_number surveyed_on recorded_at",
    "stamp_batches": (
        "code state markets balance refusal_reason ordered_at approved_at "
        "started_at halt_reason issued_at delivered_at activated_at closed_at"
    ),
    "stamp_changes": "changed_at",
    "stamp_deliveries": "code delivered_at",
    "stamp_destructions": "code destroyed_at place method",
    "stamp_keys": "purpose jwk created_at signs_from retired_at",
    "stamp_printings": "code form printer opened_at open_until closed_at",
    "stamp_rolls": "state activated_at suspended_at suspension_reason",
    "stamp_withdrawals": "code kind withdrawn_at",
    "stamps": "header signature",
    "superseded_results": (
        "code average_text outcome document_hash locked_at minutes_number conclusion superseded_at"
    ),
    "superseded_sheets": "origin submitted_at superseded_at",
    "uploads": "code resume_code start_key purpose subject_code state evidence_code refusal",
}
