"""A real SMTP server that keeps what it accepts, and can be told to refuse, hang or die."""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.core.mail import MailServer

SENDER = "OCOP Lai Châu <ocop@laichau.example>"
Mood = Literal["accept", "refuse", "busy", "refuse_recipient", "die", "hang"]


class PostOffice:
    """What arrived, and how the server treats what comes next (then it accepts again)."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.moods: deque[Mood] = deque()
        self.port = 0
        self.arrived = threading.Event()
        self._mood: Mood = "accept"

    def server(self, **changes: Any) -> MailServer:
        """Return the settings of a sender that uses this server."""
        plain: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "user": "",
            "password": "",
            "sender": SENDER,
            "seconds": 5.0,
        }
        return MailServer(**(plain | changes))

    async def handle_MAIL(  # noqa: N802 -- the name the server calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Choose how this letter is treated."""
        self._mood = self.moods.popleft() if self.moods else "accept"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 -- the name the server calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _o: list[str]
    ) -> str:
        """Take the recipient, or refuse with its address in the answer, as servers do."""
        if self._mood == "refuse_recipient":
            return f"550 5.1.1 <{address}> no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- the name the server calls
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the letter, or do what the mood says."""
        if self._mood == "refuse":
            return "554 5.7.1 message refused"
        if self._mood == "busy":
            return "451 4.3.0 try again later"
        if self._mood == "hang":
            await asyncio.Event().wait()
        content = cast("bytes", envelope.content)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        self.arrived.set()
        if self._mood == "die":
            # Accepted and then gone: the sender never hears it.
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


StartPostOffice = Callable[..., PostOffice]


@pytest.fixture
def start_post_office() -> Iterator[StartPostOffice]:
    """Return a function that starts a server with these options and ends it with the test."""
    running: list[Controller] = []

    def start(**options: Any) -> PostOffice:
        office = PostOffice()
        office.port = free_port()
        controller = Controller(office, hostname="127.0.0.1", port=office.port, **options)
        controller.start()
        running.append(controller)
        return office

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def post_office(start_post_office: StartPostOffice) -> PostOffice:
    """Return a server that accepts everything."""
    return start_post_office()
