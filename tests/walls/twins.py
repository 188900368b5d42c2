"""Teeth: a copy of the portal with one wall taken away must turn a test red.

    python -m tests.walls.twins [NAME …]

A change that no longer fits the source is an error, never a twin that quietly changes nothing; and the test
is green in the copy before the wall is taken away.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.twins import ROOT, Change


@dataclass(frozen=True, slots=True)
class Twin:
    """``tests``: what pytest is given; all of it is green with the wall and some of it red without."""

    name: str
    what: str
    tests: tuple[str, ...]
    changes: tuple[Change, ...]


TWINS: tuple[Twin, ...] = (
    Twin(
        "queryset-wall",
        "visible_to, of_offices and held_by find every case; requests read past row-level security as well",
        ("tests/walls/test_each_wall_alone.py", "-k", "second_wall_off and not people_still"),
        (
            Change(
                "complaints/models/complaint.py",
                "        for region in regions_of(offices):\n            seen |= lies_in(region)\n"
                "        return self.filter(seen).exclude(status=Status.DRAFT)\n",
                "        return self.exclude(status=Status.DRAFT)\n",
            ),
            Change(
                "complaints/models/complaint.py",
                "        for region in regions[1:]:\n            seen |= lies_in(region)\n"
                "        return self.filter(seen).exclude(status=Status.DRAFT)\n",
                "        return self.exclude(status=Status.DRAFT)\n",
            ),
            Change(
                "complaints/models/complaint.py",
                "        return self.filter(held).exclude(status=Status.DRAFT)\n",
                "        return self.exclude(status=Status.DRAFT)\n",
            ),
        ),
    ),
    Twin(
        "row-policy",
        "PostgreSQL shows every caller every row; the first wall is off as well",
        ("tests/walls/test_each_wall_alone.py", "-k", "first_wall_off and not people_still"),
        (
            Change(
                "complaints/migrations/0004_row_security.py",
                'for select to {role} using ({condition})")',
                'for select to {role} using (true)")',
            ),
        ),
    ),
    Twin(
        "composite-key",
        "what hangs on an engagement may name another enterprise",
        ("tests/walls/test_the_database_itself.py", "-k", "T03"),
        (
            Change(
                "complaints/migrations/0003_append_only.py",
                'f"foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)"',
                'f"foreign key (engagement_id) references complaints_engagement (id)"',
            ),
        ),
    ),
    Twin(
        "idempotency-constraint",
        "a key may stand twice",
        ("tests/walls/test_idempotency_row.py",),
        (
            Change(
                "accounts/migrations/0001_models.py",
                'name="one_effect_per_key", fields=("actor", "key")',
                'name="one_effect_per_key", fields=("actor", "key", "id")',
            ),
        ),
    ),
    Twin(
        "formula-guard",
        "cells leave as they were typed",
        ("tests/web/test_safe_cells.py",),
        (
            Change(
                "web/safe_cells.py",
                "    if _NUMBER.fullmatch(text) or not _IS_FORMULA.match(text):\n        return text\n    return"
                ' f"\'{text}"\n',
                "    return text\n",
            ),
        ),
    ),
    Twin(
        "ssrf-rule",
        "every address counts as one of the open internet",
        ("tests/web/test_outgoing.py",),
        (
            Change(
                "web/safe_http.py",
                '    """The rule of D15: an address of the open internet, whatever it is wrapped in."""\n',
                '    """The rule of D15: an address of the open internet, whatever it is wrapped in."""\n'
                "    if address:\n        return True\n",
            ),
        ),
    ),
    Twin(
        "gate",
        "a page without a line is open",
        ("tests/access/test_permissions.py", "-k", "T09 or before_the_view"),
        (
            Change(
                "access/middleware.py",
                "        if is_public(resource, action) or is_held_by_key(resource, action):\n            return"
                " None\n",
                "        return None\n",
            ),
        ),
    ),
)


def copy(target: Path) -> None:
    """The files that belong to the project, and the way to what they are built on."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
    (target / ".venv").symlink_to((ROOT / ".venv").resolve())


def change(twin: Twin, target: Path) -> None:
    for one in twin.changes:
        file = target / one.file
        source = file.read_text(encoding="utf-8")
        if source.count(one.before) != 1:
            raise AssertionError(f"{one.file} has changed: the twin {twin.name} must be written anew")
        file.write_text(source.replace(one.before, one.after), encoding="utf-8")


def tested(twin: Twin, target: Path) -> tuple[str, str]:
    """green, red or broken; and what was seen first."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *twin.tests], cwd=target, capture_output=True, text=True
    )
    last = done.stdout.strip().splitlines()[-1:] or done.stderr.strip().splitlines()[-1:]
    failed = next((line for line in done.stdout.splitlines() if line.startswith("FAILED")), "")
    if done.returncode == 0:
        return "green", last[0]
    # 1: tests failed. Anything else (nothing collected, an error on the way) proves nothing.
    is_red = done.returncode == 1 and bool(failed)
    return ("red", failed.removeprefix("FAILED ")) if is_red else ("broken", " ".join(last))


def prove(twin: Twin, folder: Path) -> tuple[bool, str]:
    target = folder / twin.name
    copy(target)
    before, seen = tested(twin, target)
    if before != "green":
        return False, f"{before} already with the wall: {seen}"
    change(twin, target)
    after, seen = tested(twin, target)
    shutil.rmtree(target)
    return after == "red", seen if after == "red" else f"{after}: {seen}"


def main(names: list[str]) -> int:
    if unknown := set(names) - {twin.name for twin in TWINS}:
        raise SystemExit(f"No such twin: {', '.join(sorted(unknown))}. There are: {', '.join(t.name for t in TWINS)}")
    is_proven = True
    print(f"{'without':<24}{'turned red':<12}{'s':>5}  what was seen", flush=True)
    with tempfile.TemporaryDirectory(prefix="odr-walls-") as folder:
        for twin in TWINS:
            if names and twin.name not in names:
                continue
            begun = time.monotonic()
            is_red, seen = prove(twin, Path(folder))
            is_proven &= is_red
            print(
                f"{twin.name:<24}{'yes' if is_red else 'NO':<12}{time.monotonic() - begun:>5.0f}  {seen[:150]}",
                flush=True,
            )
    return 0 if is_proven else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
