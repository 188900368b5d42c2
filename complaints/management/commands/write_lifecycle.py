"""Write docs/lifecycle.md from the table, so that the page cannot say anything else. No sentence of the page is about a
single case or kept by hand; it is all read from ``workflow`` and ``labels``."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from complaints import wording
from complaints.procedure.categories import FAILURE_REASONS, REFUSAL_GROUNDS, TERMINATION_GROUNDS
from complaints.procedure.workflow import (
    CLOCKS,
    MUST_ACT,
    OPEN,
    TABLE,
    Audience,
    ClockRule,
    Outcome,
    Role,
    Status,
    StepRule,
    Target,
)
from complaints.wording.clock import IF_MISSED

ZH = "zh-hans"
PAGE = "docs/lifecycle.md"

_INTRO = """\
# Lifecycle of a complaint

Generated from `complaints/procedure/workflow.py` by `manage.py write_lifecycle`; a test fails when the two
differ. Change the table, then run the command. Labels come from `complaints/wording/`.
"""
_SIDES = ("consumer", "enterprise", "authority", "system")


class Command(BaseCommand):
    help = "Write docs/lifecycle.md from the table of statuses, steps and clocks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only say whether the page is up to date.")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        page, text = path(), lifecycle()
        if check:
            if not page.exists() or page.read_text(encoding="utf-8") != text:
                raise CommandError(f"{PAGE} differs from the table: run manage.py write_lifecycle.")
            return
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
        self.stdout.write(f"{PAGE}: {len(TABLE)} steps, {len(CLOCKS)} clocks")


def path() -> Path:
    return Path(__file__).resolve().parents[3] / PAGE


def lifecycle() -> str:
    """The whole page, in English with the Chinese words beside it."""
    with override("en"):
        return _lifecycle()


def _lifecycle() -> str:
    parts = [
        _INTRO,
        "## Statuses\n",
        _table(("status", "中文", "English", "must act", "clocks that run"), map(_status, Status)),
        "## Outcomes of a closed case\n",
        _table(("outcome", "中文", "English"), (_labels(o, "outcome") for o in Outcome)),
    ]
    for side in _SIDES:
        rows = [row for row in TABLE.values() if any(role.side == side for role in row.by)]
        head = ("step", "中文", "English", "by", "at", "leads to", "told", "notes")
        parts += [f"## Steps: the {side}\n", _table(head, map(_step, rows))]
    parts += [
        "## Clocks\n",
        "Ties lapse in this order. Lengths are policies: dated rows that an authority may change.\n",
        _table(
            ("clock", "中文", "length", "runs in", "rests in", "owed by", "on lapse", "basis"),
            map(_clock, CLOCKS.values()),
        ),
        "## Grounds\n",
        "Refusal, article 16:\n",
        _table(("code", "中文", "English"), (_labels(code, "refusal_ground") for code in REFUSAL_GROUNDS)),
        "End of mediation, article 23:\n",
        _table(("code", "中文", "English"), (_labels(code, "termination_ground") for code in TERMINATION_GROUNDS)),
        "No settlement, reported by the enterprise:\n",
        _table(("code", "中文", "English"), (_labels(code, "failure_reason") for code in FAILURE_REASONS)),
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _labels(code: str, kind: str) -> list[str]:
    with override(ZH):
        chinese = wording.label(code, kind=kind)
    return [f"`{code}`", chinese, wording.label(code, kind=kind)]


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in codes) or "–"


def _statuses(wanted: frozenset[Status]) -> str:
    """A set of statuses in the order of the table; the two usual ones by name."""
    if wanted == OPEN:
        return "open"
    if wanted == frozenset(Status) - {Status.DRAFT}:
        return "any but `draft`"
    if wanted == OPEN - {Status.PERFORMING}:
        return "open but `performing`"
    return _codes(status for status in Status if status in wanted)


def _status(status: Status) -> list[str]:
    clocks = [rule.clock for rule in CLOCKS.values() if status in rule.runs_while and rule.runs_while < OPEN]
    return [*_labels(status, "status"), MUST_ACT[status] or "nobody", _codes(clocks)]


def _step(row: StepRule) -> list[str]:
    by = ", ".join(role for role in Role if role in row.by)
    at = _statuses(row.at)
    if row.closed_as:
        at += f" as {_codes(outcome for outcome in Outcome if outcome in row.closed_as)}"
    notes = []
    if row.undo:
        notes.append("may be undone")
    if row.superior:
        notes.append("superiors too")
    if row.audience != Audience.PARTIES:
        notes.append(wording.label(row.audience, kind="audience").lower())
    return [*_labels(row.step, "step"), by, at, _targets(row.to), row.tells or "–", "; ".join(notes) or "–"]


def _targets(targets: Iterable[Target]) -> str:
    results = [f"`{status}`" if outcome is None else f"`{status}` as `{outcome}`" for status, outcome in targets]
    return ", ".join(results) or "–"


def _clock(rule: ClockRule) -> list[str]:
    _code, chinese, _english = _labels(rule.clock, "clock")
    missed = str(IF_MISSED[rule.clock]).format(authority="the authority")
    return [
        f"`{rule.clock}`",
        chinese,
        "policy " + ", urgent ".join(f"`{name}`" for name in rule.policies),
        _statuses(rule.runs_while),
        _statuses(rule.paused_while),
        rule.owed_by,
        f"`{rule.on_lapse}`: {missed[:1].lower()}{missed[1:]}",
        rule.basis or "–",
    ]
