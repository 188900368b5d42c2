"""Who is told of a step stands in its entry: a notice that somebody deletes past the portal, marks as sent or addresses
to another side is named, and one that the portal sends, puts aside or sends again is not."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from complaints.handling.steps import consumer
from complaints.models import Complaint, HandlingStep, Notice, NoticeChoice
from complaints.notices import delivery
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from enterprises.models import Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof.test_state import Superuser
from tests.proof.test_taken_over import chained_anew

AT = WEDNESDAY + timedelta(days=1)
Place = tuple[str, str, str, int, str, str]


def found() -> set[Place]:
    report = verify()
    assert not report.more
    return {(one.code, one.case, one.audience, one.sequence, one.row, one.column) for one in report.findings}


@pytest.fixture
def case(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.a_complaint(world, status=S.CLOSED)
    return case


@pytest.fixture
def thief(case: Complaint, superuser_connection: Any) -> Superuser:
    return Superuser(superuser_connection, random.Random(22))


def _waiting(case: Complaint) -> Notice:
    return Notice.objects.filter(complaint=case, addressee="consumer", state="queued").latest("pk")


def _place(row: Notice, code: str, column: str = "") -> set[Place]:
    return {(code, row.complaint.number, row.audience, row.sequence, f"notice {row.addressee}", column)}


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_is_gone_or_falsely_sent_is_named(case: Complaint, thief: Superuser) -> None:
    assert found() == set()
    row = _waiting(case)
    for state in ("sent", "told", "in_portal", "set_aside"):
        thief.run("update complaints_notice set state = %s, sent_at = now() where id = %s", state, row.pk)
        assert found() == _place(row, "column", "state")
    thief.run("update complaints_notice set state = 'bounced' where id = %s", row.pk)
    assert found() == _place(row, "column", "state") | _place(row, "row_missing")
    thief.run("update complaints_notice set state = 'queued', addressee = 'authority' where id = %s", row.pk)
    moved = row.complaint.number, row.audience, row.sequence
    assert found() == _place(row, "row_missing") | {("foreign", *moved, "notice authority", "")}
    thief.run("delete from complaints_notice where id = %s", row.pk)
    assert found() == _place(row, "row_missing")


@pytest.mark.django_db(transaction=True)
def test_every_notice_that_is_deleted_is_named(case: Complaint, thief: Superuser) -> None:
    rows = list(Notice.objects.select_related("complaint"))
    assert len(rows) > 5
    thief.run("delete from complaints_notice")
    assert found() == set().union(*(_place(row, "row_missing") for row in rows))


@pytest.mark.django_db(transaction=True)
def test_what_the_portal_does_with_notices_is_named_by_nobody(case: Complaint, world: World, thief: Superuser) -> None:
    other = given.a_complaint(world, status=S.NEGOTIATING)
    # Before anything else happens nothing is old news.
    assert delivery.sweep_notices(now=AT) > 3
    NoticeChoice.objects.create(user=world.chen, progress="none", reminders="none", changed_at=AT)
    given.step(case, consumer.ask_about_offer(text="什么时候到账？"), world.consumer, AT)
    Staff.objects.filter(enterprise=case.enterprise).update(ends_on=WEDNESDAY.date())
    given.step(other, consumer.add_statement(text="补充说明。"), world.consumer, AT)
    delivery.sweep_notices(now=AT + timedelta(days=3))
    assert set(Notice.objects.values_list("state", flat=True)) >= {"sent", "in_portal", "set_aside"}
    assert found() == set()
    sent = Notice.objects.filter(state="sent", complaint=case).earliest("pk")
    delivery.order(sent.pk, delivery.AGAIN, by=world.head_officer.user, now=AT + timedelta(days=3))
    assert found() == set()
    delivery.sweep_notices(now=AT + timedelta(days=4))
    delivery.order(sent.pk, delivery.AGAIN, by=world.head_officer.user, now=AT + timedelta(days=5))
    [letter] = [rows for rows in delivery.lease(now=AT + timedelta(days=5)) if rows[0].pk == sent.pk]
    delivery._try_later(letter, "timeout", now=AT + timedelta(days=5))
    Notice.objects.filter(pk=sent.pk).update(state="leased")
    letter[0].attempts = len(delivery.TRY_AGAIN_AFTER)
    delivery._try_later(letter, "timeout", now=AT + timedelta(days=5))
    assert Notice.objects.get(pk=sent.pk).state == "set_aside"
    delivery.order(sent.pk, delivery.TOLD, by=world.head_officer.user, now=AT + timedelta(days=6))
    assert found() == set()
    # A tag is of one state of one notice.
    other = Notice.objects.filter(state="sent").exclude(pk=sent.pk).earliest("pk")
    thief.run("update complaints_notice t set tag = o.tag from complaints_notice o where t.id = %s and o.id = %s",
              sent.pk, other.pk)  # fmt: skip
    assert found() == _place(sent, "column", "state")


@pytest.mark.django_db(transaction=True)
def test_entries_from_before_say_nothing_of_notices_and_are_named_for_nothing(
    case: Complaint, thief: Superuser
) -> None:
    """Their letters carry no tag; where one of them is gone nobody can say so."""
    without = "body = (body::jsonb - 'told' - 'form' - 'state')::text, state = '', tag = ''"
    thief.run(f"update complaints_handlingstep set {without}")
    chained_anew(thief)
    thief.run("update complaints_notice set state = 'sent', tag = ''")
    thief.run("delete from complaints_notice where id = %s", Notice.objects.latest("pk").pk)
    assert HandlingStep.objects.exists()
    assert found() == set()
