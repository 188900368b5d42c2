"""Giving and taking a duty, and opening an account that was switched off: by two persons of two duties, a day later.

A change is entries of the house chain (complaints/record/house.py) and nothing else: ``duty_asked``, ``duty_agreed``,
``duty_stopped``, ``duty_ended``. So whoever has the database alone can ask for none and agree to none.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security_log
from accounts.keys import sealed_fields
from accounts.letters import send_to
from accounts.masking import masked_email, masked_name, masked_phone
from accounts.models import Administrator, PersonKey, User
from accounts.roles import POST_LABELS, role_at
from accounts.sign_in import persons
from accounts.sign_in.backend import duty_of
from accounts.sign_in.own_phone import PLATFORM, PhoneTaken, claim
from complaints.record import house
from enterprises.team.team import TeamRefusal
from oversight.administration.duties import AT, KINDS, may_give, others_remain, work_of
from web.dates import moment

#: From the second person's yes until the change is carried out; so long anybody of the three duties may stop it.
DELAY = timedelta(hours=24)
#: A change that nobody agreed to by then lapses.
OPEN_FOR = timedelta(days=7)
WHATS = APPOINT, DISMISS, ACCOUNT_ON = "appoint", "dismiss", "account_on"
#: How a change ended.
DONE, STOPPED = "done", "stopped"
_STEPS = ("duty_asked", "duty_agreed", "duty_stopped", "duty_ended")
_LOCK = 0x40059
STATES: dict[str, Any] = {
    "waits": gettext_lazy("等另一种职责的管理员同意"),
    "agreed": gettext_lazy("两个人已同意，等24小时"),
    "lapsed": gettext_lazy("7天内没有人同意，已失效"),
    DONE: gettext_lazy("已生效"),
    STOPPED: gettext_lazy("已撤销"),
    "failed": gettext_lazy("没有生效：情况已经变了"),
}


@dataclass(slots=True)
class Change:
    """``number``: of its first entry. ``subject``, ``asked_by``, ``agreed_by``, ``ended_by``: keys of persons.
    ``duty``: the duty of who asked; ``same_device``: whether who agreed used the device of who asked. ``ended``: DONE,
    STOPPED, or a code of why it could not be carried out."""

    number: int
    what: str
    kind: str
    subject: str
    duty: str
    asked_by: str
    asked_at: datetime
    agreed_by: str = ""
    same_device: bool = False
    agreed_at: datetime | None = None
    ended: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None

    @property
    def matter(self) -> str:
        """What it is called where two persons are told apart."""
        return f"duty {self.number}"

    @property
    def due_at(self) -> datetime | None:
        return self.agreed_at + DELAY if self.agreed_at is not None else None

    def state(self, *, now: datetime) -> str:
        """A key of STATES."""
        if self.ended:
            return self.ended if self.ended in (DONE, STOPPED) else "failed"
        if self.agreed_at is not None:
            return "agreed"
        return "waits" if now - self.asked_at <= OPEN_FOR else "lapsed"

    def is_open(self, *, now: datetime) -> bool:
        return self.state(now=now) in ("waits", "agreed")

    def name_of(self, subject: User) -> str:
        """Who is to hold a duty is to be known to who decides; whose account is opened may be a consumer."""
        address = masked_email(subject.email or "") or masked_phone(subject.phone or "")
        name = masked_name(subject.name) if self.what == ACCOUNT_ON else subject.name
        return f"{name} {address}".strip()

    @property
    def words(self) -> str:
        """What is to happen, in the language of who reads."""
        duty = str(POST_LABELS[role_at(AT, self.kind)]) if self.kind else ""
        if self.what == ACCOUNT_ON:
            return _("恢复已停用的账号")
        return (_("授予职责：%(duty)s") if self.what == APPOINT else _("收回职责：%(duty)s")) % {"duty": duty}


def read() -> list[Change]:
    """Every change that was asked for, the newest first; entries that nobody with an entry key wrote are none."""
    found: dict[int, Change] = {}
    for entry in house.proven(*_STEPS):
        said = entry.data
        if entry.step == "duty_asked":
            found[entry.sequence] = Change(
                entry.sequence, said["what"], said["kind"], said["subject"], said["duty"], entry.by, entry.at
            )
            continue
        change = found.get(said["of"])
        if change is None or change.ended:
            continue
        if entry.step == "duty_agreed":
            change.agreed_by, change.agreed_at = entry.by, entry.at
            change.same_device = bool(said.get("same_device"))
        else:
            change.ended, change.ended_by, change.ended_at = said["result"], entry.by, entry.at
    return sorted(found.values(), key=lambda change: -change.number)


def open_change(user: User, *, now: datetime) -> Change | None:
    """What is asked about this account and not ended yet."""
    key = str(user.person_key)
    return next((change for change in read() if change.subject == key and change.is_open(now=now)), None)


def ask(what: str, user: User, *, kind: str = "", by: User, now: datetime) -> Change:
    """The first of two persons; ``kind`` counts for APPOINT. Raises TeamRefusal."""
    duty = duty_of(by)
    if user.pk == by.pk:
        raise TeamRefusal("own_duty", _("不能改变自己的职责。"))
    with _alone():
        if what != APPOINT:
            kind = ""
        if what == DISMISS:
            kind = Administrator.objects.filter(user=user).values_list("kind", flat=True).first() or ""
        _may_be(what, user, kind, now=now)
        given = may_give(by)
        if not given or (kind and kind not in given):
            raise TeamRefusal("not_yours_to_give", _("您不能授予这项职责。"))
        if open_change(user, now=now) is not None:
            raise TeamRefusal("asked_already", _("这个账号已经有一项变更在办，请先同意或者撤销。"))
        data = {"what": what, "kind": kind, "subject": str(user.person_key), "duty": duty}
        entry = house.write("duty_asked", data, by=by.person_key, now=now)
        change = Change(entry.sequence, what, kind, data["subject"], duty, str(by.person_key), now)
        persons.ask(change.matter, by, now=now, error=TeamRefusal)
        _tell(change, by, now=now)
    return change


def agree(number: int, *, by: User, now: datetime) -> None:
    """The second person, of another duty than the first. Raises TeamRefusal."""
    with _alone():
        change = _open(number, now=now)
        if change.agreed_at is not None:
            return
        if not may_agree(change, by):
            raise TeamRefusal("another_duty", _("要由另一种职责的管理员同意，不能是本人，也不能是提出的人。"))
        first = [change.asked_by]
        same_device = persons.decide(change.matter, by, asked=first, now=now, error=TeamRefusal)
        data = {"of": number} | persons.beside(same_device)
        house.write("duty_agreed", data, by=by.person_key, now=now)
        change.same_device = same_device
        change.agreed_by, change.agreed_at = str(by.person_key), now
        _tell(change, by, now=now)


def may_agree(change: Change, by: User) -> bool:
    return duty_of(by) not in ("", change.duty) and str(by.person_key) not in (change.subject, change.asked_by)


def stop(number: int, *, by: User, now: datetime) -> None:
    """Any administrator but the one whom it is about. Raises TeamRefusal."""
    with _alone():
        change = _open(number, now=now)
        if not duty_of(by) or str(by.person_key) == change.subject:
            raise TeamRefusal("own_duty", _("不能改变自己的职责。"))
        house.write("duty_stopped", {"of": number, "result": STOPPED}, by=by.person_key, now=now)
        change.ended = STOPPED
        _tell(change, by, now=now)


def sweep_duties(*, now: datetime) -> int:
    """Carries out what was agreed to a day ago. How many changes ended."""
    with transaction.atomic():
        if not _is_alone():
            return 0
        due = [one for one in reversed(read()) if not one.ended and one.due_at is not None and one.due_at <= now]
        for change in due:
            try:
                with transaction.atomic():
                    _carry_out(change, now=now)
                    change.ended = DONE
            except TeamRefusal as refusal:
                change.ended = refusal.code
            house.write("duty_ended", {"of": change.number, "result": change.ended}, by="system", now=now)
            _tell(change, None, now=now)
    return len(due)


def appoint_first(user: User, kind: str, *, now: datetime) -> None:
    """By a command on the host, at once, while nobody holds this duty; the house chain says so. Raises TeamRefusal."""
    with _alone():
        if Administrator.objects.filter(kind=kind, user__is_active=True).exists():
            raise TeamRefusal("not_the_first", f"there is a {kind} administrator already")
        _may_be(APPOINT, user, kind, now=now)
        data = {"what": APPOINT, "kind": kind, "subject": str(user.person_key), "duty": ""}
        asked = house.write("duty_asked", data, by="command", now=now)
        _give(user, kind, now=now)
        house.write("duty_ended", {"of": asked.sequence, "result": DONE}, by="command", now=now)


def _carry_out(change: Change, *, now: datetime) -> None:
    both = {str(user.person_key): user for user in User.objects.filter(person_key__in=_persons(change))}
    duties = {duty_of(both[key]) if key in both and both[key].may_sign_in else "" for key in _persons(change)}
    user = User.objects.filter(person_key=change.subject).first()
    # Both must still be who they were when they agreed.
    if user is None or "" in duties or len(duties) < len(_persons(change)):
        raise TeamRefusal("no_two_persons", "")
    _may_be(change.what, user, change.kind, now=now)
    if change.what == APPOINT:
        _give(user, change.kind, now=now)
    elif change.what == DISMISS:
        Administrator.objects.filter(user=user, kind=change.kind).delete()
        _note("role_taken", user, change.kind, now=now)
    else:
        User.objects.filter(pk=user.pk).update(is_active=True)
        _note("account_on", user, "", now=now)


def _persons(change: Change) -> tuple[str, str]:
    return change.asked_by, change.agreed_by


def _give(user: User, kind: str, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            Administrator.objects.create(user=user, kind=kind, since=now)
            claim(user, [PLATFORM])
    except PhoneTaken as taken:
        raise TeamRefusal(taken.code, str(taken)) from None
    except IntegrityError:
        raise TeamRefusal("has_other_work", _("这个人已经有别的职责、岗位或者职务，不能再担任管理员。")) from None
    _note("role_given", user, kind, now=now)


def _may_be(what: str, user: User, kind: str, *, now: datetime) -> None:
    """Whether this change makes sense as things are now; asked of who proposes it, and again when it is carried out."""
    row = Administrator.objects.filter(user=user).first()
    if what == APPOINT:
        if kind not in KINDS:
            raise TeamRefusal("not_yours_to_give", _("您不能授予这项职责。"))
        if row is not None or work_of(user, today=timezone.localdate(now)):
            raise TeamRefusal("has_other_work", _("这个人已经有别的职责、岗位或者职务，不能再担任管理员。"))
        if not user.may_sign_in or not user.has_usable_password():
            raise TeamRefusal(
                "no_password",
                _("管理员用密码和第二重验证登录，这个账号没有密码。在服务器上用 %(command)s 设一个。")
                % {"command": "manage.py appoint_administrator"},
            )
    elif what == DISMISS:
        if row is None or row.kind != kind:
            raise TeamRefusal("no_duty", _("这个人没有管理员职责。"))
        others_remain(row)
    elif what == ACCOUNT_ON:
        if user.is_active:
            raise TeamRefusal("is_on", _("这个账号没有停用。"))
        key = PersonKey.objects.filter(person=user.person_key).exclude(destroy_after=None, destroyed_at=None)
        if key.exists() or not (user.email_index or user.phone_index):
            raise TeamRefusal("closed_by_owner", _("这个账号是本人注销的，不能恢复；本人可以重新注册。"))
        if user.is_demo and not settings.DEMO:
            raise TeamRefusal("of_a_demo", _("这是演示账号，不能恢复。"))
    else:
        raise TeamRefusal("no_such_change", _("没有这样的操作。"))


def _open(number: int, *, now: datetime) -> Change:
    change = next((one for one in read() if one.number == number), None)
    if change is None or not change.is_open(now=now):
        raise TeamRefusal("nothing_waits", _("这项变更已经办完、撤销或者失效。"))
    return change


@contextmanager
def _alone() -> Iterator[None]:
    """One transaction in which nobody else changes a duty."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _note(kind: str, user: User, reason: str, *, now: datetime) -> None:
    security_log.note(kind, now=now, organisation=AT, subject=str(user.person_key), reason=reason)


def _tell(change: Change, by: User | None, *, now: datetime) -> None:
    """A letter to every administrator, each in their language."""
    rows = Administrator.objects.select_related("user").filter(user__is_active=True).order_by("pk")
    people = [row.user for row in rows]
    subject = User.objects.filter(person_key=change.subject).first()
    sealed_fields.load_for([user for user in (*people, subject) if user is not None])
    name = change.name_of(subject) if subject is not None else change.subject
    for person in people:
        if person.email:
            send_to(person, _text(change, by, name, now=now), now=now, of_use=OPEN_FOR)


def _text(change: Change, by: User | None, name: str, *, now: datetime) -> Callable[[], tuple[str, str]]:
    def text() -> tuple[str, str]:
        lines = [
            _("【12315】%(what)s（%(name)s）") % {"what": change.words, "name": name},
            str(STATES[change.state(now=now)]),
        ]
        if by is not None:
            lines.append(_("经手人：%(name)s") % {"name": by.name})
        if not change.ended and change.due_at is not None:
            lines.append(
                _("%(moment)s生效。在此之前，三种职责的任何一位管理员都可以撤销。") % {"moment": moment(change.due_at)}
            )
        lines.append(_("详情：%(url)s") % {"url": f"{settings.SITE_URL}/administration/changes/"})
        return _("管理员职责变更"), "\n".join(lines)

    return text
