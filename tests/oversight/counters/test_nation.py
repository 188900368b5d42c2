"""Counters of two provinces flow into one table, those of each province alone, and agree with what each counts."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from database import roles
from odr_portal.processes import embedded
from oversight.counters import nation
from tests import PATIENCE
from tests.server import DATABASE, _migrated, copied, ready_made
from web import cells

LOGICAL = {"wal_level": "logical"}
DAY = "2026-11-18"


@contextmanager
def _session(server: embedded.ThrowAwayPostgres, user: str = "postgres", database: str = DATABASE) -> Iterator[Any]:
    with closing(psycopg2.connect(server.dsn(user=user, database=database))) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            yield cursor


@contextmanager
def _server(data: Path | None = None) -> Iterator[embedded.ThrowAwayPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="odr-nation-"))
    folder.chmod(0o711)
    if data is not None:
        copied(data, folder)
    server = embedded.ThrowAwayPostgres(folder, options=LOGICAL)
    try:
        yield server
    finally:
        server.stop()


def _count(cell: embedded.ThrowAwayPostgres, region: int, received: int, day: str = DAY) -> None:
    with _session(cell, roles.OWNER) as cursor:
        cursor.execute(
            "insert into oversight_dayregion (region, day, received, closed) values (%s, %s, %s, 1)"
            " on conflict (region, day) do update set received = excluded.received",
            [region, day, received],
        )


@pytest.mark.django_db
def test_each_province_flows_and_the_nation_agrees_with_each(postgres_server: Any) -> None:
    data, _keys = ready_made(_migrated)
    with _server(data) as fujian, _server(data) as beijing, _server() as country:
        portals = {"35": fujian, "11": beijing}
        for province, portal in portals.items():
            with closing(psycopg2.connect(portal.dsn(user=roles.OWNER, database=DATABASE))) as owner:
                with owner.cursor() as cursor:
                    # Of the province of the tests, whose ready database this is.
                    cursor.execute(f"drop publication if exists {nation.PUBLICATION}")
                nation.published(owner, province)
                nation.published(owner, province)
                owner.commit()
            with _session(portal) as cursor:
                for statement in nation.cell_statements(DATABASE):
                    cursor.execute(statement)
            # Of the whole country each portal has a row, and of a place of the other one too.
            for region in (100000000, 350000000, 350102000, 110000000):
                _count(portal, region, int(province))
        with _session(country, database="postgres") as cursor:
            cursor.execute(f"create role portal_web login; create role {roles.OWNER}")
            cursor.execute(f"create database {nation.DATABASE}")
        with _session(country, database=nation.DATABASE) as cursor:
            for statement in nation.table_statements():
                cursor.execute(statement)
            for province, portal in portals.items():
                address = f"host={portal.folder} dbname={DATABASE} user={nation.LOGIN}"
                cursor.execute(nation.subscription_statement(province, address))

            def settled(**rows: int) -> bool:
                """Until the nation has so many rows of each."""
                end = time.monotonic() + PATIENCE
                while {p: nation.sums(cursor, p)["rows"] for p in portals} != {k[2:]: n for k, n in rows.items()}:
                    if time.monotonic() > end:
                        return False
                return True

            assert settled(of35=2, of11=1)
            # What is counted, counted otherwise and taken back later.
            _count(fujian, 350000000, 7)
            _count(fujian, 350000000, 5, "2026-11-19")
            with _session(fujian, roles.OWNER) as there:
                there.execute("delete from oversight_dayregion where region = 350102000")
                there.execute("delete from oversight_dayregion where region = 100000000")
            _count(beijing, 110000000, 3)
            _count(beijing, 110000000, 4, "2026-11-20")
            assert settled(of35=2, of11=2)
            end = time.monotonic() + PATIENCE
            own = {}
            for province, portal in portals.items():
                with _session(portal) as there:
                    own[province] = nation.sums(there, province)
            while any(list(nation.differences(nation.sums(cursor, p), own[p])) for p in portals):
                assert time.monotonic() < end
            assert own["35"] == own["35"] | {"rows": 2, "received": 12, "closed": 2}
            assert own["11"] == own["11"] | {"rows": 2, "received": 7, "closed": 2}
            # The command says so, names a portal that is away and goes on, and one that counts otherwise.
            assert _told(country, own) == (None, ["11: 7 received", "35: 12 received", "country: 19 received"])
            assert _told(country, {"35": own["35"]})[0] == 3
            code, lines = _told(country, own | {"11": own["11"] | {"received": 8}})
            assert code == 1
            assert lines[0] == "11: 7 received"


def _told(country: embedded.ThrowAwayPostgres, own: dict[str, Any]) -> tuple[Any, list[str]]:
    """Exit code and how each line begins; ``own``: what the portals that answer say."""

    def tell(province: str, path: str, said: Any) -> Any:
        if province not in own:
            raise cells.Away(province)
        return own[province]

    given, code = StringIO(), None
    address = country.dsn(user="postgres", database=nation.DATABASE)
    with (
        patch.object(settings, "CELLS", {"35": "https://fj.example", "11": "https://bj.example"}),
        patch.object(settings, "NATION_URL", address),
        patch.object(cells, "tell", tell),
    ):
        try:
            call_command("national_sums", stdout=given)
        except SystemExit as ended:
            code = ended.code
    text = given.getvalue()
    assert ("does not answer" in text) == (len(own) < 2)
    return code, [line.split(",")[0] for line in text.splitlines()]


@pytest.mark.django_db
def test_what_is_published_is_under_no_row_level_security_and_has_counts_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select relrowsecurity from pg_class where oid = %s::regclass", [nation.TABLE])
        # A first copy would be empty, and nothing would say so.
        assert cursor.fetchone() == (False,)
        cursor.execute(
            "select column_name from information_schema.columns where table_name = %s and data_type not in"
            " ('integer', 'bigint')",
            [nation.TABLE],
        )
        assert cursor.fetchall() == [("day",)]


@pytest.mark.django_db
def test_the_statements_are_printed_for_both_sides() -> None:
    given = StringIO()
    call_command("nation_statements", "35", "host=pg1,pg2 dbname=portal user=portal_nation", stdout=given)
    text = given.getvalue()
    for part in ("create role portal_nation login replication", "create table", "create subscription cell_35"):
        assert part in text.lower()
    assert "failover = true" in text
    # Neither superuser nor past the policies.
    assert "nosuperuser nobypassrls" in text
