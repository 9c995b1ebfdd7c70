"""Letters as they are put together and handed over to a real server."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core.carriers import NotCarried, Parcel, Trouble
from app.core.mail import MailCarrier, letter, one_line
from tests.plugins.mail import PostOffice, StartPostOffice, free_port

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)


def parcel(**changes: str) -> Parcel:
    """Return a message to somebody."""
    plain = {
        "code": "GT-ABC1234",
        "address": "htx@example.com",
        "subject": "Hồ sơ HS-1 của «Gạo Séng cù» bị trả lại",
        "text": "Việc cần làm: sửa, rồi nộp lại.\n.\nHạn: 01/10/2026\n",
        "short_text": "",
    }
    return Parcel(**(plain | changes), at=AT)


def carried(office: PostOffice, *parcels: Parcel) -> None:
    """Hand messages over in one go."""
    carrier = MailCarrier(office.server())
    for one in parcels:
        carrier.carry(one)
    carrier.close()


def test_a_letter_arrives_in_vietnamese_with_a_name_of_its_own(post_office: PostOffice) -> None:
    carried(post_office, parcel())
    (arrived,) = post_office.letters
    assert arrived["Subject"] == "Hồ sơ HS-1 của «Gạo Séng cù» bị trả lại"
    assert arrived["From"] == "OCOP Lai Châu <ocop@laichau.example>"
    assert arrived["To"] == "htx@example.com"
    assert arrived["Message-ID"] == "<GT-ABC1234@laichau.example>"
    assert arrived["Date"].datetime == AT
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived.get_content_type() == "text/plain"
    assert arrived.get_content().replace("\r\n", "\n") == parcel().text
    assert post_office.recipients == ["htx@example.com"]


def test_several_letters_go_over_one_connection(post_office: PostOffice) -> None:
    carried(post_office, *(parcel(code=f"GT-{n}") for n in range(3)))
    names = [one["Message-ID"] for one in post_office.letters]
    assert names == [f"<GT-{n}@laichau.example>" for n in range(3)]


@pytest.mark.parametrize(
    "typed",
    [
        "Gạo\r\nBcc: other@example.com",
        "Gạo\nBcc: other@example.com\n\nxấu",
        "Gạo\u2028Bcc: other@example.com",
        "Gạo\x00\x1b[31m\x85Bcc: other@example.com",
        "=?utf-8?q?=0D=0ABcc=3A_other=40example=2Ecom?=",
    ],
)
def test_what_people_typed_stays_in_one_line_of_the_header(
    post_office: PostOffice, typed: str
) -> None:
    carried(post_office, parcel(subject=typed))
    (arrived,) = post_office.letters
    assert arrived["Bcc"] is None
    assert post_office.recipients == ["htx@example.com"]


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "=?utf-8?q?a=0D=0ABcc:_b?=@example.com",
        "a@example.com\n",
        "không phải",
        "",
    ],
)
def test_an_address_that_is_none_is_given_up_before_anything_is_sent(
    post_office: PostOffice, address: str
) -> None:
    carrier = MailCarrier(post_office.server())
    with pytest.raises(NotCarried) as why:
        carrier.carry(parcel(address=address))
    carrier.close()
    assert (why.value.trouble, why.value.for_good) == (Trouble.NO_ADDRESS, True)
    assert not post_office.recipients


def test_a_line_of_a_header_is_what_can_be_read() -> None:
    assert one_line(" a\r\n b\t\x00c\u202e ") == "a b c"


@pytest.mark.parametrize(
    ("mood", "trouble", "answer", "for_good"),
    [
        ("refuse", Trouble.REFUSED, 554, True),
        ("busy", Trouble.REFUSED, 451, False),
        ("refuse_recipient", Trouble.REFUSED, 550, True),
        ("die", Trouble.UNREACHABLE, None, False),
        ("hang", Trouble.UNREACHABLE, None, False),
    ],
)
def test_a_failure_is_told_without_anybodys_address_and_the_next_letter_goes(
    post_office: PostOffice, mood: str, trouble: Trouble, answer: int | None, for_good: bool
) -> None:
    post_office.moods.append(mood)  # type: ignore[arg-type]  # -- one of the moods, as the table says
    carrier = MailCarrier(post_office.server(seconds=0.5))
    with pytest.raises(NotCarried) as why:
        carrier.carry(parcel())
    assert (why.value.trouble, why.value.answer) == (trouble, answer)
    assert (why.value.for_good, why.value.for_all) == (for_good, False)
    assert "example.com" not in str(why.value)
    carrier.carry(parcel(code="GT-NEXT"))
    carrier.close()
    assert post_office.letters[-1]["Message-ID"] == "<GT-NEXT@laichau.example>"


def test_nobody_listening_is_told_for_all(post_office: PostOffice) -> None:
    carrier = MailCarrier(post_office.server(port=free_port()))
    with pytest.raises(NotCarried) as why:
        carrier.carry(parcel())
    assert (why.value.trouble, why.value.for_all) == (Trouble.UNREACHABLE, True)
    carrier.close()


def test_a_server_without_encryption_is_not_trusted(post_office: PostOffice) -> None:
    carrier = MailCarrier(post_office.server(security="starttls", user="a", password="b"))
    with pytest.raises(NotCarried) as why:
        carrier.carry(parcel())
    assert (why.value.trouble, why.value.for_all) == (Trouble.SETTINGS, True)
    assert not post_office.letters


def certified(place: Path) -> ssl.SSLContext:
    """Return the server's side of TLS; the certificate lies in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    since = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (place / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (place / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "cert.pem", place / "key.pem")
    return context


def knows(password: str) -> object:
    """Return who lets in whoever gives this password."""

    def authenticate(_s: object, _session: object, _e: object, _m: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=right, handled=False)

    return authenticate


@pytest.mark.parametrize(("password", "arrives"), [("đúng", True), ("sai", False)])
def test_signing_in_happens_under_encryption_only(
    start_post_office: StartPostOffice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    arrives: bool,
) -> None:
    office = start_post_office(
        tls_context=certified(tmp_path),
        require_starttls=True,
        auth_required=True,
        authenticator=knows("dung"),
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    secret = "dung" if arrives else password
    carrier = MailCarrier(office.server(security="starttls", user="ocop", password=secret))
    if arrives:
        carrier.carry(parcel())
    else:
        with pytest.raises(NotCarried) as why:
            carrier.carry(parcel())
        assert (why.value.trouble, why.value.answer) == (Trouble.SETTINGS, 535)
    carrier.close()
    assert len(office.letters) == int(arrives)


def test_a_stranger_with_a_certificate_of_its_own_gets_no_password(
    start_post_office: StartPostOffice, tmp_path: Path
) -> None:
    office = start_post_office(tls_context=certified(tmp_path), require_starttls=True)
    carrier = MailCarrier(office.server(security="starttls", user="ocop", password="dung"))
    with pytest.raises(NotCarried) as why:
        carrier.carry(parcel())
    carrier.close()
    assert (why.value.trouble, why.value.for_all) == (Trouble.UNREACHABLE, True)


def test_the_same_message_keeps_its_name_however_often_it_is_written(
    post_office: PostOffice,
) -> None:
    server = post_office.server()
    assert letter(parcel(), server).as_bytes() == letter(parcel(), server).as_bytes()
