"""The rows that signals compare, by words that are kept: what the asked cases have, then what lies near them.

Only cases of the asker's regions are read. Regions are told as values, so that the words of a statement are few.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Value, Window
from django.db.models.functions import TruncDate

from authorities.models import Region
from complaints.models import Complaint, Evidence, Matter, PersonalText, PersonDigest
from complaints.models.complaint import LEVEL_COLUMNS, lies_in
from complaints.procedure.workflow import Audience, Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import person_digests
from database.prepared import AnyOf, CombinedQuery, PreparedQuery, PreparedTuples
from database.request_words import Word

#: Of cases that share a digest with the asked ones, or their person, at most so many, the newest.
MOST = 500
#: Stands among enterprises for whoever was only named.
NAMED = 0
SHARED = ("phone", "order", person_digests.MARK)
#: Kinds of text of an asked case.
TEXTS = (
    *("consumer_name", "consumer_phone", "consumer_address"),
    *("consumer_statement", "consumer_transcript", "consumer_representatives"),
)
#: What is read of a case that lies near.
COLUMNS = (
    *("pk", "number", "consumer_key", "filed_at", "received_at", "status", "outcome", "on_behalf_kind", "station_id"),
    *("picked_enterprise_id", "enterprise_id", "respondent_named", "problem_category", "object_category"),
    "item_name",
)
_RESPONDENT = ("picked_enterprise_id", "enterprise_id", "respondent_named")

Build = Callable[..., QuerySet[Any]]
#: The ids of the asked cases (or digests that somebody typed), their people, since when these are looked at, from which
#: day to which, their respondents, their problems; then the regions.
_TYPES = (list, list, datetime, datetime, datetime, list, list)


OWN: dict[str, PreparedQuery[Any]] = {
    "digests": PreparedQuery(lambda ids: PersonDigest.objects.filter(complaint_id__any_of=ids), list),
    "files": PreparedQuery(
        lambda ids: Evidence.objects.filter(complaint_id__any_of=ids).only("complaint_id", "kind"), list
    ),
    "matters": PreparedQuery(
        lambda ids: (
            Matter.objects.filter(Q(kind="report") | Q(kind="power", state="open"), complaint_id__any_of=ids)
            .order_by()
            .only("complaint_id", "kind")
        ),
        list,
    ),
    "texts": PreparedQuery(
        lambda ids: PersonalText.objects.filter(
            complaint_id__any_of=ids, kind__in=TEXTS, audience=Audience.PARTIES
        ).order_by("complaint_id", "sequence"),
        list,
    ),
}


def _shared_with(ids: Any) -> QuerySet[PersonDigest]:
    wanted = PersonDigest.objects.filter(complaint_id__any_of=ids, kind__in=SHARED)
    return person_digests.alike(wanted).filter(~Q(complaint_id__any_of=ids), kind__in=SHARED)


def _shared_typed(digests: Any) -> QuerySet[PersonDigest]:
    return person_digests.alike(digests=digests).filter(kind__in=SHARED)


def _near(
    shared: Callable[[Any], QuerySet[PersonDigest]], others: Callable[[Any], Q], kinds: Sequence[str]
) -> dict[str, Build]:
    def seen(regions: Sequence[Any]) -> QuerySet[Complaint]:
        return Complaint.objects.filter(_lies_in(kinds, regions)).exclude(status=Status.DRAFT)

    def of_days(first: Any, last: Any, enterprises: Any, regions: Sequence[Any]) -> QuerySet[Complaint]:
        """Against one of these respondents within these days."""
        named = (
            Q(AnyOf(Value(NAMED, output_field=BigIntegerField()), enterprises))
            & ~Q(respondent_named="")
            & Q(picked_enterprise_id=None)
        )
        return seen(regions).filter(
            Q(picked_enterprise_id__any_of=enterprises) | Q(enterprise_id__any_of=enterprises) | named,
            received_at__gte=first,
            received_at__lt=last,
        )

    def by_digest(
        asked: Any, people: Any, since: Any, first: Any, last: Any, enterprises: Any, problems: Any, *regions: Any
    ) -> QuerySet[Any]:
        """Rows with a digest in common, each with its case; the digests come later (`person_digests.load`)."""
        rows = shared(asked).filter(_lies_in(kinds, regions, "complaint__")).exclude(complaint__status=Status.DRAFT)
        return (
            rows.select_related("complaint")
            .only("kind", *(f"complaint__{name}" for name in COLUMNS if name != "pk"))
            .order_by("-complaint_id")[:MOST]
        )

    def by_person(
        asked: Any, people: Any, since: Any, first: Any, last: Any, enterprises: Any, problems: Any, *regions: Any
    ) -> QuerySet[Any]:
        return (
            seen(regions)
            .filter(others(asked), consumer_key__any_of=people, filed_at__gte=since)
            .order_by("-pk")
            .only(*COLUMNS)[:MOST]
        )

    def days(
        asked: Any, people: Any, since: Any, first: Any, last: Any, enterprises: Any, problems: Any, *regions: Any
    ) -> QuerySet[Any]:
        """One case of each day and respondent, with how many there are."""
        groups = (*_RESPONDENT, "day")
        return (
            of_days(first, last, enterprises, regions)
            .annotate(day=TruncDate("received_at", tzinfo=SHANGHAI))
            .annotate(n=Window(Count("pk"), partition_by=[F(name) for name in groups]))
            .order_by(*groups)
            .distinct(*groups)
            .only(*_RESPONDENT)
        )

    def same_thing(
        asked: Any, people: Any, since: Any, first: Any, last: Any, enterprises: Any, problems: Any, *regions: Any
    ) -> QuerySet[Any]:
        return (
            of_days(first, last, enterprises, regions)
            .filter(problem_category__any_of=problems)
            .exclude(status=Status.CLOSED)
            .order_by("-pk")
            .only(*COLUMNS)[:MOST]
        )

    return {"by_digest": by_digest, "by_person": by_person, "days": days, "same_thing": same_thing}


#: Kind of a region → how many values tell it.
_KINDS: Mapping[str, int] = {
    **dict.fromkeys(map(str, LEVEL_COLUMNS), 1),
    Region.Level.COUNTRY: 2,
    Region.Level.TOWNSHIP: 3,
}


def _condition(region: Region) -> tuple[str, list[int]]:
    """By which kind of condition the cases of a region are found, and its values."""
    if region.level in LEVEL_COLUMNS:
        return region.level, [region.pk]
    if region.level == Region.Level.TOWNSHIP and region.parent and region.parent.level == Region.Level.COUNTY:
        return region.level, [region.pk, region.last, region.parent.pk]
    return Region.Level.COUNTRY, [region.pk, region.last]


def _lies_in(kinds: Sequence[str], values: Sequence[Any], path: str = "") -> Q:
    """`lies_in` of regions of these kinds with these values; ``path`` leads to the case."""
    result, left = Q(), list(values)
    for kind in kinds:
        (first, *more), left = left[: _KINDS[kind]], left[_KINDS[kind] :]
        county = Region(pk=more[1], level=Region.Level.COUNTY) if len(more) > 1 else None
        result |= lies_in(Region(pk=first, last=more[0] if more else first, level=kind, parent=county), path)
    return result


class First:
    """What the asked cases have, what lies near, and ``more`` that a page reads of the same cases, in one statement.
    ``typed``: nothing is filed yet; digests stand instead of ids."""

    def __init__(self, more: Mapping[str, PreparedQuery[Any]] | None = None, *, typed: bool = False) -> None:
        self.more, self.typed = dict(more or {}), typed
        self._by_kinds: dict[tuple[str, ...], tuple[list[str], CombinedQuery]] = {}

    def __call__(self, *values: Any, regions: Sequence[Region]) -> dict[str, list[Any]]:
        shown = [_condition(region) for region in regions]
        kinds = tuple(kind for kind, _values in shown)
        if kinds not in self._by_kinds:
            self._by_kinds[kinds] = self._made(kinds)
        names, together = self._by_kinds[kinds]
        return dict(zip(names, together(*values, *(value for _kind, values in shown for value in values)), strict=True))

    def _made(self, kinds: tuple[str, ...]) -> tuple[list[str], CombinedQuery]:
        types = (*_TYPES, *[int] * sum(_KINDS[kind] for kind in kinds))
        shared = _shared_typed if self.typed else _shared_with
        others: Callable[[Any], Q] = (lambda digests: Q()) if self.typed else (lambda ids: ~Q(pk__any_of=ids))
        own = {} if self.typed else OWN
        near = {name: PreparedQuery(build, *types) for name, build in _near(shared, others, kinds).items()}
        parts = {**own, **near, **self.more}
        return list(parts), CombinedQuery(*parts.values())


_DIGESTS = (
    "select id, digest from digests_of(%s, %s::bigint[] || array(select d.id from complaints_persondigest d"
    " where d.complaint_id = any(%s::bigint[]) and d.kind = 'name'))"
)


def _digests(texts: Any, named: Any, rows: Any) -> tuple[str, list[Any]]:
    return _DIGESTS, [Word("digests"), rows, named]


class Second:
    """Texts and names of what lies near, and digests: (cases whose texts, whose names are read, ids of rows that were
    read without their digest), then lists of ``more``. ``digests``: (id of the row, digest), also of the names."""

    def __init__(self, more: Mapping[str, PreparedQuery[Any]] | None = None) -> None:
        parts: dict[str, PreparedQuery[Any]] = {
            "texts": PreparedQuery(
                lambda texts: PersonalText.objects.filter(
                    complaint_id__any_of=texts, kind="consumer_statement", audience=Audience.PARTIES
                ).order_by("complaint_id", "sequence"),
                list,
            ),
            "names": PreparedQuery(
                lambda texts, named: PersonDigest.objects.filter(complaint_id__any_of=named, kind="name"), list, list
            ),
            "digests": PreparedTuples(_digests, 2, list, list, list),
            **(more or {}),
        }
        self.names, self.together = list(parts), CombinedQuery(*parts.values())

    def __call__(self, *lists: list[int]) -> dict[str, list[Any]]:
        return dict(zip(self.names, self.together(*lists), strict=True))
