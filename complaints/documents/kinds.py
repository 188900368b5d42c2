"""The ten official forms (文书式样): what they are called, whom they are addressed to, and their numbers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from authorities.models import Authority

REGISTRATION, REPORT, DISTRIBUTION, IDENTITY, ACCEPTANCE, REFUSAL, INVITATION, TERMINATION, AGREEMENT, REPORT_RESULT = (
    range(1, 11)
)


@dataclass(frozen=True, slots=True)
class Kind:
    """``mark`` stands in the number after the authority's own: 鼓市监 + 投受."""

    form: int
    title: Promise
    mark: str
    to_consumer: bool = False
    to_enterprise: bool = False


KINDS: dict[int, Kind] = {
    kind.form: kind
    for kind in (
        Kind(REGISTRATION, pgettext_lazy("document", "投诉登记表"), "投登"),
        Kind(REPORT, pgettext_lazy("document", "举报登记表"), "举登"),
        Kind(DISTRIBUTION, pgettext_lazy("document", "投诉分送通知书"), "分送", to_enterprise=True),
        Kind(IDENTITY, pgettext_lazy("document", "限期提供身份证明材料通知书"), "身证", to_consumer=True),
        Kind(ACCEPTANCE, pgettext_lazy("document", "投诉受理决定书"), "投受", to_consumer=True),
        Kind(REFUSAL, pgettext_lazy("document", "投诉不予受理决定书"), "不受", to_consumer=True),
        Kind(INVITATION, pgettext_lazy("document", "投诉调解通知书"), "调通", to_consumer=True, to_enterprise=True),
        Kind(
            TERMINATION, pgettext_lazy("document", "投诉终止调解决定书"), "终调", to_consumer=True, to_enterprise=True
        ),
        Kind(AGREEMENT, pgettext_lazy("document", "投诉调解书"), "调解", to_consumer=True, to_enterprise=True),
        Kind(REPORT_RESULT, pgettext_lazy("document", "举报处理结果告知书"), "举告"),
    )
}


#: Where phone and address of the consumer are printed.
WITH_CONTACT = (REGISTRATION, REPORT)


def forms_of(data: Mapping[str, Any]) -> tuple[int, ...]:
    """The forms that an entry issues, as its ``form`` says: one number, several, or none."""
    given = data.get("form")
    if isinstance(given, int):
        return (given,)
    return tuple(given) if isinstance(given, list | tuple) else ()


def is_to(form: int, side: str, data: Mapping[str, Any]) -> bool:
    """Whether this form goes to that side; a distribution to an enterprise only where one was named."""
    kind = KINDS[form]
    if side == "enterprise":
        return kind.to_enterprise and (form != DISTRIBUTION or bool(data.get("enterprise")))
    return side == "consumer" and kind.to_consumer


def reference(code: str, form: int, *, year: int, number: int) -> str:
    """鼓市监投受〔2026〕第1号."""
    return f"{code}{KINDS[form].mark}〔{year}〕第{number}号"


class Series(NamedTuple):
    """What is counted apart: the sort of a document, a year, an authority."""

    authority_id: int
    year: int
    form: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A number that was given and has no document, or a series that counts otherwise than its documents."""

    reference: str
    what: str


# Series are locked in one order, whatever stands first in the batch.
_TAKE = """
insert into complaints_documentseries as s (authority_id, year, form, last)
select * from unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::int[]) as v(authority_id, year, form, n)
order by 1, 2, 3
on conflict (authority_id, year, form) do update set last = s.last + excluded.last
returning authority_id, year, form, last"""
_GAPS = """
select s.authority_id, s.year, s.form, n.number, 'missing'
from complaints_documentseries s cross join lateral generate_series(1, s.last) as n(number)
where not exists (select from complaints_officialdocument d where d.authority_id = s.authority_id and d.year = s.year
                  and d.form = s.form and d.number = n.number)
union all
select d.authority_id, d.year, d.form, d.number, 'not counted'
from complaints_officialdocument d
left join complaints_documentseries s on s.authority_id = d.authority_id and s.year = d.year and s.form = d.form
where s.last is null or d.number > s.last
order by 1, 2, 3, 4"""


def take_numbers(wanted: Sequence[Series]) -> list[int]:
    """The next number for each, in this order. Within the transaction of the step."""
    counts = Counter(wanted)
    columns = list(zip(*counts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [*map(list, columns), list(counts.values())])
        following = {Series(*row[:3]): row[3] - counts[Series(*row[:3])] for row in cursor.fetchall()}
    results = []
    for series in wanted:
        following[series] += 1
        results.append(following[series])
    return results


def gaps() -> Iterator[Gap]:
    """Every number that is missing, by what would be printed; nothing where all is well."""
    codes = dict(Authority.objects.values_list("pk", "document_code"))
    with connection.cursor() as cursor:
        cursor.execute(_GAPS)
        for authority_id, year, form, number, what in cursor.fetchall():
            yield Gap(reference(codes.get(authority_id, ""), form, year=year, number=number), what)
