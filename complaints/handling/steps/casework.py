"""What else an officer does with a case: serving, linking, reopening, publishing. What is not for the parties stands in
the authority's own chain, so that theirs has no gap."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from accounts.roles import Right
from authorities.models import Officer
from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import documents
from complaints.handling.steps.contact import goes_on
from complaints.handling.transition import clocks, saying, settling, two_persons
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import CallBack, Complaint, HandlingStep
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import LOOK, Audience, Clock, Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.wording.reasons import OWN_SIGNS

S = Status
#: The script of a call-back: question → what can be answered.
CALL_BACK_ANSWERS: dict[str, tuple[str, ...]] = {
    "contacted": ("yes", "no", "unknown"),
    "attitude": ("good", "fair", "poor"),
    "agreed": ("yes", "no", "unknown"),
    "accepted": ("yes", "partly", "no"),
    "performed": ("yes", "not_yet", "no", "nothing_owed"),
}
#: Who did no more than this did not handle the case; whoever rings has to look the number up.
NOT_HANDLING = ("call_back", "answer_objection", LOOK)
#: So often somebody is rung before the case counts as not reached.
CALL_BACK_TRIES = 3
#: What a call to the number on file brought, where no code had proven it.
CALL_RESULTS = ("call_confirmed", "call_no_answer", "call_not_theirs")
SERVICE_CHANNELS = ("portal", "sms", "voice", "email", "letter", "counter")
#: Who took a document that was not served to the addressee in person.
RECEIVERS = ("addressee", "family", "office", "agent", "left")


def serve_notice(
    *,
    document: str = "",
    channel: str,
    is_served: bool,
    text: str = "",
    document_id: int | None = None,
    to: str = "consumer",
    day: date | str | None = None,
    received_by: str = "",
    reference: str = "",
) -> Move:
    """A bounce moves to the next channel; the decision of a termination, served on both, ends its notice clock.
    ``document_id``: an official document, else its name. ``to``: which addressee; ``day``, ``received_by`` (RECEIVERS)
    and ``reference`` (number of a letter or call) prove it."""
    name = saying.text(document, "document", longest=60, needed=document_id is None)
    saying.choice(channel, SERVICE_CHANNELS, "channel")
    saying.choice(to, ("consumer", "enterprise"), "to")
    if received_by:
        saying.choice(received_by, RECEIVERS, "received_by")
    on = saying.day(day, "day")
    given = saying.text(text, "text", needed=False)
    sent_as = saying.text(reference, "reference", longest=60, needed=False)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        row = None if document_id is None else documents.addressed(file, document_id, to)
        place = SERVICE_CHANNELS.index(channel)
        following = "" if is_served else SERVICE_CHANNELS[min(place + 1, len(SERVICE_CHANNELS) - 1)]
        if on is not None and not file.complaint.received_at.astimezone(SHANGHAI).date() <= on <= file.today:
            raise WrongInput("bad_day", _("请写收到投诉之后、今天为止的一天。"), field="day")
        running = clocks.live(file, Clock.NOTICE)
        if is_served and running is not None and documents.ends_notice(file, running, row, to):
            clocks.end(file, running, file.now)
        if is_served and row is not None:
            file.change(row, **{f"served_{to}_at": file.now})
        proof = {
            "day": on.isoformat() if on else "",
            "received_by": received_by,
            "reference": sent_as,
            "to": to if row else "",
        }
        return Effect(
            texts={"message": given},
            data={
                "document": row.reference if row else name,
                "channel": channel,
                "served": is_served,
                "next": following,
                **{key: value for key, value in proof.items() if value},
            },
        )

    return Move("serve_notice", carry)


@verb(result=partial(saying.choice, allowed=CALL_RESULTS))
def verify_contact(file: CaseFile, actor: Actor, *, result: str) -> Effect:
    """An officer rings the number that no code has proven (procedure, section 1); what waited for it is forwarded."""
    if file.complaint.contact_verified:
        raise StepNotAllowed("already_verified", _("联系电话已经核实过了。"))
    file.complaint.contact_verified = result == "call_confirmed"
    return Effect(to=goes_on(file), reason=result)


@verb(text=saying.text)
def write_down_statement(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """What the consumer said in a voice note, in writing; who reads it and finds it wrong corrects it."""
    if not file.complaint.facts.get("voice"):
        raise StepNotAllowed("no_voice", _("这件投诉没有语音陈述。"))
    file.complaint.facts = {**file.complaint.facts, "voice_written": True}
    return Effect(texts={"consumer_transcript": text})


def _group(file: CaseFile, numbers: Sequence[str], *, same_respondent: bool) -> list[str]:
    """Put the case in the group of all ``numbers``; taken on each of them it is one group."""
    wanted = sorted({*numbers, file.complaint.number})
    others = Complaint.objects.filter(number__in=wanted).exclude(pk=file.complaint.pk)
    if same_respondent:
        here = file.complaint
        if here.enterprise_id is None and here.picked_enterprise_id is None and not here.respondent_named:
            raise WrongInput(
                "no_respondent",
                _("这件投诉还没有写明被投诉人，不能合并办理；请先确定被投诉人，或者只作关联。"),
                field="numbers",
            )
        # Before anybody has it: whom the consumer named.
        others = others.filter(enterprise=here.enterprise)
        if here.enterprise_id is None:
            named = here.respondent_named
            others = others.filter(picked_enterprise=here.picked_enterprise, respondent_named=named)
    results = sorted(others.values_list("number", flat=True))
    if not results or len(results) != len(wanted) - 1:
        raise WrongInput("bad_choice", _("只能关联已有的投诉，合并还须是同一被投诉人。"), field="numbers")
    file.complaint.linked_group = uuid.uuid5(uuid.NAMESPACE_OID, " ".join(wanted))
    return results


@verb()
def link_cases(file: CaseFile, actor: Actor, *, numbers: Sequence[str]) -> Effect:
    """关联案件: shown to officers, nothing merges. Take it on every one of the cases."""
    return Effect(data={"with": _group(file, numbers, same_respondent=False)})


@verb()
def join_cases(file: CaseFile, actor: Actor, *, numbers: Sequence[str], consents_recorded: bool) -> Effect:
    """Art. 12: handled together; needs each complainant's consent. Take it on all of them."""
    if not consents_recorded:
        raise StepNotAllowed("no_consent", _("合并办理须每一位投诉人同意。"))
    return Effect(data={"joined": _group(file, numbers, same_respondent=True)})


@verb(text=saying.text)
def separate_case(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    if file.complaint.linked_group is None:
        raise StepNotAllowed("not_joined", _("这件投诉没有合并办理。"))
    file.complaint.linked_group = None
    return Effect(texts={"message": text})


@verb(party=partial(saying.choice, allowed=("consumer", "enterprise")), text=saying.text)
def record_party_gone(file: CaseFile, actor: Actor, *, party: str, text: str) -> Effect:
    """A dead consumer's clocks stop and the heirs are asked for 30 days."""
    if party == "consumer" and clocks.live(file, Clock.HEIRS) is None:
        for row in file.clocks:
            if row.owed_by == "consumer" and row.state == "running" and row.ended_at is None:
                clocks.pause(file, row, file.now, capped=False)
        clocks.start(file, Clock.HEIRS, file.now)
    return Effect(data={"party": party}, texts={"message": text})


@verb(text=saying.text)
def correct_clerical_error(
    file: CaseFile,
    actor: Actor,
    *,
    text: str,
    sequence: int = 0,
    document_id: int | None = None,
    changes: Mapping[str, str] | None = None,
    version: int | None = None,
) -> Effect:
    """An entry that says what was wrong in an earlier one, or in an official document, which then has a new version;
    nothing is edited. ``version``: the one that was read, refused when there is a newer one."""
    if document_id is not None:
        row, entry = documents.corrected(file, document_id, changes or {}, version=version)
        names = two_persons.names_of(file, "correct_clerical_error", actor)
        return Effect(
            data={"corrects": row.sequence, "documents": [entry], "officers": names},
            texts={"correction": text},
            audience=Audience(row.audience),
            tells=documents.notified_side(row),
        )
    if not 1 <= sequence <= file.complaint.last_sequence:
        raise WrongInput("bad_number", _("没有这一条记录。"), field="sequence")
    return Effect(data={"corrects": sequence}, texts={"correction": text})


@verb(text=saying.text)
def answer_objection(file: CaseFile, actor: Actor, *, upheld: bool, text: str) -> Effect:
    """By another officer than the one who decided."""
    matter = saying.open_matter(file, "objection")
    _not_who_handled(file, actor)
    file.end_matter(matter, "granted" if upheld else "refused")
    clocks.end_live(file, Clock.OBJECTION)
    return Effect(data={"upheld": upheld}, texts={"decision": text})


@verb(text=saying.text)
def answer_signs(file: CaseFile, actor: Actor, *, text: str, removed: Sequence[str] = ()) -> Effect:
    """What the consumer said against the signs: those of the kinds ``removed`` are shown of this case no more, the
    others stay. The consumer reads the answer, the enterprise learns nothing of it."""
    saying.open_matter(file, "signs")
    kinds = sorted(set(removed))
    if not OWN_SIGNS.keys() >= set(kinds):
        raise WrongInput("bad_choice", _("没有这种提示。"), field="removed")
    for matter in file.matters:
        if matter.kind == "signs" and matter.state == "open":
            file.end_matter(matter, "granted" if kinds else "refused")
    facts = file.complaint.facts
    gone = sorted({*facts.get("signs_removed", ()), *kinds})
    file.complaint.facts = {**facts, "signs_removed": gone, "signs_answered": file.now.isoformat()}
    return Effect(data={"removed": kinds}, texts={"decision": text})


def _not_who_handled(file: CaseFile, actor: Actor) -> None:
    """Somebody else than whoever took any step of an officer on this case, or has it."""
    handled = actor.person_key is not None and HandlingStep.objects.filter(
        complaint=file.complaint, actor_role__in=Right.DECIDE_CASE.roles, name__person_key=actor.person_key
    ).exclude(step__in=NOT_HANDLING)
    has_it = Officer.objects.filter(pk=file.complaint.officer_id or 0, user=actor.user_id or 0)
    if (handled is not False and handled.exists()) or has_it.exists():
        raise StepNotAllowed("own_case", _("须由没有办理过这件投诉的人员进行。"))


def call_back(
    *,
    reached: bool,
    satisfied: bool | None = None,
    text: str = "",
    overall: int | None = None,
    answers: Mapping[str, str] | None = None,
    disagrees: bool = False,
) -> Move:
    """回访 by someone who did not handle it (art. 26).

    ``overall``: 1 to 5; ``answers``: what was said to the questions of CALL_BACK_ANSWERS; ``disagrees``: closed, and
    the consumer does not agree. A case of the sample is done when somebody was reached, or after CALL_BACK_TRIES tries.
    """
    message = saying.text(text, "text", needed=False)
    if overall is not None and not 1 <= overall <= 5:
        raise WrongInput("bad_number", _("请选1到5。"), field="overall")
    given = {
        name: saying.choice(value, CALL_BACK_ANSWERS.get(name, ()), name) for name, value in (answers or {}).items()
    }

    def carry(file: CaseFile, actor: Actor) -> Effect:
        _not_who_handled(file, actor)
        finding = (
            "never_settled" if given.get("agreed") == "no" else "not_kept" if given.get("performed") == "no" else ""
        )
        open_ones = CallBack.objects.filter(complaint=file.complaint, state="open").select_related("month")
        row = open_ones.order_by("pk").first()
        data: dict[str, Any] = {"reached": reached, "satisfied": satisfied}
        if row is not None:
            ended = reached or row.attempts + 1 >= CALL_BACK_TRIES
            file.change(
                row,
                attempts=row.attempts + 1,
                officer_id=actor.officer_id or row.officer_id,
                state=("reached" if reached else "not_reached") if ended else "open",
                ended_at=file.now if ended else None,
                overall=overall if reached else None,
                disagrees=reached and (disagrees or "no" in (given.get("accepted"), given.get("agreed"))),
                finding=finding if reached else "",
            )
            data |= {"attempt": row.attempts, "month": str(row.month)}
        if reached and (given or overall is not None):
            data |= {"overall": overall, "answers": given, "disagrees": disagrees, "finding": finding}
        return Effect(data=data, texts={"message": message})

    return Move("call_back", carry)


@verb(ground=partial(saying.choice, allowed=("broken_promise", "clerical_error", "objection_upheld")), text=saying.text)
def reopen(file: CaseFile, actor: Actor, *, ground: str, text: str) -> Effect:
    """Only for a broken promise, a clerical error, or an objection that was upheld."""
    entries = HandlingStep.objects.filter(complaint=file.complaint)
    if ground == "objection_upheld" and not entries.filter(step="answer_objection", data__upheld=True).exists():
        raise WrongInput("bad_choice", _("没有成立的异议。"), field="ground")
    # What the consumer says in a call-back counts, whether or not the term had let the promise pass as silent.
    not_kept = entries.filter(step="call_back", data__finding="not_kept")
    if ground == "broken_promise" and not file.has_broken_promise and not not_kept.exists():
        raise WrongInput("bad_choice", _("这件投诉里没有查到没做到的约定。"), field="ground")
    if file.complaint.accepted_refusal:
        settling.open_demands_again(file)
    settling.to_county(file)
    return Effect(to=S.REVIEW, reason=ground, texts={"message": text})


@verb()
def publish(file: CaseFile, actor: Actor) -> Effect:
    if not file.complaint.publication_consent:
        raise StepNotAllowed("no_consent", _("消费者没有同意公示。"))
    return _published(file, True)


@verb(text=saying.text)
def withhold(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    return _published(file, False, text)


def _published(file: CaseFile, is_shown: bool, text: str = "") -> Effect:
    file.complaint.facts = {**file.complaint.facts, "published": is_shown}
    return Effect(data={"published": is_shown}, texts={"message": text})
