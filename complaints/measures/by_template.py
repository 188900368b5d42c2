"""Cases that are answered together by a template: which of them are equal, and the rule that it makes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from complaints.forms.enterprise_offer_form import first_lines
from complaints.forms.offer_templates import with_lines
from complaints.measures.choosing import KindRule, Rule
from complaints.models import Demand
from complaints.models.settlement import MONEY_KINDS
from complaints.settlement import answer_templates
from enterprises.models import TemplateVersion


def rule_from(version: TemplateVersion, demands: Mapping[int, Sequence[Demand]], *, due_on: date) -> Rule:
    """What the template says to the kinds of demands that most of the cases have; whoever asks for something else is
    left out by it. ``demands``: the open ones of each case."""
    says = answer_templates.said_by(version)
    sets = Counter(tuple(sorted({demand.kind for demand in rows})) for rows in demands.values() if rows)
    wanted = sets.most_common(1)[0][0] if sets else ()
    first = {demand.kind: demand for rows in demands.values() for demand in reversed(rows)}
    return Rule(
        kinds={kind: _kind_rule(first[kind], says, due_on=due_on) for kind in wanted},
        due_on=due_on if says.verdict == "grant" else None,
        message="" if says.verdict == "refuse" else version.body,
        template=version.pk,
    )


def _kind_rule(demand: Demand, says: answer_templates.Says, *, due_on: date) -> KindRule:
    if says.verdict == "refuse":
        return KindRule(verdict="refuse", reason=says.body)
    opened = first_lines([demand], due_on=due_on)
    by = with_lines(opened, says, [demand], opened=opened, due_on=due_on)[f"kind-{demand.ordinal}"]
    return KindRule(verdict="grant", source="asked" if by in MONEY_KINDS else "none", by=by)
