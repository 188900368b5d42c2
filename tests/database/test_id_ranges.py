"""Ids of a province's portal lie in its range, whatever table; another province has none of them."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.conf import settings

from database import id_ranges, roles
from odr_portal import checks
from odr_portal.processes import embedded
from tests.server import DATABASE
from web.environment import PROVINCES

_COUNTING = """
    select format_type(a.atttypid, a.atttypmod), c.relname, pg_get_serial_sequence(c.oid::regclass::text, a.attname)
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where a.attidentity <> '' and c.relnamespace = 'public'::regnamespace
"""


@pytest.fixture
def owner(db: None, postgres_server: embedded.ThrowAwayPostgres) -> Iterator[Any]:
    """A session of the owner, whose changes are taken back."""
    with closing(psycopg2.connect(postgres_server.dsn(user=roles.OWNER, database=DATABASE))) as session:
        yield session


def _asked(session: Any, sql: str) -> list[tuple[Any, ...]]:
    with session.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_every_table_counts_within_the_range_of_its_province(owner: Any) -> None:
    counting = _asked(owner, _COUNTING)
    large = {sequence for kind, _table, sequence in counting if kind == "bigint"}
    # Django's own lists, which leave no portal.
    assert {table for kind, table, _ in counting if kind != "bigint"} <= {
        *("auth_group", "auth_permission", "django_content_type")
    }
    given: dict[str, set[int]] = {name: set() for name in large}
    for province in sorted(PROVINCES - {"00"}):
        id_ranges.begin(owner, province)
        for name, before in given.items():
            for _ in range(2):
                ((new,),) = _asked(owner, f"select nextval('{name}')")
                assert int(province) * 10**14 <= new < (int(province) + 1) * 10**14
                assert new < 2**53
                assert new not in before
                before.add(new)
        # Said again it changes nothing: what was given is not given twice.
        id_ranges.begin(owner, province)
        ((new,),) = _asked(owner, f"select nextval('{name}')")
        assert new not in before
    owner.rollback()
    assert id_ranges.elsewhere(owner, settings.PROVINCE) == []


def test_a_range_ends_before_the_next_one(owner: Any) -> None:
    # Not the tests' own province: of a sequence that begins anew here all is taken back, of another nothing.
    id_ranges.begin(owner, "36")
    (name, *_) = [sequence for kind, _table, sequence in _asked(owner, _COUNTING) if kind == "bigint"]
    _asked(owner, f"select setval('{name}', {37 * 10**14 - 1})")
    with pytest.raises(psycopg2.errors.SequenceGeneratorLimitExceeded):
        _asked(owner, f"select nextval('{name}')")
    owner.rollback()
    ((new,),) = _asked(owner, f"select nextval('{name}')")
    assert new < 36 * 10**14


@pytest.mark.django_db
def test_the_check_names_a_database_of_another_province(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "COMMAND", "check")
    assert checks.ids_begin_at_the_province(None, databases=["default"]) == []
    monkeypatch.setattr(settings, "PROVINCE", "11")
    (told,) = checks.ids_begin_at_the_province(None, databases=["default"])
    assert "PROVINCE is 11" in told.msg
