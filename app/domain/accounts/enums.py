"""Roles and scopes: closed vocabularies."""

from enum import StrEnum


class Role(StrEnum):
    """A post in the programme; every grant is role, unit or organisation, from, to."""

    PRODUCER = "producer"
    COMMUNE_OFFICER = "commune_officer"
    COMMUNE_LEADER = "commune_leader"
    AGENCY_OFFICER = "agency_officer"
    AGENCY_HEAD = "agency_head"
    ADVISORY_MEMBER = "advisory_member"
    COUNCIL_MEMBER = "council_member"
    PROVINCIAL_SIGNER = "provincial_signer"
    INSPECTOR = "inspector"
    DEPARTMENT_OFFICER = "department_officer"
    PARTNER = "partner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What a bearer token may be used for, within what its owner may do."""

    REGISTER_READ = "register:read"
    REGISTER_WRITE = "register:write"
    DOSSIERS_READ = "dossiers:read"
    DOSSIERS_WRITE = "dossiers:write"
    COUNCILS_READ = "councils:read"
    COUNCILS_WRITE = "councils:write"
    RECOGNITION_READ = "recognition:read"
    RECOGNITION_WRITE = "recognition:write"
    STAMPS_READ = "stamps:read"
    STAMPS_WRITE = "stamps:write"
    AUDIT_READ = "audit:read"
    NOTICES_READ = "notices:read"
    NOTICES_WRITE = "notices:write"
