"""Whether what two accounts did was done by two persons; every decision of two persons asks here.

A person is an account with a phone that a code proved, by which one is told from the other: who has two mailboxes and
one phone is one person. The second one acts in another session than the first. The same device is allowed: whoever
decides is shown it before, and it stands beside the decision.

Proposals in a case keep the parts in their own row (`Part`), everything else in DecisionPart.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from accounts.keys import keyring, row_tags, sealing
from accounts.keys.ciphers import CannotOpen
from accounts.keys.sealed_fields import digests_of
from accounts.models import DecisionPart, User
from accounts.security_log import note
from accounts.sign_in import seats
from accounts.sign_in.seats import Seat
from database.row_security import working_as_steps
from web.errors import Refusal


class NotTwoPersons(Refusal):
    """``code``: not_proved, first_not_proved, own_proposal, same_person, same_session or part_touched."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(code, reason or _sentence(code))


#: So many of what was asked for on one device are looked through for a page.
SHOWN = 1000
#: With what a refusal of another package is raised, from its code and its sentence.
Error = Callable[[str, str], Exception]


def _sentence(code: str) -> str:
    if code == "not_proved":
        return gettext("要两个人办的事，先要验证您的本人手机：在“我的账号”里点“本人手机”，收一个验证码就行。")
    if code == "first_not_proved":
        return gettext("提出的人还没有验证本人手机。请他在“我的账号”里点“本人手机”验证，然后您再决定。")
    if code == "same_person":
        return gettext("提出的账号和您的账号是同一个本人手机，算一个人。请另一位人员办理。")
    if code == "same_session":
        return gettext("提出的人在这次登录里还没有退出。请先退出登录，由另一位人员自己登录办理。")
    if code == "part_touched":
        return gettext("是谁提出的，这条记录被改动过，不能据此决定。请重新提出一次，并告诉管理员。")
    return gettext("须由另一位人员办理，不能批准自己提出的。")


@dataclass(frozen=True, slots=True)
class Part:
    """Who took part, as far as it is compared: ``person`` (the person key), the blind index of the proved phone, and
    from where. An empty phone: not proved."""

    person: str
    phone: bytes
    seat: Seat

    def kept(self) -> str:
        """As JSON keeps it, beside the person: sealed, so that whoever sees the row reads nothing of it."""
        secret = keyring.secrets_of([keyring.PORTAL], make=True)[keyring.PORTAL]
        said = json.dumps([self.phone.hex(), self.seat.session, self.seat.device])
        return sealing.seal(
            said, person=keyring.PORTAL, secret=secret, place=_place(self.person), suite=keyring.suite()
        ).hex()

    @classmethod
    def of_kept(cls, person: str, kept: str | list[str]) -> "Part":
        """``kept``: of proposals of before, the three as they are."""
        if isinstance(kept, str):
            secret = keyring.secrets_of([keyring.PORTAL])[keyring.PORTAL]
            try:
                opened = sealing.open_sealed(bytes.fromhex(kept), secret=secret, place=_place(person))
            except CannotOpen:
                raise NotTwoPersons("part_touched") from None
            kept = list(json.loads(opened))
        phone, session, device = kept
        return cls(person, bytes.fromhex(phone), Seat(session, device))


def _place(person: str) -> bytes:
    return f"part of a decision\x1f{person}".encode()


def part_of(person: object, phone: bytes | memoryview | None) -> Part:
    """The part that somebody takes in this request."""
    return Part(str(person), bytes(phone or b""), seats.here())


def must_be_proved(part: Part) -> None:
    """Nobody is the first of two persons whose phone no code proved. Raises NotTwoPersons."""
    if not part.phone:
        raise NotTwoPersons("not_proved")


def is_same_device(first: Iterable[Part], second: Part) -> bool:
    return bool(second.seat.device) and any(part.seat.device == second.seat.device for part in first)


def must_be_two(first: Iterable[Part], second: Part, *, refuses: bool = False) -> bool:
    """Whether it is the same device; raises NotTwoPersons where ``second`` is no other person than each of ``first``,
    or acts in a session of theirs. ``refuses``: to say no, those before need no proved phone, as they may have left."""
    parts = list(first)
    if any(part.person == second.person for part in parts):
        raise NotTwoPersons("own_proposal")
    must_be_proved(second)
    for part in parts:
        if not part.phone and not refuses:
            raise NotTwoPersons("first_not_proved")
        if part.phone and _is_one_phone(part, second):
            raise NotTwoPersons("same_person")
        if part.seat.session and part.seat.session == second.seat.session:
            raise NotTwoPersons("same_session")
    return is_same_device(parts, second)


def _is_one_phone(first: Part, second: Part) -> bool:
    if first.phone[:1] == second.phone[:1]:
        return first.phone == second.phone
    # Written under different index keys, of which each says nothing about the other.
    phones = [user.own_phone or "" for user in User.objects.filter(person_key__in=[first.person, second.person])]
    return len(phones) < 2 or bool(set(digests_of("phone", phones[0])) & set(digests_of("phone", phones[1])))


# --- decisions that lie in rows of their own --------------------------------------------------------------------------


def matter_of(row: models.Model) -> str:
    """What a decision about this row is called."""
    return f"{row._meta.label_lower} {row.pk}"


def ask(matter: str, by: User, *, now: datetime, error: Error = NotTwoPersons) -> None:
    """``by`` is the first person of this decision. Raises ``error``."""
    part = part_of(by.person_key, by.own_phone_index)
    with _refused_as(error):
        must_be_proved(part)
    _keep(matter, by, "asked", part.seat, now=now)


def askers(matter: str) -> list[int]:
    """The accounts that asked for this."""
    return list(DecisionPart.objects.filter(matter=matter, part="asked").values_list("user_id", flat=True))


def decide(
    matter: str,
    by: User,
    *,
    asked: Iterable[int | str | None],
    now: datetime,
    refuses: bool = False,
    error: Error = NotTwoPersons,
) -> bool:
    """``by`` decides what these asked for (accounts, or keys of persons); whether on a device of theirs. Writes it
    down, and into the security log. ``refuses``: as `must_be_two`; nor need the rows be as they were written. Raises
    ``error``."""
    second = part_of(by.person_key, by.own_phone_index)
    with _refused_as(error):
        same_device = must_be_two(_parts(matter, asked, refuses=refuses), second, refuses=refuses)
    _keep(matter, by, "decided", second.seat, same_device=same_device, now=now)
    note("second_person", now=now, user=by, subject=matter, reason="same_device" if same_device else "")
    return same_device


def join(matter: str, by: User, *, before: Iterable[str], now: datetime, error: Error = NotTwoPersons) -> bool:
    """``by`` says the same as those ``before`` (keys of persons), where nobody is the first by name. As `decide`."""
    first = list(before)
    if not first:
        ask(matter, by, now=now, error=error)
        return False
    return decide(matter, by, asked=first, now=now, error=error)


def beside(same_device: bool) -> dict[str, bool]:
    """What an entry of the record says beside the decision."""
    return {"same_device": True} if same_device else {}


def asked_here(*, by_others_than: User) -> set[str]:
    """What others asked for on this same device, the newest, to be shown to whoever decides."""
    device = seats.here().device
    if not device:
        return set()
    rows = DecisionPart.objects.filter(device=device, part="asked").exclude(user=by_others_than)
    with working_as_steps():
        return set(rows.order_by("-pk").values_list("matter", flat=True)[:SHOWN])


@contextmanager
def _refused_as(error: Error) -> Iterator[None]:
    try:
        yield
    except NotTwoPersons as refusal:
        if error is NotTwoPersons:
            raise
        raise error(refusal.code, str(refusal)) from None


def _parts(matter: str, asked: Iterable[int | str | None], *, refuses: bool) -> list[Part]:
    """Those of before there were parts, and of commands, have no seat. Nobody who asked may be missing."""
    said = {one for one in asked if one}
    of_accounts, of_keys = [one for one in said if isinstance(one, int)], [one for one in said if isinstance(one, str)]
    with working_as_steps():
        people = list(User.objects.filter(Q(pk__in=of_accounts) | Q(person_key__in=of_keys)))
        rows = {row.user_id: row for row in DecisionPart.objects.filter(matter=matter, part="asked", user__in=people)}
    is_whole = len(people) == len(said) and all(row_tags.stands(row) for row in rows.values())
    if not (is_whole or refuses):
        raise NotTwoPersons("part_touched")
    return [
        Part(
            str(user.person_key),
            bytes(user.own_phone_index or b"") if row_tags.stands(user) else b"",
            Seat(row.session, row.device) if (row := rows.get(user.pk)) is not None else Seat(),
        )
        for user in people
    ]


def _keep(matter: str, by: User, part: str, seat: Seat, *, same_device: bool = False, now: datetime) -> None:
    said = {"session": seat.session, "device": seat.device, "same_device": same_device, "at": now}
    DecisionPart.objects.update_or_create(matter=matter[:120], user=by, part=part, defaults=said)
