"""Reads of the public register: finding, one entry with its life, changes, addresses."""

from app.domain.register.queries.changes import (
    ADDRESSES_A_FILE,
    Address,
    AddressFile,
    Change,
    address_files,
    addresses,
    changes_page,
)
from app.domain.register.queries.entries import (
    Decided,
    NobodysGtin,
    NotOfThisStamp,
    Telling,
    certificates_of_product,
    check_gtin_of,
    code_of,
    decisions_about,
    get_entry_of_gtin,
    get_register_entry,
    old_codes_of,
)
from app.domain.register.queries.listing import (
    Entry,
    Found,
    Picture,
    pictures_of,
    product_sets_on,
    register_page,
)

__all__ = [
    "ADDRESSES_A_FILE",
    "Address",
    "AddressFile",
    "Change",
    "Decided",
    "Entry",
    "Found",
    "NobodysGtin",
    "NotOfThisStamp",
    "Picture",
    "Telling",
    "address_files",
    "addresses",
    "certificates_of_product",
    "changes_page",
    "check_gtin_of",
    "code_of",
    "decisions_about",
    "get_entry_of_gtin",
    "get_register_entry",
    "old_codes_of",
    "pictures_of",
    "product_sets_on",
    "register_page",
]
