"""What all scenes share: the session, the people, the register, and the order of time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.files import StoredFile, store
from app.core.pictures import StoredPicture, store_picture
from app.core.settings import Settings
from app.core.storage import Storage
from app.demonstration.cast import Cast
from app.demonstration.sources import (
    EVIDENCE,
    INVENTED,
    PHOTOS,
    ExampleProducer,
    ExampleProduct,
    Listed,
    examples,
    products,
)
from app.domain.accounts.rules import SYSTEM
from app.domain.places.queries import commune_names
from app.domain.producers.actions import create_producer
from app.domain.producers.models import Producer
from app.domain.producers.schemas import CreateProducer
from app.domain.products.actions import create_product
from app.domain.products.models import Product
from app.domain.products.schemas import CreateProduct
from app.domain.recognition.actions import import_recognised
from app.domain.recognition.schemas import ImportRecognised

NOBODY = f"Không nêu tên (nhân vật {INVENTED})"
LONGEST_NOTE = 500

Step = Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Tool:
    """What the machine gives: where files lie, where keys lie, which council rules are added."""

    files: Storage
    key_dir: Path
    answer_key_dir: Path
    council_rules_dir: Path | None

    @classmethod
    def of(cls, settings: Settings) -> "Tool":
        """Take from the settings what the scenes need."""
        return cls(
            settings.files,
            settings.private_key_dir,
            settings.answer_key_dir,
            settings.council_rules_dir,
        )


class Script:
    """Steps with their times, played in the order of time whatever the order of writing."""

    def __init__(self) -> None:
        self._steps: list[tuple[datetime, Step]] = []

    def add(self, at: datetime, *steps: Step) -> None:
        """Note what happens at a moment; of the same moment, what was noted first comes first."""
        self._steps.extend((at, step) for step in steps)

    def play(self) -> None:
        """Let everything happen."""
        for at, step in sorted(self._steps, key=lambda noted: noted[0]):
            step(at)


class Stage:
    """The session, the people, producers and products by name, and files by name."""

    def __init__(self, session: WriteSession, tool: Tool) -> None:
        self.session = session
        self.tool = tool
        self.cast = Cast(session)
        self.producers: dict[str, Producer] = {}
        self.products: dict[tuple[str, str], Product] = {}
        self._papers = 0

    @staticmethod
    def stored(files: Storage) -> dict[str, StoredFile]:
        """Keep every file of `data/evidence`; returns what is known of each by its name."""
        return {path.name: store(files, path.read_bytes()) for path in sorted(EVIDENCE.iterdir())}

    @staticmethod
    def pictures(files: Storage) -> dict[str, StoredPicture]:
        """Keep every drawing of `data/photos` with its copies; returns what is known of each."""
        return {
            path.name: store_picture(files, path.read_bytes()) for path in sorted(PHOTOS.iterdir())
        }

    def paper_number(self, kind: str) -> str:
        """Return the next number of a paper, which says that it is invented."""
        self._papers += 1
        return f"{self._papers:02d}/{kind}-MINHHOA"

    def register_producer(self, said: ExampleProducer, commune_code: str, at: datetime) -> Producer:
        """Register a producer through the officer of its commune."""
        made = create_producer(
            self.session,
            CreateProducer(commune_code=commune_code, **said.model_dump()),
            actor=self.cast.registrar(commune_code, at),
            at=at,
        )
        self.session.flush()
        self.producers[said.name] = made
        return made

    def register_product(self, producer: Producer, said: ExampleProduct, at: datetime) -> Product:
        """Register a product through the officer of its producer's commune."""
        made = create_product(
            self.session,
            CreateProduct(producer_code=producer.code, **said.model_dump(exclude={"invented"})),
            actor=self.cast.registrar(producer.commune_code, at),
            at=at,
        )
        self.session.flush()
        self.products[producer.name, said.name] = made
        return made

    def register_listed(self, at: datetime) -> None:
        """Register what public sources tell of, recognised only where they tell star and year."""
        carried = [one for one in products() if one.can_be_registered]
        codes = [one.commune_2025_code for one in carried]
        places = commune_names(self.session, codes, on=local_day(at))
        worked = {(example.producer.name, example.product.name): example for example in examples()}
        known = {example.producer.name: example.producer for example in examples()}
        for one in carried:
            if one.producer_name not in self.producers:
                said = known.get(one.producer_name) or _producer(one, places[one.commune_2025_code])
                self.register_producer(said, one.commune_2025_code, at)
            example = worked.get((one.producer_name, one.name))
            product = self.register_product(
                self.producers[one.producer_name], example.product if example else _product(one), at
            )
            if one.can_be_recognised:
                import_recognised(self.session, product, _recognition(one), actor=SYSTEM, at=at)


def _producer(one: Listed, place: str) -> ExampleProducer:
    return ExampleProducer.model_validate(
        {
            "name": one.producer_name,
            "kind": one.producer_type,
            "address": f"{place}, tỉnh Lai Châu",
            "representative": NOBODY,
            "representative_title": "",
            "representative_gender": "unstated",
            "representative_ethnicity": "",
        }
    )


def _product(one: Listed) -> ExampleProduct:
    return ExampleProduct(
        name=one.name,
        set_number=one.set_number,
        description=one.told,
        packaging="",
        story="",
        invented=False,
    )


def _recognition(one: Listed) -> ImportRecognised:
    day = one.issued_on
    note = (
        f"{one.source_url} · độ tin cậy của nguồn: {one.confidence} · nguồn chỉ nêu năm {one.year}, "
        f"ngày {day:%d/%m/%Y} là ghi tạm · {one.note}"
    )
    return ImportRecognised(
        star=one.stars or 0,
        regime_code=one.regime_code,
        authority=one.authority,
        issued_on=day,
        source_note=note[:LONGEST_NOTE],
    )
