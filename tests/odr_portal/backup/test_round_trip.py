"""What was saved comes back whole: rows, files, record, walls and sequences; or nothing changes at all."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.keys import keyring
from complaints.models import Checkpoint, Complaint, Evidence
from complaints.procedure.workflow import Status
from complaints.record import checkpoints
from database import roles
from odr_portal.backup import archive, database
from odr_portal.processes import embedded
from tests import ROOT, found_in, given, missing_in, old_seals
from tests.cast import WEDNESDAY, World
from tests.odr_portal.backup.conftest import EMPTY, Beside, save
from tests.server import DATABASE

pytestmark = pytest.mark.django_db(transaction=True)
full = pytest.mark.full


def counts(url: str) -> dict[str, int]:
    with closing(database.connect(url)) as owner:
        return database.row_counts(owner)


#: A check is written down anew with other casts and brackets, so only its name counts.
#: Who may do what, what guards it, and what new tables will be granted.
WALLS = """
select 'rights', relname::text, relowner::regrole::text, relacl::text from pg_class
  where relnamespace = 'public'::regnamespace and relname <> 'later'
union all select 'trigger', tgrelid::regclass::text, tgname::text, translate(pg_get_triggerdef(oid), '()', '')
    || tgenabled::text from pg_trigger
  where not tgisinternal
union all select 'constraint', conrelid::regclass::text, conname::text,
  case contype when 'c' then '' else pg_get_constraintdef(oid) end from pg_constraint
  where connamespace = 'public'::regnamespace
union all select 'function', proname::text, proowner::regrole::text, prosrc || coalesce(proacl::text, '') from pg_proc
  where pronamespace = 'public'::regnamespace
union all select 'policy', polrelid::regclass::text, polname::text, polcmd::text || polroles::regrole[]::text ||
  regexp_replace(pg_get_expr(polqual, polrelid) || coalesce(pg_get_expr(polwithcheck, polrelid), ''),
                 '::(character varying|text)(\\[\\])?|[()\\s]', '', 'g') from pg_policy
union all select 'forced', relname::text, relrowsecurity::text, relforcerowsecurity::text from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'later'
union all select 'later', defaclrole::regrole::text, defaclobjtype::text, defaclacl::text from pg_default_acl
union all select 'schema', nspname::text, nspowner::regrole::text, nspacl::text from pg_namespace
    where nspname = 'public'
order by 1, 2, 3, 4
"""


def test_there_and_back(portal: Complaint, beside: Beside, tmp_path: Path) -> None:
    file = tmp_path / "portal.tar"
    columns = "session_key, session_data, expire_date"
    with connection.cursor() as cursor:
        cursor.execute(f"insert into accounts_browsersession ({columns}) values ('secretkeyofasession', 'x', now())")
    newest = Checkpoint.objects.latest("number")
    reach = f"Newest checkpoint: over {newest.size} entries, signed at {newest.at:%Y-%m-%dT%H:%M:%SZ}, root "
    reach += bytes(newest.root).hex()
    assert missing_in(save(file)[0], "2 cases, 2 files", reach) == []
    assert manifest_of(file)["checkpoint"]["note"] == newest.note
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.partial"))
    # No secret is inside.
    dump = tmp_path / "dump"
    with file.open("rb") as saved:
        dump.write_bytes(b"".join(next(archive.entries(saved)).chunks()))
    pg_restore = database.program("pg_restore", version=18)
    sql = subprocess.run([pg_restore, "-f", "-", dump], capture_output=True, text=True).stdout
    assert "complaints_complaint" in sql
    assert found_in(sql, "secretkeyofasession", "PRIVATE KEY") == []

    shown, warned = beside.restore(file)
    assert missing_in(shown, "The record is unbroken.", reach) == []
    assert "LOOK" not in warned
    here, there = counts(os.environ["DATABASE_OWNER_URL"]), counts(beside.url)
    assert there.pop("accounts_browsersession") == 0
    assert here.pop("accounts_browsersession") == 1
    # The record says that it came out of a backup.
    assert there.pop("complaints_houseentry") == here.pop("complaints_houseentry") + 1
    assert there == here
    row = Evidence.objects.get()
    assert (tmp_path / "restored" / "evidence" / row.path).read_text() == "九月账单"
    assert (tmp_path / "restored" / "files" / "notice.txt").read_text() == "公告"

    with closing(database.connect(os.environ["DATABASE_OWNER_URL"])) as owner:
        assert set(beside.query(WALLS)) ^ set(database.query(owner, WALLS)) == set()
    # Nobody may do there what nobody may do here.
    for statement, reason in (
        ("update complaints_handlingstep set reason = ''", "permission denied"),
        ("truncate complaints_seal", "permission denied"),
        ("drop table complaints_complaint", "must be owner"),
        ("create table mine (n int)", "permission denied"),
    ):
        with pytest.raises(psycopg2.Error, match=reason):
            beside.query(f"set role {roles.STEPS}; {statement}", user=roles.WEB)
    with pytest.raises(psycopg2.Error, match="can be emptied, not changed"):
        beside.query("update complaints_personaltext set sealed = 'x'", user=roles.OWNER)
    with pytest.raises(psycopg2.Error, match="append-only"):
        beside.query("delete from complaints_handlingstep", user=roles.OWNER)
    # Nor does the key of the walls travel with an archive: the portal that restores lays its own.
    assert beside.query("select count(*) from request_key") == [(1,)]
    assert (sql.count("CREATE TABLE public.request_key "), sql.count("COPY public.request_key ")) == (1, 0)
    # What the owner makes later is granted by default, as before.
    beside.query("create table later (n int)", user=roles.OWNER)
    assert beside.query("select count(*) from later", user=roles.WEB) == [(0,)]
    sequence = "pg_get_serial_sequence('complaints_handlingstep', 'id')"
    ids = f"select max(id), nextval({sequence}) from complaints_handlingstep"
    [(highest, following)] = beside.query(ids, user=roles.OWNER)
    assert following > highest
    # Transactions of another server mean nothing here, and a cursor from there is known by its era.
    assert beside.query("select distinct transaction from complaints_handlingstep", user=roles.OWNER) == [(0,)]
    assert beside.query("select last_value > 1000000 from complaints_event_era", user=roles.WEB) == [(True,)]


def manifest_of(file: Path) -> dict[str, Any]:
    with file.open("rb") as source:
        entry = next(entry for entry in archive.entries(source) if entry.name == archive.MANIFEST)
        manifest: dict[str, Any] = json.loads(b"".join(entry.chunks()))
    return manifest


def rewritten(file: Path, manifest: dict[str, Any]) -> None:
    """The same archive with another manifest, as another version of the portal would have written it."""
    whole = file.with_name("rewritten.tar")
    with file.open("rb") as source, whole.open("w+b") as target:
        writer = archive.Writer(target, written_at=0)
        for entry in archive.entries(source):
            if entry.name.startswith((archive.DUMP, archive.EVIDENCE, archive.FILES)):
                writer.add(entry.name, entry.chunks())
        writer.finish(manifest)
    whole.replace(file)


@full
def test_archives_of_before_that_name_no_checkpoint_or_its_size_and_root_alone_come_back(
    portal: Complaint, beside: Beside, tmp_path: Path
) -> None:
    file = tmp_path / "portal.tar"
    save(file)
    manifest = manifest_of(file)
    newest = manifest.pop("checkpoint")
    rewritten(file, manifest)
    assert "The record is unbroken." in beside.restore(file)[0]
    rewritten(file, manifest | {"checkpoint": [newest["size"], newest["root"]]})
    assert f"Newest checkpoint: over {newest['size']} entries" in beside.restore(file, "--replace")[0]
    for wrong in ([newest["size"] + 1, newest["root"]], newest | {"note": "another"}, None):
        rewritten(file, manifest | {"checkpoint": wrong})
        with pytest.raises(CommandError, match="newest checkpoint is not the one that the archive names"):
            beside.restore(file, "--replace")


@full
def test_a_portal_with_nothing_but_seals_of_the_older_form_names_the_newest_of_them(
    world: World, evidence_folder: Path, seal_key: Ed25519PrivateKey, beside: Beside, tmp_path: Path
) -> None:
    file = tmp_path / "portal.tar"
    given.a_complaint(world, status=Status.NEGOTIATING)
    assert "Nothing is sealed yet." in save(tmp_path / "empty.tar")[0]
    seal = old_seals.seal(now=WEDNESDAY, key=seal_key)
    reach = f"Newest seal (of the older form): over {seal.size} entries, root {seal.root.hex()}"
    assert reach in save(file)[0]
    assert reach in beside.restore(file)[0]
    # So the first portals with a log wrote it.
    rewritten(file, manifest_of(file) | {"checkpoint": [seal.size, seal.root.hex()]})
    assert reach in beside.restore(file, "--replace")[0]


@full
def test_an_older_point_is_said_and_used_only_when_asked(
    portal: Complaint, world: World, beside: Beside, seal_key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    older, newer = tmp_path / "older.tar", tmp_path / "newer.tar"
    save(older)
    given.a_complaint(world, status=Status.NEGOTIATING)
    checkpoints.seal(now=WEDNESDAY, key=seal_key)
    anchor = tmp_path / "anchor.json"
    with anchor.open("w") as written, pytest.raises(SystemExit):
        call_command("verify_record", "--json", stdout=written)
    save(newer)
    beside.restore(newer, "--anchor", str(anchor))
    _told, warned = beside.restore(older, "--replace")
    assert missing_in(warned, "SHORTER", "database that was replaced") == []
    assert beside.query("select count(*) from complaints_complaint") == [(2,)]
    assert "SHORTER" in beside.restore(older, "--replace", "--anchor", str(anchor))[1]
    # The same length with another history is another record.
    anchor.write_text(json.dumps({"sealed_size": 1, "sealed_root": "00"}))
    assert "ANOTHER" in beside.restore(newer, "--replace", "--anchor", str(anchor))[1]
    assert beside.query("select to_regnamespace('before_restore')") == [(None,)]


@full
def test_what_fails_in_the_middle_changes_nothing(
    portal: Complaint, world: World, beside: Beside, tmp_path: Path, superuser_connection: Any
) -> None:
    good, broken = tmp_path / "good.tar", tmp_path / "broken.tar"
    save(good)
    beside.restore(good)
    before = counts(beside.url)
    first = "(select min(id) from complaints_handlingstep)"
    with superuser_connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(f"update complaints_handlingstep set reason = 'x' where id = {first}")
    save(broken)
    with pytest.raises(CommandError, match=r"record in the archive is broken.*Nothing was changed"):
        beside.restore(broken, "--replace")
    assert counts(beside.url) == before
    assert beside.query("select count(*) from complaints_handlingstep where reason = 'x'") == [(0,)]
    # A dump that is no dump, in an archive that is otherwise right.
    with broken.open("w+b") as file:
        manifest = manifest_of(good)
        writer = archive.Writer(file, written_at=0)
        dump = writer.add(archive.DUMP, [b"PGDMP" + b"\0" * 100])
        writer.add("evidence/new/file.txt", [b"x"])
        manifest["parts"] = {"evidence": {"count": 1, "size": 1}, "files": {"count": 0, "size": 0}}
        manifest["parts"][archive.DUMP] = {"size": dump.size, "sha256": dump.sha256}
        writer.finish(manifest)
    with pytest.raises(CommandError, match="could not be restored, nothing was changed"):
        beside.restore(broken, "--replace")
    assert counts(beside.url) == before
    assert not (tmp_path / "restored" / "evidence" / "new" / "file.txt").exists()
    used = psycopg2.connect(beside.server.dsn(user=roles.WEB, database=EMPTY))
    with pytest.raises(CommandError, match="1 connections use"):
        beside.restore(good, "--replace")
    used.close()


@full
def test_a_row_without_its_file_is_named_a_full_disk_is_one_sentence_and_a_file_that_is_there_is_never_overwritten(
    portal: Complaint, evidence_folder: Path, tmp_path: Path
) -> None:
    row = Evidence.objects.get()
    place = evidence_folder / row.path
    place.write_text("another")
    assert f"CHANGED: {row.path}" in save(tmp_path / "one.tar")[1]
    place.unlink()
    assert f"MISSING: a row names {row.path}" in save(tmp_path / "two.tar")[1]
    line = ["bash", "-c", 'ulimit -f 16; exec "$0" manage.py backup --to "$1"', sys.executable, tmp_path / "portal.tar"]
    env = {**os.environ, "SECRET_KEY": "a-key-for-tests-that-signs-nothing-else"}
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, env=env)
    assert (done.returncode, "is full: free some space" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert not list(tmp_path.glob("portal.tar*"))
    (tmp_path / "portal.tar").write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        save(tmp_path / "portal.tar")
    assert (tmp_path / "portal.tar").read_text() == "mine"


@full
def test_a_wrong_database_one_with_something_in_it_and_an_archive_of_a_newer_portal_are_told(
    portal: Complaint, beside: Beside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, newer, server = tmp_path / "portal.tar", tmp_path / "newer.tar", beside.server
    save(file)
    administrator = server.dsn(user="postgres", database="postgres")
    embedded.run_statements(administrator, ["create database bare"])
    try:
        for place, sentence in (
            ("portal_owner@/nowhere", "cannot be reached"),
            (f"portal_web@/{DATABASE}", "signs in as portal_web"),
            ("portal_owner@/bare", "is not prepared"),
        ):
            with pytest.raises(CommandError, match=sentence):
                call_command("restore", str(file), "--into", f"postgresql://{place}?host={server.folder}")
    finally:
        embedded.run_statements(administrator, ["drop database bare"])
    later = MigrationRecorder.Migration.objects.create(app="complaints", name="9999_later")
    try:
        save(newer)
    finally:
        later.delete()
    with pytest.raises(CommandError, match="9999_later"):
        beside.restore(newer)
    beside.query("create table somebodys (n int)", user=roles.OWNER)
    with pytest.raises(CommandError, match="is not empty"):
        beside.restore(file)
    # It is left alone.
    assert beside.query("select count(*) from somebodys") == [(0,)]
    assert not (tmp_path / "restored").exists()
    # A machine that has that package.
    monkeypatch.setattr(database, "VERSIONS", Path("/nowhere"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        archive.Unusable,
        match="17, here is pg_dump 18: install the package postgresql-client-17, or put the pg_dump of PostgreSQL 17",
    ):
        database.program("pg_dump", version=17)


@full
def test_a_password_is_in_no_argument_and_no_sentence() -> None:
    argument, variables = database.arguments("postgresql://portal_owner:s3cret@db.example:5432/portal?sslmode=require")
    assert "s3cret" not in argument
    assert "sslmode=require" in argument
    assert variables["PGPASSWORD"] == "s3cret"
    assert "s3cret" not in database.one_line("cannot reach postgresql://portal_owner:s3cret@db/portal password=s3cret")


def test_T82_an_old_archive_does_not_bring_an_erased_person_back(
    portal: Complaint, beside: Beside, tmp_path: Path
) -> None:
    file, keys = tmp_path / "portal.tar", tmp_path / "person-keys"
    save(file)
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    old = keys.read_bytes()
    keyring.destroy([portal.consumer_key], now=WEDNESDAY)
    save(tmp_path / "newer.tar")
    shown, _ = beside.restore(file)
    assert "The record is unbroken." in shown
    of_the_person = f"from accounts_personkey where person = '{portal.consumer_key}'"
    assert beside.query(f"select octet_length(wrapped), destroyed_at is not null {of_the_person}") == [(0, True)]
    assert beside.query("select count(*) from complaints_personaltext where octet_length(sealed) > 0") != [(0,)]
    # Keys that know less than the archive, damaged ones and none at all are refused before anything is touched.
    stale = tmp_path / "stale"
    stale.write_bytes(old.replace(b"portal person keys 1 2", b"portal person keys 1 1", 1))
    for wrong, why in (
        (stale, "changed or damaged"),
        (tmp_path / "none", "name the newest keys"),
        (file, "holds no keys"),
    ):
        with pytest.raises(CommandError, match=why):
            beside.restore(file, "--replace", "--keys", str(wrong))


def test_T75_an_archive_holds_no_key(portal: Complaint, beside: Beside, tmp_path: Path) -> None:
    save(tmp_path / "portal.tar")
    whole = (tmp_path / "person-keys").read_bytes()
    head = whole.partition(b"\n")[0] + b"\n"
    assert whole.count(b"\n") > 5
    (tmp_path / "nobody").write_bytes(head + f"sha256 {hashlib.sha256(head).hexdigest()}\n".encode())
    # Without keys nothing opens, and the record says so.
    nobody = ("--keys", str(tmp_path / "nobody"))
    with pytest.raises(CommandError, match=r"is broken in \d+ places, first .* Nothing was changed"):
        beside.restore(tmp_path / "portal.tar", *nobody)
    assert beside.tables() == 0
    with pytest.raises(CommandError, match="The restored record is broken"):
        beside.restore(tmp_path / "portal.tar", *nobody, "--keep-broken")
    assert beside.query("select count(*) from accounts_personkey") == [(0,)]
