"""The demonstration: every status and outcome occurs, the record verifies, and the same seed tells the same story."""

import hashlib
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Max
from django.utils import timezone

from accounts.demo import demo_people
from accounts.models import User
from accounts.roles import roles_at
from accounts.sign_in.contacts import parse_contact
from authorities.models import Officer, OfficerAbsence
from complaints import models
from complaints.assignment import call_backs, owners
from complaints.handling.steps import platform
from complaints.models import Complaint, Evidence, HandlingStep, Matter, Notice
from complaints.models.settlement import OPEN_REFUSAL
from complaints.parties.conditions import Conditions
from complaints.procedure import numbering
from complaints.procedure.workflow import Outcome, Status
from complaints.record.verification import verify
from demo import world
from demo.people import CAST, PASSWORD
from enterprises.models import DirectoryChange, Staff
from enterprises.models.team import Invitation

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db]

UNTIL = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
CASES = 120


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path


def digest() -> str:
    """What happened, without what is random by intent: numbers, salts, ids."""
    of_cases = [f"complaint__{name}" for name in ("item_name", "status", "outcome")]
    columns = "audience sequence step happened_at written_at organisation to_status reason"
    steps = HandlingStep.objects.order_by("complaint__filed_at", "complaint_id", "audience", "sequence")
    steps = steps.values_list(*of_cases, *columns.split())
    texts = models.PersonalText.objects.order_by("complaint_id", "audience", "sequence", "kind")
    return hashlib.sha256(repr((list(steps), [(row.kind, row.text) for row in texts])).encode()).hexdigest()


def test_the_whole_procedure_is_shown(settings: Any) -> None:
    settings.DEMO = True
    shown = world.load(cases=CASES, seed=11, until=UNTIL)
    assert shown.filed == Complaint.objects.count() == CASES
    assert set(Complaint.objects.values_list("status", flat=True)) == set(Status) - {Status.DRAFT}
    assert set(Complaint.objects.exclude(outcome="").values_list("outcome", flat=True)) == set(Outcome)
    # People sometimes come too late; a demonstration that is refused all the time shows nothing.
    assert shown.refused.total() < shown.taken.total() / 100, shown.refused
    assert verify().is_unbroken
    # Some consumers ring, and an officer writes down what they say.
    recorded = HandlingStep.objects.filter(data__has_key="recorded", recorded_by__isnull=False)
    assert recorded.filter(actor_role="consumer").exists()
    assert Matter.objects.filter(kind="proposal", state="open", subject="correct_clerical_error").exists()
    # So small a demonstration has cases for one set; test_demo_mail.py has more.
    assert all(measure.picks for measure in models.Measure.objects.all())
    assert models.Measure.objects.exists()
    # Some causes are tagged, and some wait in the list.
    ended = models.Engagement.objects.filter(until_at__isnull=False, complaint__status=Status.CLOSED)
    assert 0 < models.RootCause.objects.count() < ended.count()
    papers = Evidence.objects.exclude(complaint=None)
    assert set(papers.values_list("media_type", flat=True)) == {"image/png", "text/plain"}
    assert papers.values("complaint__status").distinct().count() > 1
    every_ending_is_shown()
    what_is_granted_is_promised()
    nobody_is_left_without_an_owner_or_an_alarm()
    the_desks_are_full()
    nothing_is_in_the_future()
    everybody_may_sign_in()


#: Answers, those that grant, those for which the money owed is another sum, and those for which nothing is owed.
GRANTED = """
select count(*), count(*) filter (where a.verdict <> 'refuse'),
    count(*) filter (where a.verdict <> 'refuse' and coalesce(a.amount, 0) <> (
        select coalesce(sum(b.amount), 0) from complaints_obligation b
        where b.offer_id = a.offer_id and b.answers_demand_id = a.demand_id and b.owed_by = 'enterprise'
            and b.kind in ('original_channel', 'transfer', 'bill_credit', 'voucher'))),
    count(*) filter (where a.verdict <> 'refuse' and not exists (
        select from complaints_obligation b
        where b.offer_id = a.offer_id and b.answers_demand_id = a.demand_id and b.owed_by = 'enterprise'))
from complaints_offeranswer a join complaints_offer o on o.id = a.offer_id
where not exists (select from complaints_matter m where m.complaint_id = o.complaint_id and m.kind = 'unpromised')"""


def every_ending_is_shown() -> None:
    """What is rare in life, but has a page of its own."""
    steps = set(HandlingStep.objects.values_list("step", flat=True))
    assert {"let_rest", "prove_contact", "ask_for_promise", "add_promise"} <= steps
    assert models.Offer.objects.filter(OPEN_REFUSAL, complaint__status=Status.AWAITING_CONSUMER).exists()
    # What was proven went on by itself, one added promise runs, one is still waited for.
    proven = Complaint.objects.filter(steps__step="prove_contact")
    assert proven.filter(consumer__isnull=False, delivered_at__isnull=False).exists()
    assert Complaint.objects.filter(steps__step="add_promise", status=Status.PERFORMING).exists()
    assert Matter.objects.filter(kind="unpromised", state="open").exists()
    money = models.Obligation.objects.filter(owed_by="enterprise", answers_demand__isnull=False, amount__gt=0)
    assert money.values("offer", "answers_demand").annotate(n=Count("pk")).filter(n__gt=1).exists()


#: UNTIL is a Friday: what came before Thursday has had its working day.
UNOWNED = """
select count(*) from complaints_complaint
where status <> 'closed' and (
    status in ('with_enterprise', 'negotiating', 'awaiting_consumer', 'performing')
        and enterprise_id is not null and handler_id is null and delivered_at < '2026-11-19 00:00+08'
    or status in ('triage', 'review', 'awaiting_material', 'mediating', 'mediation_suspended')
        and officer_id is null and status_since < '2026-11-19 00:00+08')"""


def nobody_is_left_without_an_owner_or_an_alarm() -> None:
    """Counted here from the rows: all are in the alarm, and the sweep gives them to somebody."""

    def without() -> int:
        with connection.cursor() as cursor:
            cursor.execute(UNOWNED)
            return int(cursor.fetchone()[0])

    calendar, found = Conditions.at(UNTIL).calendar, without()
    assert 0 < found <= owners.unowned(now=UNTIL, calendar=calendar)
    owners.sweep_owners(now=UNTIL)
    assert without() == owners.unowned(now=UNTIL, calendar=calendar) == 0


def what_is_granted_is_promised() -> None:
    """Of every offer, whatever became of it; some of it was done before."""
    with connection.cursor() as cursor:
        cursor.execute(GRANTED)
        answers, granted, other_sums, nothing_owed = cursor.fetchone()
    assert (granted > 50, granted < answers, other_sums, nothing_owed) == (True, True, 0, 0)
    done = models.Obligation.objects.filter(reported_at=F("offer__made_at"))
    assert {"confirmed"} <= set(done.values_list("state", flat=True))


def the_desks_are_full() -> None:
    """Every page of the authority has something to show."""
    waiting = set(Matter.objects.filter(state="open").values_list("kind", flat=True))
    assert waiting >= {"urge", "suggestion", "recusal", "session", "jurisdiction", "lead"}, waiting
    assert Matter.objects.filter(kind="proposal", state="open", subject="refer_to_police").exists()
    # The city asked, the county kept silent, and it went up twice.
    assert models.Deadline.objects.filter(clock="instruction", ended_at=None, escalations__gte=2).exists()
    assert Matter.objects.filter(kind="urge", state="answered", to_authority__isnull=False).exists()
    numbered = Complaint.objects.exclude(platform_number="")
    assert {platform.expected(case) == case.platform_state for case in numbered} == {True, False}
    calendar, policies = Conditions.at(UNTIL).calendar, Conditions.at(UNTIL).policies
    for name in (platform.LATE, platform.MISSING):
        wanted = platform.wanted(name, now=UNTIL, calendar=calendar, policies=policies, region_id=None)
        assert Complaint.objects.filter(wanted).exists()
    assert models.OfficialDocument.objects.values("form").distinct().count() >= 4
    assert models.PlatformFile.objects.get().state == "checking"
    assert set(models.LawChange.objects.values_list("kind", flat=True)) == {"policy", "replay"}
    assert OfficerAbsence.objects.get().deputy is not None
    assert Complaint.objects.filter(channel="phone", steps__recorded_by__isnull=False).exists()


def nothing_is_in_the_future() -> None:
    moments = ((HandlingStep, "written_at"), (HandlingStep, "happened_at"), (Complaint, "filed_at"))
    moments += ((Complaint, "closed_at"), (models.Contact, "at"), (Notice, "created_at"))
    assert max(model.objects.aggregate(at=Max(name))["at"] for model, name in moments) <= UNTIL
    # Nobody is told today what happened months ago.
    assert Notice.objects.filter(created_at__lt=UNTIL - 2 * world.NOTIFIED).count() == 0


def everybody_may_sign_in() -> None:
    first = list(demo_people()[:16])
    assert [person.name for person in first] == [part.name for part in CAST]
    assert first[2].check_password(PASSWORD)
    assert not first[0].has_usable_password()
    assert [person.duties.kind for person in first[13:]] == ["system", "security", "audit"]
    assert first[12].station_posts.get().station.name == "东街口商圈消费维权服务站"
    assert set(models.StationEntry.objects.values_list("state", flat=True)) == set(models.StationEntry.STATES)
    assert Invitation.objects.get(used_at=None).invited_by.name == "管演示"
    # A change of the directory waits for the head, and it was counted what it moves.
    change = DirectoryChange.objects.get()
    assert (change.state, change.preview_wanted_at) == ("waiting", None)
    assert change.preview["ways"]
    proposals = Matter.objects.filter(kind="proposal", audience="enterprise")
    assert [matter.data["why"] for matter in proposals] == [["refusal"]] * len(proposals)
    assert proposals.get(measure_id=None).state == "open"
    assert set(Staff.objects.values_list("role", flat=True)) == {role.post for role in roles_at("enterprise")}
    assert set(Officer.objects.values_list("role", flat=True)) == {role.post for role in roles_at("authority")}
    for person in demo_people().exclude(phone_index=None):
        assert parse_contact(person.phone or "").address == person.phone
        assert person.phone.startswith("+86154")
    out = StringIO()
    call_command("demo_sign_ins", stdout=out)
    assert all(part.address in out.getvalue() for part in CAST)


@pytest.mark.full
def test_the_same_seed_tells_the_same_story(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    results, seed = [], 3
    for folder in ("first", "second"):
        # A file stays where it lies when its row is taken back.
        settings.EXPORT_ROOT = str(tmp_path / folder)
        # Who is called back nobody can foresee: drawn from a secret and from numbers that are random by intent.
        monkeypatch.setattr(call_backs, "secrets", SimpleNamespace(token_hex=lambda size: "0" * 2 * size))
        monkeypatch.setattr(numbering, "secrets", SimpleNamespace(choice=Random(seed).choice))
        with transaction.atomic():
            world.load(cases=60, seed=seed, until=UNTIL)
            results.append(digest())
            transaction.set_rollback(True)
    assert results[0] == results[1]


def test_only_an_empty_demo_portal_is_filled(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="no demo portal"):
        call_command("load_demo", cases=60)
    out = StringIO()
    call_command("demo_sign_ins", stdout=out)
    assert out.getvalue() == ""
    settings.DEMO = True
    with pytest.raises(CommandError, match="future"):
        call_command("load_demo", cases=60, until="2099-01-01T00:00+08:00")
    with pytest.raises(CommandError, match="from 60"):
        call_command("load_demo", cases=3)
    User.objects.create_user("somebody@demo.invalid", name="演示", created_at=timezone.now())
    with pytest.raises(CommandError, match="empty portal only"):
        call_command("load_demo", cases=60, verbosity=0)
