"""Teeth: the same portal with one defence taken away must turn a scenario red, for the reason that it guards.

    python -m tests.faults.twins [NAME …]

A change that no longer fits the source is an error, never a twin that quietly changes nothing.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests import ROOT

VARIABLE = "FAULTS_TWIN"


Change = namedtuple("Change", "file before after")
#: `words`: one of the broken promises that must be named, so that it is red for the right reason.
Twin = namedtuple("Twin", "name what scenario words changes")


_KEY_ROW = Change(
    "accounts/idempotency.py",
    "        if attempt.reference:\n            _keep(",
    "        if attempt.reference and not KEY_FIELD:\n            _keep(",
)
_NO_ROW_LOCK = Change(
    "complaints/handling/transition/writing.py",
    '    rows = Complaint.objects.select_for_update(of=("self",), **lock) if lock else Complaint.objects.all()\n',
    "    rows = Complaint.objects.all()\n",
)
_NO_MARK = Change(
    "complaints/filing/drafts.py",
    "    draft.data, draft.filed_as, draft.filed_at = {}, list(numbers), now\n",
    "    draft.filed_as = list(numbers)\n",
)
_LATE_COMMIT = Change(
    "odr_portal/processes/embedded.py",
    '    "synchronous_commit": "on",\n',
    # The longest delay that the server allows, so that the few seconds of a test are enough.
    '    "synchronous_commit": "off",\n    "wal_writer_delay": "10s",\n    "wal_writer_flush_after": "1GB",\n',
)
_NO_BATCH_LOCK = Change(
    "complaints/handling/transition/take.py",
    '    rows = due.select_for_update(skip_locked=True, of=("complaint",))[:BATCH]\n',
    "    rows = due[:BATCH]\n",
)
_BATCH = "            ids += _held(now, conditions)\n"
_NO_TRANSACTION = Change(
    "complaints/handling/transition/take.py",
    f"        with transaction.atomic():\n{_BATCH}",
    f"        from contextlib import nullcontext\n\n        with nullcontext():\n{_BATCH}",
)
_ONE_BY_ONE = Change(
    "complaints/record/bulk.py",
    "            run_all(cursor, calls)\n",
    "            for call in calls:\n                run_all(cursor, [call])\n",
)
_ON_COMMIT = (
    Change("odr_portal/ticks.py", 'routing=("filed",),', "routing=(),"),
    Change("odr_portal/processes/sweeping.py", '    "filed": forwarding.sweep_filed,\n', ""),
    Change(
        "routing/tasks.py",
        "@shared_task\ndef sweep_filed() -> int:",
        "@shared_task\ndef move_on(case: int) -> int:\n"
        "    return forwarding.sweep_filed(now=timezone.now(), only=[case])\n\n\n"
        "@shared_task\ndef sweep_filed() -> int:",
    ),
    Change(
        "complaints/pages/filing/filing_check.py",
        "            file_draft(draft, filing,",
        "            cases = file_draft(draft, filing,",
    ),
    Change(
        "complaints/pages/filing/filing_check.py",
        "            attempt.reference = receipt_address(draft)\n",
        "            attempt.reference = receipt_address(draft)\n"
        "            for case in cases:\n"
        "                transaction.on_commit(lambda pk=case.pk: publish(pk))\n",
    ),
    Change(
        "complaints/pages/filing/filing_check.py",
        "def _actor(",
        "def publish(pk: int) -> None:\n"
        "    import logging\n\n"
        "    from odr_portal.celery import app\n\n"
        "    try:\n"
        '        app.send_task("routing.tasks.move_on", args=[pk])\n'
        "    except Exception:\n"
        '        logging.getLogger(__name__).exception("not published")\n\n\n'
        "def _actor(",
    ),
)

TWINS: tuple[Twin, ...] = (
    Twin(
        "asynchronous-commit",
        "synchronous_commit=off: an answer before the disk has it",
        "test_web.py::test_f09_postgres_crashes_three_times",
        ("LOST",),
        [_LATE_COMMIT],
    ),
    Twin(
        "no-key-row",
        "the idempotency key is not written down",
        "test_web.py::test_f30_twenty_at_once_with_one_key",
        ("DOUBLED",),
        [_KEY_ROW],
    ),
    Twin(
        "no-key-row-no-mark",
        "neither the key nor “filed” on the draft is written down",
        "test_web.py::test_f04_the_web_process_is_killed",
        ("DOUBLED",),
        [_KEY_ROW, _NO_MARK],
    ),
    Twin(
        "no-lock-no-transaction",
        "the sweep in autocommit, without FOR UPDATE, its rows written one statement after the other",
        "test_sweepers.py::test_f25_sweepers_are_killed_and_postgres_crashes",
        ("TORN", "TWICE"),
        [_NO_ROW_LOCK, _NO_BATCH_LOCK, _NO_TRANSACTION, _ONE_BY_ONE],
    ),
    Twin(
        "publish-on-commit",
        "filed cases are moved on by a message sent in on_commit, not by their rows",
        "test_web.py::test_f16_f17_valkey_is_killed_and_comes_back_empty",
        ("STUCK case",),
        _ON_COMMIT,
    ),
)


def copy_of_the_clone(target: Path) -> None:
    """The files that belong to the project, and the way to what they are built on."""
    names = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(names, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    (target / ".venv").symlink_to(Path(sys.executable).parent.parent)


def change(target: Path, name: str, changes: Iterable[Change]) -> None:
    """Change a copy of the clone into the twin of this name."""
    for one in changes:
        file = target / one.file
        source = file.read_text(encoding="utf-8")
        if source.count(one.before) != 1:
            raise AssertionError(f"{one.file} has changed: the twin {name} must be written anew")
        file.write_text(source.replace(one.before, one.after), encoding="utf-8")


def prove(twin: Twin) -> tuple[bool, str]:
    """Whether the scenario turned red for the right reason, and what it said."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", f"tests/faults/{twin.scenario}"]
    env = {**os.environ, VARIABLE: twin.name}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    texts = [line.removeprefix("E").strip(" '\",[]") for line in done.stdout.splitlines() if line.startswith("E ")]
    reasons = [line for line in texts if line.startswith(twin.words)]
    if done.returncode == 0:
        return False, "stayed green"
    if not reasons:
        return False, "red for another reason: " + " ".join((texts or done.stdout.splitlines())[-4:])[:300]
    return True, f"{len(reasons)} × {reasons[0][:90]}"


def prove_each(twins: Sequence[Any], names: list[str], prove: Callable[[Any], tuple[bool, str]]) -> int:
    """Print what became of each twin, or of those named; 0 when all turned red."""
    if unknown := set(names) - {twin.name for twin in twins}:
        raise SystemExit(f"No such twin: {', '.join(sorted(unknown))}. There are: {', '.join(t.name for t in twins)}")
    is_proven = True
    print(f"{'twin':<24}{'turned red':<12}{'s':>5}  what was seen", flush=True)
    for twin in twins:
        if names and twin.name not in names:
            continue
        begun = time.monotonic()
        is_red, seen = prove(twin)
        is_proven &= is_red
        seconds = time.monotonic() - begun
        print(f"{twin.name:<24}{'yes' if is_red else 'NO':<12}{seconds:>5.0f}  {seen}", flush=True)
    return 0 if is_proven else 1


if __name__ == "__main__":
    sys.exit(prove_each(TWINS, sys.argv[1:], prove))
