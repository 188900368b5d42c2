"""One submitted step of a case page: taken once, refused with the reason or with what others did meanwhile.

What overdue clocks did while the step was judged stays done, even when the step itself is refused; of several moves in
one form either all are taken or none. Nobody's step takes effect on a case that they have not seen as it is now; what
was typed stays in the form, and sent once more it counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.keys import sealed_fields
from complaints import handling
from complaints.forms.fields import StepForm, TakesFiles
from complaints.handling import Move, StepNotAllowed, WrongInput
from complaints.models import HandlingStep
from complaints.parties.actors import Actor
from complaints.procedure.workflow import LOOK, Audience
from complaints.reading.case import ENTERPRISE, CaseAccess, CasePage
from complaints.reading.case_record import Reader, title_of, who
from web.dates import moment
from web.incoming import whole


@dataclass(frozen=True, slots=True)
class StepResult:
    """``address`` is where the result is shown; empty means that the form has errors. ``is_new`` is false when the same
    form was sent before: this is the first result again."""

    address: str = ""
    is_new: bool = False


def take_step(
    request: HttpRequest,
    result: CaseAccess,
    moves: Callable[[], Sequence[Move] | None],
    *,
    form: Form | None,
    to: str,
    now: datetime,
) -> StepResult:
    """Take the moves that ``moves()`` builds; None from it means that the form has errors.

    A WrongInput becomes an error of ``form`` (at its field where the form has one). Any other refusal is raised for the
    409 page. ``to`` is the address that shows the result. Files that come with a form that takes any are looked into
    first, and given back when the step does not take effect."""
    actor, case, sender = result.actor, result.complaint, result.viewer.user_id
    if actor is None:
        raise Http404
    files = form if isinstance(form, TakesFiles) else None
    refusal: StepNotAllowed | None = None
    is_new = False
    try:
        if files is not None and files.is_valid():
            # Before any lock: it takes a moment.
            files.look_into(case, uploaded_by=sender, now=now)
        with once(request) as attempt:
            if attempt.answered:
                return StepResult(attempt.reference)
            try:
                wanted = moves()
                if wanted is not None and (files is None or files.put(case, uploaded_by=sender, now=now)):
                    _take(case.pk, wanted, actor=actor, now=now)
                    attempt.reference = to
            except StepNotAllowed as caught:
                refusal = caught
        is_new = bool(attempt.reference)
    finally:
        if files is not None and not is_new:
            files.give_back()
    if refusal is None:
        return StepResult(attempt.reference, is_new=is_new)
    if isinstance(refusal, WrongInput) and form is not None:
        at = form.field_of(refusal.field) if isinstance(form, StepForm) else refusal.field
        form.add_error(at if at in form.fields else None, refusal.reason)
        return StepResult()
    raise refusal


def _take(case: int, moves: Sequence[Move], *, actor: Actor, now: datetime) -> None:
    if len(moves) == 1:
        handling.take(moves[0], [case], actor=actor, now=now)
        return
    with transaction.atomic():
        for result in handling.take_each([(case, move, actor) for move in moves], now=now):
            if result.refusal is not None:
                raise result.refusal


#: Steps whose sense hangs on what was last said and done; a note or one more call is right whatever came before.
HEEDS = frozenset(
    {
        *("accept_case", "assign", "make_offer", "replace_offer", "report_failure", "return_case"),
        *("request_return", "answer_question", "claim_settled_elsewhere"),
        *("confirm_settled_elsewhere", "resume_performance"),
    }
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What the column of the number holds.
_MOST_ENTRIES = 2**31 - 1
#: So many entries are named, the newest.
MOST = 3


def version_of(request: HttpRequest, case: CasePage, form: Form) -> str:
    """What the form carries: the newest entry of the parties' chain that it was filled in against, and the microsecond
    in which it was shown, for what is written in the enterprise's own chain.

    A form that comes back (a mistake, a row more, a preview) stays that old until its reader was told what happened
    since."""
    sent = request.POST.get("version", "")
    if sent and not getattr(form, "is_behind", False):
        return sent
    return f"{case.entries}.{int(case.now.timestamp())}{case.now.microsecond:06}"


def news(case: CasePage, version: str) -> list[str]:
    """What others did since ``version`` (``version_of``), one sentence each; nothing for an odd one. One query."""
    entry, shown = (whole(part, 16) for part in version.partition(".")[::2])
    if entry is None or shown is None:
        return []
    later = Q(audience=Audience.PARTIES, sequence__gt=min(entry, _MOST_ENTRIES)) | Q(
        audience=Audience.ENTERPRISE, written_at__gt=_EPOCH + timedelta(microseconds=shown)
    )
    steps = list(
        HandlingStep.objects.filter(later, complaint=case.complaint)
        .exclude(step=LOOK)
        .exclude(name__person_key=case.viewer.person_key or UUID(int=0))
        .select_related("name")
        .order_by("-written_at", "-pk")[:MOST]
    )
    sealed_fields.load_for(step.name for step in steps if step.name is not None)
    reader = Reader(side=ENTERPRISE, knows_consumer=False, names={})
    return [
        _("%(who)s %(at)s：%(what)s。")
        % {"who": who(step, reader), "at": moment(step.written_at), "what": title_of(step)}
        for step in reversed(steps)
    ]


def is_behind(case: CasePage, version: str, step: str, form: Form) -> bool:
    """Whether ``form`` was filled in before something that its step has to heed; it then says what."""
    happened = news(case, version) if version and step in HEEDS else []
    if happened:
        form.add_error(
            None, _("案件刚有变化：%(what)s您写的内容已保留，看过以后可以再次提交。") % {"what": "".join(happened)}
        )
        form.is_behind = True  # type: ignore[attr-defined]
    return bool(happened)


def with_news(refusal: StepNotAllowed, case: CasePage, version: str) -> StepNotAllowed:
    """The same refusal, with who did what meanwhile."""
    happened = news(case, version)
    if happened:
        refusal.reason += "".join(happened)
        refusal.args = (refusal.reason,)
    return refusal


def status_of(form: Form) -> int:
    """409 for a form that came too late, 422 for one that was filled in wrong."""
    return 409 if getattr(form, "is_behind", False) else 422
