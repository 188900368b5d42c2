"""Teeth: the same portal with one defence taken away must turn a scenario red, for the reason that it guards.

    python -m tests.faults.twins [NAME …]

A change that no longer fits the source is an error, never a twin that quietly changes nothing.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT

VARIABLE = "FAULTS_TWIN"


@dataclass(frozen=True, slots=True)
class Change:
    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Twin:
    """`words`: one of the broken promises that must be named, so that it is red for the right reason."""

    name: str
    what: str
    scenario: str
    words: tuple[str, ...]
    changes: tuple[Change, ...]


_KEY_ROW = Change(
    "accounts/idempotency.py",
    "        if attempt.reference:\n            IdempotencyKey.objects.create(",
    "        if attempt.reference and not KEY_FIELD:\n            IdempotencyKey.objects.create(",
)
_NO_ROW_LOCK = Change(
    "complaints/handling/transition/writing.py",
    'Complaint.objects.select_for_update(skip_locked=skip_locked, of=("self",))',
    "Complaint.objects.all()",
)

TWINS: tuple[Twin, ...] = (
    Twin(
        "asynchronous-commit",
        "synchronous_commit=off: an answer before the disk has it",
        "test_web.py::test_f09_postgres_crashes_three_times",
        ("LOST",),
        (
            Change(
                "odr_portal/processes/running.py",
                '    "synchronous_commit": "on",\n',
                # The longest delay that the server allows, so that the few seconds of a test are enough.
                '    "synchronous_commit": "off",\n    "wal_writer_delay": "10s",\n    "wal_writer_flush_after":'
                ' "1GB",\n',
            ),
        ),
    ),
    Twin(
        "no-key-row",
        "the idempotency key is not written down",
        "test_web.py::test_f30_twenty_at_once_with_one_key",
        ("DOUBLED",),
        (_KEY_ROW,),
    ),
    Twin(
        "no-key-row-no-mark",
        "neither the key nor “filed” on the draft is written down",
        "test_web.py::test_f04_the_web_process_is_killed",
        ("DOUBLED",),
        (
            _KEY_ROW,
            Change(
                "complaints/filing/drafts.py",
                "    draft.data, draft.filed_as, draft.filed_at = {}, list(numbers), now\n",
                "    draft.filed_as = list(numbers)\n",
            ),
        ),
    ),
    Twin(
        "no-lock-no-transaction",
        "the sweep in autocommit, without FOR UPDATE",
        "test_sweepers.py::test_f25_sweepers_are_killed_and_postgres_crashes",
        ("TORN", "TWICE"),
        (
            _NO_ROW_LOCK,
            Change(
                "complaints/handling/transition/take.py",
                "    with transaction.atomic():\n        files = open_files(ids, now=now, conditions=conditions,"
                " skip_locked=True)",
                "    from contextlib import nullcontext\n\n    with nullcontext():\n"
                "        files = open_files(ids, now=now, conditions=conditions, skip_locked=True)",
            ),
        ),
    ),
    Twin(
        "publish-on-commit",
        "filed cases are moved on by a message sent in on_commit, not by their rows",
        "test_broker.py::test_f16_f17_valkey_is_killed_and_comes_back_empty",
        ("STUCK case",),
        (
            Change("odr_portal/celery.py", '        "routing.tasks.sweep_filed": sweep_every,\n', ""),
            Change("odr_portal/management/commands/watch.py", '    "filed": forwarding.sweep_filed,\n', ""),
            Change(
                "routing/tasks.py",
                "@shared_task\ndef sweep_filed() -> int:",
                "@shared_task\ndef move_on(case: int) -> int:\n"
                "    return forwarding.sweep_filed(now=timezone.now(), only=[case])\n\n\n"
                "@shared_task\ndef sweep_filed() -> int:",
            ),
            Change(
                "complaints/pages/filing/filing_check.py",
                "                file_draft(draft, filing,",
                "                cases = file_draft(draft, filing,",
            ),
            Change(
                "complaints/pages/filing/filing_check.py",
                "                attempt.reference = receipt_address(draft)\n",
                "                attempt.reference = receipt_address(draft)\n"
                "                for case in cases:\n"
                "                    transaction.on_commit(lambda pk=case.pk: publish(pk))\n",
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
        ),
    ),
)


def apply(name: str, target: Path) -> None:
    """Change a copy of the clone into the twin."""
    twin = next((twin for twin in TWINS if twin.name == name), None)
    if twin is None:
        raise AssertionError(f"no twin is called {name}")
    for change in twin.changes:
        file = target / change.file
        source = file.read_text(encoding="utf-8")
        if source.count(change.before) != 1:
            raise AssertionError(f"{change.file} has changed: the twin {name} must be written anew")
        file.write_text(source.replace(change.before, change.after), encoding="utf-8")


def prove(twin: Twin) -> tuple[bool, str, float]:
    """Whether the scenario turned red for the right reason, what it said, and the seconds."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", f"tests/faults/{twin.scenario}"],
        cwd=ROOT,
        env={**os.environ, VARIABLE: twin.name},
        capture_output=True,
        text=True,
    )
    texts = [line.removeprefix("E").strip(" '\",[]") for line in done.stdout.splitlines() if line.startswith("E ")]
    reasons = [line for line in texts if line.startswith(twin.words)]
    seconds = time.monotonic() - begun
    if done.returncode == 0:
        return False, "stayed green", seconds
    if not reasons:
        return False, "red for another reason: " + " ".join((texts or done.stdout.splitlines())[-4:])[:300], seconds
    return True, f"{len(reasons)} × {reasons[0][:90]}", seconds


def main(names: list[str]) -> int:
    chosen = [twin for twin in TWINS if not names or twin.name in names]
    if unknown := set(names) - {twin.name for twin in TWINS}:
        raise SystemExit(f"No such twin: {', '.join(sorted(unknown))}. There are: {', '.join(t.name for t in TWINS)}")
    is_proven = True
    print(f"{'twin':<24}{'turned red':<12}{'s':>5}  what was seen", flush=True)
    for twin in chosen:
        is_red, seen, seconds = prove(twin)
        is_proven &= is_red
        print(f"{twin.name:<24}{'yes' if is_red else 'NO':<12}{seconds:>5.0f}  {seen}", flush=True)
    return 0 if is_proven else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
