"""Every notice, mail and short message in the third language, read in the row that leaves."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Set
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts import letters
from accounts.models import AccountChange, OutgoingMessage, SecondFactor, User
from accounts.sign_in import changes, codes
from accounts.sign_in.contacts import parse_contact
from complaints import wording
from complaints.dossier import asking
from complaints.handling import sweep_clocks
from complaints.links import joining
from complaints.models import Complaint, Dossier, Notice, Participant, StationEntry
from complaints.notices.channels import Channels
from complaints.notices.channels.letter import Letter
from complaints.notices.delivery import sweep_notices
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import TABLE
from complaints.stations import stations
from enterprises.directory import changing as directory
from enterprises.enrolment import enrolled, enrolling
from enterprises.models import DirectoryChange, EnrolmentApplication, StationStaff
from oversight import letters as director_letters
from oversight.hot_spots import guiding
from oversight.models import DirectorLetter, Guidance, GuidanceMeasure
from oversight.portal_state import signs
from tests import ROOT, undone
from tests.language import pseudo, reading
from tests.walls.cases import STATUSES, notices
from tests.walls.world import World


def test_every_word_for_a_code_is_in_the_third_language(world: World) -> None:
    translation.activate(pseudo.CODE)
    texts = [(kind, wording.label(code, kind=kind)) for kind in wording.KINDS for code in wording.KINDS[kind]]
    assert not reading.Known().left([*texts, *((code, signs.condition_text(code)) for code in signs.SENTENCES)])


#: Letters that are in no reader's language, and why.
LEFT_OUT = {
    "complaints/links/answer_links.py": "the holder of a link to a case: Chinese",
    "complaints/notices/answer_notices.py": "the holder of a link to a case: Chinese",
}
MAKES = frozenset({"OutgoingMessage", "OutgoingMessage.objects.create"})


CUT_NAME = re.compile(r"(?<=\] )[^…:]*…")


def parts(row: Notice | OutgoingMessage | Letter, where: str) -> Iterator[tuple[str, str]]:
    return ((where, text) for text in (row.subject, row.body, getattr(row, "short", "")))


def test_every_notice_of_every_step(world: World, names: reading.Known) -> None:
    wrong, kinds = set(), set()
    for status in STATUSES:
        for notice in notices(world, status, pseudo.CODE):
            kinds.add(notice.kind)
            wrong |= names.left(parts(notice, f"{notice.kind} to the {notice.addressee}"))
    assert not wrong, "\n".join(sorted(wrong))
    assert kinds >= {step for step, row in TABLE.items() if row.tells}


def test_every_notice_that_leaves(
    world: World, names: reading.Known, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written with the step, in Chinese to organisations, and given to each reader's channel, single and folded."""
    letters: list[tuple[str, Letter]] = []
    monkeypatch.setattr(Channels, "send", lambda self, channel, letter, to: letters.append((channel, letter)))
    settings.SITE_URL = "https://example.com"
    with undone():
        for days in (0, 4, 10, 40, 100):
            now = morning(world) + timedelta(days=days)
            sweep_clocks(now=now)
            sweep_notices(now=now + timedelta(hours=6))
        gone = list(Notice.objects.filter(state="sent").exclude(user=None))
    assert {row.language for row in gone} == {pseudo.CODE}
    assert {row.addressee for row in gone} == {"consumer", "enterprise", "authority"}
    assert {row.form for row in gone} == {"single", "digest", "summary"}
    texts = [part for row in gone for part in parts(row, f"{row.kind} to the {row.addressee}")]
    sent = [part for channel, letter in letters for part in parts(letter, channel)]
    # Of a name that was cut to fit a short message only the beginning is left.
    wrong = names.left([*texts, *((where, CUT_NAME.sub("", text)) for where, text in sent)])
    assert not wrong, "\n".join(sorted(wrong))


def morning(world: World) -> datetime:
    """Ten o'clock of the next working day but one, when nothing waits any more."""
    day, calendar = world.now.date() + timedelta(days=2), current_calendar()
    while not calendar.is_working(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(2), UTC)


def test_every_message_that_leaves(
    world: World, names: reading.Known, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every place in the code that writes one is reached."""
    reached: set[tuple[str, int]] = set()
    honest = OutgoingMessage.__init__

    def noted(self: OutgoingMessage, *args: Any, **columns: Any) -> None:
        frame = sys._getframe(1)
        while frame.f_back is not None:
            reached.add((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        honest(self, *args, **columns)

    monkeypatch.setattr(OutgoingMessage, "__init__", noted)
    settings.SITE_URL = "https://example.com"
    with undone():
        write_each(world)
        rows = list(OutgoingMessage.objects.all())
    missing = [
        f"{path}:{first}"
        for path, first, last in places()
        if path not in LEFT_OUT and not any((f"{ROOT / path}", line) in reached for line in range(first, last + 1))
    ]
    assert not missing, f"nothing here writes what is written at {', '.join(missing)}"
    wrong = names.left(part for row in rows for part in parts(row, row.channel))
    assert not wrong, "\n".join(sorted(wrong))


def places() -> Iterator[tuple[str, int, int]]:
    """(file, first line, last line) of each call that makes a message, and of each that calls what makes one there."""
    for path in sorted(ROOT.glob("*/**/*.py")):
        name = path.relative_to(ROOT)
        if name.parts[0] in {"tests", "benchmarks", "tools"} or "OutgoingMessage" not in (text := path.read_text()):
            continue
        tree = ast.parse(text)
        functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
        makers = {one.name for one in functions if any(_is_call(inner, MAKES) for inner in ast.walk(one))}
        for call in ast.walk(tree):
            if _is_call(call, MAKES | makers):
                yield str(name), call.lineno, call.end_lineno


def _is_call(node: ast.AST, names: Set[str]) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in names


def write_each(world: World) -> None:
    """Everybody is written to about everything that is told outside of the steps of a case."""
    family, now, today = world.target, world.now, timezone.localdate(world.now)
    head = world.officers["approver", "own"].user
    people = (family.consumer, family.staff["manager", "headquarters"].user)
    chen, manager = (User.objects.get(pk=person.pk) for person in people)
    case = family.case("negotiating")
    # The account.
    origin = changes.Origin(place="https://example.com", address="192.0.2.1")
    for typed in ("13900007799", "somebody@example.com"):
        contact = parse_contact(typed)
        asker = codes.Asker(flow="flow", address="192.0.2.1")
        codes.send_code(contact=contact, purpose="sign_in", language=pseudo.CODE, asker=asker, now=now)
        changes.change_contact(chen, contact, origin=origin, now=now)
    changes.change_password(chen, "Korrekt-Pferd-Batterie", origin=origin, now=now)
    made = {"user": manager, "kind": "app", "name": "app", "key": b"k" * 40, "created_at": now}
    changes.factor_added(manager, SecondFactor.objects.create(**made), origin=origin, now=now)
    changes.remove_factor(manager, SecondFactor.objects.create(**made), origin=origin, now=now)
    changes.recovery_codes_made(manager, [], origin=origin, now=now)
    changes.undo(AccountChange.objects.latest("id"), address="192.0.2.1", now=now)
    # A case.
    for user, side in ((chen, "consumer"), (manager, "enterprise")):
        for is_ready in (True, False):
            dossier = Dossier(complaint=case, asked_by=user, side=side, site="https://example.com")
            asking.tell(dossier, is_ready=is_ready, now=now)
    for number, phone in enumerate(("13900007788", "joint@example.com"), 1):
        Participant.objects.create(complaint=case, ordinal=number, kind="joint", name="甲", phone=phone)
    assert joining.ask(case, place="https://example.com", now=now) == 2
    for is_failed in (False, True):
        letters.tell_of_the_end(manager, "", "/", since=now - timedelta(days=1), now=now, is_failed=is_failed)
    # A station.
    post = StationStaff.objects.select_related("station").get(pk=world.things["station staff"])
    for phone in ("13900007766", "here@example.com"):
        of: Any = {"category": "goods.clothing", "problem": "x", "how": "repair", "phone": phone}
        entry = StationEntry(station=post.station, by=post.user, at=now, **of)
        stations.write_down(entry, language=pseudo.CODE, place="https://example.com")
    ours = Complaint.objects.filter(pk__in=[one.pk for one in family.cases.values()])
    ours.update(station=post.station, station_sees=True)
    StationStaff.objects.update(told_at=now - timedelta(days=1))
    assert stations.sweep_station_letters(now=morning(world))
    # The directory and enrolment.
    change = DirectoryChange.objects.get(pk=world.things["change"])
    for agrees in (True, False):
        DirectoryChange.objects.filter(pk=change.pk).update(state="waiting", decided_by=None, decided_at=None)
        decided: Any = {"reason": "x", "authority_ids": [family.county.pk], "by": head, "now": now, "today": today}
        directory.decide(change, agrees=agrees, **decided)
    by = {"by": head, "text": "x", "now": now}
    enrolled.ask_back_filing(world.things["filing"], by=head, answer="x", now=now)
    for keeps in (True, False):
        enrolled.suspend(family.enterprise, ground="misses", keeps_cases=keeps, **by)
        enrolled.resume(family.enterprise, **by)
    for ground, later in (("misses", 90), ("licence", 0)):
        enrolled.set_exit(family.enterprise, ground=ground, last_day=today + timedelta(days=later), **by)
        enrolled.drop_exit(family.enterprise, **by)
    applied = EnrolmentApplication.objects.get(pk=world.things["application"])
    by |= {"version": applied.version}
    place, papers = family.county.region_id, {"ground": "papers"}
    for answer, more in ((enrolling.ask_back, {"place": "https://example.com"}), (enrolling.refuse, papers)):
        answer(applied.pk, **by, **more)
        EnrolmentApplication.objects.filter(pk=applied.pk).update(state="submitted", version=applied.version)
    del by["text"]
    where: Any = {"domicile_id": place, "branch": "客服部", "place_id": place, "areas": (place,)}
    wanted = enrolling.EnrolmentData(name="新企业", uscc=applied.uscc, **where)
    enrolling.grant(applied.pk, wanted, place="https://example.com/account/invitation/", **by)
    # Oversight.
    guidance = Guidance.objects.get(pk=world.things["guidance"])
    Guidance.objects.filter(pk=guidance.pk).update(state="draft")
    guiding.send(guidance.pk, by=head, now=now)
    GuidanceMeasure.objects.update(due_on=today - timedelta(days=1))
    assert guiding.sweep_reminders(now=now)
    guiding.close(guidance.pk, verdict="unclear", why="x", by=head, now=now)
    for officer, every in (("approver", "week"), ("analyst", "month")):
        DirectorLetter.objects.create(user=world.officers[officer, "own"].user, every=every, chosen_at=now)
    assert director_letters.sweep_director_letters(now=morning(world)) == 2
    assert director_letters.sweep_summaries(now=(now.replace(day=28) + timedelta(days=9)).replace(day=3))
    assert signs.sweep_alarms(now=now)
