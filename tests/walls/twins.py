"""Teeth: a copy of the portal with one wall taken away must turn a test red.

    python -m tests.walls.twins [NAME …]

A change that no longer fits the source is an error, never a twin that quietly changes nothing; and the test
is green in the copy before the wall is taken away.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.faults.twins import Change, change, copy_of_the_clone, prove_each


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
        ("tests/walls/test_regions.py", "-k", "second_wall_off and not people_still"),
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
        ("tests/walls/test_regions.py", "-k", "first_wall_off and not people_still"),
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
        ("tests/walls/test_the_database_itself.py", "-k", "T87_a_key"),
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


def prove(twin: Twin) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory(prefix="odr-walls-") as folder:
        target = Path(folder, twin.name)
        copy_of_the_clone(target)
        before, seen = tested(twin, target)
        if before != "green":
            return False, f"{before} already with the wall: {seen}"
        change(target, twin.name, twin.changes)
        after, seen = tested(twin, target)
        return after == "red", seen[:150] if after == "red" else f"{after}: {seen}"


if __name__ == "__main__":
    sys.exit(prove_each(TWINS, sys.argv[1:], prove))
