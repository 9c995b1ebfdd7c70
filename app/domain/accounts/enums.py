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


class SignInWay(StrEnum):
    """How a browser showed who it is."""

    PASSWORD = "password"  # noqa: S105 -- a word, no secret
    PROVIDER = "provider"  # the province's own account system, by OpenID Connect


class SignInStep(StrEnum):
    """What is left to do before a browser that signed in may do anything else."""

    SHOW_FACTOR = "show_factor"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 -- a word, no secret
    SET_UP_FACTOR = "set_up_factor"


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
    INSPECTIONS_READ = "inspections:read"
    INSPECTIONS_WRITE = "inspections:write"
    REPORTS_READ = "reports:read"
    REPORTS_WRITE = "reports:write"
    AUDIT_READ = "audit:read"
    NOTICES_READ = "notices:read"
    NOTICES_WRITE = "notices:write"
    PERSONAL_DATA_READ = "personal_data:read"
    PERSONAL_DATA_WRITE = "personal_data:write"
    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    POSTS_READ = "posts:read"
    POSTS_WRITE = "posts:write"
