"""What anybody may read: the register of recognised products, and the keys that sign stamps."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from app.core.clock import local_day
from app.domain.photos.queries import photos_of
from app.domain.places.queries import communes_on
from app.domain.recognition.queries import get_register_entry, register_page
from app.domain.recognition.rules import STANDING_LABELS
from app.domain.stamps.queries import jwks
from app.http.sessions import unit_of
from app.web.deps import After, PublicPage, page_router
from app.web.tones import STANDING_TONES

router = page_router()

RECOGNISED_STARS = (3, 4, 5)


@router.get("/register", name="register.list")
def index(
    page: PublicPage, q: str = "", commune: str = "", star: str = "", after: After = 0
) -> Response:
    """List the products recognised today."""
    wanted = int(star) if star in {str(one) for one in RECOGNISED_STARS} else None
    day = local_day(page.at)
    found = register_page(
        page.session,
        on=day,
        search=q[:80],
        commune_code=commune[:5],
        star=wanted,
        after=after,
    )
    template = "public/_register.html" if page.is_fragment else "public/register.html"
    communes = [] if page.is_fragment else communes_on(page.session, day)
    return page.render(
        template,
        found=found,
        communes={unit.code: unit.full_name for unit in communes},
        stars=RECOGNISED_STARS,
        q=q,
        commune=commune,
        star=wanted,
        after=after,
    )


@router.get("/register/{code}", name="register.show")
def show(page: PublicPage, code: str) -> Response:
    """Show one certificate of the register and what it is worth today."""
    found = get_register_entry(page.session, code, on=local_day(page.at))
    return page.render(
        "public/entry.html",
        found=found,
        photos=photos_of(page.session, found.product.id or 0),
        labels=STANDING_LABELS,
        tones=STANDING_TONES,
    )


@router.api_route("/.well-known/jwks.json", methods=["GET", "HEAD"], name="jwks")
def keys(request: Request) -> Response:
    """Publish the keys that sign stamps, readable from anywhere."""
    return JSONResponse(
        jwks(unit_of(request).session).model_dump(),
        media_type="application/jwk-set+json",
        headers={"cache-control": "public, max-age=3600", "access-control-allow-origin": "*"},
    )
