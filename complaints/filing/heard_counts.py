"""How often people confirm what was heard, per field and without text: a field that is confirmed too seldom is filled
in or offered no more."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from complaints.models import HeardAnswer

#: Of the last so many answers to a field, so many in a hundred must confirm it.
LAST = 200
LEAST = 80
#: So many answers of a field are kept.
KEPT = 1000

Answer = HeardAnswer.Answer


def note(answers: Iterable[tuple[str, Answer]], *, version: int, now: datetime) -> None:
    """What was said to each finding: (field, answer)."""
    HeardAnswer.objects.bulk_create(
        HeardAnswer(field=field, version=version, answer=answer, at=now) for field, answer in answers
    )


def doubted(fields: Iterable[str], *, version: int) -> set[str]:
    """Those of the fields whose last answers to this version of the patterns confirm them too seldom; a field of fewer
    answers is not judged."""
    result = set()
    for field in sorted(set(fields)):
        rows = HeardAnswer.objects.filter(field=field, version=version).order_by("-pk")
        last = Counter(rows.values_list("answer", flat=True)[:LAST])
        if last.total() >= LAST and last[Answer.CONFIRMED] * 100 < LEAST * last.total():
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
