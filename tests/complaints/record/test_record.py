"""The record proves itself: whoever touches it with the keys to the server is found out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import DatabaseError, DataError, connection, transaction

from complaints.handling.steps import authority
from complaints.models import Complaint, HandlingStep, Heartbeat, PersonalText, Reminder
from complaints.models.record import with_salt
from complaints.parties.actors import SYSTEM
from complaints.procedure.workflow import Status
from complaints.record import bulk, house, record
from complaints.record.findings import Finding
from complaints.record.verification import verify
from tests import given
from tests.cast import WEDNESDAY, World
from tests.old_seals import seal

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def sealed(world: World) -> Complaint:
    """A case of several entries, sealed, with another one beside it."""
    case = given.a_complaint(world, status=Status.AWAITING_CONSUMER)
    given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY + timedelta(hours=1))
    assert seal(now=WEDNESDAY + timedelta(hours=2), key=KEY) is not None
    return case


def tamper(superuser: Any, sql: str, *values: Any) -> None:
    with superuser.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(sql, values)
        assert cursor.rowcount > 0


def found(case: Complaint) -> list[Finding]:
    findings = verify().findings
    assert findings, "nothing was noticed"
    assert {one.case for one in findings} <= {case.number, ""}
    return findings


ENTRIES, ONE = "complaints_handlingstep", "where complaint_id = %s and sequence"
COLUMNS = "complaint_id, audience, step, happened_at, written_at, actor_role, organisation, from_status, to_status"
COLUMNS += ", outcome, reason, data, body, previous_hash, hash, tag"
EDITED = ("step = 'assign'", "actor_role = 'system'", "organisation = 'x'", "data = '{}'::jsonb", "name_id = null")
EDITED += ("happened_at = happened_at - interval '1 day'", "written_at = written_at + interval '1 second'")
EDITED += ("to_status = 'closed'",)
EDITED_TEXT = f"update {ENTRIES} set body = replace(body, 'accept_case', 'assign') {ONE} = 3"
SWAPPED = [
    f"update {ENTRIES} set sequence = case sequence when 2 then 1002 else 1003 end {ONE} in (2, 3)",
    f"update {ENTRIES} set sequence = case sequence when 1002 then 3 else 2 end {ONE} > 1000",
]
INSERTED = f"insert into {ENTRIES} (sequence, {COLUMNS}) select sequence + 1, {COLUMNS} from {ENTRIES}"
INSERTED += " where complaint_id = %s order by sequence desc limit 1"
CUT = [f"delete from {ENTRIES} {ONE} = 4", f"delete from complaints_personaltext {ONE} = 4"]
LAST = f"select hash from {ENTRIES} s where s.complaint_id = c.id and sequence = 3"
CUT += [f"update complaints_complaint c set last_sequence = 3, last_hash = ({LAST}) where id = %s"]
FORGED = "update complaints_seal set signature = decode(repeat('00', 64), 'hex')"
STATED = "update complaints_personaltext set sealed = overlay(sealed placing '\\x00'::bytea from octet_length(sealed))"
STATED += " || '\\x00'::bytea where complaint_id = %s and kind = 'consumer_statement'"
#: What was done to the record → by which statements; the code, entry and row of one finding among those that come of
#: it.
TAMPERED: dict[str, tuple[list[str], tuple[str, int, str]]] = {
    "an edited text of an entry": ([EDITED_TEXT], ("hash", 3, "entry")),
    **{
        f"an edited column: {change}": ([f"update {ENTRIES} set {change} {ONE} = 4"], ("column", 4, "entry"))
        for change in EDITED
    },
    "a deleted entry": ([f"delete from {ENTRIES} {ONE} = 2"], ("entry_missing", 2, "")),
    "swapped entries": (SWAPPED, ("not_in_order", 2, "entry")),
    "an inserted entry": ([INSERTED], ("not_in_order", 5, "entry")),
    "a cut tail": ([f"delete from {ENTRIES} {ONE} = 4"], ("entry_missing", 4, "")),
    "a cut tail with the case row adjusted": (CUT, ("sealed_head", 4, "entry")),
    "a whole case removed": ([f"delete from {ENTRIES} where complaint_id = %s"], ("entry_missing", 1, "")),
    "a removed seal": (["delete from complaints_seal where number = 1"], ("seal_missing", 0, "seal 1")),
    "a forged seal": ([FORGED], ("seal_unsigned", 0, "seal 1")),
    "a changed statement": ([STATED], ("changed", 1, "text consumer_statement")),
}


@pytest.mark.django_db(transaction=True)
def test_untouched_it_verifies(sealed: Complaint, capsys: Any) -> None:
    report = verify()
    assert report.is_unbroken
    assert report.seals == 1
    assert report.entries == HandlingStep.objects.count() == report.sealed_size
    with pytest.raises(SystemExit) as ended:
        call_command("verify_record", case=sealed.number)
    # 3: whole, and compared with nothing from outside, as it says.
    assert ended.value.code == 3
    assert "unbroken" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", TAMPERED)
def test_T70_what_was_tampered_with_is_noticed(
    sealed: Complaint, world: World, superuser_connection: Any, what: str
) -> None:
    statements, expected = TAMPERED[what]
    if what == "a removed seal":
        given.filed(world, now=WEDNESDAY + timedelta(hours=3))
        seal(now=WEDNESDAY + timedelta(hours=4), key=KEY)
    for sql in statements:
        tamper(superuser_connection, sql, *[sealed.pk] * sql.count("%s"))
    assert expected in [(one.code, one.sequence, one.row) for one in found(sealed)]


@pytest.mark.django_db
def test_the_portal_itself_cannot_change_the_past(world: World) -> None:
    given.filed(world)
    for sql in (
        "update complaints_handlingstep set reason = 'x'",
        "delete from complaints_handlingstep",
        "truncate complaints_handlingstep cascade",
        "delete from complaints_personaltext",
        "update complaints_personaltext set sealed = 'other'",
        "delete from complaints_recordedname",
        "alter table complaints_handlingstep disable trigger all",
        "set session_replication_role = replica",
    ):
        with pytest.raises((DatabaseError, psycopg2.Error)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.django_db
def test_T73_it_verifies_however_the_reader_looks_at_it_and_whole_without_an_erased_text(world: World) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    for setting in (
        "set local timezone = 'America/St_Johns'",
        "set local datestyle = 'German, DMY'",
        "set local intervalstyle = 'iso_8601'",
        "set local extra_float_digits = -5",
        "set local bytea_output = 'escape'",
    ):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(setting)
            assert verify(number=case.number).is_unbroken
            transaction.set_rollback(True)
    case = given.filed(world)
    PersonalText.objects.filter(complaint=case).update(sealed="")
    assert not verify(number=case.number).is_unbroken
    house.write("erased", {"key": str(case.consumer_key)}, by="test", now=WEDNESDAY)
    assert verify(number=case.number).is_unbroken


@pytest.mark.django_db
def test_T74_what_cannot_be_recorded_did_not_happen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = given.filed(world)

    def broken(_self: record.Composed) -> None:
        raise DatabaseError("the record takes nothing")

    before = Complaint.objects.values().get(pk=case.pk)
    monkeypatch.setattr(record.Composed, "insertion", broken)
    move = authority.refer_to_triage(reason="nothing_matched", explanation=given.BECAUSE)
    with pytest.raises(DatabaseError), transaction.atomic():
        given.step(case, move, SYSTEM, WEDNESDAY)
    assert Complaint.objects.values().get(pk=case.pk) == before
    assert HandlingStep.objects.filter(complaint=case).count() == 1
    assert verify(number=case.number).is_unbroken


WORDS = r""" NULL null " \ \" a\b { } {} , a,b ' '' %s %% é 退款 🧾 \x00 $1 E'\\' """
AWKWARD = ["", " ", " x ", "\n\t", '{"a": "b\\"c"}', *WORDS.split()]


def test_text_comes_back_as_it_was(world: World) -> None:
    for text in AWKWARD:
        case = given.filed(world)
        facts: dict[str, Any] = {"text": text, "list": [text, None, 1.5, True], text: {}}
        salt, digest = b'\x00\\"\xff' * 4, text.encode() + b"\x00'{},"
        columns = {"complaint": case, "key_id": case.consumer_key, "audience": "parties", "sequence": 9}
        columns |= {"sealed": with_salt(salt, text), "digest": digest}
        bulk.insert([PersonalText(kind=kind, **columns) for kind in ("one", "two")])
        for row in PersonalText.objects.filter(complaint=case, sequence=9):
            assert (row.text, bytes(row.salt), bytes(row.digest)) == (text, salt, digest)
        case.facts, case.item_name, case.platform_number = facts, text, text[:60]
        bulk.update([case], ["facts", "item_name", "platform_number"])
        kept = Complaint.objects.get(pk=case.pk)
        assert (kept.facts, kept.item_name, kept.platform_number) == (json.loads(json.dumps(facts)), text, text[:60])


def test_every_kind_of_value_and_its_absence(world: World) -> None:
    case, other = given.filed(world), given.filed(world)
    case.is_online, case.amount, case.closed_at, case.last_hash = None, None, None, b""
    other.is_online, other.facts, other.last_hash = True, {}, b"\\x41"
    other.next_due_at = datetime(2026, 12, 1, 0, 0, 0, 123456, tzinfo=UTC)
    names = ["is_online", "amount", "closed_at", "facts", "last_hash", "next_due_at", "linked_group", "disputed_on"]
    bulk.update([case, other], names)
    for before in (case, other):
        kept = Complaint.objects.get(pk=before.pk)
        for name in names:
            result = getattr(kept, name)
            assert (bytes(result) if isinstance(result, memoryview) else result) == getattr(before, name), name


def test_nothing_to_write_asks_nothing_and_what_is_too_long_is_refused(
    db: None, django_assert_num_queries: Any, world: World
) -> None:
    with django_assert_num_queries(0):
        bulk.insert([])
        bulk.update([], ["status"])
        bulk.number([])
    with pytest.raises(TypeError):
        bulk.insert([Heartbeat(name="x", at={1})])
    # A text that was cut would no longer be what the record says of it.
    with pytest.raises(DataError), transaction.atomic():
        bulk.insert([Reminder(deadline_id=1, mark="x" * 100, at=WEDNESDAY)])
    assert not Reminder.objects.exists()
