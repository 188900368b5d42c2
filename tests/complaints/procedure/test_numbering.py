"""A number names the province whose portal keeps the case; numbers of before that stay good everywhere."""

from datetime import date

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from complaints.desks.case_search import number_in
from complaints.models import Complaint
from complaints.notices.digests import code_of
from complaints.procedure.numbering import ALPHABET, check_character, new_number, province_of, tidy
from complaints.procedure.workflow import Status
from tests.cast import World
from tests.complaints.pages.at_the_desk import signed_in
from tests.complaints.pages.enterprise.test_enterprise_queue import QUEUE, numbers
from tests.complaints.pages.links.test_track import ask, with_token
from tests.given import a_complaint

DAY = date(2026, 11, 18)
OLDER = f"20261118-7K3Q9M2PT4RA-{check_character('202611187K3Q9M2PT4RA')}"


@pytest.mark.parametrize("province", ["00", "11", "35", "82"])
def test_a_number_says_the_day_the_province_and_any_wrong_character(
    monkeypatch: pytest.MonkeyPatch, province: str
) -> None:
    monkeypatch.setattr(settings, "PROVINCE", province)
    number = new_number(DAY)
    assert number.startswith(f"20261118-{province}-")
    assert province_of(number) == province
    for typed in (number, number.lower(), number.replace("-", ""), number.replace("0", "o").replace("1", "l")):
        assert tidy(typed) == number
    letters = number.replace("-", "")
    for place in range(len(letters)):
        for wrong in set(ALPHABET) - {letters[place]}:
            assert tidy(f"{letters[:place]}{wrong}{letters[place + 1 :]}") == ""


def test_an_older_number_is_good_and_of_no_province() -> None:
    assert tidy(OLDER.lower().replace("-", " ")) == OLDER
    assert province_of(OLDER) == province_of("") == province_of("20261118-35") == ""
    # Neither form is taken for the other, however long what was typed is.
    assert tidy(OLDER[:-1]) == tidy(f"{OLDER}00") == ""


def test_a_beginning_is_looked_for_as_a_beginning() -> None:
    number = new_number(DAY)
    for length in (8, 9, 10, 11, 12, 16, 24, 25, 26):
        assert number_in(number[:length].lower()) == number[:length]
    assert number_in(OLDER[:13]) == OLDER[:13]
    for text in (number[:7], "宽带", "2026111x-00", f"{number[:20]} x"):
        assert number_in(text) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("number", [OLDER, ""])
def test_either_is_tracked_found_and_linked_to(world: World, number: str) -> None:
    case = with_token(a_complaint(world, status=Status.NEGOTIATING, now=timezone.now()))
    if number:
        Complaint.objects.filter(pk=case.pk).update(number=number)
        case.refresh_from_db()
    assert ask(Client(), case.number.lower().replace("-", " "))["Location"] == f"/track/{case.number}/"
    ming = signed_in(world.ming)
    for typed in (case.number, case.number.replace("-", "").lower(), case.number[:14], case.number[-9:]):
        assert numbers(ming.get(QUEUE, {"q": typed})) == [case.number], typed
    code = code_of(case.number)
    assert len(code) == 13
    assert signed_in(world.chen).get(f"/c/{code}")["Location"] == f"/cases/{case.number}/"
