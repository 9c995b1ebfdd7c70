"""A product of the register as search engines and shops read it (schema.org); no star that ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.photos.schemas import photo_path
from app.domain.recognition.queries import CertifiedProduct
from app.domain.recognition.rules import HIGHEST_STAR, last_day_in_force
from app.domain.register.queries import Picture

LONGEST_DESCRIPTION = 300


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: its own address, the site's, and the way that leads to it."""

    site: str
    url: str
    trail: tuple[tuple[str, str], ...]


def shortened(text: str, most: int = LONGEST_DESCRIPTION) -> str:
    """Return the beginning of a text in one line, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rsplit(' ', 1)[0]}…"


def linked_product(
    found: CertifiedProduct,
    pictures: Sequence[Picture],
    place: Place,
    *,
    set_name: str,
    carries_star: bool,
) -> dict[str, Any]:
    """Return product, producer and the way to the page; the certification while it is carried."""
    certificate = found.certificate
    product: dict[str, Any] = {
        "@type": "Product",
        "@id": f"{place.url}#product",
        "url": place.url,
        "name": certificate.product_name,
        "productID": certificate.product_code or certificate.code,
        "category": set_name,
        "manufacturer": {
            "@type": "Organization",
            "name": certificate.producer_name,
            "address": certificate.producer_address,
        },
        "countryOfOrigin": {"@type": "Country", "name": "VN"},
    }
    if found.product.gtin:
        product["gtin14"] = found.product.gtin
    if description := found.product.story or found.product.description:
        product["description"] = shortened(description)
    if pictures:
        product["image"] = [f"{place.site}{photo_path(one.copy_sha256)}" for one in pictures]
    if carries_star:
        product["hasCertification"] = {
            "@type": "Certification",
            "name": f"OCOP {certificate.star} sao",
            "certificationIdentification": certificate.code,
            "certificationStatus": "https://schema.org/CertificationActive",
            "certificationRating": {
                "@type": "Rating",
                "ratingValue": certificate.star,
                "bestRating": HIGHEST_STAR,
            },
            "issuedBy": {"@type": "Organization", "name": certificate.authority},
            "validFrom": certificate.issued_on.isoformat(),
            "expires": last_day_in_force(certificate).isoformat(),
            "url": place.url,
        }
    steps = [
        {"@type": "ListItem", "position": number, "name": name, "item": url}
        for number, (name, url) in enumerate(place.trail, start=1)
    ]
    return {
        "@context": "https://schema.org",
        "@graph": [product, {"@type": "BreadcrumbList", "itemListElement": steps}],
    }
