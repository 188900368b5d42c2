"""The rows of one case as its pages ask for them, by prepared queries in one statement; and what lists show beside a
case. What a side may not know is left out in the words of its query (database/prepared.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.db.models import Count, Model, Q, QuerySet

from accounts.keys import sealed_fields
from accounts.models import User
from complaints.documents import kinds
from complaints.models import (
    Complaint,
    Contact,
    Deadline,
    Demand,
    Engagement,
    Evidence,
    ForwardingDecision,
    HandlingStep,
    InternalNote,
    Matter,
    Notice,
    NoticeOrder,
    Obligation,
    Offer,
    OfferAnswer,
    OfficialDocument,
    PersonalText,
    RootCause,
)
from complaints.models.complaint import own_cases
from complaints.models.settlement import OPEN_REFUSAL
from complaints.procedure.workflow import Audience, Clock, Status
from complaints.reading.case_people import names_given
from database.prepared import CombinedQuery, PreparedQuery

Row = TypeVar("Row", bound=Model)
CONSUMER, ENTERPRISE, AUTHORITY, BODY = SIDES = ("consumer", "enterprise", "authority", "body")
#: What comes with a case for a page of it.
RELATED = (
    *("enterprise", "branch", "picked_enterprise", "picked_branch", "handler__user", "officer__user"),
    *("handling_authority", "service_region"),
)
#: Clocks that would tell a party what only the authority knows.
_CLOCKS_OF_AUTHORITY = frozenset({Clock.LEAD, Clock.JURISDICTION})
_NOT_FOR = {
    "consumer": _CLOCKS_OF_AUTHORITY | {Clock.INSTRUCTION},
    "enterprise": _CLOCKS_OF_AUTHORITY,
    "body": _CLOCKS_OF_AUTHORITY | {Clock.INSTRUCTION},
}

own_case = PreparedQuery(
    lambda number, person, day: (
        Complaint.objects.filter(own_cases(person, day), number=number)
        .exclude(status=Status.DRAFT)
        .select_related(*RELATED)[:1]
    ),
    str,
    int,
    date,
)
"""(number, user id, day): the case that a person filed or joined; the part of `visible_to` for who works nowhere."""
case_within = PreparedQuery(
    lambda number, first, last: (
        Complaint.objects.filter(number=number, handling_region_id__gte=first, handling_region_id__lte=last)
        .exclude(status=Status.DRAFT)
        .select_related(*RELATED)[:1]
    ),
    str,
    int,
    int,
)
"""(number, first, last): the case of an office whose region is this interval; the same as `lies_in`."""


def _engagements(case: int) -> QuerySet[Engagement]:
    rows = Engagement.objects.filter(complaint_id=case).select_related("enterprise", "branch")
    return rows.order_by("from_at", "pk")


engagements = PreparedQuery(_engagements, int)
"""Oldest first."""
engagements_of = PreparedQuery(lambda case, enterprise: _engagements(case).filter(enterprise_id=enterprise), int, int)
"""(case, enterprise): its own only, oldest first."""


def _clocks(side: str) -> PreparedQuery[Deadline]:
    def build(case: int) -> QuerySet[Deadline]:
        rows = Deadline.objects.filter(complaint_id=case).select_related("obligation", "matter").order_by("pk")
        if side not in _NOT_FOR:
            return rows
        return rows.exclude(clock__in=sorted(_NOT_FOR[side])).filter(
            Q(matter__isnull=True) | Q(matter__audience__in=[Audience.PARTIES, side])
        )

    return PreparedQuery(build, int)


_CHAINS = {
    "consumer": [Audience.PARTIES],
    "enterprise": [Audience.PARTIES, Audience.ENTERPRISE],
    "authority": [Audience.PARTIES, Audience.AUTHORITY],
    "body": [Audience.PARTIES],
}


def _steps(side: str) -> PreparedQuery[HandlingStep]:
    return PreparedQuery(
        lambda case: (
            HandlingStep.objects.filter(complaint_id=case, audience__in=_CHAINS[side])
            .select_related("name", "recorded_by")
            .order_by("audience", "sequence")
        ),
        int,
    )


#: By side: the clocks that it may know, ended ones too, oldest first; the entries of its chains.
clocks = {side: _clocks(side) for side in SIDES}
steps = {side: _steps(side) for side in SIDES}


def _files(side: str) -> PreparedQuery[Evidence]:
    return PreparedQuery(lambda case: Evidence.objects.known_to(side).filter(complaint_id=case).order_by("pk"), int)


files = {side: _files(side) for side in SIDES}
"""By side: the files that it may know of, the oldest first."""
answers = PreparedQuery(
    lambda case: OfferAnswer.objects.filter(offer__complaint_id=case).select_related("offer", "demand"), int
)
obligations = PreparedQuery(lambda case: Obligation.objects.filter(complaint_id=case), int)
demands = PreparedQuery(lambda case: Demand.objects.filter(complaint_id=case), int)
texts = PreparedQuery(lambda case: PersonalText.objects.filter(complaint_id=case), int)
open_matters = PreparedQuery(lambda case: Matter.objects.filter(complaint_id=case, state="open").order_by("pk"), int)
"""Of every audience, oldest first."""


# --- what was told, and what was issued -----------------------------------------------------------------------------

#: Notices on a page; nobody reads more.
MOST_NOTICES = 60
_TO_WHOM = ("user", "enterprise", "authority")
#: What goes to a respondent whether or not it has an account.
BY_LETTER = tuple(form for form, kind in kinds.KINDS.items() if kind.to_enterprise and form != kinds.DISTRIBUTION)


def _notices(case: int, side: str) -> QuerySet[Notice]:
    return Notice.objects.filter(complaint_id=case, audience__in=(Audience.PARTIES, side)).order_by("-pk")


notices_to_consumer = PreparedQuery(
    lambda case: _notices(case, CONSUMER).filter(addressee=CONSUMER)[:MOST_NOTICES], int
)
notices_to_enterprise = PreparedQuery(
    lambda case, enterprise: (
        _notices(case, ENTERPRISE)
        .filter(addressee=ENTERPRISE, enterprise_id=enterprise)
        .select_related(*_TO_WHOM)[:MOST_NOTICES]
    ),
    int,
    int,
)
notices_to_anybody = PreparedQuery(lambda case: _notices(case, AUTHORITY).select_related(*_TO_WHOM)[:MOST_NOTICES], int)
orders = PreparedQuery(
    lambda case: NoticeOrder.objects.filter(notice__complaint_id=case).select_related("by").order_by("pk"), int
)
"""Of whatever notice of the case: what was ordered to be sent again, or told otherwise."""


def _documents(case: int) -> QuerySet[OfficialDocument]:
    return OfficialDocument.objects.filter(complaint_id=case).annotate(latest=Count("versions")).order_by("-pk")


documents = PreparedQuery(_documents, int)
documents_to_consumer = PreparedQuery(lambda case: _documents(case).filter(to_consumer=True), int)
documents_to_enterprise = PreparedQuery(
    lambda case, enterprise: _documents(case).filter(to_enterprise=True, enterprise_id=enterprise), int, int
)
documents_to_branches = PreparedQuery(
    lambda case, enterprise, branches: _documents(case).filter(
        to_enterprise=True, enterprise_id=enterprise, engagement__branch_id__any_of=branches
    ),
    int,
    int,
    list,
)
documents_by_letter = PreparedQuery(
    lambda case: _documents(case).filter(audience=Audience.PARTIES, engagement=None, form__in=BY_LETTER), int
)
"""By the link to this case: what goes to a respondent without account, and nothing that an enterprise got before."""

# --- what is an enterprise's own: (case, enterprise, its times with the case) ---------------------------------------

_CONTACTS, _NOTES = 60, 20


def _newest(model: type[Row], times: Any) -> QuerySet[Row]:
    return model._default_manager.filter(engagement_id__any_of=times).order_by("-at", "-pk")


contacts = PreparedQuery(lambda case, enterprise, times: _newest(Contact, times)[:_CONTACTS], int, int, list)
notes = PreparedQuery(lambda case, enterprise, times: _newest(InternalNote, times)[:_NOTES], int, int, list)
causes = PreparedQuery(
    lambda case, enterprise, times: RootCause.objects.filter(engagement_id__any_of=times), int, int, list
)

forwarding_notes = PreparedQuery(
    lambda case: ForwardingDecision.objects.filter(complaint_id=case).exclude(note="").order_by("pk"), int
)
"""What was said to whoever decides where a case goes; for the authority alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRows:
    """What hangs on a case, as one side may know it. What stands last is read for the page of the case alone."""

    engagements: list[Engagement]
    clocks: list[Deadline]
    answers: list[OfferAnswer]
    obligations: list[Obligation]
    demands: list[Demand]
    texts: list[PersonalText]
    matters: list[Matter]
    steps: list[HandlingStep]
    files: list[Evidence]
    notices: list[Notice] = field(default_factory=list)
    orders: list[NoticeOrder] = field(default_factory=list)
    documents: list[OfficialDocument] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    notes: list[InternalNote] = field(default_factory=list)
    causes: list[RootCause] = field(default_factory=list)
    forwarding_notes: list[ForwardingDecision] = field(default_factory=list)


class _Reading:
    """Kinds of rows by the names of `Rows`, read by one statement."""

    def __init__(self, side: str, **more: PreparedQuery[Any]) -> None:
        parts: dict[str, PreparedQuery[Any]] = {
            "engagements": engagements_of if side == ENTERPRISE else engagements,
            "clocks": clocks[side],
            "answers": answers,
            "obligations": obligations,
            "demands": demands,
            "texts": texts,
            "matters": open_matters,
            "steps": steps[side],
            "files": files[side],
            **more,
        }
        self.names, self.together = tuple(parts), CombinedQuery(*parts.values())

    def __call__(self, *values: int | list[int]) -> CaseRows:
        return CaseRows(**dict(zip(self.names, self.together(*values), strict=True)))


of_case = {side: _Reading(side) for side in SIDES}
"""By side: (case), for an enterprise (case, enterprise): what every page of a case is made of."""
of_page = {
    CONSUMER: _Reading(CONSUMER, notices=notices_to_consumer, documents=documents_to_consumer),
    ENTERPRISE: _Reading(
        ENTERPRISE,
        notices=notices_to_enterprise,
        documents=documents_to_enterprise,
        contacts=contacts,
        notes=notes,
        causes=causes,
    ),
    AUTHORITY: _Reading(
        AUTHORITY, notices=notices_to_anybody, orders=orders, documents=documents, forwarding_notes=forwarding_notes
    ),
}
"""The same with what the page of the case itself shows besides.

    For an enterprise: (case, enterprise, its times with it).
    """


def clocks_live(**cases: Any) -> QuerySet[Deadline]:
    """The live clocks of these cases."""
    return Deadline.objects.filter(ended_at=None, state__in=["running", "paused", "lapsed"], **cases).select_related(
        "obligation"
    )


# By the ids of cases.
CLOCKS = PreparedQuery(lambda cases: clocks_live(complaint_id__any_of=cases), list)
_NAMES = PreparedQuery(lambda cases: names_given(complaint_id__any_of=cases), list)
REFUSALS = PreparedQuery(
    lambda cases: Offer.objects.filter(OPEN_REFUSAL, complaint_id__any_of=cases).only("complaint_id"), list
)


@dataclass(frozen=True, slots=True)
class CaseExtras:
    """By the id of a case: the name that was given last (not masked), the live clocks. ``refused``: those whose open
    offer grants nothing."""

    names: dict[int, str]
    clocks: dict[int, list[Deadline]]
    refused: frozenset[int] = frozenset()

    @classmethod
    def of(cls, given: Iterable[PersonalText], live: Iterable[Deadline], refusals: Iterable[Offer] = ()) -> CaseExtras:
        """Of the names that were given, the last one last, their keys held, of the live clocks, and of open offers that
        grant nothing."""
        clocks: dict[int, list[Deadline]] = defaultdict(list)
        for clock in live:
            clocks[clock.complaint_id].append(clock)
        refused = frozenset(offer.complaint_id for offer in refusals)
        return cls({text.complaint_id: text.text for text in given}, clocks, refused)


class Reading:
    """What every list shows, and ``more``: by the ids of its cases, and by lists of other ids."""

    def __init__(self, **more: PreparedQuery[Any]) -> None:
        self.names, self.together = tuple(more), CombinedQuery(_NAMES, CLOCKS, REFUSALS, *more.values())

    def __call__(self, cases: Sequence[Complaint], *lists: list[int]) -> tuple[CaseExtras, dict[str, list[Any]]]:
        """One query, beside one for keys that are not held yet: of consumers, of who has the cases, of what came
        besides."""
        given, live, refusals, *more = self.together([case.pk for case in cases], *lists)
        sealed_fields.load_for(
            [*given, *people_of(cases), *(row for rows in more for row in (*rows, *people_of(rows)))]
        )
        return CaseExtras.of(given, live, refusals), dict(zip(self.names, more, strict=True))


_READING = Reading()


def beside(cases: Sequence[Complaint]) -> CaseExtras:
    """What every list shows, and nothing more."""
    return _READING(cases)[0]


def people_of(rows: Iterable[Model]) -> list[User]:
    """Who has these cases, and who these officers are, as far as they came with their rows."""
    held = (row._state.fields_cache.get(name) for row in rows for name in ("officer", "handler"))
    return [
        user for one in (*rows, *held) if one is not None and (user := one._state.fields_cache.get("user")) is not None
    ]
