"""Vietnamese text: one normal form for storage, one folded form for search and sorting."""

import unicodedata

_BARRED_D = str.maketrans("đĐ", "dD")


def normal(text: str) -> str:
    """Return the text in NFC with single spaces and no control characters."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(
        c for c in composed if c in "\n\t" or not unicodedata.category(c).startswith("C")
    )
    return "\n".join(" ".join(line.split()) for line in kept.strip().splitlines())


def thousands(count: int) -> str:
    """Write a whole number as papers do here: 1.250.000."""
    return f"{count:,}".replace(",", ".")


def fold(text: str) -> str:
    """Return the text without accents, case and punctuation: «Đắk-Lắk» becomes «dak lak»."""
    plain = unicodedata.normalize("NFD", text.translate(_BARRED_D))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())
