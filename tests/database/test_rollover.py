"""The old release goes on while a migration runs, and beside the new one after it (`make check` asks this too).

The statements of each migration since `BEFORE` are read by squawk (https://squawkhq.com/docs/rules): no table is
written anew, no lock lasts as long as a table is large, indexes are made CONCURRENTLY, constraints NOT VALID and
validated later, and what the old release reads is neither renamed nor dropped. A migration that takes away what no
release reads any more begins its docstring with "Contract:". Beside what changes a table no row of it is changed: rows
are filled by a command, in batches (docs/operations.md, “A new release”).
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

#: Of each app the newest migration from before this was asked; nobody has rolled over it.
BEFORE = {"accounts": "0012", "authorities": "0003", "complaints": "0031", "enterprises": "0008", "oversight": "0016"}
#: What `migrate` says to the database by itself, and matters of taste.
LEFT_OUT = ("require-lock-timeout", "require-statement-timeout")
LEFT_OUT += ("prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-text-field", "prefer-robust-stmts")
LEFT_OUT += ("prefer-timestamp-tz", "prefer-identity", "require-table-schema", "require-timeout-settings")
#: Taken away by a later release than the one that stopped reading it.
CONTRACT = ("ban-drop-column", "ban-drop-table", "ban-drop-not-null", "renaming-column", "renaming-table")
_CHANGES_ROWS = re.compile(r'(?im)^\s*(?:update|delete from)\s+"?([a-z_]+)')
_CHANGES_TABLE = re.compile(r'(?im)^\s*alter table\s+(?:only\s+)?"?([a-z_]+)')


def found(sql: str, folder: Path, *, contract: bool = False) -> set[str]:
    """The rules that the statements of one migration break."""
    both = set(_CHANGES_ROWS.findall(sql)) & set(_CHANGES_TABLE.findall(sql))
    file = folder / "migration.sql"
    file.write_text(sql)
    squawk = Path(sys.executable).with_name("squawk")
    left_out = ",".join((*LEFT_OUT, *(CONTRACT if contract else ())))
    done = subprocess.run([squawk, "--reporter=gcc", f"--exclude={left_out}", file], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    broken = re.findall(r"^\S+: (?:warning|error): (\S+) ", done.stdout, re.MULTILINE)
    assert broken or not done.returncode, done.stdout
    return {*broken, *(f"rows-beside-table {table}" for table in both)}


def statements(loader: MigrationLoader, key: tuple[str, str]) -> str:
    migration = loader.graph.nodes[key]
    editor: Any = connection.schema_editor(collect_sql=True, atomic=False)
    # Nothing is carried out, so what refuses to run inside a transaction may be asked inside that of the test.
    with patch.object(connections["default"], "in_atomic_block", migration.atomic), editor:
        migration.apply(loader.project_state(key, at_end=False), editor, collect_sql=True)
    begin, end = ("begin;", "commit;") if migration.atomic else ("", "")
    return "\n".join((begin, *editor.collected_sql, end))


@pytest.mark.django_db
def test_no_migration_stops_the_release_that_runs(tmp_path: Path) -> None:
    loader = MigrationLoader(connection, replace_migrations=False)
    newer = sorted(
        key for key in loader.disk_migrations if key[0] in BEFORE and key[1].partition("_")[0] > BEFORE[key[0]]
    )
    assert newer
    for key in newer:
        about = sys.modules[type(loader.disk_migrations[key]).__module__].__doc__ or ""
        assert found(statements(loader, key), tmp_path, contract=about.startswith("Contract:")) == set(), key


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("create index i on complaints_complaint (number)", "require-concurrent-index-creation"),
        ("alter table complaints_complaint add constraint c check (amount > 0)", "constraint-missing-not-valid"),
        ("alter table complaints_complaint add constraint u unique (number)", "disallowed-unique-constraint"),
        ("alter table complaints_complaint add column x int not null", "adding-required-field"),
        ("alter table complaints_complaint alter column amount type numeric(20, 2)", "changing-column-type"),
        ("alter table complaints_complaint rename column amount to sum", "renaming-column"),
        ("alter table complaints_complaint drop column amount", "ban-drop-column"),
        (
            "alter table complaints_complaint add column x int;\nupdate complaints_complaint set x = 1",
            "rows-beside-table complaints_complaint",
        ),
    ],
)
def test_what_would_stop_it_is_named(sql: str, rule: str, tmp_path: Path) -> None:
    assert rule in found(f"begin;\n{sql};\ncommit;\n", tmp_path)
    assert (found(f"begin;\n{sql};\ncommit;\n", tmp_path, contract=True) == set()) == (rule in CONTRACT)


def test_a_table_of_its_own_migration_may_have_what_it_likes(tmp_path: Path) -> None:
    sql = "begin;\ncreate table t (id bigint primary key, at int);\ncreate index i on t (at);\ncommit;\n"
    assert found(sql, tmp_path) == set()
