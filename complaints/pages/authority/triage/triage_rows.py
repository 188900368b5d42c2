"""What the rows of triage show, read by two statements: signals and suggestions, with what every list shows of a case.

As many statements for a page as for one case (complaints/triage/signal_facts.py, case_rows.py,
targets.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from complaints.desks.authority_lists import ListedCase, rows_of
from complaints.desks.authority_workspace import Workspace
from complaints.models import Complaint
from complaints.pages.authority.triage import targets
from complaints.pages.authority.triage.signals_shown import Shown, all_shown, looked_back_at
from complaints.pages.authority.triage.targets import Target
from complaints.reading import case_rows
from complaints.triage.signal_facts import Asking

_asking = Asking(
    more={"clocks": case_rows.CLOCKS, "decisions": targets.DECISIONS},
    # After the two lists of signals: enterprises, branches, whom consumers named.
    then={
        "firms": targets.enterprises_at(2),
        "branches": targets.branches_at(3),
        "successions": targets.successions_at(4),
    },
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The rows in the order of their cases; by the id of a case its ranked targets and its signals."""

    rows: list[ListedCase]
    targets: dict[int, list[Target]]
    signals: dict[int, list[Shown]]


def waiting_rows(cases: Sequence[Complaint], workspace: Workspace) -> Waiting:
    """Two statements, beside keys that are not held yet."""
    if not cases:
        return Waiting([], {}, {})
    asked = _asking.about(cases, workspace.regions, looked_back=looked_back_at(workspace))
    candidates = targets.candidates_of(asked.rows["decisions"])
    named = targets.named_by(cases)
    found = asked.answered(*targets.wanted_of(candidates), named, people=case_rows.people_of(cases))
    workspace.conditions.know_successors(named, found["successions"])
    enterprises = targets.suggested_among(
        cases, candidates, found["firms"], found["branches"], conditions=workspace.conditions
    )
    names = [text for text in asked.rows["texts"] if text.kind == "consumer_name"]
    return Waiting(
        rows_of(cases, workspace, beside=case_rows.CaseExtras.of(names, asked.rows["clocks"])),
        {
            case.pk: targets.ranked(case, enterprises[case.pk], workspace, conditions=workspace.conditions)
            for case in cases
        },
        all_shown(cases, asked.signals()),
    )
