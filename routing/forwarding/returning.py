"""Whose a case may be that was sent to the wrong one: suggestions for the enterprise that gives it back.

Routing itself is asked again, once for each thing that speaks for somebody else (the place, what the consumer
named, whom the statement mentions, what is typed now); nobody is suggested without a reason.
"""

import datetime as dt
from dataclasses import dataclass, replace

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Length, StrIndex

from complaints.models import Complaint
from enterprises.directory.finding import find
from enterprises.directory.spelling import fold_name
from enterprises.models import Branch, Enterprise, SearchName
from routing.forwarding.forwarding import facts_of
from routing.rules.directory import rules as all_rules
from routing.rules.directory import snapshot
from routing.rules.facts import Candidate, Facts, Match, Reason
from routing.rules.matching import choose

MOST = 8
#: Of the names in a statement so many are followed; shorter ones stand in too many words.
MOST_MENTIONED, SHORTEST = 3, 3
#: A name that was typed and found in the directory, without routing being sure; a branch of the own enterprise.
BY_SEARCH, OWN_BRANCH = 60, 65


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One enrolled enterprise and branch; ``score`` 0 to 100 as in triage."""

    enterprise: Enterprise
    branch: Branch | None
    score: int
    why: tuple[Reason, ...]

    @property
    def value(self) -> str:
        return f"{self.enterprise.pk}-{self.branch.pk if self.branch else ''}"

    def as_json(self) -> dict[str, object]:
        """As it is stored with the case."""
        return Candidate(self.enterprise.pk, self.branch.pk if self.branch else None, self.score, self.why).as_json()


Scored = dict[tuple[int, int | None], tuple[int, tuple[Reason, ...]]]


def suggest(complaint: Complaint, *, statement: str, asked: str, on: dt.date) -> list[Suggestion]:
    """At most MOST, the best first; never the one that has the case. What was typed stands before what we guess."""
    facts = _views(complaint, statement, asked, on)
    rules = all_rules()
    directory = snapshot([one for one, _extra in facts], rules)
    scored: Scored = {}
    for one, extra in facts:
        decision = choose(one, rules, directory)
        if isinstance(decision, Match):
            if decision.enterprise_id is not None:
                why = (*extra, *decision.why[-1:])
                _keep(scored, decision.enterprise_id, decision.branch_id, decision.confidence, why)
        else:
            for other in decision.suggestions:
                # Routing was not sure: less than whatever it decided.
                _keep(scored, other.enterprise_id, other.branch_id, min(other.score, 79), (*extra, *other.why))
    typed = _typed(complaint, asked, on=on)
    for enterprise_id, branch_id, score in typed:
        _keep(scored, enterprise_id, branch_id, score, (Reason("typed", {"named": asked}),))
    asked_for = {(enterprise_id, branch_id) for enterprise_id, branch_id, _score in typed}
    return _rows(scored, complaint, asked_for, on=on)[:MOST]


def _views(complaint: Complaint, statement: str, asked: str, on: dt.date) -> list[tuple[Facts, tuple[Reason, ...]]]:
    """The case as it would look to routing by each of its facts alone."""
    plain = replace(facts_of(complaint, on=on), enterprise_id=None, branch_id=None, brand_ids=(), named="", address="")
    results: list[tuple[Facts, tuple[Reason, ...]]] = []
    if asked.strip():
        results.append((replace(plain, named=asked.strip()), (Reason("typed", {"named": asked.strip()}),)))
    # The own enterprise, by the place: another branch answers there, or the enterprise has a successor.
    results.append((replace(plain, enterprise_id=complaint.enterprise_id), ()))
    for named in dict.fromkeys(filter(None, (complaint.respondent_named.strip(), complaint.brand_named.strip()))):
        results.append((replace(plain, named=named), (Reason("consumer_named", {"named": named}),)))
    for name in _mentioned(statement, besides=complaint.enterprise_id):
        results.append((replace(plain, named=name), (Reason("mentioned", {"named": name}),)))
    return results


def _mentioned(statement: str, *, besides: int | None) -> list[str]:
    """Names of other enrolled enterprises that stand in the text, longest first; one query."""
    if not statement.strip():
        return []
    rows: QuerySet[SearchName] = SearchName.objects.filter(enterprise__enrolment=Enterprise.Enrolment.ENROLLED).exclude(
        enterprise_id=besides or 0
    )
    return list(
        dict.fromkeys(
            rows.annotate(place=StrIndex(Value(fold_name(statement)), F("folded")), length=Length("folded"))
            .filter(place__gt=0, length__gte=SHORTEST)
            .order_by("-length", "pk")
            .values_list("folded", flat=True)[:MOST_MENTIONED]
        )
    )


def _typed(complaint: Complaint, asked: str, *, on: dt.date) -> list[tuple[int, int | None, int]]:
    """What the directory has under these words; branches of the own enterprise count for more."""
    text = asked.strip().replace("\0", "")
    if not text:
        return []
    enrolled = Branch.objects.on(on).filter(enterprise__enrolment=Enterprise.Enrolment.ENROLLED)
    branches = enrolled.filter(name__icontains=text).order_by("name", "pk")
    own = branches.filter(enterprise_id=complaint.enterprise_id or 0)
    results: list[tuple[int, int | None, int]] = [(b.enterprise_id, b.pk, OWN_BRANCH) for b in own[:MOST]]
    results += [(b.enterprise_id, b.pk, BY_SEARCH) for b in branches[:MOST]]
    hits = [hit for hit in find(text, on=on, region_id=complaint.service_region_id) if hit.is_enrolled]
    return results + [(hit.enterprise.pk, hit.branch.pk if hit.branch else None, BY_SEARCH) for hit in hits]


def _keep(scored: Scored, enterprise_id: int, branch_id: int | None, score: int, why: tuple[Reason, ...]) -> None:
    known = scored.get((enterprise_id, branch_id))
    if known is None or known[0] < score:
        scored[enterprise_id, branch_id] = (score, why)


def _rows(
    scored: Scored, complaint: Complaint, asked_for: set[tuple[int, int | None]], *, on: dt.date
) -> list[Suggestion]:
    scored.pop((complaint.enterprise_id or 0, complaint.branch_id), None)
    enterprises = Enterprise.objects.filter(enrolment=Enterprise.Enrolment.ENROLLED).in_bulk(
        [pk for pk, _branch in scored]
    )
    branches = Branch.objects.on(on).in_bulk([pk for _enterprise, pk in scored if pk is not None])
    results = [
        Suggestion(enterprise=enterprises[enterprise], branch=branches.get(branch or 0), score=score, why=why)
        for (enterprise, branch), (score, why) in scored.items()
        if enterprise in enterprises and (branch is None or branch in branches)
    ]
    results.sort(
        key=lambda one: (
            (one.enterprise.pk, one.branch.pk if one.branch else None) not in asked_for,
            -one.score,
            one.value,
        )
    )
    return results
