"""Settings, read once from the environment (prefix OCOP_) and checked at start."""

from datetime import timedelta
from email.utils import parseaddr
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.account_providers import LOOPBACK, ProviderSettings, is_safe
from app.core.journal import Durability
from app.core.mail import MailServer, Security
from app.core.storage import DiskStorage, Storage, bucket_storage
from app.core.virus_scan import ScannedStorage, Scanner, check_address

HTMX_SOURCE = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
LONGEST_STAMP_HOST = 15
SECOND_FACTOR_ROLES = (
    "administrator,agency_officer,agency_head,provincial_signer,auditor,council_member"
)


def known_networks(listed: str) -> list[IPv4Network | IPv6Network]:
    """Return the networks of a list with commas; one that is none is refused (ValueError)."""
    return [ip_network(part.strip()) for part in listed.split(",") if part.strip()]


def _by_our_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _with_password(url: str, password: str) -> str:
    """Return an address of a server with the password of whom it names; others as they are."""
    parts = urlsplit(url)
    if not parts.username or parts.password is not None:
        return url
    name, _, where = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{name}:{quote(password, safe='')}@{where}").geturl()


class Settings(BaseSettings):
    """Everything an installation may choose."""

    model_config = SettingsConfigDict(env_prefix="OCOP_", secrets_dir=None, extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    database_password_file: Path | None = None  # put into both addresses, which then hold none
    pool_size: int = Field(default=16, ge=2, le=64)
    pool_wait_seconds: float = Field(default=10.0, gt=0)
    # A standby of the database, for scans and the public register; empty: everything on the first.
    database_replica_url: str = ""
    replica_most_lag_seconds: float = Field(default=5.0, ge=0.5, le=15)  # behind more: not read
    workers: int = Field(default=1, ge=1, le=64)  # processes that answer; more than one: PostgreSQL
    # Whoever finds no place (each worker has as many as connections) waits so long, then is told 503.
    admission_seconds: float = Field(default=0.8, gt=0)
    admission_waiting: int = Field(
        default=256, ge=1
    )  # in a worker's line; one more is told at once
    public_url: str = "http://127.0.0.1:8000"
    stamp_host: str = "tem.ocop.gov.vn"
    agency_name: str = "Sở Nông nghiệp và Môi trường"  # which office it is changes with the years
    # Private keys of stamps, certificates and the root: the signing process alone reads them.
    key_dir: Path | None = None
    # Keys of answers and the pepper of PINs, which the server reads; empty: in the data folder.
    answer_key_dir: Path = Path()
    signer_beside: bool = True  # off where `ocop sign` runs as another user or on another machine
    jobs_beside: bool = True  # off where `ocop work` runs by itself or on another machine
    job_workers: int = Field(default=2, ge=1, le=16)  # jobs done at the same time, in one process
    council_rules_dir: Path | None = None
    paper_templates_dir: Path | None = None  # own wording of papers, see templates/README.md
    demonstration: bool = False
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    htmx_source: str = HTMX_SOURCE
    htmx_integrity: str = HTMX_INTEGRITY
    session_idle_minutes: int = Field(default=120, ge=5)
    session_hours: int = Field(default=12, ge=1)
    largest_upload_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    upload_idle_seconds: float = Field(default=30.0, gt=0)  # a silent sender is waited for so long
    # Failed sign-ins of one account, the more the longer the wait; never longer than the last says.
    login_attempts: str = "5/minute; 10/15 minutes; 20/hour"
    login_attempts_of_network: str = "60/15 minutes"  # a whole office may have one address
    # Roles that may do nothing without a second factor, as words with commas; not said: those whose
    # acts bind or who see everybody's business, and none in the invented world of a demonstration.
    second_factor_roles: str | None = None
    # More passwords to refuse: SHA-1 hashes in ascending order, one a line (as Have I Been Pwned
    # gives them out); looked up on the disk, never loaded.
    breached_passwords_file: Path | None = None
    # Sign-in at the province's own account system by OpenID Connect; no issuer: only by password.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_client_secret_file: Path | None = None  # read instead of the variable above
    oidc_name: str = "Tài khoản tỉnh"  # what the button says
    # Words of the provider (acr, amr; with commas) that stand for a second factor shown there.
    oidc_second_factor: str = ""
    oidc_seconds: float = Field(default=8.0, gt=0, le=60)  # a silent provider is waited for so long
    # Many phones share one address of a mobile network: room for a market, none for a flood.
    reports_of_network: str = "20/hour"
    reports_of_program: str = "300/hour"
    pins_of_network: str = "60/hour"  # tries of scratch codes, whatever stamp they are of
    scans_of_network: str = (
        "3000/minute"  # of all workers here; a carrier's whole province may be one
    )
    scan_durability: Durability = Durability.PROCESS  # what a kept scan outlives: process or power
    # Questions about claims, each with up to five hundred: a till asks while a buyer waits.
    claims_of_network: str = "120/hour"
    claims_of_program: str = "3000/hour"
    # As long as most breaches may still be sanctioned after a report has ended; then nobody needs
    # to ask the reporter again (Luật Xử lý vi phạm hành chính, Điều 6.1.a).
    reporters_kept_days: int = Field(default=365, ge=1)
    privacy_contact: str = ""  # whom people write to about data kept of them; shown on /privacy
    files_url: str = ""  # s3://bucket/prefix; empty keeps files under the data folder
    files_endpoint: str = ""  # of a service that is not Amazon's
    files_region: str = ""
    files_access_key: str = ""
    files_access_key_file: Path | None = None  # read instead of the variable above
    files_secret_key: SecretStr = SecretStr("")
    files_secret_key_file: Path | None = None  # read instead of the variable above
    pg_bin: Path | None = None  # folder of pg_basebackup, postgres …; empty: those of PATH
    # Of an account that may copy the whole cluster (REPLICATION); empty: as OCOP_DATABASE_URL.
    backup_database_url: SecretStr = SecretStr("")
    backup_endpoint: str = ""  # of a bucket of backups that is not Amazon's
    backup_region: str = ""
    backup_access_key: str = ""
    backup_secret_key: SecretStr = SecretStr("")
    backup_secret_key_file: Path | None = None  # read instead of the variable above

    clamav_url: str = ""  # tcp://host:port or unix:/path; empty looks for no viruses
    clamav_seconds: float = Field(default=30.0, gt=0)  # a silent scanner is waited for so long

    smtp_host: str = ""  # empty: nobody is told by e-mail
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Security = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_password_file: Path | None = None  # read instead of the variable above
    smtp_seconds: float = Field(default=20.0, gt=0)  # a silent server is waited for so long
    mail_from: str = ""  # OCOP Lai Châu <ocop@laichau.gov.vn>
    sms: str = "file"  # file: sms.jsonl in the data folder; off; or the https address of a gateway
    sms_token: SecretStr = SecretStr("")
    sms_token_file: Path | None = None  # read instead of the variable above
    notices_every_seconds: float = Field(default=60.0, ge=0)  # 0: only `ocop notices send` sends
    # Each commit makes SQLite's readers forget what they had read: seldom enough to be no matter.
    scans_every_seconds: float = Field(default=2.0, ge=0)  # 0: only `ocop scans ingest` reads in
    flags_every_seconds: float = Field(default=180.0, ge=0)  # 0: only `ocop scans examine` looks

    log: Literal["", "json", "text"] = ""  # empty: JSON, but text for the demonstration
    trusted_proxies: str = ""  # networks (10.0.0.0/8, …) whose X-Forwarded-For, -Proto are believed
    metrics_token: SecretStr = SecretStr("")  # who may ask /metrics; empty: nobody
    metrics_token_file: Path | None = None  # read instead of the variable above
    telemetry: bool = False  # send traces where OTEL_EXPORTER_OTLP_ENDPOINT says
    drain_seconds: float = Field(default=0.0, ge=0)  # not ready so long before it ends (SIGTERM)
    security_contact: str = ""  # mailto: or https: address told in /.well-known/security.txt
    release: str = ""  # what this program calls itself in metrics and traces

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.data_dir = self.data_dir.resolve()
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'ocop.db'}"
        self.database_url = _by_our_driver(self.database_url)
        self.database_replica_url = _by_our_driver(self.database_replica_url)
        if self.on_sqlite and (self.workers > 1 or self.database_replica_url):
            message = (
                "OCOP_WORKERS above 1 and OCOP_DATABASE_REPLICA_URL need PostgreSQL "
                "(OCOP_DATABASE_URL): SQLite has one writer and counts in one process"
            )
            raise ValueError(message)
        self.key_dir = (self.key_dir or self.data_dir / "keys").resolve()
        if self.answer_key_dir == Path():
            self.answer_key_dir = self.data_dir / "answer-keys"
        self.answer_key_dir = self.answer_key_dir.resolve()
        if self.answer_key_dir == self.key_dir:
            message = "OCOP_ANSWER_KEY_DIR and OCOP_KEY_DIR must differ: the server reads only one"
            raise ValueError(message)
        if self.files_secret_key_file is not None:
            self.files_secret_key = SecretStr(
                self.files_secret_key_file.read_text(encoding="utf-8").strip()
            )
        if self.files_url and not self.files_url.startswith("s3://"):
            message = "OCOP_FILES_URL must look like s3://bucket/prefix"
            raise ValueError(message)
        if self.clamav_url:
            check_address(self.clamav_url)
        if self.breached_passwords_file and not self.breached_passwords_file.is_file():
            message = f"OCOP_BREACHED_PASSWORDS_FILE is not there: {self.breached_passwords_file}"
            raise ValueError(message)
        if len(self.stamp_host) > LONGEST_STAMP_HOST:
            message = "OCOP_STAMP_HOST may have at most 15 characters: the QR must stay version 6"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fill_in_backups(self) -> Self:
        if self.backup_secret_key_file is not None:
            self.backup_secret_key = SecretStr(
                self.backup_secret_key_file.read_text(encoding="utf-8").strip()
            )
        return self

    @model_validator(mode="after")
    def _fill_in_ways_out(self) -> Self:
        if self.smtp_password_file is not None:
            self.smtp_password = SecretStr(
                self.smtp_password_file.read_text(encoding="utf-8").strip()
            )
        if self.sms_token_file is not None:
            self.sms_token = SecretStr(self.sms_token_file.read_text(encoding="utf-8").strip())
        if self.smtp_host and "@" not in parseaddr(self.mail_from)[1]:
            message = "OCOP_MAIL_FROM must look like OCOP <ocop@laichau.gov.vn>"
            raise ValueError(message)
        if self.sms not in {"file", "off"} and not self.sms.startswith(("https://", "http://")):
            message = "OCOP_SMS must be file, off, or the address of a gateway"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fill_in_from_files(self) -> Self:
        if self.database_password_file is not None:
            password = self.database_password_file.read_text(encoding="utf-8").strip()
            self.database_url = _with_password(self.database_url, password)
            self.database_replica_url = _with_password(self.database_replica_url, password)
        if self.files_access_key_file is not None:
            self.files_access_key = self.files_access_key_file.read_text(encoding="utf-8").strip()
        return self

    @model_validator(mode="after")
    def _fill_in_watching(self) -> Self:
        if self.metrics_token_file is not None:
            self.metrics_token = SecretStr(
                self.metrics_token_file.read_text(encoding="utf-8").strip()
            )
        known_networks(self.trusted_proxies)
        if self.security_contact and not self.security_contact.startswith(("mailto:", "https://")):
            message = "OCOP_SECURITY_CONTACT must begin with mailto: or https://"
            raise ValueError(message)
        return self

    @property
    def log_form(self) -> Literal["json", "text"]:
        """How lines of the log are written."""
        return self.log or ("text" if self.demonstration else "json")

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.database_url.startswith("sqlite")

    @property
    def session_idle_time(self) -> timedelta:
        """After how long without use a browser session ends."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def roles_with_second_factor(self) -> str:
        """The roles that may do nothing without a second factor, as words with commas."""
        if self.second_factor_roles is not None:
            return self.second_factor_roles
        return "" if self.demonstration else SECOND_FACTOR_ROLES

    @model_validator(mode="after")
    def _fill_in_provider(self) -> Self:
        if self.oidc_client_secret_file is not None:
            self.oidc_client_secret = SecretStr(
                self.oidc_client_secret_file.read_text(encoding="utf-8").strip()
            )
        if not self.oidc_issuer:
            return self
        if not is_safe(self.oidc_issuer, local=urlsplit(self.oidc_issuer).hostname in LOOPBACK):
            message = "OCOP_OIDC_ISSUER must be an https address"
            raise ValueError(message)
        if not self.oidc_client_id or not self.oidc_client_secret.get_secret_value():
            message = (
                "OCOP_OIDC_ISSUER needs OCOP_OIDC_CLIENT_ID and OCOP_OIDC_CLIENT_SECRET(_FILE)"
            )
            raise ValueError(message)
        return self

    @property
    def provider(self) -> ProviderSettings | None:
        """The province's account system and who we are there, None where there is none."""
        if not self.oidc_issuer:
            return None
        return ProviderSettings(
            issuer=self.oidc_issuer,
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret.get_secret_value(),
            redirect_uri=f"{self.public_url.rstrip('/')}/sign-in/provider/back",
            seconds=self.oidc_seconds,
        )

    @property
    def second_factor_words(self) -> frozenset[str]:
        """The provider's words that stand for a second factor shown there."""
        said = (word.strip() for word in self.oidc_second_factor.split(","))
        return frozenset(word for word in said if word)

    @property
    def files_dir(self) -> Path:
        """Where uploaded files lie while no bucket is set, named by the hash of their content."""
        return self.data_dir / "files"

    @cached_property
    def files(self) -> Storage:
        """Where uploaded files are kept: behind the scanner, where OCOP_CLAMAV_URL names one."""
        if not self.clamav_url:
            return self._shelves
        return ScannedStorage(self._shelves, Scanner(self.clamav_url, self.clamav_seconds))

    @cached_property
    def _shelves(self) -> Storage:
        """The folder above, or the bucket that OCOP_FILES_URL names."""
        if not self.files_url:
            return DiskStorage(self.files_dir)
        return bucket_storage(
            self.files_url,
            endpoint=self.files_endpoint,
            region=self.files_region,
            access_key=self.files_access_key,
            secret_key=self.files_secret_key.get_secret_value(),
        )

    @property
    def mail_server(self) -> MailServer | None:
        """Where letters are handed over, None when this installation sends none."""
        if not self.smtp_host:
            return None
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port,
            security=self.smtp_security,
            user=self.smtp_user,
            password=self.smtp_password.get_secret_value(),
            sender=self.mail_from,
            seconds=self.smtp_seconds,
        )

    @property
    def sms_file(self) -> Path:
        """Where short messages are written while no gateway is named."""
        return self.data_dir / "sms.jsonl"

    @property
    def scans_dir(self) -> Path:
        """Where scans are written down before they are answered: always a disk of this machine."""
        return self.data_dir / "scans"

    @property
    def parts_dir(self) -> Path:
        """Where files lie that are still arriving: always a disk, shared by the processes here."""
        return self.data_dir / "parts"

    @property
    def scratch_dir(self) -> Path:
        """Where large answers are put together: on the disk, as /tmp may be memory."""
        return self.data_dir / "scratch"

    @property
    def private_key_dir(self) -> Path:
        """Where the private halves of stamp keys lie, readable by the signing process only."""
        return self.key_dir or self.data_dir / "keys"

    @cached_property
    def secure_cookies(self) -> bool:
        """Whether the public address is https, so that cookies may insist on it."""
        return urlsplit(self.public_url).scheme == "https"
