"""How each step page is walked: a case in which it stands open, what is typed, what comes of it.

A case is made by the real verbs, at WEDNESDAY; the pages are opened at ``Walk.now``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.test import Client

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints.models import Complaint
from complaints.pages.shared.step_pages import StepPage
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import SOON

Typed = dict[str, Any]
Given = Callable[[World], Complaint]
#: What is typed wrong, the field that is named for it ("" for the form as a whole), and with what words.
Wrong = tuple[Typed, str] | tuple[Typed, str, str]


@dataclass(frozen=True)
class Walk:
    """One way through one step page.

    ``typed``: a whole form, where it depends on the case as a function of it. ``to``, ``outcome``: of the case then,
    where it changes. ``step``: what the record says, where it is not the first of the page. ``wrong``: besides an empty
    form, which names what is missing unless ``is_easy``. ``closed``: where the page has nothing to do; ``why``: the
    words for that. ``who`` takes it, else whoever this audience is; ``is_out``: and does not see the case any more.
    """

    name: str
    given: Given
    typed: Typed | Callable[[World, Complaint], Typed] = field(default_factory=dict)
    to: Status | None = None
    outcome: str | None = None
    step: str = ""
    wrong: Sequence[Wrong] = ()
    closed: Given | None = None
    who: str = ""
    why: str = ""
    now: datetime = SOON
    is_easy: bool = False
    is_out: bool = False

    def says(self, world: World, case: Complaint) -> Typed:
        return self.typed(world, case) if callable(self.typed) else self.typed


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who walks, and what differs.

    ``role``: in the record. ``pages``: the table of the application. ``browser``: signed in, or proven by a link.
    ``strangers``: who finds nothing, and is answered ``turned_away``; ``reader``: one that reads the case and
    takes no step. ``refuses``: a page that is not open answers 409 at once, else it leads back to ``home``; ``why``:
    words of the refusal. ``no_pages``: steps of the same person that are none of this link; ``signs_in``: by account.
    ``more``: what is typed besides; ``read_back``: what more, once it was read back to whoever spoke.
    """

    name: str
    role: str = ""
    pages: Mapping[str, StepPage[Any]]
    walks: Sequence[Walk]
    url: Callable[[Complaint, str], str]
    home: Callable[[Complaint], str]
    browser: Callable[[World, Complaint, Walk], Client]
    strangers: Callable[[World], Sequence[User | None]]
    turned_away: tuple[int, ...] = (404,)
    reader: Callable[[World], Client] | None = None
    refuses: bool = False
    why: str = "案件刚有变化"
    no_pages: tuple[str, ...] = ()
    signs_in: bool = True
    more: Typed = field(default_factory=dict)
    read_back: Typed = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def at(status: Status, *moves: tuple[str, Any], **changes: Any) -> Given:
    """A case that just reached ``status``, and what each then did."""

    def made(world: World) -> Complaint:
        case = given.a_complaint(world, status=status, **changes)
        for who, move in moves:
            given.step(case, move, getattr(world, who), WEDNESDAY)
        return case

    return made


def an_analyst(world: World) -> User:
    """Somebody of the authority who reads and decides nothing."""
    user = User.objects.create_user("reads@example.com", name="只读")
    Officer.objects.create(user=user, authority=world.gulou, role=Role.ANALYST.post)
    return user
