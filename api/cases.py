"""GET complaints/ and complaints/{number}/, and around the cases: who I am, the directory, what happened since.

A list costs a page, however long it is; and whether the contact data was seen stands in the record.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from api import exact, shapes, telling
from api.base import Answer, ApiView, RefusedAfterwards, StepRefused, WrongFields, once_only, validated
from api.caller import Caller, access_for, actors_for, caller, engagements_of, events_for, listed_for, side_of
from api.exact import StrictJSONParser
from api.filing import file_one
from api.step_shapes import STEPS
from authorities.periods import YEARS
from complaints import handling
from complaints.desks import keyset
from complaints.desks.case_search import numbered
from complaints.handling.transition import contact_access
from complaints.models import Complaint, Engagement
from complaints.models.complaint import OPEN
from complaints.procedure.refusals import not_yours
from complaints.procedure.workflow import Status
from complaints.reading.case import CONSUMER, ENTERPRISE, CaseAccess, page_of, steps_of
from complaints.reading.case_people import FULL, MASKED, NONE
from complaints.record import events
from database.row_security import working_as_steps
from enterprises.directory.finding import LONGEST_QUERY, find

MOST = 100
LISTED = ("enterprise", "branch", "handling_authority")


class CaseQuery(serializers.Serializer[Any]):
    """The conditions of a list; they narrow what the token sees and never widen it."""

    status = serializers.CharField(required=False, help_text="statuses joined by commas; with closed, closed cases too")
    state = exact.Choice(required=False, choices=["open", "closed", "any"], help_text="open without it")
    due_before = serializers.CharField(required=False, help_text="next_due_at before this instant")
    changed_since = serializers.CharField(required=False, help_text="last_event_at at or after this instant")
    external_ref = exact.Text(required=False, max_length=80)
    number = exact.Text(required=False, max_length=32)
    order = exact.Choice(required=False, choices=["due", "received"])
    after = exact.Text(required=False, max_length=60, help_text="`next` of the page before")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MOST)


class Cases(ApiView):
    """A page of cases; a new complaint."""

    scopes = {"GET": "cases:read", "POST": "cases:write"}
    # A complaint may be spoken.
    parser_classes = (StrictJSONParser, MultiPartParser)

    def get(self, request: Request) -> Response:
        who = caller(request)
        asked = validated(CaseQuery(data=request.query_params.dict()))
        rows, order = _narrowed(listed_for(who), asked, who)
        page = keyset.page_of(
            rows, {"after": asked.get("after", "")}, order, related=LISTED, size=asked.get("limit", keyset.PAGE)
        )
        refs = _refs(page.rows, who)
        result = {
            "results": [telling.line(case, external_ref=refs.get(case.pk)) for case in page.rows],
            "next": page.after or None,
        }
        return Response(shapes.CaseList(result).data)

    def post(self, request: Request) -> HttpResponse:
        return file_one(request)


def _narrowed(
    rows: QuerySet[Complaint], asked: Mapping[str, Any], who: Caller
) -> tuple[QuerySet[Complaint], keyset.Order]:
    state = asked.get("state", "")
    if asked.get("status"):
        wanted = set(asked["status"].split(","))
        if unknown := wanted - set(Status):
            raise WrongFields(
                {"/status": [_("没有这个状态：%(status)s") % {"status": ", ".join(sorted(unknown))[:100]}]}
            )
        rows = rows.filter(status__in=sorted(wanted))
        state = state or ("any" if Status.CLOSED in wanted else "open")
    if asked.get("number"):
        rows, state = rows.filter(**numbered(asked["number"].upper())), state or "any"
    if asked.get("external_ref"):
        state = state or "any"
        mine = Engagement.objects.filter(
            engagements_of(actors_for(who)), complaint=OuterRef("pk"), external_ref=asked["external_ref"]
        )
        rows = rows.filter(Exists(mine))
    if asked.get("due_before"):
        rows = rows.filter(next_due_at__lt=_moment(asked["due_before"], "due_before"))
    if asked.get("changed_since"):
        rows, state = rows.filter(last_event_at__gte=_moment(asked["changed_since"], "changed_since")), state or "any"
    if state == "closed":
        rows = rows.filter(status=Status.CLOSED)
    elif state != "any":
        rows = rows.filter(OPEN)
    order = asked.get("order") or ("received" if state in ("closed", "any") else "due")
    return rows, keyset.BY_DUE if order == "due" else keyset.BY_RECEIPT


def _moment(text: str, name: str) -> datetime:
    """An instant with or without a zone (then Beijing time); a plus sign may have become a space."""
    try:
        result = parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        result = None
    if result is None or not YEARS[0] < result.year < YEARS[1]:
        raise WrongFields({f"/{name}": [_("时间请写成 2026-12-02T09:00:00+08:00 这样。")]})
    return make_aware(result) if is_naive(result) else result


def _refs(cases: Sequence[Complaint], who: Caller) -> dict[int, str]:
    if side_of(who) != ENTERPRISE:
        return {}
    rows = Engagement.objects.filter(engagements_of(actors_for(who)), complaint__in=cases).order_by("pk")
    return dict(rows.values_list("complaint_id", "external_ref"))


class OneCase(ApiView):
    """One case, with its version for If-Match."""

    scopes = {"GET": "cases:read"}

    def get(self, request: Request, number: str) -> Response:
        who = caller(request)
        result = access_for(who, number)
        page = page_of(result, now=who.now, visibility=_visibility(who, result))
        shown = telling.whole(page, steps=[step for step in page.steps if step in STEPS])
        response = Response(shapes.Case(shown).data)
        response["ETag"] = shown["version"]
        return response


def _visibility(who: Caller, result: CaseAccess) -> str:
    """Others' data needs the scope and the right, and leaves one entry a case and day."""
    case, actor = result.complaint, result.actor
    if result.side == CONSUMER:
        return FULL
    if actor is None:
        return NONE
    if not who.token.allows("contact:read") or not contact_access.may_see_contact(
        case, actor, Engagement.objects.filter(complaint=case)
    ):
        return MASKED
    if not contact_access.program_saw_contact(steps_of(result), actor, on=who.today):
        try:
            handling.take(
                contact_access.reveal_contact(reason=contact_access.PROGRAM), [case.pk], actor=actor, now=who.now
            )
        except handling.StepNotAllowed:
            # A clock ran out at this moment and took the case elsewhere: a reading is not refused for that.
            return MASKED
        case.refresh_from_db(fields=["last_sequence", "last_hash"])
    return FULL


class CaseRecord(ApiView):
    """The chained entries that this side may read, oldest first."""

    scopes = {"GET": "cases:read"}

    def get(self, request: Request, number: str) -> Response:
        result = access_for(caller(request), number)
        entries = [telling.entry(step, names={}) for step in steps_of(result)]
        return Response(shapes.Record({"case": result.complaint.number, "entries": entries}).data)


class ExternalRefInput(serializers.Serializer[Any]):
    """The ticket of the enterprise's own system; empty takes it away."""

    external_ref = exact.Text(allow_blank=True, max_length=80)


class ExternalRef(ApiView):
    """The enterprise's ticket on its own time with the case; no other case of it may have the same."""

    scopes = {"POST": "cases:write"}

    def post(self, request: Request, number: str) -> HttpResponse:
        who = caller(request)

        def work() -> Answer:
            result = access_for(who, number)
            ref = validated(ExternalRefInput(data=request.data))["external_ref"].strip()
            if result.side != ENTERPRISE or result.actor is None:
                raise RefusedAfterwards(StepRefused(not_yours(), ()))
            _set_ref(result, ref, who)
            return Answer({"case": result.complaint.number, "external_ref": ref})

        return once_only(request, work)


def _set_ref(result: CaseAccess, ref: str, who: Caller) -> None:
    """On the newest time with the case; an older one of the same case gives the ticket up."""
    mine = Engagement.objects.filter(engagements_of(actors_for(who)), complaint=result.complaint).order_by("pk")
    newest = mine.last()
    if newest is None:
        raise RefusedAfterwards(StepRefused(not_yours(), ()))
    older = list(mine.filter(external_ref=ref).exclude(pk=newest.pk).values_list("pk", flat=True)) if ref else []
    try:
        with working_as_steps(), transaction.atomic():
            Engagement.objects.filter(pk__in=older).update(external_ref="")
            Engagement.objects.filter(pk=newest.pk).update(external_ref=ref)
    except IntegrityError:
        raise WrongFields({"/external_ref": [_("这个工单号已用于另一件投诉。")]}) from None


MOST_HITS = 20


class Me(ApiView):
    """As whom this token acts."""

    scopes = {"GET": ""}

    def get(self, request: Request) -> Response:
        who = caller(request)
        actors, token = actors_for(who), who.token
        return Response(
            shapes.Me(
                {
                    "side": side_of(who),
                    "organisation": str(token.enterprise or token.authority or ""),
                    "enterprise_id": token.enterprise_id,
                    "authority_id": token.authority_id,
                    "staff_ids": [a.staff_id for a in actors if a.staff_id is not None],
                    "roles": sorted({str(role) for a in actors for role in a.roles}),
                    "scopes": token.scopes,
                    "token": token.shown,
                    "expires_at": token.expires_at,
                    "language": who.user.language,
                }
            ).data
        )


class DirectoryQuery(serializers.Serializer[Any]):
    q = exact.Text(max_length=LONGEST_QUERY, help_text="a name, a brand, a credit code or its initials")
    region = serializers.IntegerField(
        required=False, min_value=1, max_value=2_147_483_647, help_text="those that serve it come first"
    )
    category = exact.Text(required=False, max_length=60)


class Enterprises(ApiView):
    """Who answers: enterprises by any of their names, best first."""

    scopes = {"GET": ""}

    def get(self, request: Request) -> Response:
        asked = validated(DirectoryQuery(data=request.query_params.dict()))
        region, category = asked.get("region"), asked.get("category", "")
        hits = find(asked["q"], on=caller(request).today, region_id=region, category=category, limit=MOST_HITS)
        return Response(shapes.EnterpriseHits({"results": hits}).data)


class EventQuery(serializers.Serializer[Any]):
    after = exact.Text(required=False, allow_blank=True, max_length=60, help_text="`next` of the look before")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=events.MOST)


class Events(ApiView):
    """What happened to the own cases, in the order in which it was committed; nothing is ever skipped."""

    scopes = {"GET": "events:read"}

    def get(self, request: Request) -> Response:
        who = caller(request)
        asked = validated(EventQuery(data=request.query_params.dict()))
        try:
            rows, after = events.events_after(
                asked.get("after", ""), visible=events_for(who), limit=asked.get("limit", 100)
            )
        except events.OddCursor:
            raise WrongFields({"/after": [_("请用上一次得到的next。")]}) from None
        enterprise = who.token.enterprise_id
        refs = events.external_refs(rows, enterprise_id=enterprise) if enterprise is not None else {}
        bodies = [events.event_body(row, external_ref=refs.get(row.complaint_id, "")) for row in rows]
        return Response(shapes.EventPage({"events": bodies, "next": after}).data)
