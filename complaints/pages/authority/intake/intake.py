"""/authority/intake/: a complaint by telephone, at the counter, by letter or from 12345, written down by an officer.

The questions, their checks and the filing are those of the person's own screens. What is said is heard as there and
fills in the sheet; beside it stands what will be filed, in sentences to be read out, and only that is filed. The
receipt shows the token to the officer who filed it, for half an hour.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import key_of, once
from accounts.keys import sealed_fields
from accounts.masking import masked_name, masked_phone
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.limits import place_of
from authorities.models import Region
from complaints import handling, wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.filing import composing, drafts, heard_screen, heard_sheet, places, screens
from complaints.filing.composing import Unfinished
from complaints.filing.forms import CHOOSE, Step
from complaints.filing.heard_sheet import Heard
from complaints.filing.outlook import ahead
from complaints.filing.people import OPTIONAL, consent_questions
from complaints.filing.steps import STEP_CODES
from complaints.links import joining, slips
from complaints.models import Complaint, Deadline, PersonalText
from complaints.models.evidence import FilingDraft
from complaints.pages.authority.intake.on_behalf import CALL, HOTLINE, SOURCE, CameForm, ReadBackForm
from complaints.pages.authority.intake.read_back import read_back
from complaints.pages.authority.triage.triage import looked_back_at, signal_view
from complaints.parties.actors import Actor, on_behalf_of
from complaints.parties.conditions import current_calendar
from complaints.procedure.filing_request import AGENT, JOINT, SELF, FilingRequest
from complaints.procedure.workflow import Audience
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import AUTHORITY, case_url
from complaints.record import anchors
from complaints.triage.signal_facts import signals_of_request
from complaints.wording.next_action import next_action_of
from database.row_security import show, working_as_steps
from enterprises.models import Station
from web.incoming import posted
from web.qr import qr_code


@dataclass(frozen=True, slots=True)
class Sheet:
    """One complaint in front of an officer: what was typed, by the questions of filing, and how it came."""

    draft: FilingDraft
    came: CameForm
    steps: Mapping[str, Step]

    @property
    def is_valid(self) -> bool:
        # Every form is asked, so that all that is wrong is said at once.
        return all([self.came.is_valid(), *(form.is_valid() for form in self.steps.values())])

    @property
    def wrong(self) -> list[BaseForm]:
        return [form for form in (self.came, *self.steps.values()) if form.is_bound and form.errors]

    @property
    def mark(self) -> str:
        """Tells what was read out from what was changed afterwards."""
        said = [self.draft.data.get(step) for step in STEP_CODES]
        typed = json.dumps([said, self.came.cleaned_data], sort_keys=True, default=str)
        return hashlib.sha256(typed.encode()).hexdigest()[:32]


@officer_page("GET", "POST")
def intake(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Asked, read back, filed: all on one page."""
    writer = next((actor for actor in workspace.actors if actor.may(Right.WRITE_DOWN)), None)
    if writer is None:
        # Who only reads finds no such page.
        raise Http404
    data = posted(request)
    draft = FilingDraft(pk=uuid.uuid4(), data={"you": {"behalf": [SELF]}})
    if data is None:
        return _show(request, workspace, _sheet(draft, workspace, {"channel": CALL}))
    text = data.get("problem-statement", "")
    heard = _take_in(request, workspace, draft, data)
    sheet = _sheet(draft, workspace, data, source=_source(writer))
    # A form that was sent before shows its case again, whatever its number of 12345 is by now.
    read, filing = None, None
    if "find" in data:
        filing = _composed(request, sheet, workspace) if sheet.is_valid else None
        typed = {name.removeprefix("came-"): data[name] for name in data if name.startswith("came-")}
        asked = _sheet(draft, workspace, typed)
        return _show(request, workspace, asked, judged=sheet, filing=filing, heard=heard, text=text)
    with once(request) as attempt:
        if not attempt.answered and sheet.is_valid:
            filing = _composed(request, sheet, workspace)
            read = ReadBackForm(data, is_same=data["stage"] == sheet.mark) if filing and "stage" in data else None
            if filing is not None and read is not None and read.is_valid():
                case = _file(request, filing, sheet, writer, workspace)
                if case is None:
                    filing = None
                else:
                    receipt_url = reverse("complaints:authority-intake-receipt", args=[case.number])
                    attempt.reference = f"{receipt_url}?of={sheet.draft.pk}"
                    done = _("%(number)s：已登记，消费者会收到通知。") % {"number": case.number}
                    messages.success(request, done, extra_tags="ok")
    if attempt.reference:
        return redirect(attempt.reference)
    status = 422 if filing is None or read is not None else 200
    return _show(request, workspace, sheet, filing=filing, heard=heard, text=text, read=read, status=status)


def _source(writer: Actor) -> str:
    """Under which name this office takes numbers of 12345: with the city's code, above the cities with its own."""
    first = writer.region[0] if writer.region is not None else 0
    above = Region.objects.filter(id__lte=first, last__gte=first).exclude(
        level__in=(Region.Level.COUNTY, Region.Level.TOWNSHIP)
    )
    return f"{SOURCE}:{above.order_by('-id').values_list('code', flat=True).first() or ''}"


def _take_in(request: HttpRequest, workspace: Workspace, draft: FilingDraft, data: QueryDict) -> Heard:
    """Puts what was typed into the draft, and what is heard in it where nothing was typed."""
    draft.pk = uuid.uuid5(uuid.NAMESPACE_OID, f"intake:{workspace.user.pk}:{key_of(request)}")
    draft.data = {step: _typed(data, step) for step in STEP_CODES}
    draft.data["you"]["is_unverified"] = ["on"]
    return heard_sheet.fill(draft, put=data.getlist("put"), now=workspace.now, today=workspace.today)


def _sheet(draft: FilingDraft, workspace: Workspace, typed: Mapping[str, Any], *, source: str | None = None) -> Sheet:
    """``source`` None: what was typed (how it came, without prefix) is shown, not judged."""
    is_judged = source is not None
    regions = [actor.region for actor in workspace.actors if actor.region is not None]
    here = reduce(or_, (Q(authority__region__id__range=region) for region in regions))
    came = CameForm(
        typed if is_judged else None,
        today=workspace.today,
        stations=list(Station.objects.on(workspace.today).filter(here).order_by("code")[:500]),
        source=source or "",
        initial={} if is_judged else dict(typed),
    )
    forms = {step: _step(draft, step, today=workspace.today, is_judged=is_judged) for step in STEP_CODES}
    return Sheet(draft, came, forms)


def _typed(data: QueryDict, step: str) -> dict[str, list[str]]:
    start = f"{step}-"
    posted = MultiValueDict({name.removeprefix(start): data.getlist(name) for name in data if name.startswith(start)})
    return {name: values for name, values in drafts.typed_in(posted, list(posted)).items() if values != [""]}


def _step(draft: FilingDraft, step: str, *, today: date, is_judged: bool) -> Step:
    kept = MultiValueDict({f"{step}-{name}": list(values) for name, values in draft.data.get(step, {}).items()})
    form = drafts.form_of(draft, step, today=today, data=kept if is_judged else None, prefix=step)
    form.label_suffix = ""
    return form


def _composed(request: HttpRequest, sheet: Sheet, workspace: Workspace) -> FilingRequest | None:
    """What will be filed; None when the questions of filing together refuse what each of them took."""
    filing = composing.to_request(
        sheet.draft,
        now=workspace.now,
        language=get_language() or settings.LANGUAGE_CODE,
        tracking_digest=drafts.tracking_digest(drafts.tracking_token(sheet.draft, _whose(workspace))),
        forms=sheet.steps,
    )
    if isinstance(filing, Unfinished):
        return None
    cleaned, now, account = sheet.came.cleaned_data, workspace.now, None
    day: date | None = cleaned["received_on"]
    if sheet.came.is_verified:
        # The account of this number, as it is known that the person has the number.
        with working_as_steps():
            account = User.objects.with_phone(filing.consumer_phone).filter(is_active=True).first()
    return replace(
        filing,
        channel=cleaned["channel"],
        # A day before today counts as a day; which hour of it does not matter (art. 45).
        received_at=now if day is None or day >= workspace.today else datetime.combine(day, time(12), tzinfo=SHANGHAI),
        is_at_authority=True,
        station_id=int(cleaned["station"]) if cleaned["station"] else None,
        station_sees=False,
        contact_verified=sheet.came.is_verified,
        consumer_id=account.pk if account is not None else None,
        external_source=sheet.came.source if cleaned["channel"] == HOTLINE else "",
        external_id=cleaned["handed_over"],
    )


def _whose(workspace: Workspace) -> str:
    return f"intake:{workspace.user.pk}"


def _file(
    request: HttpRequest, filing: FilingRequest, sheet: Sheet, writer: Actor, workspace: Workspace
) -> Complaint | None:
    """None where the number of 12345 is taken by a case that is not visible; the form says so."""
    actor = on_behalf_of(
        filing.consumer_id,
        filing.consumer_name,
        _person_key(filing) or uuid.uuid4(),
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


def _person_key(filing: FilingRequest) -> uuid.UUID | None:
    user = User.objects.filter(pk=filing.consumer_id).first() if filing.consumer_id is not None else None
    return user.person_key if user is not None else None


def _show(
    request: HttpRequest,
    workspace: Workspace,
    sheet: Sheet,
    *,
    judged: Sheet | None = None,
    filing: FilingRequest | None = None,
    heard: Heard | None = None,
    text: str = "",
    read: ReadBackForm | None = None,
    status: int = 200,
) -> HttpResponseBase:
    """``judged``: the same sheet, where ``sheet`` only shows what was typed. ``text``: the words in the box."""
    steps, whole = sheet.steps, judged or sheet
    if heard and heard.problems:
        kinds: Any = steps["problem"].fields["problem_category"]
        kinds.choices = [CHOOSE, (_("听起来像"), heard.problems), *list(kinds.choices)[1:]]
    context = {
        "came": sheet.came,
        "steps": steps,
        "wrong": sheet.wrong,
        "regions": _regions(workspace),
        "who": screens.enterprise_screen(steps["enterprise"], today=workspace.today),
        "others": screens.others_screen(steps["you"]),
        "demands": screens.demands_screen(steps["demands"], heard=heard.demands if heard else ()),
        "own_fields": (own_fields := heard_screen.own_fields(steps)),
        "more_open": any(one.value() or one.errors for one in (*own_fields[1], steps["problem"]["noticed_on"])),
        "needed": [one for one in steps["consents"] if one.name not in OPTIONAL],
        "optional": [one for one in steps["consents"] if one.name in OPTIONAL],
        "heard": heard,
        "text": text,
        "read": read or ReadBackForm(),
        "missing": [str(form[name].label) for form in whole.wrong for name in form.errors if name in form.fields],
    }
    if filing is not None:
        picked = drafts.picked(whole.draft, today=workspace.today)
        signals = signals_of_request(
            filing, regions=workspace.regions, looked_back=looked_back_at(workspace), person=_person_key(filing)
        )
        context |= {
            "sentences": read_back(whole.draft, whole.steps, filing, picked=picked, now=workspace.now),
            "came_as": _came(whole),
            "signals": [signal_view(one, "") for one in signals],
            "mark": whole.mark,
            "is_verified": filing.contact_verified,
        }
    return render(request, "authority/intake.html", context, status=status)


def _regions(workspace: Workspace) -> list[tuple[str, list[places.Place]]]:
    """The counties that this officer's authority knows, by city; the own city first."""
    city = places.local_city()
    at = next((actor.region[0] for actor in workspace.actors if actor.region is not None), 0)
    province = at // 10_000_000 * 10_000_000 if at else 0
    if not province and city is not None:
        province = city.pk // 10_000_000 * 10_000_000
    _place, groups = places.inside(province)
    if not groups:
        name, near = places.nearby()
        groups = [(name, near)]
    here = str(city) if city is not None else ""
    return sorted(groups, key=lambda group: group[0] != here)


def _came(sheet: Sheet) -> list[tuple[str, str]]:
    cleaned = sheet.came.cleaned_data
    lines = [
        (_("怎么来的"), wording.label(cleaned["channel"], kind="channel")),
        (_("收到的日期"), screens.day_text(cleaned["received_on"]) or _("今天")),
        (_("12345工单号"), cleaned["handed_over"]),
        (_("凭证编号"), cleaned["proof"]),
    ]
    return [(label, text) for label, text in lines if text]


@officer_page("GET")
def receipt(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    case, token = _case_and_token(number, request.GET.get("of", ""), workspace)
    rows = list(
        PersonalText.objects.filter(
            complaint=case, audience="parties", kind__in=("consumer_name", "consumer_phone")
        ).order_by("sequence")
    )
    sealed_fields.load_for(rows)
    texts = {row.kind: row.text for row in rows}
    phone = masked_phone(texts.get("consumer_phone", ""))
    enterprise = str(case.picked_enterprise or "")
    labels = {one.code: one.short for name in (enterprise, "") for one in consent_questions(name)}
    stand = next_action_of(
        complaint=case,
        clocks=list(Deadline.objects.filter(complaint=case, ended_at=None)),
        viewer_side="consumer",
        now=workspace.now,
        calendar=current_calendar(),
    )
    until = (case.filed_at or workspace.now) + slips.VALID_FOR
    context: dict[str, Any] = {
        "case": case,
        "token": token,
        "next_action": stand,
        "sentence": stand.sentence,
        # A case of another region has no page for this officer.
        "back": case_url(case, AUTHORITY) if workspace.cases().filter(pk=case.pk).exists() else "",
        "qr": qr_code(f"{place_of(request)}{slips.path_of(case, until=until)}") if token else None,
        "channel": wording.label(case.channel, kind="channel"),
        "consumer": masked_name(texts.get("consumer_name", "")),
        "phone": phone,
        "ahead": ahead(case, phone=phone, now=workspace.now),
        "anchor": anchors.receipt_of(case.number, Audience.PARTIES, case.last_sequence, bytes(case.last_hash)),
        "consents": [
            (labels[code], case.consents[code]) for code in labels if isinstance(case.consents.get(code), bool)
        ],
    }
    return render(request, "authority/intake_receipt.html", context)


def _case_and_token(number: str, typed: str, workspace: Workspace) -> tuple[Complaint, str]:
    """The case and its token: by the secret of who filed it for half an hour; afterwards, and for all others, without
    token.

    Raises Http404 for who has neither the secret nor sees the case.
    """
    rows = Complaint.objects.select_related(
        "enterprise", "branch", "handling_authority", "picked_enterprise", "picked_branch", "station"
    )
    token = ""
    # Of what somebody else wrote down, the token opens nothing.
    with suppress(ValueError):
        token = drafts.tracking_token(FilingDraft(pk=uuid.UUID(typed)), _whose(workspace))
    if token:
        shown = show(drafts.tracking_digest(token), number=number)
        own = rows.filter(number=number, filed_at__gt=workspace.now - drafts.RECEIPT_FOR)
        if (case := own.first()) is not None and case.pk == shown.case:
            return case, token
    return rows.get(pk=workspace.find(number).complaint.pk), ""
