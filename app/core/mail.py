"""Letters by SMTP: one connection a pass, plain text, names that stay the same when sent again."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import Literal

from app.core.carriers import NotCarried, Parcel, Trouble

Security = Literal["starttls", "tls", "none"]
_FOR_GOOD_FROM = 500
# Plain addresses only: the library's own reading of addresses trips over odd ones.
MAILBOX = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed over, as whom, and how long a silent server is waited for."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    sender: str
    seconds: float

    @property
    def domain(self) -> str:
        """The domain of the sender, in which messages are named."""
        return parseaddr(self.sender)[1].rpartition("@")[2]


def one_line(text: str) -> str:
    """Return a text as it may stand in a header: one line of printable characters.

    Nor may it bring an encoded word of its own: the library would decode that, line ends included.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line.replace("=?", "= ?")


def letter(parcel: Parcel, server: MailServer) -> EmailMessage:
    """Return a message as it is sent: whatever people typed is in the text or in one header line."""
    name, sender = parseaddr(server.sender)
    message = EmailMessage(policy=SMTP_POLICY)
    message["Message-ID"] = f"<{parcel.code}@{server.domain}>"
    message["Date"] = format_datetime(parcel.at)
    message["From"] = Address(one_line(name), addr_spec=sender)
    message["To"] = parcel.address
    message["Subject"] = one_line(parcel.subject)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parcel.text, charset="utf-8")
    return message


class MailCarrier:
    """Hands letters to a server over one connection, opened with the first of them."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._open: smtplib.SMTP | None = None

    def carry(self, parcel: Parcel) -> None:
        """Hand a letter over; «accepted» is the server's answer to its last line."""
        if not MAILBOX.fullmatch(parcel.address):
            raise NotCarried(Trouble.NO_ADDRESS, for_good=True)
        message = letter(parcel, self._server)
        smtp = self._connected()
        try:
            smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            raise _refused(code) from refused
        except smtplib.SMTPDataError as refused:
            raise _refused(refused.smtp_code) from refused
        except smtplib.SMTPSenderRefused as refused:
            raise NotCarried(Trouble.SETTINGS, answer=refused.smtp_code, for_all=True) from refused
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            raise NotCarried(Trouble.UNREACHABLE) from broken

    def close(self) -> None:
        """Say goodbye, when somebody still listens."""
        if self._open is not None:
            try:
                self._open.quit()
            except (smtplib.SMTPException, OSError):
                self._drop()
            self._open = None

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connected(self) -> smtplib.SMTP:
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        smtp: smtplib.SMTP | None = None
        try:
            if server.security == "tls":
                smtp = smtplib.SMTP_SSL(
                    server.host,
                    server.port,
                    local_hostname=server.domain,
                    timeout=server.seconds,
                    context=ssl.create_default_context(),
                )
            else:
                smtp = smtplib.SMTP(
                    server.host, server.port, local_hostname=server.domain, timeout=server.seconds
                )
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as wrong:
            answer = getattr(wrong, "smtp_code", None)
            _end(smtp)
            raise NotCarried(Trouble.SETTINGS, answer=answer, for_all=True) from wrong
        except (smtplib.SMTPException, OSError) as broken:
            _end(smtp)
            raise NotCarried(Trouble.UNREACHABLE, for_all=True) from broken
        return smtp


def _end(smtp: smtplib.SMTP | None) -> None:
    if smtp is not None:
        smtp.close()


def _refused(code: int) -> NotCarried:
    return NotCarried(Trouble.REFUSED, answer=code, for_good=code >= _FOR_GOOD_FROM)
