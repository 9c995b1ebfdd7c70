"""Closed vocabularies of imports."""

from enum import StrEnum


class ImportState(StrEnum):
    """A file is checked without writing anything, then applied whole, or not at all."""

    DRY_RUN = "dry_run"
    APPLIED = "applied"
    FAILED = "failed"


class SheetKind(StrEnum):
    """What the rows of a sheet are, in the order in which they are brought in."""

    PRODUCERS = "producers"
    PRODUCTS = "products"
    CERTIFICATES = "certificates"
