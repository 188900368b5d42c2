"""Reads a mapping: how a foreign source's columns become a complaint. Nothing but data.

Whatever is misspelt, unknown or missing in a mapping is refused by its key before
a row is read; what the source does not have stands in ``absent`` and is never filled.
"""

import string
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from complaints.procedure import categories
from complaints.procedure.filing_request import FilingRequest
from complaints.procedure.sector_files import GOODS, SERVICE
from complaints.procedure.toml_table import TomlProblem, TomlTable
from complaints.tables.importing.converting import Converter
from complaints.tables.importing.reading import Shape

#: The portal's own mappings, with the places and authorities of a country beside them.
OWN = Path(__file__).parent / "mappings"
#: The longest text of each field that a mapping may fill; nothing is cut.
TEXTS: MappingType[str, int] = {
    "external_id": 120,
    "object_kind": 20,
    "object_category": 60,
    "item_name": 200,
    "brand": 120,
    "order_no": 200,
    **{question.code: max(200, question.longest) for question in categories.QUESTIONS if question.is_text},
    "problem_category": 60,
    "place": 400,
    "statement": 20_000,
    "their_reference": 200,
    "demand_note": 400,
    "channel": 20,
    "consumer_name": 120,
    "consumer_phone": 40,
    "consumer_email": 200,
    "consumer_address": 400,
}
AMOUNTS = frozenset({"amount"})
DAYS = frozenset({"bought_on", "disputed_on", "learned_on", "contacted_on"})
FLAGS = frozenset({"is_online", "has_contacted", "disputed_on_is_approximate"})
MOMENTS = frozenset({"received_at"})
#: The sectors' own questions.
OWN_QUESTIONS = frozenset(question.code for question in categories.QUESTIONS)
TARGETS = frozenset(TEXTS) | AMOUNTS | DAYS | FLAGS | MOMENTS
#: What `absent` may name: fields of the form, and two answers that are no fields of ours.
ABSENT = frozenset(f.name for f in fields(FilingRequest)) | OWN_QUESTIONS | {"service_region"}
CODES: MappingType[str, frozenset[str]] = {
    "object_category": frozenset(categories.OBJECT_LABELS),
    "problem_category": frozenset(categories.PROBLEM_LABELS),
    "object_kind": frozenset({GOODS, SERVICE}),
    "kind": frozenset(categories.DEMAND_BY_CODE),
}


class MappingError(TomlProblem):
    """A mapping cannot be used; says which key and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandMapping:
    kind: Converter
    amount: Converter | None
    note: Converter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Two days of a row of which ``later`` should not lie before ``earlier``; told, never mended."""

    earlier: Converter
    later: Converter


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    former: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    split: str = ""
    legal_forms: tuple[str, ...] = ()
    nobody: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    path: Path
    source: str
    title: str
    language: str
    currency: str
    zone: ZoneInfo
    shape: Shape
    country: str
    regions: Path | None
    authorities: Path | None
    region_code: str
    region_state: Converter | None
    region_city: Converter | None
    region_otherwise: str
    name: Converter
    source_id: str
    address: Converter | None
    naming: NameRules
    enrols: bool
    enrolled_by: str
    enterprise_state: Converter | None
    enterprise_city: Converter | None
    values: MappingType[str, Converter]
    demands: tuple[DemandMapping, ...]
    on_behalf: Converter | None
    consents: MappingType[str, Converter]
    absent: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def converters(self) -> list[Converter]:
        results = [self.name, *self.values.values(), *self.consents.values()]
        maybe = [self.region_state, self.region_city, self.enterprise_state, self.enterprise_city]
        maybe += [self.address, self.on_behalf]
        for demand in self.demands:
            maybe += [demand.kind, demand.amount, demand.note]
        for doubt in self.doubts:
            results += [doubt.earlier, doubt.later]
        return results + [one for one in maybe if one is not None]

    @property
    def columns(self) -> list[str]:
        """Every column that the mapping reads: the heading must have them."""
        result = dict.fromkeys(column for one in self.converters for column in one.columns)
        result |= dict.fromkeys(one.time_column for one in self.converters if one.time_column)
        return list(result | ({self.source_id: None} if self.source_id else {}))


def read_mapping(path: Path) -> Mapping:
    """The mapping of a file, or MappingError with the first thing that is wrong."""
    return _Reader(path).mapping()


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.top = TomlTable.of_file(path, problem=MappingError)

    def mapping(self) -> Mapping:
        top = self.top
        source = top.text("source", needed=True)
        title = top.text("title", needed=True)
        if len(source) > 60 or len(title) > 80:
            raise top.fail("source" if len(source) > 60 else "title", "is too long")
        language, currency = top.text("language", "zh-hans"), top.text("currency", needed=True)
        zone, absent = self._zone(top), self._absent(top)
        country, region, respondent = top.table("country"), top.table("region"), top.table("respondent")
        directory, file, consents = top.table("directory"), top.table("file"), top.table("consents")
        values = self._values(top.table("fields"))
        result = Mapping(
            path=self.path,
            source=source,
            title=title,
            language=language,
            currency=currency,
            zone=zone,
            shape=self._shape(file),
            country=country.text("code", needed=True),
            regions=self._beside(country, "regions"),
            authorities=self._beside(country, "authorities"),
            region_code=region.text("code"),
            region_state=self._maybe(region, "state"),
            region_city=self._maybe(region, "city"),
            region_otherwise=region.text("otherwise"),
            name=self._converter(respondent, "name"),
            source_id=respondent.text("id"),
            address=self._maybe(respondent, "address"),
            naming=NameRules(
                former=directory.texts("former"),
                alias=directory.texts("alias"),
                split=directory.text("split"),
                legal_forms=directory.texts("legal_forms"),
                nobody=frozenset(one.casefold() for one in respondent.texts("nobody")),
            ),
            enrols=directory.take("enrol", bool, True),
            enrolled_by=directory.text("enrolled_by"),
            enterprise_state=self._maybe(directory, "state"),
            enterprise_city=self._maybe(directory, "city"),
            values=values,
            demands=self._demands(top),
            on_behalf=self._maybe(top, "on_behalf"),
            consents={key: self._converter(consents, key) for key in list(consents.raw)},
            absent=absent,
            doubts=self._doubts(top),
        )
        if not result.region_code and result.region_state is None:
            raise region.fail("code", "is missing (or state)")
        for table in (country, region, respondent, directory, file, top):
            table.done()
        self._complete(result)
        return result

    def _complete(self, result: Mapping) -> None:
        for name, given in (
            ("statement", "statement" in result.values),
            ("demands", bool(result.demands)),
            ("consents", bool(result.consents)),
        ):
            if given == (name in result.absent):
                reason = "is both mapped and absent" if given else "is neither mapped nor declared absent"
                raise self.top.fail(name, reason)
        for name in result.values.keys() & set(result.absent):
            raise self.top.fail(name, "is both mapped and absent")

    def _zone(self, top: TomlTable) -> ZoneInfo:
        name = top.text("timezone", needed=True)
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise top.fail("timezone", f"no time zone {name!r}") from problem

    def _absent(self, top: TomlTable) -> tuple[str, ...]:
        absent = top.texts("absent")
        for name in absent:
            if name not in ABSENT:
                raise top.fail("absent", f"no field {name!r}")
        return absent

    def _shape(self, file: TomlTable) -> Shape:
        shape = Shape(file.text("encoding", "utf-8"), file.text("delimiter", ","), file.take("multiline", bool, False))
        try:
            is_line_by_line = "\n".encode(shape.encoding) == b"\n"
        except LookupError:
            is_line_by_line = False
        if not is_line_by_line:
            raise file.fail("encoding", f"{shape.encoding!r} cannot be read line by line")
        if len(shape.delimiter) != 1:
            raise file.fail("delimiter", "must be one character")
        file.texts("unused")
        return shape

    def _beside(self, table: TomlTable, key: str) -> Path | None:
        name = table.text(key)
        if not name:
            return None
        # A mapping may lie anywhere; the files of the portal's own mappings are found from there.
        places = (self.path.parent / name, OWN / name)
        path = next((one for one in places if one.is_file()), None)
        if path is None:
            raise table.fail(key, f"no file {name}, neither beside the mapping nor beside the portal's own")
        return path

    def _values(self, table: TomlTable) -> dict[str, Converter]:
        for key in table.raw:
            if key not in TARGETS:
                raise table.fail(key, "no such field of a complaint")
        for key in ("external_id", "received_at"):
            if key not in table.raw:
                raise table.fail(key, "is missing")
        return {
            key: self._converter(table, key, needed=key in ("external_id", "received_at")) for key in list(table.raw)
        }

    def _demands(self, top: TomlTable) -> tuple[DemandMapping, ...]:
        results = []
        for table in top.tables("demands"):
            results.append(
                DemandMapping(
                    kind=self._converter(table, "kind", needed=True),
                    amount=self._maybe(table, "amount"),
                    note=self._maybe(table, "note"),
                )
            )
            table.done()
        return tuple(results)

    def _doubts(self, top: TomlTable) -> tuple[Doubt, ...]:
        results = []
        for table in top.tables("doubts"):
            results.append(Doubt(earlier=self._converter(table, "earlier"), later=self._converter(table, "later")))
            table.done()
        return tuple(results)

    def _maybe(self, table: TomlTable, key: str) -> Converter | None:
        return self._converter(table, key) if key in table.raw else None

    def _converter(self, parent: TomlTable, key: str, *, needed: bool = False) -> Converter:
        if key not in parent.raw:
            raise parent.fail(key, "is missing")
        table = parent.table(key)
        template = table.text("template")
        columns: Sequence[str] = table.texts("columns") or (
            [name for _, name, _, _ in string.Formatter().parse(template) if name] if template else []
        )
        column = table.text("column")
        constant, digest = table.text("constant"), table.take("digest", bool, False)
        given = sum(map(bool, (column, columns, constant)))
        # Without a column of numbers each row is known by what stands in it.
        if given > 1 or (not given and not (digest and key == "external_id")):
            raise parent.fail(key, "needs exactly one of column, columns, template, constant")
        mapped = {str(k).casefold(): v for k, v in table.take("map", dict, {}).items()}
        otherwise = table.take("otherwise", str, None)
        for code in (*mapped.values(), otherwise, constant):
            if not isinstance(code, str | None) or (code and key in CODES and code not in CODES[key]):
                raise parent.fail(key, f"no code {code!r}")
        standard = Converter(where=key)
        case = table.text("case")
        if case not in ("", "upper", "lower"):
            raise parent.fail(key, "case must be upper or lower")
        result = Converter(
            where=f"{parent.where}{key}",
            columns=(column,) if column else tuple(columns),
            constant=constant,
            template=template,
            join=table.text("join", standard.join),
            split=table.text("split"),
            most=table.take("most", int, 0),
            fit=table.take("fit", int, 0),
            case=case,
            map=mapped,
            otherwise=otherwise,
            needed=table.take("needed", bool, needed),
            digest=digest,
            formats=table.texts("formats") or standard.formats,
            at=self._time(table, standard.at),
            time_column=table.text("time_column"),
            time_formats=table.texts("time_formats") or standard.time_formats,
            decimal_mark=table.text("decimal_mark", standard.decimal_mark),
            group_mark=table.text("group_mark", standard.group_mark),
            zero_is_absent=table.take("zero_is_absent", bool, False),
            yes=tuple(one.casefold() for one in table.texts("yes")),
            no=tuple(one.casefold() for one in table.texts("no")),
        )
        table.done()
        return result

    def _time(self, table: TomlTable, standard: time) -> time:
        text = table.text("at")
        try:
            return time.fromisoformat(text) if text else standard
        except ValueError as problem:
            raise table.fail("at", "must be a time like 09:00") from problem
