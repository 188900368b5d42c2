"""/authority/intake/: a complaint by telephone, at the counter, by letter or from 12345, written down by an officer.

The questions, their checks and the filing are those of the person's own screens; the officer reads it
back before it is filed, stands in the record as who wrote it down, and the consumer is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import key_of, once
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.limits import place_of
from authorities.models import Region
from complaints import handling, wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.filing import composing, drafts, places, screens
from complaints.filing.composing import JUDGED, Unfinished
from complaints.filing.forms import Step
from complaints.links import joining
from complaints.models import Complaint
from complaints.models.evidence import FilingDraft
from complaints.pages.authority.intake.intake_forms import HOTLINE, SOURCE, CameForm, ReadBackForm
from complaints.pages.authority.triage.signals_shown import looked_back_at, shown
from complaints.parties.actors import Actor, on_behalf_of
from complaints.procedure.filing_request import AGENT, JOINT, FilingRequest
from complaints.procedure.working_calendar import SHANGHAI
from complaints.triage.signal_facts import signals_of_request
from enterprises.models import Station


@dataclass(frozen=True, slots=True)
class Sheet:
    """One complaint on the officer's desk: what was typed, by the questions of filing, and how it came."""

    draft: FilingDraft
    came: CameForm
    steps: Mapping[str, Step]

    @property
    def is_valid(self) -> bool:
        # Every form is asked, so that all that is wrong is said at once.
        return all([self.came.is_valid(), *(form.is_valid() for form in self.steps.values())])

    @property
    def forms(self) -> list[Any]:
        return [self.came, *self.steps.values()]


@officer_page("GET", "POST")
def intake(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Asked, read back, filed; without a script."""
    writer = _writer(workspace)
    data = request.POST if request.method == "POST" else None
    is_judged = data is not None and "find" not in data
    sheet = _sheet(request, workspace, data, source=_source(writer) if is_judged else None)
    if not is_judged or data is None:
        return _ask(request, workspace, sheet)
    # A form that was sent before shows its case again, whatever its number of 12345 is by now.
    read = ReadBackForm(data if "stage" in data else None)
    to, filing = "", None
    with once(request) as attempt:
        if not attempt.answered and sheet.is_valid:
            filing = _composed(request, sheet, workspace)
            if filing is not None and read.is_bound and read.is_valid():
                case = _file(request, filing, sheet, writer, workspace)
                if case is None:
                    filing = None
                else:
                    attempt.reference = (
                        f"{reverse('complaints:authority-intake-receipt', args=[case.number])}?of={sheet.draft.pk}"
                    )
                    messages.success(
                        request, _("%(number)s：已登记，消费者会收到通知。") % {"number": case.number}, extra_tags="ok"
                    )
        to = attempt.reference
    if to:
        return redirect(to)
    if filing is None:
        return _ask(request, workspace, sheet, status=422)
    return _read_back(request, workspace, sheet, filing, data, read)


def _writer(workspace: Workspace) -> Actor:
    """Who may write down for others; who only reads finds no such page."""
    actor = next((one for one in workspace.actors if one.may(Right.WRITE_DOWN)), None)
    if actor is None:
        raise Http404
    return actor


def _source(writer: Actor) -> str:
    """Under which name this office takes numbers of 12345: with the city's code, above the cities with its own."""
    first = writer.region[0] if writer.region is not None else 0
    above = Region.objects.filter(id__lte=first, last__gte=first).exclude(
        level__in=(Region.Level.COUNTY, Region.Level.TOWNSHIP)
    )
    return f"{SOURCE}:{above.order_by('-id').values_list('code', flat=True).first() or ''}"


def _sheet(request: HttpRequest, workspace: Workspace, data: QueryDict | None, *, source: str | None) -> Sheet:
    """``source`` None: what was typed is shown, not judged."""
    is_judged = source is not None
    pk = (
        uuid.uuid5(uuid.NAMESPACE_OID, f"intake:{workspace.user.pk}:{key_of(request)}")
        if data is not None
        else uuid.uuid4()
    )
    draft = FilingDraft(pk=pk)
    if data is not None:
        draft.data = {step: _typed(data, step) for step in JUDGED}
        draft.data["you"]["is_unverified"] = ["on"]
    came = CameForm(
        data if is_judged else None,
        today=workspace.today,
        stations=_stations(workspace),
        source=source or "",
        initial=(
            {}
            if data is None
            else {name.removeprefix("came-"): data[name] for name in data if name.startswith("came-")}
        ),
    )
    return Sheet(draft, came, {step: _step(draft, step, today=workspace.today, is_judged=is_judged) for step in JUDGED})


def _typed(data: QueryDict, step: str) -> dict[str, list[str]]:
    start = f"{step}-"
    posted = MultiValueDict({name.removeprefix(start): data.getlist(name) for name in data if name.startswith(start)})
    return {name: values for name, values in drafts.typed_in(posted, list(posted)).items() if values != [""]}


def _step(draft: FilingDraft, step: str, *, today: date, is_judged: bool) -> Step:
    kept = MultiValueDict({f"{step}-{name}": list(values) for name, values in draft.data.get(step, {}).items()})
    form = drafts.form_of(draft, step, today=today, data=kept if is_judged else None, prefix=step)
    form.label_suffix = ""
    return form


def _stations(workspace: Workspace) -> list[Station]:
    regions = [actor.region for actor in workspace.actors if actor.region is not None]
    here = reduce(or_, (Q(authority__region__id__range=region) for region in regions))
    return list(Station.objects.on(workspace.today).filter(here).order_by("code")[:500])


def _composed(request: HttpRequest, sheet: Sheet, workspace: Workspace) -> FilingRequest | None:
    """What will be filed; None when the questions of filing together refuse what each of them took."""
    token = drafts.tracking_token(sheet.draft, _whose(workspace))
    found = composing.to_request(
        sheet.draft,
        now=workspace.now,
        language=get_language() or settings.LANGUAGE_CODE,
        tracking_digest=drafts.tracking_digest(token),
        forms=sheet.steps,
    )
    if isinstance(found, Unfinished):
        return None
    said, user = sheet.came.cleaned_data, _account(sheet, found)
    return replace(
        found,
        channel=said["channel"],
        received_at=_received(said["received_on"], workspace),
        is_at_authority=True,
        station_id=int(said["station"]) if said["station"] else None,
        station_sees=False,
        contact_verified=sheet.came.is_verified,
        consumer_id=user.pk if user is not None else None,
        external_source=sheet.came.source if said["channel"] == HOTLINE else "",
        external_id=said["handed_over"],
    )


def _whose(workspace: Workspace) -> str:
    return f"intake:{workspace.user.pk}"


def _received(day: date | None, workspace: Workspace) -> datetime:
    """A day before today counts as a day; which hour of it does not matter (art. 45)."""
    return workspace.now if day is None or day >= workspace.today else datetime.combine(day, time(12), tzinfo=SHANGHAI)


def _account(sheet: Sheet, filing: FilingRequest) -> User | None:
    """The account of this number, where it is known that the person has the number."""
    return (
        User.objects.with_phone(filing.consumer_phone).filter(is_active=True).first()
        if sheet.came.is_verified
        else None
    )


def _file(
    request: HttpRequest, filing: FilingRequest, sheet: Sheet, writer: Actor, workspace: Workspace
) -> Complaint | None:
    """None where the number of 12345 is taken by a case out of sight; the form says so."""
    user = User.objects.filter(pk=filing.consumer_id).first() if filing.consumer_id is not None else None
    actor = on_behalf_of(
        filing.consumer_id,
        filing.consumer_name,
        user.person_key if user is not None else uuid.uuid4(),
        by=replace(writer, channel=filing.channel),
        channel=filing.channel,
        recording=sheet.came.recording,
    )
    try:
        with transaction.atomic():
            (case,) = handling.file([filing], actor=actor, now=workspace.now)
            if filing.on_behalf.kind in (JOINT, AGENT):
                joining.ask(case, place=place_of(request), now=workspace.now)
    except IntegrityError as error:
        if "external_complaint_is_filed_once" not in str(error):
            raise
        sheet.came.refuse_number()
        return None
    return case


# --- what is shown ----------------------------------------------------------------------------


def _ask(request: HttpRequest, workspace: Workspace, sheet: Sheet, *, status: int = 200) -> HttpResponseBase:
    steps = sheet.steps
    wrong = [form for form in sheet.forms if form.is_bound and form.errors]
    return render(
        request,
        "authority/intake.html",
        {
            "came": sheet.came,
            "steps": steps,
            "wrong": wrong,
            "now": workspace.now,
            "regions": _regions(workspace),
            "who": screens.enterprise_screen(steps["enterprise"], today=workspace.today),
            "others": screens.others_screen(steps["you"]),
            "demands": screens.demands_screen(steps["demands"]),
            "consents": [steps["consents"][name] for name in steps["consents"].fields],
        },
        status=status,
    )


def _regions(workspace: Workspace) -> list[tuple[str, list[places.Place]]]:
    """The counties that this desk knows, by city; the own city first."""
    city = places.local_city()
    at = next((actor.region[0] for actor in workspace.actors if actor.region is not None), 0)
    province = at // 10_000_000 * 10_000_000 if at else 0
    if not province and city is not None:
        province = city.pk // 10_000_000 * 10_000_000
    _found, groups = places.inside(province)
    if not groups:
        name, near = places.nearby()
        groups = [(name, near)]
    here = str(city) if city is not None else ""
    return sorted(groups, key=lambda group: group[0] != here)


def _read_back(
    request: HttpRequest, workspace: Workspace, sheet: Sheet, filing: FilingRequest, data: QueryDict, read: ReadBackForm
) -> HttpResponseBase:
    """What will be filed, to be read out; nothing has happened yet."""
    user = User.objects.filter(pk=filing.consumer_id).first() if filing.consumer_id is not None else None
    found = signals_of_request(
        filing,
        regions=workspace.regions,
        looked_back=looked_back_at(workspace),
        person=user.person_key if user is not None else None,
    )
    nothing: dict[str, str] = dict.fromkeys([*JUDGED, "evidence", "respondents"], "")
    return render(
        request,
        "authority/intake_read.html",
        {
            # The number is shown whole below, with what the officer knows of it.
            "sections": [
                (heading, [line for line in lines if str(line.key) != _("手机")])
                for heading, lines in screens.summary(
                    sheet.draft,
                    sheet.steps,
                    picked=drafts.picked(sheet.draft, today=workspace.today),
                    addresses=nothing,
                )
            ],
            "came": _came(sheet),
            "kept": [
                (name, value)
                for name in data
                if name not in ("csrfmiddlewaretoken", "idempotency_key", "stage", "read", "go")
                for value in data.getlist(name)
            ],
            "signals": [shown(one, "") for one in found],
            "read": read,
            "phone": filing.consumer_phone,
            "is_verified": filing.contact_verified,
            "now": workspace.now,
        },
        status=422 if read.is_bound else 200,
    )


def _came(sheet: Sheet) -> list[tuple[str, str]]:
    said = sheet.came.cleaned_data
    lines = [
        (_("怎么来的"), wording.label(said["channel"], kind="channel")),
        (_("收到的日期"), screens.day_text(said["received_on"]) or _("今天")),
        (_("12345工单号"), said["handed_over"]),
        (_("凭证编号"), said["proof"]),
    ]
    return [(label, words) for label, words in lines if words]
