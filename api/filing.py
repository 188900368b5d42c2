"""POST complaints/: a complaint from a program of the person who complains, or of an office for somebody.

It is judged by the same forms as the screens of filing; here names are only translated,
there and back, so nothing is filed by a program that a person could not file.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from accounts.idempotency import key_of
from accounts.roles import Right
from api import exact
from api.base import Answer, NotAllowed, RefusedAfterwards, StepRefused, WrongFields, once_only, validated
from api.caller import Caller, actors_for, caller, side_of
from complaints import handling
from complaints.evidence import EvidenceRefused, keeping
from complaints.evidence.keeping import StoredFile
from complaints.filing import composing, drafts
from complaints.filing.composing import Unfinished
from complaints.filing.forms import LEFT_TO_AUTHORITY, NAMED
from complaints.filing.people import BEHALF
from complaints.handling import StepNotAllowed
from complaints.models import Complaint
from complaints.models.evidence import EvidenceKind, FilingDraft
from complaints.parties.actors import Actor, consumer, on_behalf_of
from complaints.procedure import categories
from complaints.procedure.filing_request import CONSENTS, SELF, FilingRequest
from complaints.procedure.sector_files import Question, Sector
from complaints.reading.case import CONSUMER, ENTERPRISE
from complaints.record.events import version_of
from database.row_security import working_as_steps

CHANNEL = "api"


class RespondentInput(serializers.Serializer[Any]):
    """Picked from the directory (GET enterprises/), or named in words; without either the authority decides."""

    enterprise_id = exact.Whole(required=False)
    branch_id = exact.Whole(required=False, allow_null=True)
    brand_id = exact.Whole(required=False, allow_null=True)
    named = exact.Text(required=False, allow_blank=True, max_length=120)
    address = exact.Text(required=False, allow_blank=True, max_length=200)
    phone = exact.Text(required=False, allow_blank=True, max_length=40)
    link = exact.Text(required=False, allow_blank=True, max_length=500)


class DemandInput(serializers.Serializer[Any]):
    kind = exact.Choice(choices=[kind.code for kind in categories.DEMAND_KINDS if kind.is_active])
    amount = exact.Money(required=False, allow_null=True)


class ConsumerInput(serializers.Serializer[Any]):
    """Name, phone and address are required by law."""

    name = exact.Text(max_length=60)
    phone = exact.Text(max_length=40)
    address = exact.Text(max_length=200)
    email = exact.Text(required=False, allow_blank=True, max_length=254)
    reply_by = exact.Choice(required=False, choices=[code for code, _label in categories.REPLY_BY])
    need_help = serializers.ListField(
        child=exact.Choice(choices=[code for code, _label in categories.NEED_HELP]), required=False, max_length=10
    )


class JointPartyInput(serializers.Serializer[Any]):
    name = exact.Text(max_length=60)
    phone = exact.Text(required=False, allow_blank=True, max_length=40)


class OnBehalfInput(serializers.Serializer[Any]):
    """For whom the consumer speaks."""

    kind = exact.Choice(choices=[code for code, _label in BEHALF])
    principal_name = exact.Text(required=False, allow_blank=True, max_length=60)
    principal_phone = exact.Text(required=False, allow_blank=True, max_length=40)
    relation = exact.Text(required=False, allow_blank=True, max_length=40)
    powers = exact.Text(required=False, allow_blank=True, max_length=200)
    valid_until = exact.Day(required=False, allow_null=True)
    may_settle = exact.YesNo(required=False)
    parties = exact.rows(JointPartyInput, required=False, max_length=20)
    representatives = serializers.ListField(child=exact.Text(max_length=60), required=False, max_length=2)
    is_declared = exact.YesNo(required=False)


class ConsentsInput(serializers.Serializer[Any]):
    """share_with_enterprise where an enrolled enterprise was picked, else pause_for_settlement; and the others."""

    share_with_enterprise = exact.YesNo(required=False)
    pause_for_settlement = exact.YesNo(required=False)
    pass_to_regulator = exact.YesNo()
    delegated_mediation = exact.YesNo()
    publish_masked = exact.YesNo()


class FilingInput(serializers.Serializer[Any]):
    """The complaint form. Days are local days, amounts are yuan."""

    respondent = RespondentInput(required=False, allow_null=True)
    service_region = exact.Whole(help_text="number of a region, such as 350102000")
    object_category = exact.Choice(choices=categories.codes(categories.OBJECT_CATEGORIES))
    item_name = exact.Text(max_length=100)
    brand = exact.Text(required=False, allow_blank=True, max_length=60)
    amount = exact.Money()
    bought_on = exact.Day(required=False, allow_null=True)
    is_online = exact.YesNo(required=False, allow_null=True)
    order_no = exact.Text(required=False, allow_blank=True, max_length=60)
    noticed_on = exact.Day(required=False, allow_null=True, help_text="when it was noticed, if later than it happened")
    problem_category = exact.Choice(choices=categories.codes(categories.PROBLEM_CATEGORIES))
    disputed_on = exact.Day()
    disputed_on_is_approximate = exact.YesNo(required=False)
    place = exact.Text(required=False, allow_blank=True, max_length=200)
    statement = exact.Text(
        required=False,
        allow_blank=True,
        max_length=1200,
        help_text="required, unless a recording comes with it (multipart/form-data)",
    )
    has_contacted = exact.YesNo(required=False, allow_null=True)
    contacted_on = exact.Day(required=False, allow_null=True)
    their_reference = exact.Text(required=False, allow_blank=True, max_length=60)
    report = exact.Text(required=False, allow_blank=True, max_length=500)
    demands = exact.rows(DemandInput, min_length=1, max_length=len(categories.DEMAND_KINDS))
    demand_note = exact.Text(required=False, allow_blank=True, max_length=200)
    consumer = ConsumerInput()
    on_behalf = OnBehalfInput(required=False)
    consents = ConsentsInput()
    is_true = exact.YesNo(help_text="true: what is said is true to the best of my knowledge")

    def get_fields(self) -> dict[str, Any]:
        """The sectors' own questions stand before the day on which it was noticed."""
        fields: dict[str, Any] = {}
        for name, field in super().get_fields().items():
            if name == "noticed_on":
                fields |= {one.code: _own(one, sector) for sector in categories.SECTORS for one in sector.questions}
            fields[name] = field
        return fields


def _own(question: Question, sector: Sector) -> Any:
    """Never required here: whether it is depends on the category, which the forms know."""
    about = f"{sector.code}: {question.about}"
    if question.kind == "day":
        return exact.Day(required=False, allow_null=True, help_text=about)
    if question.kind == "choice":
        return exact.Choice(required=False, choices=[one.code for one in question.choices], help_text=about)
    return exact.Text(required=False, allow_blank=True, max_length=question.longest, help_text=about)


class SpokenFilingInput(serializers.Serializer[Any]):
    """A complaint with a recording of at most 3 minutes as its statement; an officer writes it down."""

    complaint = serializers.CharField(help_text="the complaint as JSON, as in application/json")
    voice = serializers.FileField(help_text="mp3, m4a, mp4 without picture, or webm")


#: A field of a screen → where it stands in the body, where that is not its own name.
_PLACES: Mapping[tuple[str, str], str] = {
    ("enterprise", "service_region"): "/service_region",
    ("enterprise", "respondent"): "/respondent",
    ("enterprise", "business_phone"): "/respondent/phone",
    **{("enterprise", name): f"/respondent/{name}" for name in ("named", "address", "link")},
    ("problem", "is_approximate"): "/disputed_on_is_approximate",
    ("demands", "demand"): "/demands",
    ("demands", "note"): "/demand_note",
    ("you", "behalf"): "/on_behalf/kind",
    **{("you", name): f"/consumer/{name}" for name in ("name", "phone", "address", "email", "reply_by", "need_help")},
    **{
        ("you", name): f"/on_behalf/{name}"
        for name in (
            *("principal_name", "principal_phone", "relation", "powers", "valid_until"),
            *("may_settle", "parties", "representatives", "is_declared"),
        )
    },
    **{("consents", code): f"/consents/{code}" for code in CONSENTS},
}


def file_one(request: Request) -> HttpResponse:
    """201 with the number of the case; a program of an enterprise may not file."""
    who = caller(request)
    filer = _filer(who)
    if not isinstance(request.data, QueryDict):
        return _filed(request, who, filer, request.data, None)
    given = validated(SpokenFilingInput(data=request.data))
    try:
        # Looked into before anything is locked: that takes a moment.
        voice = drafts.examined_voice(given["voice"])
    except EvidenceRefused as refusal:
        raise WrongFields({"/voice": [str(refusal)]}) from refusal
    taken: list[Complaint] = []
    try:
        return _filed(request, who, filer, exact.read(given["complaint"].encode()), voice, taken)
    finally:
        if not taken:
            voice.drop()


def _filed(
    request: Request,
    who: Caller,
    filer: Actor,
    body: Any,
    voice: StoredFile | None,
    taken: list[Complaint] | None = None,
) -> HttpResponse:
    """``taken`` gets the case that was filed now, so that the recording stays."""
    whose = f"{who.user.pk}:{who.token.authority_id or 0}"
    draft_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{whose}:{key_of(request._request)}")
    # The same again for the same key, and kept nowhere: the answer that is kept has no secret in it.
    token = drafts.tracking_token(FilingDraft(pk=draft_id), key=whose)

    def work() -> Answer:
        given = validated(FilingInput(data=body))
        if not given["is_true"]:
            raise WrongFields({"/is_true": [_("请确认内容属实。")]})
        try:
            with _draft_of(who, draft_id, voice) as draft:
                filing = _composed(given, who, draft=draft, token=token)
                (case,) = handling.file([filing], actor=_actor(who, filer, filing), now=who.now)
        except StepNotAllowed as refusal:
            raise RefusedAfterwards(StepRefused(refusal, ())) from refusal
        if taken is not None:
            taken.append(case)
        url = reverse("api:case", args=[case.number])
        return Answer(
            {"case": case.number, "status": case.status, "url": url, "version": version_of(case)},
            status=201,
            headers={"Location": url, "ETag": version_of(case)},
        )

    response = once_only(request, work)
    if side_of(who) != CONSUMER:
        response["Tracking-Token"] = token
    return response


def _filer(who: Caller) -> Actor:
    """Who files; raises NotAllowed for enterprises and for offices that only read."""
    if side_of(who) == ENTERPRISE:
        raise NotAllowed("enterprises_may_not_file", _("企业不能提交投诉。"))
    able = [a for a in actors_for(who) if side_of(who) == CONSUMER or a.may(Right.WRITE_DOWN)]
    if not able:
        raise NotAllowed("not_allowed", _("您的岗位不能代为提交投诉。"))
    return able[0]


def _actor(who: Caller, filer: Actor, filing: FilingRequest) -> Actor:
    """The person; or somebody without an account, written down by the officer."""
    if side_of(who) == CONSUMER:
        return replace(consumer(who.user, channel=CHANNEL), name=filing.consumer_name)
    return on_behalf_of(None, filing.consumer_name, uuid.uuid4(), by=replace(filer, channel=CHANNEL), channel=CHANNEL)


@contextmanager
def _draft_of(who: Caller, draft_id: uuid.UUID, voice: StoredFile | None) -> Iterator[FilingDraft]:
    """The draft that the screens would have: in memory alone, or, for as long as it takes, with the recording."""
    draft = FilingDraft(pk=draft_id, owner_id=who.user.pk if side_of(who) == CONSUMER else None)
    if voice is None:
        yield draft
        return
    # What is refused leaves no draft and no recording behind.
    with transaction.atomic(), working_as_steps():
        draft.key_digest, draft.created_at, draft.saved_at = draft_id.hex, who.now, who.now
        draft.expires_at = who.now + drafts.kept_for(who.now)
        draft.save(force_insert=True)
        row = keeping.put_with_draft(
            voice, draft=draft, name=_("语音陈述"), kind=EvidenceKind.RECORDING, uploaded_by=who.user.pk, now=who.now
        )
        draft.data = {"voice": {"file": [str(row.pk)]}}
        yield draft
        FilingDraft.objects.filter(pk=draft_id).delete()


def _composed(given: Mapping[str, Any], who: Caller, *, draft: FilingDraft, token: str) -> FilingRequest:
    """What the screens make of it. Raises WrongFields with the places in the body."""
    own = side_of(who) == CONSUMER
    data: dict[str, Any] = {
        step: {name: values for name, values in typed.items() if values != [""]}
        for step, typed in _typed(given).items()
    }
    if own:
        data["proven"] = {"address": [text.lower() for text in (who.user.phone, who.user.email) if text]}
    draft.data = {**draft.data, **data}
    digest, language = "" if own else drafts.tracking_digest(token), get_language() or settings.LANGUAGE_CODE
    composed = composing.to_request(draft, now=who.now, language=language, tracking_digest=digest)
    if isinstance(composed, Unfinished):
        raise WrongFields(
            {
                _place(step, name, given): sentences
                for step, names in composed.by_field().items()
                for name, sentences in names.items()
            }
        )
    # The token proves the person, if not the telephone that was named; an officer who writes it down has heard the
    # person.
    verified = composed.contact_verified or not own
    return replace(composed, channel=CHANNEL, consumer_id=who.user.pk if own else None, contact_verified=verified)


def _place(step: str, name: str, values: Mapping[str, Any]) -> str:
    if name.startswith("amount_"):
        kinds = [demand["kind"] for demand in values["demands"]]
        return f"/demands/{kinds.index(name.removeprefix('amount_'))}/amount"
    return _PLACES.get((step, name), "/" if name == "__all__" else f"/{name}")


def _typed(values: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """What somebody would have typed on each screen to say the same."""
    person, behalf = values["consumer"], values.get("on_behalf") or {}
    return {
        "enterprise": _respondent(values.get("respondent") or {}) | {"service_region": [str(values["service_region"])]},
        "purchase": (
            _texts(values, "object_category", "item_name", "brand", "amount", "bought_on", "order_no")
            | {"is_online": [_answer(values.get("is_online"))]}
        ),
        "problem": (
            _texts(values, "problem_category", "disputed_on", "place", "statement", "contacted_on", "their_reference")
            | _texts(values, "report", "noticed_on", *(question.code for question in categories.QUESTIONS))
            | {
                "is_approximate": ["on" if values.get("disputed_on_is_approximate") else ""],
                "has_contacted": [_answer(values.get("has_contacted"))],
            }
        ),
        "demands": (
            {"demand": [demand["kind"] for demand in values["demands"]], "note": [values.get("demand_note", "")]}
            | {f"amount_{demand['kind']}": [_text(demand.get("amount"))] for demand in values["demands"]}
        ),
        "you": (
            _texts(person, "name", "phone", "address", "email", "reply_by")
            | _texts(behalf, "principal_name", "principal_phone", "relation", "powers", "valid_until")
            | {
                "need_help": list(person.get("need_help", [])),
                "behalf": [behalf.get("kind", SELF)],
                "is_unverified": ["on"],
                "may_settle": [_answer(behalf["may_settle"]) if "may_settle" in behalf else ""],
                "parties": [
                    "\n".join(
                        f"{' '.join(p['name'].split())} {p.get('phone', '')}".strip() for p in behalf.get("parties", [])
                    )
                ],
                "representatives": ["；".join(behalf.get("representatives", []))],
                "is_declared": ["on" if behalf.get("is_declared") else ""],
            }
        ),
        "consents": {
            code: ["yes" if values["consents"][code] else "no"] for code in CONSENTS if code in values["consents"]
        },
    }


def _respondent(values: Mapping[str, Any]) -> dict[str, list[str]]:
    if values.get("enterprise_id") is not None:
        pick = "-".join(_text(values.get(name)) for name in ("enterprise_id", "branch_id", "brand_id"))
        return {"respondent": [pick]}
    if not any(values.get(name) for name in ("named", "address", "phone", "link")):
        return {"respondent": [LEFT_TO_AUTHORITY]}
    return {
        "respondent": [NAMED],
        "business_phone": [values.get("phone", "")],
        **{name: [values.get(name, "")] for name in ("named", "address", "link")},
    }


def _texts(values: Mapping[str, Any], *names: str) -> dict[str, list[str]]:
    return {name: [_text(values.get(name))] for name in names}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _answer(value: bool | None) -> str:
    return "unsure" if value is None else "yes" if value else "no"
