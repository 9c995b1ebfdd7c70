"""Which passwords anybody would guess: common ones, runs of keys, the words around an account."""

import gzip
import re
import unicodedata
from functools import cache
from itertools import takewhile
from pathlib import Path

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200

PASSWORD_MESSAGES = {
    "short": "Mật khẩu cần ít nhất 8 ký tự. Một câu ngắn dễ nhớ là tốt nhất.",
    "long": "Mật khẩu dài nhất 200 ký tự.",
    "common": "Mật khẩu này rất nhiều người dùng, dễ bị đoán. Hãy chọn mật khẩu khác.",
    "near": (
        "Mật khẩu này gần như chỉ gồm tên của bạn, tên chương trình hoặc phím liền nhau. "
        "Hãy thêm từ khác, ví dụ một câu ngắn dễ nhớ."
    ),
    "old_wrong": "Mật khẩu đang dùng chưa đúng.",
    "not_the_same": "Hai lần nhập mật khẩu mới không giống nhau.",
    "not_new": "Mật khẩu mới phải khác mật khẩu đang dùng.",
}

_COMMON_FILE = Path(__file__).parent.parent / "data" / "common-passwords.txt.gz"
_ENOUGH_BESIDES = 4  # characters that are neither a word around the account nor a run
_SHORTEST_RUN = 3
_SHORTEST_WORD = 3
_LOCAL_WORDS = (
    "moixamotsanpham",
    "anhyeuem",
    "emyeuanh",
    "yeuem",
    "yeuanh",
    "password",
    "matkhau",
    "laichau",
    "vietnam",
    "quantri",
    "admin",
    "ocop",
)
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")


def folded(text: str) -> str:
    """Return small letters and digits without accents, as a word is compared."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(one for one in plain if not unicodedata.combining(one))


@cache
def _common() -> frozenset[str]:
    return frozenset(gzip.decompress(_COMMON_FILE.read_bytes()).decode().split())


def why_not_password(password: str, *, about: tuple[str, ...] = ()) -> str | None:
    """Return why a password is refused, None when it may be used; no rules of composition.

    `about` are the words around the account: its name, the person's, the organisation's.
    """
    if len(password) < SHORTEST_PASSWORD:
        return PASSWORD_MESSAGES["short"]
    if len(password) > LONGEST_PASSWORD:
        return PASSWORD_MESSAGES["long"]
    if password.casefold() in _common() or folded(password) in _common():
        return PASSWORD_MESSAGES["common"]
    if len(_besides(folded(password), about)) < _ENOUGH_BESIDES:
        return PASSWORD_MESSAGES["near"]
    return None


def _besides(password: str, about: tuple[str, ...]) -> str:
    """Return what is left of a password without the words around it, runs and separators."""
    left = re.sub(r"[\W_]", "", password)
    for word in sorted({*_LOCAL_WORDS, *_words(about)}, key=len, reverse=True):
        left = left.replace(word, "")
    return _without_runs(re.sub(r"(?:19|20)\d\d$", "", left))


def _words(about: tuple[str, ...]) -> set[str]:
    whole = {re.sub(r"[\W_]", "", folded(text)) for text in about}
    single = {word for text in about for word in re.split(r"[\W_]+", folded(text))}
    return {word for word in whole | single if len(word) >= _SHORTEST_WORD}


def _without_runs(text: str) -> str:
    """Return a text without three and more keys that lie side by side, or are the same."""
    left, place = "", 0
    while place < len(text):
        length = _run(text[place:])
        if length < _SHORTEST_RUN:
            left += text[place]
            length = 1
        place += length
    return left


def _run(text: str) -> int:
    """Return how many keys of one row, or how often the first character, a text begins with."""
    longest = len(text) - len(text.lstrip(text[0]))
    for row in _ROWS:
        for way in (row, row[::-1]):
            begins = way.find(text[0])
            beside = way[begins:] if begins >= 0 else ""
            pairs = zip(text, beside, strict=False)
            longest = max(longest, len(list(takewhile(lambda pair: pair[0] == pair[1], pairs))))
    return longest
