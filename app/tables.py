"""Every table of the program, imported in one place so that migrations see them all."""

from app.core import numbering, rates
from app.domain.accounts import models as accounts
from app.domain.advisory import models as advisory
from app.domain.audit import models as audit
from app.domain.councils import models as councils
from app.domain.credentials import models as credentials
from app.domain.dossiers import models as dossiers
from app.domain.exports import models as exports
from app.domain.ideas import models as ideas
from app.domain.identities import models as identities
from app.domain.imports import models as imports
from app.domain.inspections import models as inspections
from app.domain.jobs import models as jobs
from app.domain.misuse import models as misuse
from app.domain.notices import models as notices
from app.domain.packaging import models as packaging
from app.domain.packs import models as packs
from app.domain.photos import models as photos
from app.domain.places import models as places
from app.domain.posts import models as posts
from app.domain.privacy import models as privacy
from app.domain.producers import models as producers
from app.domain.products import models as products
from app.domain.recognition import models as recognition
from app.domain.scans import models as scans
from app.domain.stamps import models as stamps
from app.domain.status import models as status
from app.domain.uploads import models as uploads
from app.http import idempotency

TABLES = (
    numbering,
    rates,
    audit,
    places,
    accounts,
    jobs,
    identities,
    notices,
    posts,
    producers,
    products,
    ideas,
    photos,
    advisory,
    dossiers,
    uploads,
    councils,
    packs,
    recognition,
    stamps,
    status,
    scans,
    imports,
    exports,
    misuse,
    inspections,
    credentials,
    packaging,
    privacy,
    idempotency,
)
