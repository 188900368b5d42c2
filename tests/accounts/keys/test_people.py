"""Users as the database sees them, and the keys that live no longer than their transaction."""

import base64
import re
import uuid
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils.functional import SimpleLazyObject

from accounts.keys import keyring, sealed_fields
from accounts.keys.ciphers import CannotOpen
from accounts.models import BrowserSession, PersonKey, User
from accounts.sign_in.contacts import Contact, known_user, user_for
from accounts.sign_in.sessions import SessionStore, stored_key
from complaints.handling.steps import enterprise
from complaints.models import PersonDigest
from complaints.procedure.workflow import Status
from complaints.record import person_digests
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)


def columns_of(user: User) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("select * from accounts_user where id = %s", [user.pk])
        return dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))


def someone() -> User:
    return User.objects.create_user("Chen@Example.org", "a long pass phrase", name="陈雨桐", phone="+8613800000001")


def test_T75_a_row_of_a_user_says_nothing_and_people_are_found_by_what_they_typed(suite: str, db: None) -> None:
    user = someone()
    for value in columns_of(user).values():
        stored = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert not any(part in stored for part in ("陈雨桐".encode(), b"hen@", b"3800000001"))
    keyring.forget()
    again = User.objects.get(pk=user.pk)
    assert (again.name, again.email, again.phone) == ("陈雨桐", "chen@example.org", "+8613800000001")
    assert User.objects.with_email(" CHEN@example.ORG").get() == user
    assert User.objects.with_phone("138 0000 0001").get() == user
    assert known_user(Contact("sms", "+8613800000001")) == user
    assert user_for(Contact("email", "chen@example.org")) == user
    assert authenticate(username="chen@example.org", password="a long pass phrase") == user
    assert not User.objects.with_phone("+8613800000002").exists()
    with connection.cursor() as cursor:
        cursor.execute("update accounts_user set name = phone where id = %s", [user.pk])
    with pytest.raises(CannotOpen):
        User.objects.get(pk=user.pk).name  # noqa: B018


def test_an_address_is_one_persons_a_changed_one_is_found_at_once_and_a_sealed_column_is_not_searched(
    suite: str, db: None
) -> None:
    user = someone()
    for address in ({"email": "CHEN@example.org"}, {"phone": "+8613800000001"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user(**address)
    user.phone = "+8613800000002"
    user.save(update_fields=["phone"])
    assert User.objects.with_phone("13800000002").get().phone == "+8613800000002"
    assert not User.objects.with_phone("13800000001").exists()
    for wrong in (lambda: User.objects.filter(name="陈雨桐").exists(), lambda: User.objects.update(name="别人")):
        with pytest.raises(TypeError, match="sealed"):
            wrong()


def test_T75_a_name_moved_to_another_person_does_not_open(suite: str, db: None) -> None:
    user, other = someone(), User.objects.create_user("other@example.org", name="华")
    for key in ("", ", person_key = gen_random_uuid()"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"update accounts_user t set name = s.name{key} from accounts_user s where s.id = %s and t.id = %s",
                [user.pk, other.pk],
            )
        with pytest.raises(CannotOpen):
            User.objects.get(pk=other.pk).name  # noqa: B018


def test_a_page_of_people_costs_one_query_for_their_keys(db: None, django_assert_num_queries: Any) -> None:
    for nth in range(30):
        User.objects.create_user(f"u{nth}@example.org", name=f"员{nth}")
    keyring.forget()
    with django_assert_num_queries(2):
        users = list(User.objects.all())
        sealed_fields.load_for(users)
        assert {user.name for user in users} == {f"员{nth}" for nth in range(30)}
    keyring.forget()
    # As a request has its user.
    lazy = SimpleLazyObject(User.objects.filter(pk=users[0].pk).get)
    with django_assert_num_queries(2):
        sealed_fields.load_for([lazy])
        assert lazy.name.startswith("员")


def a_key_is_rolled_back_and_not_used_again() -> None:
    person = uuid.uuid4()
    with transaction.atomic():
        User.objects.create_user("a@example.org", name="甲", person_key=person)
        assert keyring.secrets_of([person])
        transaction.set_rollback(True)
    assert not PersonKey.objects.filter(pk=person).exists()
    assert not keyring.secrets_of([person])
    user = User.objects.create_user("a@example.org", name="甲", person_key=person)
    keyring.forget()
    assert User.objects.get(pk=user.pk).name == "甲"


def test_a_key_of_a_rolled_back_step_is_not_used_again(db: None) -> None:
    a_key_is_rolled_back_and_not_used_again()


@pytest.mark.django_db(transaction=True)
def test_a_key_of_a_rolled_back_transaction_is_not_used_again() -> None:
    a_key_is_rolled_back_and_not_used_again()


def test_T82_with_the_key_goes_the_name_and_no_key_comes_back(suite: str, db: None) -> None:
    user = someone()
    assert keyring.destroy([user.person_key], now=NOW) == 1
    assert User.objects.get(pk=user.pk).name == ""
    user.name = "又来了"
    user.save()
    assert User.objects.get(pk=user.pk).name == ""
    assert bytes(PersonKey.objects.get(pk=user.person_key).wrapped) == b""
    assert (keyring.destroy([user.person_key], now=NOW), keyring.destroy([keyring.PORTAL], now=NOW)) == (0, 0)


def test_T75_a_session_in_the_database_says_nothing(suite: str, db: None) -> None:
    store = SessionStore()
    store["sign_in_contact"] = ["sms", "+8613800000001"]
    store.save()
    kept = BrowserSession.objects.get(pk=stored_key(store.session_key)).session_data
    assert "13800000001" not in kept
    assert SessionStore(store.session_key)["sign_in_contact"] == ["sms", "+8613800000001"]
    parts = kept.lstrip(".").split(":")[0]
    assert b"3800000001" not in base64.urlsafe_b64decode(parts + "=" * (-len(parts) % 4))


TYPED = ["13800000001", "+86 138 0000 0001", "１３８００００００01", "陈试", "陈 试", "jd 20261101"]
NOT_WHOLE = ["1380000000", "8613800000001", "陈", "JD2026110"]


def test_T01_the_whole_phone_name_or_order_number_finds_a_case_a_part_none_and_strangers_none(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, order_no="JD20261101")
    for words in TYPED:
        for user, page in ((world.ming, "/enterprise/queue/"), (world.rui, "/authority/cases/")):
            assert case.number in shown(signed_in(user).get(page, {"q": words})), (page, words)
    for words in NOT_WHOLE:
        assert case.number not in shown(signed_in(world.ming).get("/enterprise/queue/", {"q": words})), words
    for user, page in ((world.hua, "/enterprise/queue/"), (world.far_officer.user, "/authority/cases/")):
        result, other = (shown(signed_in(user).get(page, {"q": words})) for words in ("13800000001", "13899999999"))
        assert case.number not in result
        # What the browser keeps of the list is packed and sealed, with what was searched for in it.
        result, other = (re.sub(r'data-list="[^"]*"', "", text) for text in (result, other))
        assert len(result) == len(other.replace("13899999999", "13800000001"))
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="not_customer", text="不是我们的用户。"), world.handler, WEDNESDAY)
    ended = signed_in(world.lead)
    assert case.number in shown(ended.get("/enterprise/queue/", {"q": case.number, "view": "closed"}))
    assert case.number not in shown(ended.get("/enterprise/queue/", {"q": "13800000001", "view": "closed"}))


def test_complaints_of_before_there_were_marks_are_marked_once_and_a_stop_costs_nothing(world: World) -> None:
    old = [given.filed(world), given.filed(world), given.filed(world, statement="没有收到货")]
    texts = PersonDigest.objects.filter(kind=person_digests.MARK)
    marks = sorted((row.complaint_id, bytes(row.digest)) for row in texts)
    assert {case for case, _digest in marks} == {old[0].pk, old[1].pk}
    texts.delete()
    assert person_digests.mark_statements(after=0, limit=1)[0] == 1, "and then somebody pulled the plug"
    new = given.filed(world)
    for result in ("1 statements were marked", "0 statements were marked"):
        out = StringIO()
        call_command("mark_statements", stdout=out)
        assert result in out.getvalue()
        assert sorted((row.complaint_id, bytes(row.digest)) for row in texts.exclude(complaint=new)) == marks


def test_a_key_destroyed_on_another_machine_opens_nothing_here_after_a_minute(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process is not told: it asks again once a minute is over, by its own clock that runs evenly."""
    seconds = [1000.0]
    monkeypatch.setattr(keyring, "HELD_FOR", 60)
    monkeypatch.setattr(keyring, "monotonic", lambda: seconds[0])
    person = uuid.uuid4()
    keyring.secrets_of([person], make=True)
    keyring.forget()
    held = keyring.secrets_of([person])
    PersonKey.objects.filter(person=person).update(wrapped=b"", destroyed_at=NOW)
    seconds[0] += 59
    assert keyring.secrets_of([person]) == held
    seconds[0] += 2
    assert keyring.secrets_of([person]) == {}
