"""What `ocop doctor` looks at on this machine: settings, folders, keys, programs, services, backups."""

import json
import os
import secrets
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.util import find_spec
from urllib.parse import urlsplit

import httpx

from app.commands.findings import Finding, doubtful, right, wrong
from app.core.errors import Refusal
from app.core.settings import LONGEST_STAMP_HOST, Settings
from app.core.signing import KeyFileError, kids_in, load_pepper
from app.core.virus_scan import Scanner

MARK_OF_BACKUPS = "backups.json"  # as app/commands/backups.py writes it
_LEAST_FREE_SHARE, _LEAST_FREE_BYTES = 0.15, 2 * 1024**3
_NO_FREE_SHARE, _NO_FREE_BYTES = 0.03, 256 * 1024**2
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SECONDS = 5.0
_BACKUP_DOUBTFUL, _BACKUP_WRONG = timedelta(hours=26), timedelta(days=7)
_CLAMD_TEST = b"ocop doctor"


def machine_findings(settings: Settings, *, at: datetime) -> Iterator[Finding]:
    """Look at everything that needs no database."""
    yield from _settings(settings)
    yield from _folders(settings)
    yield from _keys(settings)
    yield from _programs()
    yield from _files(settings)
    yield from _services(settings)
    yield _backups(settings, at)


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.demonstration:
        yield doubtful(
            "thiết đặt",
            "OCOP_DEMONSTRATION đang bật: mọi trang nói đây là dữ liệu bịa",
            "tắt đi ở nơi làm việc thật",
        )
    address = urlsplit(settings.public_url)
    if address.scheme == "https" and address.hostname:
        yield right(
            "địa chỉ", f"OCOP_PUBLIC_URL là https ({address.hostname}); cookie chỉ đi qua https"
        )
    else:
        yield wrong(
            "địa chỉ",
            "OCOP_PUBLIC_URL không phải https: cookie đăng nhập đi trên đường truyền không mã hóa",
            "đặt OCOP_PUBLIC_URL=https://… là địa chỉ người dân mở",
        )
    if settings.stamp_host.endswith(".example"):
        yield wrong(
            "tem",
            f"OCOP_STAMP_HOST={settings.stamp_host} là tên bịa: tem in ra không mở được",
            f"đặt tên miền thật, nhiều nhất {LONGEST_STAMP_HOST} ký tự, trước khi ký con tem đầu tiên",
        )
    else:
        yield right("tem", f"mã QR mở {settings.stamp_host}")
    networks = settings.trusted_proxies
    if any(part.strip().endswith("/0") for part in networks.split(",")):
        yield wrong(
            "máy đứng trước",
            "OCOP_TRUSTED_PROXIES tin mọi địa chỉ: ai cũng nói thay được là mình từ đâu đến",
            "chỉ ghi mạng của máy chuyển tiếp",
        )
    elif address.scheme == "https" and not networks:
        yield doubtful(
            "máy đứng trước",
            "OCOP_TRUSTED_PROXIES trống: sau máy chuyển tiếp TLS mọi người có chung một địa chỉ, "
            "giới hạn lượt thử sẽ khóa tất cả",
            "ghi mạng của máy chuyển tiếp, như 10.0.0.5/32",
        )
    else:
        yield right("máy đứng trước", f"tin X-Forwarded-* từ: {networks or 'không ai'}")
    if not settings.metrics_token.get_secret_value():
        yield doubtful(
            "theo dõi",
            "không có OCOP_METRICS_TOKEN: /metrics đóng, không ai thấy xã nào đang chờ",
            "đặt OCOP_METRICS_TOKEN_FILE",
        )
    if not settings.security_contact:
        yield doubtful(
            "báo lỗ hổng",
            "không có OCOP_SECURITY_CONTACT: người thấy lỗ hổng không biết báo ai",
            "đặt OCOP_SECURITY_CONTACT=mailto:…",
        )


def _folders(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield wrong("thư mục", f"không có {folder}", "tạo thư mục cho người chạy chương trình")
        return
    probe = folder / f".ocop-doctor-{secrets.token_hex(4)}"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as broken:
        yield wrong(
            "thư mục",
            f"không ghi được vào {folder} ({broken.strerror})",
            "cho người chạy chương trình quyền ghi",
        )
    else:
        yield right("thư mục", f"ghi được vào {folder}")
    if folder.stat().st_mode & stat.S_IWOTH:
        yield wrong("thư mục", f"ai cũng ghi được vào {folder}", f"chmod o-w {folder}")
    room = shutil.disk_usage(folder)
    share = room.free / room.total if room.total else 0.0
    seen = f"còn trống {room.free // 1024**2} MiB ({share:.0%})"
    if share < _NO_FREE_SHARE or room.free < _NO_FREE_BYTES:
        yield wrong("đĩa", seen, "dọn đĩa ngay: không còn chỗ cho lượt quét và tệp")
    elif share < _LEAST_FREE_SHARE or room.free < _LEAST_FREE_BYTES:
        yield doubtful("đĩa", seen, "thêm chỗ trước khi đầy")
    else:
        yield right("đĩa", seen)


def _keys(settings: Settings) -> Iterator[Finding]:
    """Look at who may read keys; the private ones of stamps are never read here, only their names."""
    for told, folder, named in (
        ("khóa câu trả lời", settings.answer_key_dir, "OCOP_ANSWER_KEY_DIR"),
        ("khóa ký tem", settings.private_key_dir, "OCOP_KEY_DIR"),
    ):
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            if named == "OCOP_KEY_DIR" and not settings.signer_beside:
                yield right(told, "ngoài tầm với của người chạy lệnh này, như phải thế")
            else:
                yield doubtful(
                    told,
                    f"không đọc được thư mục {folder}",
                    f"tạo khóa («ocop stamp-key create»), hoặc đặt {named}",
                )
            continue
        loose = [
            place.name
            for place in [folder, *sorted(folder.iterdir())]
            if place.stat().st_mode & _OTHERS or place.stat().st_uid != os.geteuid()
        ]
        if loose:
            yield wrong(
                told,
                f"người khác đọc được, hoặc chủ là người khác: {', '.join(loose)}",
                f"chown và chmod -R go= {folder}",
            )
        elif not (held := kids_in(folder)):
            yield doubtful(told, f"{folder} không có khóa nào", "«ocop stamp-key create»")
        elif named == "OCOP_KEY_DIR" and not settings.signer_beside:
            yield doubtful(
                told,
                "máy chủ web đọc được khóa ký tem dù OCOP_SIGNER_BESIDE=false",
                "để «ocop sign» chạy bằng người khác, và chỉ người đó đọc được thư mục này",
            )
        else:
            yield right(told, f"có khóa số {', '.join(map(str, held))}, chỉ một người đọc được")
    try:
        load_pepper(settings.answer_key_dir)
    except KeyFileError:
        yield doubtful(
            "mã cào", "không có bí mật của mã cào, hoặc đọc không được", "«ocop stamp-key pepper»"
        )
    else:
        yield right("mã cào", "có bí mật của mã cào")


def _programs() -> Iterator[Finding]:
    from app.core.typesetting import FONTS

    missing = [name for name in ("httptools", "uvloop") if find_spec(name) is None]
    if missing:
        yield doubtful(
            "thư viện",
            f"thiếu {', '.join(missing)}: chạy được nhưng chậm hơn nhiều",
            "cài theo tệp khóa",
        )
    else:
        yield right("thư viện", "có httptools và uvloop")
    fonts = [place for place in FONTS.rglob("*") if place.suffix in {".ttf", ".otf", ".ttc"}]
    if fonts:
        yield right("phông chữ", f"{len(fonts)} tệp đi cùng chương trình")
    else:
        yield wrong(
            "phông chữ", "không có phông chữ nào: không in được văn bản", "cài lại chương trình"
        )


def _files(settings: Settings) -> Iterator[Finding]:
    """Keep a file of our own, read it, take it away: the way every upload goes."""
    content = f"ocop doctor {secrets.token_hex(16)}".encode()
    name = sha256(content).hexdigest()
    where = "kho S3" if settings.files_url else "thư mục tệp"
    try:
        files = settings.files
        files.keep(name, content)
        read = b"".join(files.chunks(name))
        files.remove(name)
    except (Refusal, OSError) as broken:
        told = broken.text if isinstance(broken, Refusal) else type(broken).__name__
        yield wrong(
            "kho tệp", f"{where} không ghi, đọc được: {told}", "xem OCOP_FILES_…, OCOP_CLAMAV_URL"
        )
        return
    if read == content:
        yield right("kho tệp", f"{where} ghi, đọc, xóa được")
    else:
        yield wrong("kho tệp", f"{where} trả lại khác điều đã ghi", "đừng dùng kho này")


def _services(settings: Settings) -> Iterator[Finding]:
    """Knock at what settings name: nothing is sent to anybody."""
    if settings.clamav_url:
        scanner = Scanner(settings.clamav_url, min(settings.clamav_seconds, _SECONDS))
        yield _knocked(
            "quét vi-rút",
            settings.clamav_url,
            lambda: scanner.check(sha256(_CLAMD_TEST).hexdigest(), _CLAMD_TEST),
        )
    else:
        yield doubtful(
            "quét vi-rút", "tệp tải lên không ai quét", "chạy clamd và đặt OCOP_CLAMAV_URL"
        )
    if settings.smtp_host:
        place = (settings.smtp_host, settings.smtp_port)
        yield _knocked("thư", f"{place[0]}:{place[1]}", lambda: _connected(*place))
    else:
        yield doubtful(
            "thư", "không có OCOP_SMTP_HOST: không ai được báo qua thư", "đặt OCOP_SMTP_HOST"
        )
    if settings.sms.startswith("http"):
        way = urlsplit(settings.sms)
        port = way.port or (443 if way.scheme == "https" else 80)
        yield _knocked("tin nhắn", str(way.hostname), lambda: _connected(str(way.hostname), port))
    elif settings.sms == "file" and not settings.demonstration:
        yield doubtful(
            "tin nhắn",
            "tin nhắn chỉ được ghi vào tệp, không đến ai",
            "đặt OCOP_SMS là địa chỉ cổng tin nhắn, hoặc off",
        )
    if settings.oidc_issuer:
        yield _knocked(
            "tài khoản tỉnh", settings.oidc_issuer, lambda: _issuer_answers(settings.oidc_issuer)
        )


def _knocked(part: str, where: str, knock: Callable[[], object]) -> Finding:
    try:
        knock()
    except (OSError, Refusal, httpx.HTTPError, ValueError) as broken:
        return wrong(
            part,
            f"{where} không trả lời ({type(broken).__name__})",
            "xem dịch vụ có chạy, tường lửa có mở",
        )
    return right(part, f"{where} trả lời")


def _connected(host: str, port: int) -> None:
    socket.create_connection((host, port), _SECONDS).close()


def _issuer_answers(issuer: str) -> None:
    place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    told = httpx.get(place, timeout=_SECONDS).raise_for_status().json()
    if told.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
        raise ValueError("another issuer answers")


def _backups(settings: Settings, at: datetime) -> Finding:
    place = settings.data_dir / MARK_OF_BACKUPS
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
        made_at = datetime.fromisoformat(said["made_at"])
    except FileNotFoundError:
        todo = "để «ocop backup follow NƠI --nightly 01:30» chạy mãi; xem app/OPERATIONS.md"
        if settings.database_url.startswith("sqlite"):
            return wrong("sao lưu", "máy này chưa có bản sao lưu nào", todo)
        seen = "máy này không sao lưu; nếu máy khác làm thì hỏi «ocop doctor» ở đó"
        return doubtful("sao lưu", seen, todo)
    except (OSError, ValueError, KeyError, TypeError):
        return wrong("sao lưu", f"không đọc được {place.name}", "chạy lại «ocop backup make»")
    age = at - made_at
    seen = f"bản cuối cách đây {_told_age(age)}" + (
        "" if said.get("verified") else ", chưa kiểm tra lại"
    )
    if age > _BACKUP_WRONG or said.get("damaged_files"):
        return wrong(
            "sao lưu", seen, "xem vì sao sao lưu không chạy; có tệp hỏng thì phục hồi từ bản trước"
        )
    if age > _BACKUP_DOUBTFUL or not said.get("verified"):
        return doubtful("sao lưu", seen, "sao lưu mỗi ngày, và «ocop backup verify»")
    return right("sao lưu", seen)


def _told_age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} giờ" if hours < 2 * 24 else f"{hours // 24} ngày"
