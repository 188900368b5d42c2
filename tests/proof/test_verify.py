"""Whatever a superuser of the database does to entries, texts, names, files and documents is named at its place, and
nothing else is.

One session of the superuser works as the portal's steps while the record is verified, and as himself while he attacks;
each attack is a savepoint. He knows tables and bytes alone: nothing here uses the code that checks."""

import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from complaints.models import DocumentVersion, Evidence
from complaints.record.columns import TABLES
from complaints.record.findings import Finding
from complaints.record.verification import verify
from tests.cast import World, standing
from tests.proof.superuser import (
    ENTRIES,
    ENTRY,
    FILE,
    FILES,
    NAME,
    TEXT,
    TEXTS,
    VERSION,
    VERSIONS,
    WALKED,
    attack,
    attacked,
    cases,
    put_back,
    rows,
)

MOST = 50


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    connection = connections["default"]
    connection.close()
    kept = connection.settings_dict
    connection.settings_dict = kept | {"USER": "postgres"}
    try:
        with standing(django_db_blocker, cases) as (world, _made):
            yield world
    finally:
        connection.close()
        connection.settings_dict = kept


@pytest.fixture(autouse=True)
def _each_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("complaints.record.findings.MOST", 1000)
    with attacked():
        yield


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


Place = tuple[str, str, str, int, str, str]


def places(findings: Iterable[Finding]) -> set[Place]:
    return {(one.code, one.case, one.audience, one.sequence, one.row, one.column) for one in findings}


def of_files(seen: set[Place]) -> set[tuple[str, str, str]]:
    """Code, case and digest: the row of a file is named by who follows entries and by who replays the state."""
    return {(one[0], one[1], one[4].replace("file/", "file ").partition("/")[0]) for one in seen}


def found() -> set[Place]:
    report = verify()
    assert not report.more
    return places(report.findings)


def some(rng: random.Random, sql: str) -> list[tuple[Any, ...]]:
    """Up to fifty rows, never all of them."""
    there = rows(sql)
    return rng.sample(there, min(MOST, len(there) - 1))


def ids(chosen: Iterable[tuple[Any, ...]]) -> list[int]:
    return [row[0] for row in chosen]


def test_untouched_nothing_is_named(world: World) -> None:
    report = verify()
    assert report.findings == []
    assert report.entries == rows(f"select count(*) from {ENTRY}")[0][0] > MOST
    assert report.texts == rows(f"select count(*) from {TEXT}")[0][0] > MOST
    assert (report.files, report.cases) == (3 * rows(f"select count(*) from {FILE}")[0][0], len(WALKED) * 2)
    assert report.proved == report.cases


@pytest.mark.parametrize(
    ("damage", "code", "column"),
    [
        (f"delete from {TEXT} where id = any(%s)", "row_missing", ""),
        (f"update {TEXT} set sealed = '' where id = any(%s)", "emptied", "sealed"),
        (
            f"update {TEXT} set sealed = set_byte(sealed, octet_length(sealed) - 1,"
            " get_byte(sealed, octet_length(sealed) - 1) # 1) where id = any(%s)",
            "changed",
            "sealed",
        ),
        (f"update {TEXT} set key_id = gen_random_uuid() where id = any(%s)", "column", "key_id"),
    ],
    ids=["gone", "emptied", "flipped", "under another key"],
)
def test_a_text(world: World, rng: random.Random, damage: str, code: str, column: str) -> None:
    chosen = some(rng, TEXTS)
    with attacked():
        attack(damage, ids(chosen))
        assert found() == {(code, *row[1:4], f"text {row[4]}", column) for row in chosen}


def test_a_text_that_no_entry_names(world: World, rng: random.Random) -> None:
    chosen = some(rng, TEXTS)
    copied = "complaint_id, key_id, audience, sequence, kind, sealed"
    with attacked():
        attack(f"insert into {TEXT} ({copied}, digest) select {copied}, sha256(digest) from {TEXT} where id = any(%s)",
               ids(chosen))  # fmt: skip
        assert found() == {("foreign", *row[1:4], f"text {row[4]}", "") for row in chosen}


@pytest.mark.parametrize("damage", ["gone", "flipped", "destroyed"])
def test_a_key(world: World, rng: random.Random, damage: str) -> None:
    """Each text, name and document under it is named; a key that somebody marks as destroyed is not erased."""
    persons = [row[0] for row in rows(f"select distinct key_id::text from {TEXT} order by 1")]
    for person in rng.sample(persons, min(3, len(persons))):
        under = f"from 2 for 16) = decode(replace('{person}', '-', ''), 'hex')"
        texts = rows(TEXTS.replace("order by", f"where substring(t.sealed {under} order by"))
        names = rows(f"select id from {NAME} where substring(sealed {under}")
        words = rows(f"{VERSIONS} where substring(v.content {under}")
        with attacked():
            attack(
                {
                    "gone": "delete from accounts_personkey where person = %s",
                    "flipped": "update accounts_personkey set wrapped = set_byte(wrapped, 9, get_byte(wrapped, 9) # 1)"
                    " where person = %s",
                    "destroyed": "update accounts_personkey set destroyed_at = now(), wrapped = '' where person = %s",
                }[damage],
                person,
            )
            given_up = found()
        assert {place[0] for place in given_up} == {"key_gone"}
        assert {place[1:5] for place in given_up if place[4].startswith("text")} == {
            (*row[1:4], f"text {row[4]}") for row in texts
        }
        assert {place[4] for place in given_up if place[4].startswith("name ")} == {f"name {row[0]}" for row in names}
        assert {place[4] for place in given_up if place[4].startswith("document")} == {
            f"document/{row[4]}/{row[5]}" for row in words
        }


def test_a_name(world: World, rng: random.Random) -> None:
    of_name = ENTRIES.replace("order by", "where %s in (s.name_id, s.recorded_by_id) order by")
    for (name,) in rng.sample(rows(f"select id from {NAME}"), 3):
        entries = rows(of_name, name)
        with attacked():
            attack(f"delete from {NAME} where id = %s", name)
            assert found() == {("row_missing", *row[1:], f"name {name}", "") for row in entries}
        with attacked():
            attack(f"update {NAME} set sealed = '' where id = %s", name)
            (place,) = found()
            assert (place[0], *place[4:]) == ("emptied", f"name {name}", "sealed")
            assert place[1:4] in [row[1:] for row in entries]


OTHER = {
    "step": "'assign_authority'",
    "actor_role": "'other'",
    "organisation": "organisation || '.'",
    "from_status": "'other'",
    "to_status": "'other'",
    "outcome": "'other'",
    "reason": "'other'",
    "happened_at": "happened_at + interval '1 microsecond'",
    "written_at": "'-infinity'",
    "data": "data || '{\"x\": 1}'",
}


@pytest.mark.parametrize("column", OTHER)
def test_a_column_of_an_entry(world: World, rng: random.Random, column: str) -> None:
    chosen = [
        row
        for row in some(rng, ENTRIES)
        if row[0] not in ids(rows(f"select id from {ENTRY} where step = 'assign_authority'"))
    ]
    with attacked():
        attack(f"update {ENTRY} set {column} = {OTHER[column]} where id = any(%s)", ids(chosen))
        assert found() == {("column", *row[1:], "entry", column) for row in chosen}


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        ("body = 'not json'", {"hash", "unreadable"}),
        ('body = replace(body, \'"case":"\', \'"case":["\')', {"hash", "unreadable"}),
        ('body = replace(body, \'"written":"20\', \'"written":"yesterday 20\')', {"hash", "column"}),
        ("body = ('\\xff'::bytea)::text", {"unreadable"}),
        ("organisation = ('\\x80'::bytea)::text", {"unreadable"}),
        ("happened_at = 9223372036854775000::bigint::timestamptz", {"column"}),
        ("tag = ''", {"tag"}),
        ("tag = set_byte(tag, 32, get_byte(tag, 32) # 1)", {"tag"}),
        ("tag = set_byte(tag, 0, 77)", {"tag"}),
        ("state = ''", {"unreadable"}),
    ],
    ids=[
        "no json",
        "cut json",
        "no time",
        "no utf-8",
        "no utf-8 in a column",
        "no time that there is",
        "no tag",
        "other tag",
        "other key",
        "no state",
    ],
)
def test_an_entry_that_cannot_be_read_or_is_not_ours(
    world: World, rng: random.Random, damage: str, codes: set[str]
) -> None:
    """Each at its place, the others still read, and a second fault elsewhere is named as well."""
    chosen = some(rng, ENTRIES)
    other = next(row for row in rows(TEXTS) if row[1:4] not in [one[1:4] for one in chosen])
    with attacked():
        attack("create cast (bytea as text) without function")
        attack("create cast (bigint as timestamptz) without function")
        attack(f"update {ENTRY} set {damage} where id = any(%s)", ids(chosen))
        attack(f"delete from {TEXT} where id = %s", other[0])
        seen = found()
    second = ("row_missing", *other[1:4], f"text {other[4]}", "")
    assert second in seen
    assert [place for place in seen - {second} if place[1:4] not in {row[1:4] for row in chosen}] == []
    assert {place[1:4] for place in seen - {second}} == {row[1:4] for row in chosen}
    assert {place[0] for place in seen - {second}} == codes


def test_an_entry_cut_out(world: World, rng: random.Random) -> None:
    chosen = some(rng, ENTRIES)[:20]
    with attacked():
        attack(f"delete from {ENTRY} where id = any(%s)", ids(chosen))
        seen = found()
    assert {("entry_missing", *row[1:4], "", "") for row in chosen} <= seen
    # What lay in it has no entry any more; what lies beside it is whole.
    assert {place[1:4] for place in seen if place[3]} == {row[1:4] for row in chosen}


@pytest.mark.parametrize("of", ["at the end", "with an old id"])
def test_an_entry_put_in(world: World, rng: random.Random, of: str) -> None:
    """Chained as ours are, with a right hash and the heads moved: it needs a key that he does not have."""
    for number, audience, sequence, body, digest in rng.sample(
        rows(f"select distinct on (c.id) c.number, s.audience, s.sequence, s.body, s.hash from {ENTRY} s"
             " join complaints_complaint c on c.id = s.complaint_id where s.audience = 'parties'"
             " order by c.id, s.sequence desc"),
        8,
    ):  # fmt: skip
        forged = json.loads(body) | {"sequence": sequence + 1, "texts": [], "files": [], "data": {}, "state": ""}
        forged |= {"name": "", "recorded_by": "", "person": ""}
        text = json.dumps(forged, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        sealed = hashlib.sha256(b"\x00" + bytes(digest) + text.encode()).digest()
        old = "-1" if of == "with an old id" else "(select max(id) + 1 from complaints_handlingstep)"
        columns = "complaint_id, audience, step, happened_at, written_at, actor_role, organisation, from_status"
        columns += ", to_status, outcome, reason"
        with attacked():
            attack(
                f"insert into {ENTRY} (id, {columns}, sequence, data, body, previous_hash, hash, tag, state)"
                f" select {old}, {columns}, sequence + 1, '{{}}', %s, hash, %s, '', '' from {ENTRY} s"
                " where audience = %s and sequence = %s and complaint_id ="
                " (select id from complaints_complaint where number = %s)",
                text, sealed, audience, sequence, number,
            )  # fmt: skip
            attack(
                "update complaints_complaint set last_sequence = %s, last_hash = %s where number = %s",
                sequence + 1, sealed, number,
            )  # fmt: skip
            seen = found()
        assert ("tag", number, audience, sequence + 1, "entry", "") in seen
        assert [place for place in seen if place[1:4] != (number, audience, sequence + 1)] == []


def test_a_file_and_its_row(world: World, rng: random.Random) -> None:
    chosen = some(rng, FILES)
    with attacked():
        attack(f"delete from {FILE} where id = any(%s)", ids(chosen))
        seen = found()
    assert of_files(seen) == {("row_missing", row[1], f"file {row[2]}") for row in chosen}
    with attacked():
        attack(f"update {FILE} set sha256 = md5(sha256) where id = any(%s)", ids(chosen))
        seen = found()
    assert {one[1:] for one in of_files(seen) if one[0] == "row_missing"} == {
        (row[1], f"file {row[2]}") for row in chosen
    }
    assert {place[0] for place in seen} == {"row_missing", "foreign"}
    for columns in ("path", "copy_path", "thumbnail_path"):
        with attacked():
            attack(f"update {FILE} set {columns} = '' where id = any(%s)", ids(chosen))
            seen = found()
        assert of_files(seen) == {("file_missing", row[1], f"file {row[2]}") for row in chosen}


@pytest.mark.parametrize("part", ["path", "copy_path", "thumbnail_path"])
def test_the_bytes_of_a_file(world: World, rng: random.Random, part: str) -> None:
    for number, sha256, path in rng.sample(rows(FILES.replace("e.id, ", "").replace("e.path", f"e.{part}")), 3):
        place = Path(settings.EVIDENCE_ROOT) / path
        for code in ("file_changed", "file_missing"):
            with put_back(place):
                place.chmod(0o600)
                if code == "file_changed":
                    place.write_bytes(b"other")
                else:
                    place.unlink()
                assert {(one[0], one[1], one[4]) for one in found()} == {(code, number, f"file {sha256}")}


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        ("delete from {table} where id = any(%s)", {"row_missing"}),
        ("update {table} set content = '' where id = any(%s)", {"emptied"}),
        (
            "update {table} set content = set_byte(content, 40, get_byte(content, 40) # 1) where id = any(%s)",
            {"changed"},
        ),
        ("update {table} set number = number + 7 where id = any(%s)", {"column", "row_missing", "foreign"}),
    ],
    ids=["gone", "emptied", "flipped", "another version"],
)
def test_a_document(world: World, rng: random.Random, damage: str, codes: set[str]) -> None:
    chosen = some(rng, VERSIONS)
    with attacked():
        attack(damage.format(table=VERSION), ids(chosen))
        seen = found()
    assert {place[1] for place in seen} == {row[1] for row in chosen}
    assert {place[:5] for place in seen} >= {
        ("column" if len(codes) > 1 else next(iter(codes)), *row[1:4], f"document/{row[4]}/{row[5]}") for row in chosen
    }
    assert {place[0] for place in seen} <= codes


def test_the_row_of_a_case(world: World, rng: random.Random) -> None:
    for pk, number in rng.sample(rows("select id, number from complaints_complaint"), 4):
        with attacked():
            attack("update complaints_complaint set number = '61130-XXXXXXXXXXXX-X' where id = %s", pk)
            assert ("column", number, "", 0, "case", "number") in found()
        with attacked():
            attack("update complaints_complaint set last_sequence = last_sequence - 1 where id = %s", pk)
            assert {(place[0], place[1], place[5]) for place in found()} == {("column", number, "last_sequence")}
        with attacked():
            attack("delete from complaints_complaint where id = %s", pk)
            assert ("row_missing", number, "", 0, "case", "") in found()


def test_words_in_rows_beside_the_record(world: World, rng: random.Random) -> None:
    """Notes, terms and names that lie in the rows of a case: each that is emptied, changed or moved is named."""
    sealed = [
        (model._meta.db_table, table.name, field.column)
        for table in TABLES
        for model in [table.model]
        for field in model._meta.concrete_fields
        if field.name in table.text and model not in (DocumentVersion, Evidence)
    ]
    tried = 0
    for table, kind, column in sealed:
        of_case = {"case": "t.id", "answer": "(select complaint_id from complaints_offer where id = t.offer_id)"}
        case = of_case.get(kind, "t.complaint_id")
        there = rows(
            f"select t.id, c.number from {table} t join complaints_complaint c on c.id = {case}"
            f" where t.{column} <> '' order by t.id"
        )
        for pk, number in rng.sample(there, min(len(there), 2)):
            for damage, codes in (
                (f"{column} = ''", {"emptied"}),
                (f"{column} = set_byte({column}, 30, get_byte({column}, 30) # 1)", {"changed"}),
            ):
                tried += 1
                with attacked():
                    attack("alter table complaints_offeranswer drop constraint refusal_has_reason")
                    attack(f"update {table} set {damage} where id = %s", pk)
                    seen = found()
                assert {(place[0], place[1], place[5]) for place in seen} == {(*codes, number, column)}, (table, column)
                assert {place[4].partition("/")[0] for place in seen} == {kind}
    assert tried > 20
