"""Cuts names into what the search compares, and keeps the search rows in step.

Whoever writes a name of an enterprise calls `write_names` in the same transaction; nothing else writes `SearchName`.
"""

from collections.abc import Collection, Iterable, Iterator

from django.db import transaction
from django.dispatch import Signal

from enterprises.directory.spelling import fold_name, grams_of, sounds_of, spelled_as
from enterprises.models import Alias, Branch, BrandHolding, Enterprise, SearchName


def initials_of(text: str) -> str:
    """First letters of the pinyin: 东方书店 → dfsd. Latin letters stay."""
    folded = fold_name(text)
    if folded.isascii():
        return folded
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(folded, style=Style.FIRST_LETTER))[:200]


#: Sent in the transaction that wrote them: ``ids`` of enterprises, and which ``columns`` of theirs and of their
#: branches were written, of rows that stood before.
names_written = Signal()


def write_names(enterprise_ids: Iterable[int], *, columns: Collection[str] = ()) -> int:
    """Rewrite the search rows of these enterprises; returns how many there are now. ``columns``: which of uscc, name
    and name_en the caller changed in rows that stood before."""
    ids = sorted(set(enterprise_ids))
    with transaction.atomic():
        SearchName.objects.filter(enterprise_id__in=ids).delete()
        made = SearchName.objects.bulk_create(_rows(ids), batch_size=2000)
        names_written.send(None, ids=ids, columns=columns)
    return len(made)


def _rows(ids: list[int]) -> Iterator[SearchName]:
    for enterprise in Enterprise.objects.filter(id__in=ids).iterator():
        yield _row(SearchName.Kind.LEGAL, enterprise.name, enterprise_id=enterprise.pk)
        if enterprise.name_en:
            yield _row(SearchName.Kind.LEGAL, enterprise.name_en, enterprise_id=enterprise.pk)
        if enterprise.uscc:
            yield _row(SearchName.Kind.CODE, enterprise.uscc, enterprise_id=enterprise.pk)
    for branch in Branch.objects.filter(enterprise_id__in=ids).iterator():
        for name in filter(None, (branch.name, branch.name_en)):
            whose = {"enterprise_id": branch.enterprise_id, "branch_id": branch.pk}
            yield _row(SearchName.Kind.BRANCH, name, **whose, starts_on=branch.starts_on, ends_on=branch.ends_on)
    holdings = BrandHolding.objects.filter(enterprise_id__in=ids).select_related("brand")
    for holding in holdings.iterator():
        for name in filter(None, (holding.brand.name, holding.brand.name_en)):
            whose = {"enterprise_id": holding.enterprise_id, "brand_id": holding.brand_id}
            yield _row(SearchName.Kind.BRAND, name, **whose, starts_on=holding.starts_on, ends_on=holding.ends_on)
    for alias in Alias.objects.filter(enterprise_id__in=ids).iterator():
        former = alias.kind == Alias.Kind.FORMER
        yield _row(
            SearchName.Kind.FORMER if former else SearchName.Kind.ALIAS,
            alias.name,
            enterprise_id=alias.enterprise_id,
            # A former name is looked for after it ended; its end is told, not hidden.
            starts_on=alias.starts_on,
            ends_on=None if former else alias.ends_on,
        )


def _row(kind: SearchName.Kind, text: str, **columns: object) -> SearchName:
    folded = fold_name(text)
    initials = spelled = ""
    if kind is not SearchName.Kind.CODE:
        initials, spelled = initials_of(text), spelled_as(text)
    grams = [*grams_of(folded), *sounds_of(spelled)]
    return SearchName(kind=kind, text=text, folded=folded, initials=initials, spelled=spelled, grams=grams, **columns)
