"""Whom a complaint's own words name, where nothing else says who should answer: suggested to whoever decides, beside
the office. Nothing goes anywhere by it."""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from accounts.keys import sealed_fields
from complaints.listening.hearing import heard
from complaints.models import Complaint, PersonalText
from complaints.procedure.workflow import Audience
from routing.rules.directory import snapshot
from routing.rules.facts import Candidate, Facts, Match, NoMatch, Reason, Rule
from routing.rules.matching import MOST_SUGGESTIONS, choose

#: A suggestion by words alone is never called likely (complaints/pages/authority/triage/targets.py).
MOST_SCORE = 79
#: The words of the consumer, as written or as an officer wrote them down.
_TEXTS = ("consumer_statement", "consumer_transcript")

log = logging.getLogger(__name__)


def with_mentioned(
    cases: Sequence[Complaint],
    decisions: Mapping[int, Match | NoMatch],
    facts: Mapping[int, Facts],
    rules: Sequence[Rule],
) -> dict[int, Match | NoMatch]:
    """The decisions; those for nobody with the firms that the text names as suggestions. Reads no text of any other."""
    silent = [case for case in cases if _suggests_nobody(decisions[case.pk])]
    named = _named(silent, on={case.pk: facts[case.pk].on for case in silent}) if silent else {}
    asked = {
        (pk, name): replace(facts[pk], named=name, enterprise_id=None, branch_id=None, brand_ids=(), address="")
        for pk, names in named.items()
        for name in names
    }
    if not asked:
        return dict(decisions)
    directory, result = snapshot(asked.values(), rules, suggests=False), dict(decisions)
    for (pk, name), one in asked.items():
        before = result[pk]
        if isinstance(before, NoMatch):
            try:
                found = choose(one, rules, directory)
            except Exception:
                # A rule that fails was told when the case itself was routed; without a suggestion it still goes on.
                log.exception("no suggestion for case %s", pk)
                continue
            suggestions = (*before.suggestions, *_suggested(found, name))[:MOST_SUGGESTIONS]
            result[pk] = replace(before, suggestions=suggestions)
    return result


def _suggests_nobody(decision: Match | NoMatch) -> bool:
    return isinstance(decision, NoMatch) and not decision.suggestions


def _named(cases: Sequence[Complaint], *, on: Mapping[int, dt.date]) -> dict[int, list[str]]:
    """The firms that each case's newest text names; one statement, and the keys of those texts."""
    rows = PersonalText.objects.filter(complaint__in=cases, kind__in=_TEXTS, audience=Audience.PARTIES)
    texts = {row.complaint_id: row for row in rows.order_by("pk")}
    sealed_fields.load_for(list(texts.values()))
    return {
        pk: [name for one in heard(row.text, on[pk]) if one.field == "firm" for name in one.value.split("|")]
        for pk, row in texts.items()
    }


def _suggested(found: Match | NoMatch, name: str) -> list[Candidate]:
    """Whoever routing would have thought of, had the consumer written this name where it is asked for."""
    candidates = found.candidates if isinstance(found, Match) else found.suggestions
    because = Reason("mentioned", {"named": name})
    return [replace(one, score=min(one.score, MOST_SCORE), why=(because, *one.why)) for one in candidates]
