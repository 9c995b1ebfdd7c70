"""What a file would do, worked out before anything is written: the dry run and the apply share it.

Every cell goes through the schemas of the forms; keys tell what is known already: a producer by commune
and name or by tax code, a product by producer and name, a certificate by product and day or decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.core.db import ReadSession
from app.core.errors import Invalid, Worded
from app.core.sentences import fields_of
from app.core.text import fold, normal
from app.core.workbooks import Sheets, letters_of
from app.domain.imports.enums import SheetKind
from app.domain.imports.queries import (
    Commune,
    Communes,
    Registered,
    communes_and_former,
    district_names,
    registered,
)
from app.domain.imports.rules import (
    COLUMNS,
    EXAMPLE_COLUMN,
    FIRST_DAY,
    KIND_LABELS,
    MOST_ROWS,
    MOST_TOLD,
    CellRefused,
    SourceRow,
    Table,
    codes_of,
    commune_code_of,
    day_of,
    near_keys,
    phone_of,
    text_of,
    understood,
    whole_of,
)
from app.domain.imports.schemas import Changed, Counts, Finding, Report, finding
from app.domain.producers.models import Producer
from app.domain.producers.rules import GENDER_LABELS
from app.domain.producers.rules import KIND_LABELS as PRODUCER_KINDS
from app.domain.producers.schemas import ChangeProducer, CreateProducer
from app.domain.products.models import Product
from app.domain.products.schemas import ChangeProduct, CreateProduct
from app.domain.recognition.models import Certificate
from app.domain.recognition.schemas import ImportRecognised
from app.rulebooks import loader
from app.rulebooks.model import NoRuleInForce

Schema = TypeVar("Schema", bound=BaseModel)

_LONGEST_CODE = 40
_NOWHERE, _NO_REGIME = "00000", "---"  # fill a form whose other cells are looked at all the same
NOT_YET = "CT-0000000"  # the code of a producer that the file itself brings
DISTRICTS_ENDED = date(2025, 7, 1)
_KINDS = {fold(label): kind.value for kind, label in PRODUCER_KINDS.items()}
_GENDERS = {fold(label): gender.value for gender, label in GENDER_LABELS.items()}
_DISTRICT_WORDS = (
    "ubnd huyen ",
    "uy ban nhan dan huyen ",
    "ubnd thanh pho ",
    "uy ban nhan dan thanh pho ",
)


@dataclass(slots=True)
class PlannedProducer:
    """A producer of the file: to be registered, to be changed, or there already as it is."""

    commune: str
    name: str
    tax_code: str
    new: CreateProducer | None = None
    known: Producer | None = None
    change: ChangeProducer | None = None


@dataclass(slots=True)
class PlannedProduct:
    """A product of the file, and the producer it belongs to."""

    producer: PlannedProducer
    name: str
    new: CreateProduct | None = None
    known: Product | None = None
    change: ChangeProduct | None = None
    old_codes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PlannedCertificate:
    """A certificate of the file that is not registered yet."""

    product: PlannedProduct
    new: ImportRecognised


@dataclass(slots=True)
class Plan:
    """What a file would do, in the order in which it is done, and what was found in it."""

    producers: list[PlannedProducer] = field(default_factory=list)
    products: list[PlannedProduct] = field(default_factory=list)
    certificates: list[PlannedCertificate] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    counts: dict[SheetKind, Counts] = field(
        default_factory=lambda: {kind: Counts() for kind in SheetKind}
    )
    examples: int = 0

    def report(self) -> Report:
        """Return what is kept of the plan: bounded lists and whole numbers."""
        return Report(
            counts=self.counts,
            errors=self.errors[:MOST_TOLD],
            warnings=self.warnings[:MOST_TOLD],
            changes=self.changes[:MOST_TOLD],
            examples=self.examples,
            error_count=len(self.errors),
            warning_count=len(self.warnings),
        )


def tables_of(sheets: Sheets, *, name: str = "file") -> dict[SheetKind, Table]:
    """Return the sheets of a file that the template knows; refuse a file without any, or too long."""
    titles = {fold(title): title for title in sheets}
    tables = {
        kind: understood(kind, sheets[titles[fold(label)]])
        for kind, label in KIND_LABELS.items()
        if fold(label) in titles
    }
    if not tables:
        raise Invalid(
            {
                name: "Tệp không có trang tính «Chủ thể», «Sản phẩm» hay «Giấy chứng nhận». "
                "Hãy dùng tệp mẫu."
            },
            code="import.no_known_sheet",
        )
    if sum(len(table.rows) for table in tables.values()) > MOST_ROWS:
        raise Invalid(
            {name: Worded("Tệp có hơn {most} dòng. Hãy chia thành nhiều tệp.", most=MOST_ROWS)},
            code="import.too_many_rows",
        )
    return tables


def plan_of(session: ReadSession, tables: Mapping[SheetKind, Table], *, on: date) -> Plan:
    """Work out what these sheets would do to what is registered now; reads only."""
    communes = communes_and_former(session, on)
    known = registered(session, **_spoken_of(tables, communes))
    planner = _Planner(tables, communes, known, district_names(session), on)
    planner.look_at_headings()
    planner.producers()
    planner.products()
    planner.certificates()
    return planner.plan


def _spoken_of(tables: Mapping[SheetKind, Table], communes: Communes) -> dict[str, Any]:
    """Return the communes, tax codes and product codes that a file names."""
    places: set[str] = set()
    tax_codes: set[str] = set()
    codes: set[str] = set()
    for table in tables.values():
        for row in table.rows:
            text = commune_code_of(row.cells.get("commune", ""))
            places |= {found.code for found in communes.meant_by(text)}
            tax_codes |= {
                text_of(row.cells.get(name, "")) for name in ("tax_code", "producer_tax_code")
            }
            codes |= set(codes_of(row.cells.get("old_codes", "")))
            codes |= set(codes_of(row.cells.get("product_code", "")))
    return {"communes": places, "tax_codes": tax_codes - {""}, "codes": codes}


class _Row:
    """A row while it is read: each cell becomes a value, or a sentence about itself."""

    def __init__(self, planner: "_Planner", kind: SheetKind, table: Table, row: SourceRow) -> None:
        self.planner, self.kind, self.table, self.source = planner, kind, table, row
        self.faulty = False
        self.told: set[str] = set()

    def failed(self) -> bool:
        """Tell whether something is wrong with the row so far."""
        return self.faulty

    def cell(self, name: str) -> Any:
        """Return a cell as the file has it."""
        return self.source.cells.get(name, "")

    def text(self, name: str) -> str:
        """Return a cell as text."""
        return text_of(self.cell(name))

    def value(self, name: str, read: Callable[[Any], Any]) -> Any:
        """Return a cell as what its column asks for; None with a sentence when it is not that."""
        try:
            return read(self.cell(name))
        except CellRefused as refused:
            self.wrong(name, refused.said)
            return None

    def wrong(self, name: str, said: str) -> None:
        """Note an error of a cell (of the row when no column bears this name), one for each."""
        self.faulty = True
        if name in self.told:
            return
        self.told.add(name)
        self.planner.plan.errors.append(self._finding(name, said))

    def doubtful(self, name: str, said: str) -> None:
        """Note what a person should look at, though it does not stop the file."""
        self.planner.plan.warnings.append(self._finding(name, said))

    def doubtful_once(self, name: str, said: str) -> None:
        """Note what is doubtful for a whole sheet at the first row that shows it."""
        if (self.kind, said) not in self.planner.told:
            self.planner.told.add((self.kind, said))
            self.doubtful(name, said)

    def _finding(self, name: str, said: str) -> Finding:
        heading = next((c.heading for c in COLUMNS[self.kind] if c.field == name), "")
        place = self.table.places.get(name)
        cell = "" if place is None else f"{letters_of(place + 1)}{self.source.number}"
        return finding(self.kind, said, row=self.source.number, column=heading, cell=cell)

    def filled(self, schema: type[Schema], values: Mapping[str, Any]) -> Schema | None:
        """Return the schema of the form filled from this row, or note what it refuses."""
        try:
            made = schema.model_validate(values)
        except ValidationError as refused:
            for name, said in fields_of(refused.errors(include_url=False)).items():
                self.wrong("commune" if name == "commune_code" else name, said)
            return None
        return None if self.faulty else made

    def commune(self) -> Commune | None:
        """Return the commune of today that the row means; tells when it bore another name before."""
        text = commune_code_of(self.cell("commune"))
        if not text:
            self.wrong("commune", Worded("Chưa điền ô này."))
            return None
        meant = {one.code: one for one in self.planner.communes.meant_by(text)}
        if not meant:
            self.wrong("commune", Worded("Không có xã, phường nào mang mã hoặc tên này."))
            return None
        if len(meant) > 1:
            names = ", ".join(f"{one.code} {one.name}" for one in meant.values())
            self.wrong("commune", Worded("Có nhiều nơi: {names}. Hãy ghi mã xã.", names=names))
            return None
        found = next(iter(meant.values()))
        if found.former is not None:
            self.doubtful_once(
                "commune",
                Worded(
                    "{old} (mã {old_code}, đến 30/6/2025) nay là {new} (mã {new_code}). "
                    "Nguồn: {source}",
                    old=found.former.full_name,
                    old_code=found.former.code,
                    new=found.name,
                    new_code=found.code,
                    source=found.source,
                ),
            )
        return found

    def differences(
        self, stored: Mapping[str, Any], said: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """Return stored values with those of the row laid over, and the headings that differ."""
        heading_of = {column.field: column.heading for column in COLUMNS[self.kind]}
        after = {**stored, **said}
        return after, [heading_of[name] for name in said if after[name] != stored[name]]


class _Planner:
    """Goes through the sheets in order; a later sheet finds what an earlier one brings."""

    def __init__(
        self,
        tables: Mapping[SheetKind, Table],
        communes: Communes,
        known: Registered,
        districts: set[str],
        on: date,
    ) -> None:
        self.tables, self.communes, self.districts, self.on = tables, communes, districts, on
        self.plan = Plan(examples=sum(table.examples for table in tables.values()))
        self.told: set[tuple[SheetKind, str]] = set()
        self.by_name: dict[tuple[str, str], PlannedProducer] = {}
        self.by_tax: dict[str, list[PlannedProducer]] = {}
        self.refused_producers: set[tuple[str, str]] = set()
        self.near: dict[tuple[str, str], list[str]] = {}
        self.of_producer: dict[tuple[int, str], PlannedProduct] = {}
        self.refused_products: set[tuple[int, str]] = set()
        self.certified: dict[int, list[Certificate]] = {}
        owners: dict[int, PlannedProducer] = {}
        for producer in known.producers:
            owner = PlannedProducer(
                producer.commune_code, producer.name, producer.tax_code, known=producer
            )
            owners[producer.id or 0] = owner
            self._remember_producer(owner)
        self.products_by_id: dict[int, PlannedProduct] = {}
        for product in known.products:
            owner = owners[product.producer_id]
            planned = PlannedProduct(owner, product.name, known=product)
            self.products_by_id[product.id or 0] = planned
            self.of_producer[id(owner), product.name_folded] = planned
        # A code belongs to one product: what bears it, by the code without signs and case.
        self.bearers: dict[str, object] = {}
        for alias in known.old_codes:
            self.bearers[alias.code_folded] = self.products_by_id.get(alias.product_id, alias)
        for certificate in known.certificates:
            self.certified.setdefault(certificate.product_id, []).append(certificate)
            if certificate.product_code:
                self.bearers[fold(certificate.product_code)] = self.products_by_id.get(
                    certificate.product_id, certificate
                )

    def _remember_producer(self, producer: PlannedProducer) -> None:
        self.by_name[producer.commune, fold(producer.name)] = producer
        if producer.tax_code:
            self.by_tax.setdefault(producer.tax_code, []).append(producer)
        for key in near_keys(producer.name):
            self.near.setdefault((producer.commune, key), []).append(producer.name)

    def look_at_headings(self) -> None:
        """Tell of headings that are missing or unknown."""
        for kind, table in self.tables.items():
            self.plan.errors += [
                finding(kind, Worded("Thiếu cột «{heading}». Hãy dùng tệp mẫu.", heading=heading))
                for heading in table.missing
            ]
            self.plan.warnings += [
                finding(
                    kind, Worded("Bỏ qua cột «{heading}»: không có trong mẫu.", heading=heading)
                )
                for heading in table.unknown
                if heading != EXAMPLE_COLUMN
            ]

    def _rows(self, kind: SheetKind) -> list[_Row]:
        table = self.tables.get(kind)
        if table is None or table.missing:
            self.plan.counts[kind].refused += len(table.rows) if table else 0
            return []
        return [_Row(self, kind, table, row) for row in table.rows]

    def _count(
        self, row: _Row, done: str, *, name: str = "", differs: list[str] | None = None
    ) -> None:
        if row.failed() and done != "refused":
            return
        counts = self.plan.counts[row.kind]
        setattr(counts, done, getattr(counts, done) + 1)
        if differs:
            self.plan.changes.append(
                Changed(
                    sheet=KIND_LABELS[row.kind], row=row.source.number, name=name, columns=differs
                )
            )

    # --- producers ----------------------------------------------------------------------------

    def producers(self) -> None:
        """Go through the sheet of producers."""
        seen: dict[tuple[str, str], int] = {}
        for row in self._rows(SheetKind.PRODUCERS):
            commune = row.commune()
            said = self._producer_values(row)
            key = (commune.code if commune else "", fold(str(said.get("name", ""))))
            if commune and key in seen:
                row.wrong("name", Worded("Trùng với dòng {row}.", row=seen[key]))
            seen.setdefault(key, row.source.number)
            planned = self._planned_producer(row, commune, said) if commune else None
            if commune is None:  # the other cells are told of all the same
                row.filled(CreateProducer, {**said, "commune_code": _NOWHERE})
            if planned is None or row.failed():
                self.refused_producers.add(key)
                self._count(row, "refused")
                continue
            self.plan.producers.append(planned)

    def _producer_values(self, row: _Row) -> dict[str, Any]:
        """Return what the row says; an empty cell says nothing."""
        values: dict[str, Any] = {
            column.field: row.text(column.field)
            for column in COLUMNS[SheetKind.PRODUCERS]
            if not column.day and column.field != "commune"
        }
        values["phone"] = phone_of(row.cell("phone"))
        values["registered_on"] = row.value("registered_on", day_of)
        for name, labels in (("kind", _KINDS), ("representative_gender", _GENDERS)):
            values[name] = labels.get(fold(values[name]), values[name])
        return {name: value for name, value in values.items() if value not in ("", None)}

    def _planned_producer(
        self, row: _Row, commune: Commune, said: dict[str, Any]
    ) -> PlannedProducer | None:
        name, tax_code = str(said.get("name", "")), str(said.get("tax_code", ""))
        planned = self.by_name.get((commune.code, fold(name)))
        if planned is None and len(self.by_tax.get(tax_code, ())) == 1:
            planned = self.by_tax[tax_code][0]
            if planned.known is None:
                row.wrong(
                    "tax_code",
                    Worded("Mã số thuế trùng với «{name}» trong tệp này.", name=planned.name),
                )
                return None
        if planned is not None and planned.known is not None:
            return self._changed_producer(row, planned, commune, said)
        data = row.filled(CreateProducer, {**said, "commune_code": commune.code})
        if data is None:
            return None
        alike = next(
            (names[0] for key in near_keys(name) if (names := self.near.get((commune.code, key)))),
            None,
        )
        if alike:
            row.doubtful(
                "name",
                Worded("Gần giống chủ thể «{name}» cùng xã. Hãy chắc là hai chủ thể.", name=alike),
            )
        fresh = PlannedProducer(commune.code, data.name, data.tax_code, new=data)
        self._remember_producer(fresh)
        self._count(row, "new")
        return fresh

    def _changed_producer(
        self, row: _Row, planned: PlannedProducer, commune: Commune, said: dict[str, Any]
    ) -> PlannedProducer | None:
        known = planned.known
        if known is None:
            return None
        if known.commune_code != commune.code:
            row.doubtful(
                "commune",
                Worded(
                    "Chủ thể này (theo mã số thuế) đã đăng ký ở xã mã {code}; giữ nguyên xã đó.",
                    code=known.commune_code,
                ),
            )
        if fold(str(said.get("name", ""))) == known.name_folded:
            said["name"] = known.name
        stored = known.model_dump(include=set(ChangeProducer.model_fields))
        stored |= {
            "kind": known.kind.value,
            "representative_gender": known.representative_gender.value,
        }
        after, differs = row.differences(stored, said)
        if not differs:
            self._count(row, "same")
            return planned
        planned.change = row.filled(ChangeProducer, after)
        if planned.change is not None:
            self._count(row, "changed", name=known.name, differs=differs)
        # Found by its tax code under a new name: later rows may use either.
        self.by_name.setdefault((known.commune_code, fold(str(after["name"]))), planned)
        return planned

    def _owner(self, row: _Row) -> PlannedProducer | None:
        """Return the producer a row refers to, from the file or registered before."""
        tax_code, name = row.text("producer_tax_code"), row.text("producer_name")
        by_tax = self.by_tax.get(tax_code, []) if tax_code else []
        if len(by_tax) == 1:
            return by_tax[0]
        if not name:
            row.wrong("producer_name", Worded("Chưa điền ô này."))
            return None
        commune = row.commune()
        if commune is None:
            return None
        key = (commune.code, fold(name))
        if found := self.by_name.get(key):
            return found
        row.wrong(
            "producer_name",
            Worded("Dòng của chủ thể này còn lỗi.")
            if key in self.refused_producers
            else Worded(
                "Chưa có chủ thể «{name}» ở xã này, trong tệp hay trong hệ thống.", name=name
            ),
        )
        return None

    # --- products -----------------------------------------------------------------------------

    def products(self) -> None:
        """Go through the sheet of products."""
        sets = {fold(one.name): one.set_number for one in loader.in_force(self.on).product_sets}
        seen: dict[tuple[int, str], int] = {}
        for row in self._rows(SheetKind.PRODUCTS):
            owner = self._owner(row)
            said: dict[str, Any] = {
                name: row.text(name) for name in ("name", "description", "packaging", "story")
            }
            said["set_number"] = sets.get(fold(row.text("set_number"))) or row.value(
                "set_number", whole_of
            )
            said = {name: value for name, value in said.items() if value not in ("", None)}
            key = (id(owner), fold(str(said.get("name", ""))))
            if owner and key in seen:
                row.wrong("name", Worded("Trùng với dòng {row}.", row=seen[key]))
            seen.setdefault(key, row.source.number)
            planned = self._planned_product(row, owner, said) if owner else None
            if owner is None:
                row.filled(CreateProduct, {**said, "producer_code": NOT_YET})
            if planned is None or row.failed():
                self.refused_products.add(key)
                self._count(row, "refused")
                continue
            self.plan.products.append(planned)

    def _planned_product(
        self, row: _Row, owner: PlannedProducer, said: dict[str, Any]
    ) -> PlannedProduct | None:
        planned = self.of_producer.get((id(owner), fold(str(said.get("name", "")))))
        fresh_codes = self._fresh_codes(row, planned)
        if planned is None or planned.known is None:
            data = row.filled(CreateProduct, {**said, "producer_code": NOT_YET})
            if data is None:
                return None
            planned = PlannedProduct(owner, data.name, new=data, old_codes=fresh_codes)
            self._count(row, "new")
        else:
            stored = planned.known.model_dump(include=set(ChangeProduct.model_fields))
            said["name"] = stored["name"]
            after, differs = row.differences(stored, said)
            if differs and (change := row.filled(ChangeProduct, after)):
                planned.change = change
            if row.failed():
                return None
            planned.old_codes = fresh_codes
            differs += ["Mã sản phẩm cũ"] if fresh_codes else []
            self._count(row, "changed" if differs else "same", name=planned.name, differs=differs)
        self.bearers |= {fold(code): planned for code in fresh_codes}
        self.of_producer[id(owner), fold(planned.name)] = planned
        return planned

    def _fresh_codes(self, row: _Row, planned: PlannedProduct | None) -> list[str]:
        """Return the old codes that nothing bears yet; refuse those of another product."""
        fresh = []
        for code in codes_of(row.cell("old_codes")):
            bearer = self.bearers.get(fold(code))
            if not fold(code) or len(code) > _LONGEST_CODE:
                row.wrong(
                    "old_codes", Worded("Dài quá {max_length} ký tự.", max_length=_LONGEST_CODE)
                )
            elif bearer is None:
                fresh.append(code)
            elif bearer is not planned:
                row.wrong("old_codes", Worded("Mã «{code}» đã thuộc sản phẩm khác.", code=code))
        return fresh

    # --- certificates -------------------------------------------------------------------------

    def certificates(self) -> None:
        """Go through the sheet of certificates."""
        seen: dict[tuple[int, date], int] = {}
        for row in self._rows(SheetKind.CERTIFICATES):
            data = self._recognition(row)
            product = self._certified_product(row)
            if data and product:
                key = (id(product), data.issued_on)
                if key in seen:
                    row.wrong("issued_on", Worded("Trùng với dòng {row}.", row=seen[key]))
                seen.setdefault(key, row.source.number)
                self._check_code(row, product, data)
            if not data or not product or row.failed():
                self._count(row, "refused")
            elif stored := self._stored_certificate(product, data):
                self._compare(row, stored, data)
                self._count(row, "same")
            else:
                self.plan.certificates.append(PlannedCertificate(product, data))
                self._count(row, "new")

    def _certified_product(self, row: _Row) -> PlannedProduct | None:
        owner = self._owner(row)
        if owner is None:
            return None
        name = row.text("product_name")
        key = (id(owner), fold(name))
        if found := self.of_producer.get(key):
            return found
        if not name:
            row.wrong("product_name", Worded("Chưa điền ô này."))
        elif key in self.refused_products:
            row.wrong("product_name", Worded("Dòng của sản phẩm này còn lỗi."))
        else:
            row.wrong(
                "product_name",
                Worded(
                    "Chủ thể chưa có sản phẩm «{name}», trong tệp hay trong hệ thống.", name=name
                ),
            )
        return None

    def _recognition(self, row: _Row) -> ImportRecognised | None:
        values: dict[str, Any] = {
            "star": row.value("star", whole_of),
            "issued_on": row.value("issued_on", day_of),
            "expires_on": row.value("expires_on", day_of),
            "product_code": row.text("product_code") or None,
            **{name: row.text(name) for name in ("decision_number", "authority", "source_note")},
        }
        issued_on = values["issued_on"]
        if issued_on is not None and not FIRST_DAY <= issued_on <= self.on:
            row.wrong(
                "issued_on",
                Worded(
                    "Ngày cấp phải từ {first} đến hôm nay ({today}).",
                    first=f"{FIRST_DAY:%d/%m/%Y}",
                    today=f"{self.on:%d/%m/%Y}",
                ),
            )
        if issued_on and values["expires_on"] and values["expires_on"] <= issued_on:
            row.wrong("expires_on", Worded("Ngày hết hạn phải sau ngày cấp."))
        if issued_on is not None:
            values["regime_code"] = self._regime(row, issued_on) or _NO_REGIME
        else:
            values["regime_code"] = _NO_REGIME
        data = row.filled(ImportRecognised, {k: v for k, v in values.items() if v is not None})
        if data:
            self._look_at_authority(row, data)
        return data

    def _regime(self, row: _Row, issued_on: date) -> str:
        """Return the regime by code or decision; without either, the one of the day of issue."""
        said = row.text("regime_code")
        if not said:
            try:
                law = loader.in_force(issued_on)
            except NoRuleInForce:
                row.wrong(
                    "regime_code", Worded("Không có quy định nào cho ngày cấp này. Hãy ghi rõ.")
                )
                return ""
            row.doubtful_once(
                "regime_code", Worded("Hiểu là {decision}, theo ngày cấp.", decision=law.decision)
            )
            return law.code
        for code in loader.regime_codes():
            law = loader.regime(code)
            if fold(said) in {fold(code), fold(law.decision), fold(law.decision.partition("/")[0])}:
                if not law.in_force.covers(issued_on):
                    row.doubtful(
                        "regime_code",
                        Worded("{decision} không có hiệu lực vào ngày cấp.", decision=law.decision),
                    )
                return code
        row.wrong("regime_code", Worded("Không có trong danh sách lựa chọn."))
        return ""

    def _look_at_authority(self, row: _Row, data: ImportRecognised) -> None:
        """Tell of a district that there never was, or that had ended."""
        issuer = fold(data.authority)
        named = next(
            (issuer.removeprefix(word) for word in _DISTRICT_WORDS if issuer.startswith(word)), ""
        )
        if not named:
            return
        if not any(named.startswith(district) for district in self.districts):
            row.doubtful("authority", Worded("Tỉnh không có huyện, thành phố này trong danh mục."))
        elif data.issued_on >= DISTRICTS_ENDED:
            row.doubtful("authority", Worded("Cấp huyện kết thúc ngày 30/6/2025, trước ngày cấp."))

    def _check_code(self, row: _Row, product: PlannedProduct, data: ImportRecognised) -> None:
        if data.product_code is None:
            return
        bearer = self.bearers.setdefault(fold(data.product_code), product)
        if bearer is not product:
            row.wrong(
                "product_code",
                Worded("Mã «{code}» đã thuộc sản phẩm khác.", code=data.product_code),
            )

    def _stored_certificate(
        self, product: PlannedProduct, data: ImportRecognised
    ) -> Certificate | None:
        known = self.certified.get(product.known.id or 0, []) if product.known else []
        number = fold(data.decision_number)
        return next(
            (
                one
                for one in known
                if one.issued_on == data.issued_on
                or (
                    number
                    and fold(one.decision_number) == number
                    and one.issued_on.year == data.issued_on.year
                )
            ),
            None,
        )

    def _compare(self, row: _Row, stored: Certificate, data: ImportRecognised) -> None:
        """Tell where a registered certificate differs: it is never changed by a file."""
        headings = {column.field: column.heading for column in COLUMNS[SheetKind.CERTIFICATES]}
        said = data.model_dump(exclude_none=True, exclude_defaults=True)
        differs = [
            headings[name]
            for name, value in said.items()
            if value != getattr(stored, name) and normal(str(value)) != str(getattr(stored, name))
        ]
        if differs:
            row.doubtful(
                "",
                Worded(
                    "Giấy {code} đã có, khác ở: {columns}. Giấy đã có không sửa bằng nhập tệp.",
                    code=stored.code,
                    columns=", ".join(differs),
                ),
            )
