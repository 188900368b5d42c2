"""Near-identical texts among the cases behind a hot spot: one promotion, one letter that is passed around.

Marks alike make a candidate, the texts themselves decide (complaints/record/person_digests.py); only cases
that the asker sees are looked at, and no text leaves this file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from itertools import combinations

from accounts.keys import sealed_fields
from complaints.models import PersonalText, PersonDigest
from complaints.record.person_digests import COPIED, MARK, same_text

#: So many texts are opened, and of one mark so many are compared: a page is waited for.
MOST_READ, MOST_ALIKE = 120, 40


def clusters(ids: Collection[int]) -> list[list[int]]:
    """Groups of two or more of these cases with nearly the same words, the largest first. Two statements and the
    keys."""
    by_mark: defaultdict[bytes, list[int]] = defaultdict(list)
    for pk, digest in (
        PersonDigest.objects.filter(complaint_id__in=ids, kind=MARK)
        .order_by("-complaint_id")
        .values_list("complaint_id", "digest")
    ):
        by_mark[bytes(digest)].append(pk)
    candidates = [sorted(set(found), reverse=True)[:MOST_ALIKE] for found in by_mark.values() if len(set(found)) > 1]
    candidates.sort(key=len, reverse=True)
    wanted = list(dict.fromkeys(pk for found in candidates for pk in found))[:MOST_READ]
    texts = _texts(wanted)
    group = {pk: pk for pk in texts}

    def top(pk: int) -> int:
        while group[pk] != pk:
            pk = group[pk]
        return pk

    for found in candidates:
        for one, other in combinations([pk for pk in found if pk in texts], 2):
            if top(one) != top(other) and same_text(texts[one], texts[other]):
                group[top(one)] = top(other)
    together: defaultdict[int, list[int]] = defaultdict(list)
    for pk in group:
        together[top(pk)].append(pk)
    return sorted(
        (sorted(found, reverse=True) for found in together.values() if len(found) > 1),
        key=lambda found: (-len(found), found),
    )


def _texts(ids: list[int]) -> dict[int, str]:
    rows = list(
        PersonalText.objects.filter(complaint_id__in=ids, kind=COPIED, audience="parties").order_by(
            "complaint_id", "sequence"
        )
    )
    sealed_fields.load_for(rows)
    return {row.complaint_id: text for row in rows if (text := row.text)}
