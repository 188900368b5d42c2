"""Applying to become an ODR enterprise, and what the authority answers.

Each decision locks the application and says which version of it was read; who comes second is told who
was first. Granting writes the enterprise, its branch, its areas, the history and the invitation together, or nothing.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.keys.sealed_fields import digests_of
from accounts.models import OutgoingMessage, User
from accounts.roles import Right
from accounts.sign_in.contacts import Contact
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, Officer
from database.row_security import working_as_steps
from enterprises.directory.naming import write_names
from enterprises.models import Branch, BranchAuthority, Enterprise, ServiceArea
from enterprises.models.enrolment import CustomerCount, EnrolmentApplication, EnrolmentEntry, RefusalGround
from enterprises.team import team
from enterprises.team.rights import HEAD, Post, TeamActor, enrolling_reach
from web.errors import Refusal

State, Kind = EnrolmentApplication.State, EnrolmentEntry.Kind
#: A draft that nobody saved for so long is thrown away.
KEPT_FOR = timedelta(days=60)
#: A letter that says what was decided is of use for so long.
LETTER_FOR = timedelta(days=14)


class EnrolmentRefusal(Refusal):
    """Something that may not be done now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentData:
    """What the enterprise says of itself. ``areas``: ids of regions; ``customers``: (number, day, source)."""

    name: str
    uscc: str
    domicile_id: int
    branch: str
    place_id: int
    areas: tuple[int, ...]
    customers: tuple[int, date, str] | None = None


def digest_of(data: Mapping[str, Any]) -> str:
    """Of what was submitted: the same words give the same digest."""
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@working_as_steps()
def begin(email: str, *, language: str, now: datetime) -> EnrolmentApplication:
    """The newest application of this proven address that is not refused, else a new one."""
    result = (
        EnrolmentApplication.objects.filter(email_index__in=digests_of("email", email)).order_by("-created_at").first()
    )
    if result is not None and result.state != State.REFUSED:
        return result
    return EnrolmentApplication.objects.create(
        email=email,
        language=language,
        created_at=now,
        saved_at=now,
        # Who was refused begins with what was written then.
        data=result.data if result is not None else {},
    )


def save(application: EnrolmentApplication, *, step: str, typed: Mapping[str, list[str]], now: datetime) -> None:
    """Keep what was typed at one step. Raises EnrolmentRefusal once it lies with the authority."""
    with transaction.atomic():
        held = EnrolmentApplication.objects.select_for_update().get(pk=application.pk)
        if not held.is_open:
            raise EnrolmentRefusal("not_open", _("申请已经提交，现在不能修改。"))
        held.data[step] = dict(typed)
        held.saved_at = now
        held.save(update_fields=["data", "saved_at"])
    application.data, application.saved_at = held.data, now


def submit(application: EnrolmentApplication, wanted: EnrolmentData, *, now: datetime) -> EnrolmentApplication:
    """It lies with the county authority of the domicile now. Raises EnrolmentRefusal: already enrolled, applied for."""
    authority = Jurisdiction.load().with_power(wanted.domicile_id)
    with transaction.atomic():
        held = EnrolmentApplication.objects.select_for_update().get(pk=application.pk)
        if not held.is_open:
            raise EnrolmentRefusal("not_open", _("申请已经提交，现在不能修改。"))
        refuse_the_enrolled(wanted.uscc)
        held.name, held.uscc, held.domicile_id, held.authority = wanted.name, wanted.uscc, wanted.domicile_id, authority
        held.state, held.submitted_at = State.SUBMITTED, now
        held.version += 1
        try:
            with transaction.atomic():
                held.save()
        except IntegrityError:
            raise EnrolmentRefusal(
                "applied_for", _("这个统一社会信用代码已有一份申请正在审核。请联系本单位当时的申请人，或者拨打12315。")
            ) from None
        _note(Kind.SUBMITTED, held, now=now, digest=digest_of(held.data))
    return held


def refuse_the_enrolled(uscc: str) -> None:
    """Raise EnrolmentRefusal where the enterprise with this code is an ODR enterprise already, or ended."""
    there = Enterprise.objects.filter(uscc=uscc).first()
    if there is None:
        return
    if there.enrolment in (Enterprise.Enrolment.ENROLLED, Enterprise.Enrolment.SUSPENDED):
        raise EnrolmentRefusal(
            "enrolled", _("这家企业已经是在线和解企业，不用再申请。要进入，请让本企业的管理员邀请您。")
        )
    if there.enrolment == Enterprise.Enrolment.ENDED:
        raise EnrolmentRefusal("ended", _("这个统一社会信用代码的企业已经注销，不能申请。"))


def waiting_with(authority_ids: Collection[int]) -> QuerySet[EnrolmentApplication]:
    """Applications that lie with these authorities and wait for them."""
    return EnrolmentApplication.objects.filter(authority_id__in=authority_ids, state=State.SUBMITTED)


def recommend(application_id: UUID, *, by: User, text: str, version: int, now: datetime) -> EnrolmentApplication:
    """What an officer of the authority thinks, for who decides. Changes nothing else."""
    with transaction.atomic():
        held = _held(application_id, by=by, version=version, right=Right.ANSWER_ENROLMENT, now=now)
        _note(Kind.RECOMMENDED, held, now=now, by=by, text=text)
    return held


def ask_back(
    application_id: UUID, *, by: User, text: str, version: int, place: str, now: datetime
) -> EnrolmentApplication:
    """Something is missing; the applicant may change everything again. ``place``: the address of the application."""
    with transaction.atomic():
        held = _held(application_id, by=by, version=version, right=Right.ANSWER_ENROLMENT, now=now)
        _moved(held, State.ASKED_BACK)
        _note(Kind.ASKED_BACK, held, now=now, by=by, text=text)
        _write(
            held,
            gettext_lazy("请补正入驻申请"),
            gettext_lazy(
                "%(authority)s看了%(name)s的入驻申请，请补正：\n\n%(text)s\n\n用收到这封信的邮箱继续填写：%(link)s"
            ),
            {"text": text, "link": place},
            now=now,
        )
    return held


def refuse(
    application_id: UUID, *, by: User, ground: str, text: str, version: int, now: datetime
) -> EnrolmentApplication:
    """Not granted, with a ground and the facts; the applicant reads both. Only a head decides."""
    with transaction.atomic():
        held = _held(application_id, by=by, version=version, right=Right.DECIDE_ENROLMENT, now=now)
        _moved(held, State.REFUSED, decided_at=now)
        _note(Kind.REFUSED, held, now=now, by=by, ground=ground, text=text)
        _write(
            held,
            _DECISION,
            gettext_lazy(
                "%(authority)s决定：%(name)s的入驻申请不予入驻。\n\n理由：%(ground)s\n%(text)s\n\n"
                "情况有变化后可以重新申请；有异议的，可以依法申请行政复议。"
            ),
            {"ground": RefusalGround(ground).label, "text": text},
            now=now,
        )
    return held


def grant(
    application_id: UUID, wanted: EnrolmentData, *, by: User, version: int, place: str, now: datetime, address: str = ""
) -> EnrolmentApplication:
    """An ODR enterprise from today on, with a branch that answers, areas, and an invitation for its manager.

    ``wanted``: what the application says, read again by its forms. ``place``: where invitations are opened, to which
    the token is added. Only a head decides. Raises EnrolmentRefusal.
    """
    today = timezone.localdate(now)
    with transaction.atomic():
        held = _held(application_id, by=by, version=version, right=Right.DECIDE_ENROLMENT, now=now)
        assert held.authority is not None  # noqa: S101 - a constraint of the table
        try:
            with transaction.atomic():
                enterprise = _enterprise(wanted, held.authority)
        except IntegrityError:
            raise EnrolmentRefusal("enrolled", _("这家企业刚刚已经登记入驻。")) from None
        with working_as_steps():
            _branch(enterprise, wanted, today=today)
            write_names([enterprise.pk], columns=("uscc", "name"))
        if wanted.customers is not None:
            number, day, source = wanted.customers
            CustomerCount.objects.create(
                enterprise=enterprise, counted_on=day, number=number, source=source, noted_at=now
            )
        held.enterprise = enterprise
        _moved(held, State.GRANTED, decided_at=now)
        _note(Kind.ENROLLED, held, now=now, enterprise=enterprise, by=by, digest=digest_of(held.data))
        body = gettext_lazy(
            "%(authority)s决定：%(name)s从今天起是在线和解企业。\n\n另一封信邀请您作为管理员进入平台，链接7天内有效。"
        )
        _write(held, _DECISION, body, {}, now=now)
        invite_manager(enterprise, held.email, by=by, place=place, language=held.language, now=now, address=address)
    return held


def invite_manager(
    enterprise: Enterprise, email: str, *, by: User, place: str, language: str, now: datetime, address: str = ""
) -> None:
    """A letter to whoever shall lead the enterprise, while nobody does. Raises TeamRefusal."""
    reach = enrolling_reach(by.pk, enterprise, on=timezone.localdate(now))
    team.invite(
        Contact("email", email),
        Post(enterprise=enterprise),
        HEAD["enterprise"],
        by=TeamActor(user=by, reach=reach, now=now, address=address),
        place=place,
        language=language,
    )
    _entry(Kind.INVITED, now=now, enterprise=enterprise, authority=enterprise.enrolled_by, by=by)


def _held(application_id: UUID, *, by: User, version: int, right: Right, now: datetime) -> EnrolmentApplication:
    """Locked, if it still waits as it was read and this person may decide. Raises EnrolmentRefusal."""
    held = (
        EnrolmentApplication.objects.select_for_update(of=("self",)).select_related("authority").get(pk=application_id)
    )
    office = Officer.objects.on(timezone.localdate(now)).filter(
        user=by, authority_id=held.authority_id or 0, role__in=right.posts
    )
    if not office.exists():
        raise EnrolmentRefusal("not_yours", _("由本机关的负责人决定。"))
    if held.state != State.SUBMITTED or held.version != version:
        raise EnrolmentRefusal("moved_on", newest_change(held))
    return held


def newest_change(application: EnrolmentApplication) -> str:
    """The newest entry in a sentence: for who comes second."""
    last = application.entries.exclude(kind=Kind.INVITED).select_related("by").last()
    if last is None:
        return _("这份申请已有变化，请重新打开。")
    return _("这份申请刚有变化：%(who)s %(what)s。您写的内容已保留。") % {
        "who": last.by.name if last.by else _("申请人"),
        "what": Kind(last.kind).label,
    }


def _moved(held: EnrolmentApplication, state: str, *, decided_at: datetime | None = None) -> None:
    held.state, held.decided_at = state, decided_at
    held.version += 1
    held.save(update_fields=["state", "decided_at", "version", "enterprise"])


def _note(kind: str, held: EnrolmentApplication, *, now: datetime, **columns: Any) -> None:
    _entry(kind, now=now, application=held, authority=held.authority, **columns)


def _entry(kind: str, *, now: datetime, **columns: Any) -> None:
    EnrolmentEntry.objects.create(kind=kind, at=now, on_day=timezone.localdate(now), **columns)


_DECISION = gettext_lazy("入驻申请的决定")


def _write(held: EnrolmentApplication, subject: Any, body: Any, slots: Mapping[str, Any], *, now: datetime) -> None:
    with override(held.language):
        OutgoingMessage.objects.create(
            channel="email",
            address=held.email,
            created_at=now,
            useful_until=now + LETTER_FOR,
            subject=str(subject),
            body=str(body) % {"authority": held.authority, "name": held.name, **slots},
        )


def _enterprise(wanted: EnrolmentData, authority: Authority) -> Enterprise:
    there = Enterprise.objects.select_for_update(no_key=True).filter(uscc=wanted.uscc).first()
    refuse_the_enrolled(wanted.uscc)
    result = there or Enterprise(uscc=wanted.uscc)
    result.name, result.domicile_id = wanted.name, wanted.domicile_id
    result.enrolment, result.enrolled_by = Enterprise.Enrolment.ENROLLED, authority
    result.leaves_on, result.finishes_cases, result.stays_out = None, False, False
    with working_as_steps():
        result.save()
    return result


def _branch(enterprise: Enterprise, wanted: EnrolmentData, *, today: date) -> None:
    """The unit that answers, which county takes what it cannot settle, and whom it serves; what is there stays."""
    branch, _made = Branch.objects.get_or_create(
        enterprise=enterprise, name=wanted.branch, defaults={"place_id": wanted.place_id, "starts_on": today}
    )
    if not BranchAuthority.objects.on(today).filter(branch=branch).exists():
        BranchAuthority.objects.create(
            branch=branch, starts_on=today, authority=Jurisdiction.load().with_power(wanted.place_id)
        )
    served = set(ServiceArea.objects.on(today).filter(branch=branch, category="").values_list("region_id", flat=True))
    ServiceArea.objects.bulk_create(
        ServiceArea(branch=branch, region_id=region, starts_on=today) for region in wanted.areas if region not in served
    )


def throw_away_old(*, now: datetime, limit: int) -> Sequence[tuple[str, ...]]:
    """Drafts that nobody saved for long are deleted; returns the paths of their files, to be dropped by the caller."""
    old = list(
        EnrolmentApplication.objects.filter(state=State.DRAFT, saved_at__lt=now - KEPT_FOR)
        .select_related("licence")
        .order_by("saved_at")[:limit]
    )
    paths = [row.licence.paths if hasattr(row, "licence") else () for row in old]
    EnrolmentApplication.objects.filter(pk__in=[row.pk for row in old]).delete()
    return paths
