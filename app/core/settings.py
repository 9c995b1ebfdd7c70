"""Settings, read once from the environment (prefix OCOP_) and checked at start."""

from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.mail import MailServer, Security
from app.core.storage import DiskStorage, Storage, bucket_storage
from app.core.virus_scan import ScannedStorage, Scanner, check_address

HTMX_SOURCE = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
LONGEST_STAMP_HOST = 15


class Settings(BaseSettings):
    """Everything an installation may choose."""

    model_config = SettingsConfigDict(env_prefix="OCOP_", secrets_dir=None, extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    pool_size: int = Field(default=16, ge=2, le=64)
    pool_wait_seconds: float = Field(default=10.0, gt=0)
    public_url: str = "http://127.0.0.1:8000"
    stamp_host: str = "tem.ocop.gov.vn"
    agency_name: str = "Sở Nông nghiệp và Môi trường"  # which office it is changes with the years
    key_dir: Path | None = None
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
    login_attempts: str = "10/15 minutes"
    files_url: str = ""  # s3://bucket/prefix; empty keeps files under the data folder
    files_endpoint: str = ""  # of a service that is not Amazon's
    files_region: str = ""
    files_access_key: str = ""
    files_secret_key: SecretStr = SecretStr("")
    files_secret_key_file: Path | None = None  # read instead of the variable above

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

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.data_dir = self.data_dir.resolve()
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'ocop.db'}"
        if self.database_url.startswith("postgresql://"):
            self.database_url = self.database_url.replace(
                "postgresql://", "postgresql+psycopg://", 1
            )
        self.key_dir = (self.key_dir or self.data_dir / "keys").resolve()
        if self.files_secret_key_file is not None:
            self.files_secret_key = SecretStr(
                self.files_secret_key_file.read_text(encoding="utf-8").strip()
            )
        if self.files_url and not self.files_url.startswith("s3://"):
            message = "OCOP_FILES_URL must look like s3://bucket/prefix"
            raise ValueError(message)
        if self.clamav_url:
            check_address(self.clamav_url)
        if len(self.stamp_host) > LONGEST_STAMP_HOST:
            message = "OCOP_STAMP_HOST may have at most 15 characters: the QR must stay version 6"
            raise ValueError(message)
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
