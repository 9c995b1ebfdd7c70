"""Every table of the program, imported in one place so that migrations see them all."""

from app.core import numbering
from app.domain.accounts import models as accounts
from app.domain.advisory import models as advisory
from app.domain.audit import models as audit
from app.domain.councils import models as councils
from app.domain.dossiers import models as dossiers
from app.domain.ideas import models as ideas
from app.domain.imports import models as imports
from app.domain.notices import models as notices
from app.domain.packs import models as packs
from app.domain.photos import models as photos
from app.domain.places import models as places
from app.domain.producers import models as producers
from app.domain.products import models as products
from app.domain.recognition import models as recognition
from app.domain.stamps import models as stamps
from app.domain.uploads import models as uploads
from app.http import idempotency

TABLES = (
    numbering,
    audit,
    places,
    accounts,
    notices,
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
    imports,
    idempotency,
)
