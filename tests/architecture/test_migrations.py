"""Migrations stand in one line, and two people who add one at once notice before they merge."""

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from tests import ROOT

OURS = ("accounts", "authorities", "enterprises", "complaints", "routing", "oversight")


def test_nothing_is_missing_from_the_migrations(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("app", OURS)
def test_one_file_names_the_newest_migration(app: str) -> None:
    folder = ROOT / app / "migrations"
    newest = MigrationLoader(None).graph.leaf_nodes(app)
    if not newest:
        return
    assert len(newest) == 1, f"two newest migrations in {app}: merge them into one line"
    named = (folder / "newest.txt").read_text().strip()
    assert named == newest[0][1], f"write {newest[0][1]} into {folder.name}/newest.txt of {app}"
