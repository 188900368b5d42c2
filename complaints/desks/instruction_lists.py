"""Instructions (督办) as lists: the four columns of a board, and what a row or a card says of one.

A column is one condition on matters of cases that the reader sees, for its number, its cards and its table
alike; a page of rows costs the same number of queries however many instructions there are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from authorities.models import Authority
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace
from complaints.models import Complaint, Deadline, HandlingStep, Matter, PersonalText
from complaints.procedure.workflow import Audience, Status
from complaints.procedure.working_calendar import Calendar
from complaints.reading.case import AUTHORITY, CasePage, case_url
from complaints.reading.case_record import Message
from complaints.wording.clock import clock_facts
from database.prepared import CombinedQuery, PreparedQuery
from web.languages import named

#: Answered ones stay on the board so long; older ones are on their case.
ANSWERED_SINCE = timedelta(days=30)
#: What a row says of others than the matter.
RELATED = (
    *("complaint__enterprise", "complaint__branch", "complaint__handling_authority"),
    *("enterprise", "authority", "to_authority", "engagement__branch"),
)
Rows = QuerySet[Matter]
BY_LAST_MOMENT, BY_ANSWER = keyset.Order("until_at"), keyset.Order("closed_at", falling=True)
#: What this workspace sent, and what was sent to it.
SENT, RECEIVED = "sent", "received"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the board: its label, its tone, what stands in it, in which order."""

    code: str
    title: Any
    tone: str
    of: Callable[[Rows, Workspace, str], Rows]
    empty: Any
    order: keyset.Order = BY_LAST_MOMENT


def _clock(**which: Any) -> Exists:
    return Exists(Deadline.objects.filter(matter=OuterRef("pk"), ended_at=None, **which))


def _waiting(rows: Rows, workspace: Workspace, box: str) -> Rows:
    return rows.filter(of_box(workspace, box), state="open", until_at__gt=workspace.now)


def _late(rows: Rows, workspace: Workspace, box: str) -> Rows:
    return rows.filter(
        of_box(workspace, box), ~Q(_clock(escalations__gte=2)), state="open", until_at__lte=workspace.now
    )


def _escalated(rows: Rows, workspace: Workspace, box: str) -> Rows:
    """Those that were reported for the second time; of what this workspace sent also what was reported to it."""
    own = of_box(workspace, box)
    result = own & Q(_clock(escalations__gte=2))
    if box == SENT:
        result |= ~own & ~of_box(workspace, RECEIVED) & Q(_clock(escalated_to__in=own_and_above(workspace)))
    return rows.filter(result, state="open")


def _answered(rows: Rows, workspace: Workspace, box: str) -> Rows:
    return rows.filter(of_box(workspace, box), state="answered", closed_at__gte=workspace.now - ANSWERED_SINCE)


def _open(rows: Rows, workspace: Workspace, box: str) -> Rows:
    return rows.filter(of_box(workspace, box), state="open")


#: Whatever waits for an answer, in time or not: a table without a column on the board.
UNANSWERED = Column("open", gettext_lazy("还没有回复的"), "warn", _open, gettext_lazy("没有等待回复的督办。"))
COLUMNS: dict[str, Column] = {
    column.code: column
    for column in (
        Column("waiting", gettext_lazy("待回复"), "warn", _waiting, gettext_lazy("没有等待回复的督办。")),
        Column("late", gettext_lazy("逾期"), "bad", _late, gettext_lazy("没有逾期的督办。")),
        Column("escalated", gettext_lazy("升级"), "authority", _escalated, gettext_lazy("没有升级的督办。")),
        Column("answered", gettext_lazy("已回复"), "ok", _answered, gettext_lazy("近30天没有收到回复。"), BY_ANSWER),
    )
}


def own_and_above(workspace: Workspace) -> QuerySet[Any]:
    """These authorities and everybody above them: what was reported so high was reported to us or past us. No query
    yet."""
    own = [actor.authority_id for actor in workspace.actors]
    above, path = Q(pk__in=own), "children"
    for _level in Authority.Level.choices[1:]:
        above |= Q(**{f"{path}__in": own})
        path += "__children"
    results: QuerySet[Any] = Authority.objects.filter(above).order_by().values("pk")
    return results


def of_box(workspace: Workspace, box: str) -> Q:
    """What this workspace sent, or what was sent to it."""
    name = "to_authority_id__in" if box == RECEIVED else "authority_id__in"
    return Q(**{name: workspace.authority_ids})


def instructions(workspace: Workspace, unit: int | None = None) -> Rows:
    """All instructions in the regions of this workspace; ``unit``: about cases of that authority and those below it."""
    rows = Matter.objects.filter(kind="urge", complaint__in=workspace.cases())
    if unit is not None:
        rows = rows.filter(complaint__handling_authority_id__in={unit} | workspace.conditions.jurisdiction.below(unit))
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionRow:
    """One instruction, ready to be shown. ``reported``: whom the silence was reported to, and how often."""

    matter: Matter
    complaint: Complaint
    url: str
    case_url: str
    to: str
    by: str
    text: str
    clock: dict[str, Any] | None
    reported: str
    is_ours_to_answer: bool


def rows_of(
    matters: Sequence[Matter],
    *,
    now: datetime,
    calendar: Calendar,
    url: Callable[[Matter], str] | None = None,
    side: str = AUTHORITY,
    mine: frozenset[int] = frozenset(),
    beside: tuple[Iterable[Deadline], Sequence[PersonalText]] | None = None,
) -> list[InstructionRow]:
    """One query for any number, beside keys that are not held yet; none where what stands ``beside`` was read."""
    if not matters:
        return []
    live, given = beside or _BESIDE([matter.pk for matter in matters])
    clocks, texts, result = {clock.matter_id: clock for clock in live}, _by_matter(matters, given), []
    for matter in matters:
        clock, case = clocks.get(matter.pk), matter.complaint
        facts = None
        if clock is not None and matter.state == "open":
            facts = clock_facts(deadline=clock, now=now, calendar=calendar, status=Status(case.status))
        result.append(
            InstructionRow(
                matter=matter,
                complaint=case,
                url=(url or instruction_url)(matter),
                case_url=case_url(case, side),
                to=addressee(matter),
                by=named(matter.authority) if matter.authority else "",
                text=texts.get(matter.pk, ""),
                clock=facts,
                reported=escalation_text(clock),
                is_ours_to_answer=matter.state == "open" and matter.to_authority_id in mine,
            )
        )
    return result


def read(ids: Iterable[int], **shown: Any) -> dict[int, InstructionRow]:
    """`rows_of` the instructions with these ids, by id; one query more for any number of keys."""
    matters, *beside = _WITH_MATTERS(list(ids))
    return {row.matter.pk: row for row in rows_of(matters, beside=(beside[0], beside[1]), **shown)}


def instruction_url(matter: Matter) -> str:
    return reverse("complaints:authority-urge", args=[matter.pk])


def addressee(matter: Matter) -> str:
    """To whom it was sent: an authority, or the branch that had the case."""
    if matter.to_authority is not None:
        return named(matter.to_authority)
    branch = matter.engagement.branch if matter.engagement is not None else None
    row = branch or matter.enterprise
    return named(row) if row else ""


def escalation_text(clock: Deadline | None) -> str:
    if clock is None or clock.escalated_to is None:
        return ""
    return _("已报%(authority)s（第%(n)s次）") % {"authority": named(clock.escalated_to), "n": clock.escalations}


def _by_matter(matters: Iterable[Matter], texts: Sequence[PersonalText]) -> dict[int, str]:
    opened = {(matter.complaint_id, matter.opened_at): matter.pk for matter in matters}
    sealed_fields.load_for(texts)
    return {opened[key]: text.text for text in texts if (key := (text.complaint_id, text.written_at)) in opened}  # type: ignore[attr-defined]


def _texts(matters: Any) -> QuerySet[PersonalText]:
    """What entries of this kind say in the cases of these instructions, with when they were written."""
    entry = HandlingStep.objects.filter(
        complaint_id=OuterRef("complaint_id"), audience=OuterRef("audience"), sequence=OuterRef("sequence"), step="urge"
    )
    return (
        PersonalText.objects.filter(
            complaint_id__in=Matter.objects.filter(pk__any_of=matters).values("complaint_id"), kind="message"
        )
        .annotate(written_at=Subquery(entry.values("written_at")[:1]))
        .filter(written_at__isnull=False)
    )


# By the ids of instructions.
_CLOCKS = PreparedQuery(
    lambda matters: Deadline.objects.filter(matter_id__any_of=matters).select_related("escalated_to"), list
)
_TEXTS = PreparedQuery(_texts, list)
_BESIDE = CombinedQuery(_CLOCKS, _TEXTS)
_WITH_MATTERS = CombinedQuery(
    PreparedQuery(lambda matters: Matter.objects.filter(pk__any_of=matters).select_related(*RELATED), list),
    _CLOCKS,
    _TEXTS,
)


def messages_of(page: CasePage, matter: Matter) -> list[Message]:
    """The instruction and its answer, as the thread of the case has them."""
    entries = HandlingStep.objects.filter(complaint=matter.complaint, step__in=["urge", "answer_instruction"])
    own = {
        (entry.audience, entry.sequence)
        for entry in entries
        if (entry.step == "urge" and entry.written_at == matter.opened_at)
        or (entry.step != "urge" and entry.data.get("matter") == matter.pk)
    }
    talk = [(Audience.PARTIES, page.thread), (Audience.AUTHORITY, page.confidential)]
    return [message for audience, messages in talk for message in messages if (audience, message.sequence) in own]


def escalations_of(matter: Matter) -> list[dict[str, Any]]:
    """Who was told of the silence, when: as it stands in the record."""
    entries = HandlingStep.objects.filter(complaint_id=matter.complaint_id, step="escalate", data__matter=matter.pk)
    return [
        {"at": entry.happened_at, "to": entry.data["escalated_to"], "times": entry.data["times"]}
        for entry in entries.order_by("sequence")
    ]
