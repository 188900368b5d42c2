"""With a bucket, what one host made or took in is gone on with and served by another."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.dossier import building
from complaints.evidence import outgoing
from complaints.tables import uploads
from complaints.tables.exporting import files
from tests.cast import World
from tests.complaints.dossier.conftest import a_case, asked, built, fetched
from tests.complaints.evidence.test_bucket import kept  # noqa: F401

MARK = "EX-1"


@pytest.fixture
def on(settings: Any, tmp_path: Path) -> Callable[[str], Path]:
    """The folder of a host, which is now the one that works."""

    def move(host: str) -> Path:
        settings.EXPORT_ROOT = str(tmp_path / host)
        return tmp_path / host

    return move


def finish(rows_in: int) -> tuple[str, int]:
    return files.finish(MARK, "csv", ["号"], rows_in=rows_in, who="陈", at=timezone.now(), query="")


def outgoing_in(bucket: dict[str, bytes]) -> list[str]:
    return sorted(name for name in bucket if name.startswith("/evidence/outgoing/"))


def test_an_export_is_begun_by_one_host_and_ended_and_served_by_others(
    on: Callable[[str], Path],
    kept: dict[str, bytes],  # noqa: F811
) -> None:
    first = on("a")
    size = files.append(MARK, [["一"], ["二"]], after=0)
    on("b")
    size = files.append(MARK, [["三"]], after=size)
    # A sweep that was killed before its row said so: the piece is made again.
    size = files.append(MARK, [["四"]], after=size)
    on("c")
    digest, length = finish(size)
    on("d")
    with outgoing.opened(files.file_of(MARK, "csv")) as file:
        content = file.read()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (digest, length)
    assert [row[1] for row in content.decode("utf-8-sig").splitlines()[1:]] == list("一二三四")
    files.remove(MARK)
    assert outgoing_in(kept) == []
    with pytest.raises(FileNotFoundError):
        outgoing.opened(files.file_of(MARK, "csv"))
    # What the first host has left goes a day later.
    assert [path.name for path in first.iterdir()] == [f"{MARK}.rows"]
    outgoing.forget_copies(first, before=timezone.now() - timedelta(days=1))
    assert list(first.iterdir())
    outgoing.forget_copies(first, before=timezone.now() + timedelta(seconds=5))
    assert list(first.iterdir()) == []


def test_without_a_bucket_no_host_makes_a_file_of_rows_that_another_has(on: Callable[[str], Path]) -> None:
    on("a")
    size = files.append(MARK, [["一"]], after=0)
    folder = on("b")
    with pytest.raises(FileNotFoundError):
        finish(size)
    assert not list(folder.glob("*.csv"))


def test_a_table_is_taken_in_by_one_host_and_read_by_another(
    on: Callable[[str], Path],
    kept: dict[str, bytes],  # noqa: F811
) -> None:
    on("a")
    with uploads.kept(["号码\n甲\n".encode()], MARK) as (form, _digest):
        pass
    on("b")
    path, lines = uploads.lines_below_heading(MARK, form, lambda cells: {0: "number"})
    assert list(lines) == [(2, {"number": "甲"})]
    outgoing.remove(path)
    assert (outgoing_in(kept), path.exists()) == ([], False)
    with pytest.raises(RuntimeError), uploads.kept([b"a\n"], MARK):
        raise RuntimeError
    assert outgoing_in(kept) == []


@pytest.mark.django_db
def test_a_dossier_is_built_by_one_host_and_served_by_another(
    world: World,
    on: Callable[[str], Path],
    kept: dict[str, bytes],  # noqa: F811
) -> None:
    case = a_case(world)
    on("a")
    dossier = built(asked(case, world.chen))
    folder = on("b")
    content = fetched(dossier, world.chen)
    assert hashlib.sha256(content).hexdigest() == dossier.files["zip"][0]
    assert not [path for path in folder.rglob("*") if path.is_file()]
    building.throw_away(now=timezone.now() + timedelta(days=2))
    assert outgoing_in(kept) == []
