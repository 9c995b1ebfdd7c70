"""Pure rules of accounts: the Actor, what a session still lacks, passwords, devices, the second factor."""

from app.domain.accounts.rules.actors import (
    PROVINCE_WIDE,
    ROLE_LABELS,
    SYSTEM,
    Actor,
    Grant,
    roles_named,
)
from app.domain.accounts.rules.codes import (
    RECOVERY_CODES,
    matching_step,
    new_recovery_code,
    recovery_code_typed,
    totp_address,
    totp_code_typed,
)
from app.domain.accounts.rules.devices import device_label
from app.domain.accounts.rules.passwords import (
    LONGEST_PASSWORD,
    PASSWORD_MESSAGES,
    SHORTEST_PASSWORD,
    why_not_password,
)
from app.domain.accounts.rules.sessions import step_left

__all__ = [
    "LONGEST_PASSWORD",
    "PASSWORD_MESSAGES",
    "PROVINCE_WIDE",
    "RECOVERY_CODES",
    "ROLE_LABELS",
    "SHORTEST_PASSWORD",
    "SYSTEM",
    "Actor",
    "Grant",
    "device_label",
    "matching_step",
    "new_recovery_code",
    "recovery_code_typed",
    "roles_named",
    "step_left",
    "totp_address",
    "totp_code_typed",
    "why_not_password",
]
