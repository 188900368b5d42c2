"""Legal holds: for a suit, the police or an audit a case or a person is kept, whatever term is over. Two persons say
so, for a year at most, and again when it is needed for longer. A hold is entries of the house chain, nothing else."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import keyring
from accounts.models import PersonKey, User
from accounts.sign_in import persons
from complaints import models
from complaints.privacy import people
from complaints.privacy.people import Found
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import house

GROUNDS = {
    "suit": gettext_lazy("诉讼、仲裁"),
    "police": gettext_lazy("公安机关办案"),
    "audit": gettext_lazy("审计、监察"),
}
LONGEST, WARNED_BEFORE = timedelta(days=366), timedelta(days=14)
#: So many persons agree; the first alone keeps what is meant for so long.
PERSONS, WAITS_FOR = 2, timedelta(days=7)


@dataclass(slots=True)
class Hold:
    """``subject``: the number of a case or the key of a person; ``until``: the last day; ``since``: when it was first
    asked for; ``agreed`` and ``released``: the keys of who wants it, and of who wants it to end."""

    subject: str
    ground: str
    until: date
    since: datetime
    agreed: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        return str(GROUNDS.get(self.ground, self.ground))

    @property
    def name(self) -> str:
        return f"{self.subject}/{self.ground}/{self.until}"

    @property
    def matter(self) -> str:
        """What placing it is called where two persons are told apart."""
        return f"hold {self.name}"

    @property
    def release_matter(self) -> str:
        return f"release {self.name}"

    @property
    def is_agreed(self) -> bool:
        return len(self.agreed) >= PERSONS

    def ends_soon(self, *, now: datetime) -> bool:
        return self.is_agreed and self.until - WARNED_BEFORE <= _day(now)


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def standing(*, now: datetime) -> list[Hold]:
    """Holds that keep something now: agreed to and not over, or asked for within the last week; the soonest to end is
    first. Entries that nobody with an entry key wrote are no holds."""
    kept: dict[str, Hold] = {}
    for entry in house.proven("hold", "released"):
        said = entry.data
        hold = Hold(said["subject"], said["ground"], date.fromisoformat(said["until"]), entry.at)
        if entry.step == "hold":
            there = kept.get(hold.name)
            if there is None or not (there.is_agreed or hold.since - there.since <= WAITS_FOR):
                there = kept[hold.name] = hold
            there.agreed.add(entry.by)
        elif hold.name in kept:
            kept[hold.name].released.add(entry.by)
            if len(kept[hold.name].released) >= PERSONS:
                del kept[hold.name]
    stands = [
        hold for hold in kept.values() if hold.until >= _day(now) and (hold.is_agreed or now - hold.since <= WAITS_FOR)
    ]
    return sorted(stands, key=lambda hold: (hold.until, hold.name))


def of(found: Found, *, now: datetime) -> Hold | None:
    """The hold that keeps this person longest, by key or by a case."""
    numbers = models.Complaint.objects.filter(pk__in=found.cases).values_list("number", flat=True)
    subjects = {*map(str, found.keys), *numbers}
    return next((hold for hold in reversed(standing(now=now)) if hold.subject in subjects), None)


def ask(*, subject: str, ground: str, until: date, by: User, now: datetime) -> Hold:
    """Place a hold, or agree to one that somebody else placed with the same words. From the second person on what was
    restricted is shown again. Raises WrongInput, and StepNotAllowed to the same person twice."""
    if ground not in GROUNDS:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="ground")
    if not _day(now) < until <= _day(now) + LONGEST:
        raise WrongInput("bad_day", _("请填明天起一年以内的日期；到期前可以再延长。"), field="until")
    keys = _shown_for(subject)
    hold = Hold(subject, ground, until, now)
    there = next((one for one in standing(now=now) if one.name == hold.name), hold)
    same_device = persons.join(hold.matter, by, before=there.agreed, now=now, error=StepNotAllowed)
    data = {"subject": subject, "ground": ground, "until": until.isoformat()}
    house.write("hold", data | persons.beside(same_device), by=by.person_key, now=now)
    there.agreed.add(str(by.person_key))
    if there.is_agreed:
        keyring.lift(keys)
    return there


def release(name: str, *, by: User, now: datetime) -> None:
    """End a hold before its day; it ends when a second person says so too. Raises StepNotAllowed."""
    hold = next((one for one in standing(now=now) if one.name == name), None)
    if hold is None:
        raise StepNotAllowed("no_hold", _("这项保全已经结束。"))
    same_device = persons.join(hold.release_matter, by, before=hold.released, now=now, error=StepNotAllowed)
    data = {"subject": hold.subject, "ground": hold.ground, "until": hold.until.isoformat()}
    house.write("released", data | persons.beside(same_device), by=by.person_key, now=now)
    restrict_again(now=now)


def restrict_again(*, now: datetime) -> int:
    """What was shown again for a hold is restricted when none keeps it any more. How many keys."""
    lifted = PersonKey.objects.filter(restricted_at=None, destroyed_at=None, destroy_after__isnull=False)
    return lifted.exclude(person__in=shown(now=now)).update(restricted_at=now) if lifted.exists() else 0


def shown(*, now: datetime) -> set[UUID]:
    """Keys that are not restricted while holds stand to which two persons agreed."""
    keys: set[UUID] = set()
    for hold in standing(now=now):
        # Who was erased while only one person had asked for a hold is nobody any more.
        with suppress(WrongInput):
            keys |= _shown_for(hold.subject) if hold.is_agreed else set()
    return keys


def _shown_for(subject: str) -> set[UUID]:
    """What a hold shows again: of a person all keys, and those of cases that are his alone; of a case its own key, and
    those of its consumers that close nothing of another case. Raises WrongInput."""
    case = models.Complaint.objects.filter(number=subject).first()
    if case is not None:
        joined = case.participants.filter(state=models.Participant.JOINED).values_list("person_key", flat=True)
        consumers = {case.consumer_key, *joined}
        others = models.Complaint.objects.exclude(pk=case.pk).filter(consumer_key__in=consumers)
        beside = models.Participant.objects.exclude(complaint=case).filter(person_key__in=consumers)
        elsewhere = {*others.values_list("consumer_key", flat=True), *beside.values_list("person_key", flat=True)}
        return {case.case_key, *consumers - elsewhere}
    try:
        found = people.find(UUID(subject))
    except (ValueError, StepNotAllowed):
        raise WrongInput(
            "unknown", _("没有这个案件编号，也没有这个人员代码；已经销毁的不能再保全。"), field="subject"
        ) from None
    return {*found.keys, *(case.case_key for case in people.last_cases(found))}
