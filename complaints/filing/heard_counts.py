"""How often people confirm what was heard, per field and without text: a field that is confirmed too seldom is filled
in or offered no more. Only complaints count whose filer proved a phone: strangers alone switch nothing off."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from complaints.models import HeardAnswer
from complaints.parties.conditions import Conditions
from complaints.record import bulk

#: So many answers of a field are kept.
KEPT = 1000

Answer = HeardAnswer.Answer


def note(answers: Iterable[tuple[str, str]], *, version: int, now: datetime) -> None:
    """What was said to each finding: (field, answer)."""
    bulk.insert([HeardAnswer(field=field, version=version, answer=answer, at=now) for field, answer in answers])


def doubted(fields: Iterable[str], *, version: int, now: datetime) -> set[str]:
    """Those of the fields whose last answers to this version of the patterns confirm them too seldom (policies
    ``heard_answers``, ``heard_confirmed``); a field of fewer answers is not judged."""
    result = set()
    policies = Conditions.at(now).policies
    last, least = (policies.number(name, None).number for name in ("heard_answers", "heard_confirmed"))
    for field in sorted(set(fields)):
        rows = HeardAnswer.objects.filter(field=field, version=version).order_by("-pk")
        said = Counter(rows.values_list("answer", flat=True)[:last])
        if said.total() >= last and said[Answer.CONFIRMED] * 100 < least * said.total():
            result.add(field)
    return result


def forget(*, limit: int) -> int:
    """Deletes answers that no count reads any more. Returns how many."""
    gone = 0
    for field in HeardAnswer.objects.values_list("field", flat=True).distinct():
        rows = HeardAnswer.objects.filter(field=field).order_by("-pk")
        old = list(rows.values_list("pk", flat=True)[KEPT : KEPT + limit])
        gone += HeardAnswer.objects.filter(pk__in=old).delete()[0]
    return gone
