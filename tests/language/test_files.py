"""Files in the third language: exports, what came of a table that was sent in, papers of a dossier."""

import csv
import io
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from complaints.documents import signing
from complaints.dossier import building, proving
from complaints.models import Dossier, Export
from complaints.parties.actors import Actor, officer, staff_member
from complaints.record.checkpoints import seal
from complaints.tables.exporting import files
from complaints.tables.exporting import lifecycle as exporting
from complaints.tables.exporting.columns import COLUMNS
from complaints.tables.exporting.lifecycle import sweep_exports
from complaints.tables.platform import lines, platform_files
from complaints.tables.platform.platform_files import sweep_platform_files
from complaints.tables.round_trip import asking as trip_asking
from complaints.tables.round_trip import rows
from complaints.tables.round_trip.working import sweep_round_trips
from tests import undone
from tests.language import pseudo, reading
from tests.language.walking import Shown, reader
from tests.walls.world import Person, World

_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    settings.EXPORT_ROOT = str(tmp_path)
    settings.SITE_URL = "https://example.com"


def desks(world: World) -> Iterator[tuple[str, Person, Actor]]:
    yield "enterprise", world.person("handler own"), staff_member(world.target.staff["handler", "own"])
    yield "authority", world.person("authority_handler at own"), officer([world.officers["authority_handler", "own"]])


def test_every_column_of_every_export(world: World, names: reading.Known) -> None:
    texts: list[tuple[str, str]] = []
    with undone():
        for side, person, actor in desks(world):
            for form in Export.FORMATS:
                wanted = [code for code, column in COLUMNS.items() if side in column.sides]
                asked: Any = {"query": "", "wanted": wanted, "form": form, "purpose": "x", "language": pseudo.CODE}
                export = exporting.ask(user=person.user, actor=actor, now=world.now, **asked)
                decided = {"decided_by": world.officers["approver", "own"].user, "decided_at": world.now}
                Export.objects.filter(pk=export.pk).update(state="approved", **decided)
                assert sweep_exports(now=world.now)
                export.refresh_from_db()
                assert (export.state, export.rows > 5) == ("ready", True)
                path = files.file_of(export.mark, form)
                texts += ((f"{side} {form}", text) for text in (_workbook(path) if form == "xlsx" else _csv(path)))
    assert not (wrong := names.left(texts)), "\n".join(sorted(wrong))


def _csv(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            yield from row


def _workbook(path: Path) -> Iterator[str]:
    """Names of sheets, their heads and feet, cells; nothing of a sheet that no spreadsheet program shows."""
    with zipfile.ZipFile(path) as book:
        for number, sheet in enumerate(ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_XML}sheet"), 1):
            if sheet.get("state") == "veryHidden":
                continue
            yield sheet.get("name", "").rstrip("0123456789")
            for element in ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).iter():
                if element.tag.removeprefix(_XML) in {"t", "oddHeader", "oddFooter"}:
                    yield (element.text or "").removeprefix("&C")


def test_what_came_of_a_table_that_was_sent_in(world: World, names: reading.Known) -> None:
    """Every line of these tables is wrong in another way."""
    rows._titles.cache_clear()
    rows._labels.cache_clear()
    family = world.target
    number, offered, promised = (family.case(one).number for one in ("negotiating", "awaiting_consumer", "performing"))
    heads = "number step to_handler answer_1 amount_1 reason_1 by_1 due_1 contact_at obligations"
    filled_in = [
        heads.split(),
        [number, "", "x"],
        [number, "fly"],
        ["1", "assign"],
        [number, "assign", "nobody"],
        [number, "assign", ""],
        [number, "accept_case"],
        [number, "make_offer"],
        [number, "make_offer", "", "perhaps"],
        [number, "make_offer", "", "part", "much"],
        [number, "make_offer", "", "refuse"],
        [number, "make_offer", "", "grant", "1", "", "x"],
        [offered, "make_offer", "", "grant", "1"],
        [number, "log_contact", *[""] * 6, "yesterday"],
        [number, "log_contact", *[""] * 6, "2026-11-11 11:11"],
        [promised, "report_performed", *[""] * 7, "77"],
        [promised, "report_performed"],
        [promised, "report_performed"],
    ]
    columns = "number platform_number state region respondent item amount disputed_on demands phone"
    sent = [columns.split()]
    sent += [["1", "A1"], [number, ""], [number, "A1", "lost"], [number, "A1"], [number, "A2"]]
    sent += [["", "B1", "", "0", "x", "x", "much", "yesterday", "fly", "1"], ["", "B2", "", "350102", "x"]]
    names, wrong = deepcopy(names), set[str]()
    # The headings of the file itself are Chinese, whoever sends it.
    names.add("\n".join(lines.COLUMNS.values()))
    of_enterprise = (filled_in, trip_asking.take_in, sweep_round_trips, "/enterprise/round-trip/")
    of_authority = (sent, platform_files.take_in, sweep_platform_files, "/authority/platform/")
    for (side, person, actor), (table, take_in, sweep, home) in zip(
        desks(world), (of_enterprise, of_authority), strict=True
    ):
        with undone():
            out = io.StringIO(newline="")
            csv.writer(out).writerows(table)
            by: Any = {"user": person.user, "actor": actor, "language": pseudo.CODE, "now": world.now}
            trip = take_in([out.getvalue().encode()], name="x.csv", **by)
            assert sweep(now=world.now)
            trip.refresh_from_db()
            assert (trip.state, trip.rows.filter(state="bad").count() > 3) == ("checked", True)
            for page in ("", "results/"):
                answer = reader(person, world).call("GET", f"{home}{trip.mark}/{page}")
                assert answer.status == 200
                wrong |= Shown(f"{side} {page}", person.name, page, answer).left(names)
    assert not wrong, "\n".join(sorted(wrong))


def test_the_papers_of_a_dossier(world: World, names: reading.Known, papers: list[tuple[str, str]]) -> None:
    said: Any = {"language": pseudo.CODE, "site": "https://example.com", "asked_at": world.now}
    sides = {"consumer": "consumer", "enterprise": "handler own", "authority": "authority_handler at own"}
    with undone():
        proving.certified(signing.document_key(), now=world.now)
        seal(now=world.now, key=Ed25519PrivateKey.generate())
        for status in ("performing", "mediating", "closed"):
            for side, name in sides.items():
                of: Any = {"complaint": world.target.case(status), "asked_by": world.person(name).user}
                Dossier.objects.create(side=side, **of, **said)
        assert building.sweep_dossiers(now=world.now) == 9
        assert set(Dossier.objects.values_list("state", "is_sealed")) == {("ready", True)}
    assert papers
    assert not (wrong := names.left(papers)), "\n".join(sorted(wrong))
