"""What a file of a made-up sector changes in the portal. Run by test_sector_files.py, in a process of its own."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from complaints.acceptance.remedies import body_last_day
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Complaint, FilingDraft, Notice
from complaints.models.code_lists import fill_lists
from complaints.procedure.categories import fitting_causes
from enterprises.models import LeagueSet
from oversight.open_data.files import label_of
from tests import found_in, given, missing_in
from tests.api.conftest import Making, program  # noqa: F401
from tests.api.test_calls import filing
from tests.cast import WEDNESDAY, World
from tests.complaints.filing import answers
from tests.complaints.filing.test_drafts import fill, heard_with, screen, send, url
from tests.complaints.pages.at_the_authority import TEXT, S, case_at, key, one_person_suffices, step_url, workspace
from tests.complaints.pages.authority.test_intake import words
from tests.oversight.counting import a_line
from tests.server import as_owner

pytestmark = pytest.mark.django_db
FERRY = {"object_category": "service.ferry", "problem_category": "ferry.late"}
ASKED = {"sailing": "榕平 3 号", "cabin": "deck"}


@pytest.fixture(autouse=True, scope="session")
def _migrated(django_db_setup: None, django_db_blocker: Any) -> None:
    """What `migrate` does with the new file."""
    with django_db_blocker.unblock(), as_owner():
        fill_lists(apps, using="default")


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")


def test_the_filing_asks_its_questions_and_keeps_the_answers_and_another_sector_is_not_asked_for_it(
    client: Client, world: World
) -> None:
    begun = f"/file/?service_region={world.region.pk}&pick=authority"
    assert send(client, begun, {"story": "船晚点了三个小时"}).status_code == 302
    draft = FilingDraft.objects.get()
    assert re.search(r'<option value="service.ferry"\s*>\s*渡轮客运\s*</option>', screen(client, draft, "heard"))
    send(client, url(draft, "heard"), {"object_category": "service.ferry"})
    page = screen(client, draft, "heard")
    assert not missing_in(page, "航班号", "在船票上", "企业凭航班号查当天的航行记录", ">甲板</option>")
    # Its own problems come first; what is no longer offered is not; another sector's questions are not asked.
    assert page.index('<option value="ferry.late') < page.index('<option value="quality"')
    assert not found_in(page, "卧铺", "关于您的电信服务", "都可以不填")
    problem = answers.PROBLEM | FERRY | {"service_number": "", "sailing": "", "cabin": "deck"}
    refused = send(client, url(draft, "heard"), heard_with(problem=problem) | {"object_category": "service.ferry"})
    assert (refused.status_code, 'href="#id_sailing"' in refused.content.decode()) == (422, True)
    assert "改乘下一班" in screen(client, draft, "heard")
    ferry = {"purchase": {"object_category": "service.ferry"}, "problem": problem | ASKED}
    fill(client, draft, **ferry, demands={"demand": ["next_sailing", "refund"]})
    assert not missing_in(screen(client, draft), "渡轮客运", "晚点", "榕平 3 号", "甲板", "改乘下一班")
    agreed = {"pause_for_settlement": "yes", "pass_to_regulator": "yes"}
    assert send(client, url(draft, "check"), agreed).status_code == 302
    case = Complaint.objects.get()
    assert (case.object_category, case.problem_category) == ("service.ferry", "ferry.late")
    assert case.facts["cabin"] == "deck"
    assert {text.kind: text.text for text in case.texts.all()}["consumer_sailing"] == "榕平 3 号"
    assert {row.kind for row in case.demands.all()} == {"refund", "next_sailing"}
    send(client, begun, {"story": answers.STATEMENT})
    draft = FilingDraft.objects.latest("created_at")
    fill(client, draft, until="you")
    assert not found_in(screen(client, draft, "heard"), "改乘下一班", "关于您的航班", "航班号")


def test_a_program_may_answer_its_questions(world: World, program: Making) -> None:  # noqa: F811
    chen = program("chen")
    assert set(chen.post("/complaints/", filing(world, **FERRY)).json()["errors"]) == {"/sailing"}
    filed = chen.post("/complaints/", filing(world, **FERRY, **ASKED))
    assert filed.status_code == 201, filed.content.decode()
    assert Complaint.objects.get().facts["cabin"] == "deck"
    document = Client().get("/api/v1/schema/", headers={"accept": "application/json"}).json()
    assert document["components"]["schemas"]["FilingInput"]["properties"]["sailing"] == {
        "type": "string",
        "description": "ferry: number of the sailing",
        "maxLength": 30,
    }


def test_triage_and_the_desks_see_it(world: World) -> None:
    case = case_at(world, S.TRIAGE, **FERRY, answers=ASKED)
    page = workspace(world.su).get(f"/authority/cases/{case.number}/").content.decode()
    assert not missing_in(page, "渡轮客运", "晚点", "榕平 3 号", "舱位", "甲板")
    typed = words(world, **{"purchase-object_category": "service.ferry", "go": None, "find": "1"})
    assert "航班号" in workspace(world.su).post("/authority/intake/", typed).content.decode()
    review = case_at(world, S.REVIEW, **FERRY)
    page = workspace(world.rui).get(step_url(review, "refuse")).content.decode()
    assert '<option value="harbour">港航管理部门 12395</option>' in page


def test_a_refusal_names_its_authority_in_the_letter_and_on_the_document(world: World) -> None:
    one_person_suffices()
    case = given.a_complaint(world, status=S.REVIEW, **FERRY)
    said = {"ground": "outside_duty", "facts": TEXT, "body": "harbour"}
    look = workspace(world.rui).post(step_url(case, "refuse"), said | {"look": "1"} | key())
    assert "港航管理机构" in look.content.decode()
    assert body_last_day("harbour", case) == date(2027, 2, 1)
    given.step(case, authority.refuse(**said), world.officer, WEDNESDAY)
    body = Notice.objects.get(complaint=case, kind="refuse", addressee="consumer").body
    assert not missing_in(body, "港航管理部门", "12395", "2027年2月1日")


def test_what_is_left_after_the_end_stands_on_the_page_and_in_the_letter(world: World) -> None:
    now = timezone.now()
    disputed_on = now.date() - timedelta(days=9)
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now, **FERRY, disputed_on=disputed_on, answers=ASKED)
    given.step(case, consumer.withdraw(reason="other_way"), world.consumer, now)
    letter = Notice.objects.get(complaint=case, kind="withdraw", addressee="consumer")
    assert "渡轮争议还可以向港航管理部门申诉。" in letter.body
    client = Client()
    client.force_login(world.chen)
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert (missing_in(page, "向港航管理部门申诉", "晚点，3个月内"), found_in(page, "12300")) == ([], [])


def test_its_causes_come_first_for_its_problems_and_are_offered_for_no_other(world: World) -> None:
    usual, others = fitting_causes("ferry.late")
    assert usual == ["tide", "fault"]
    assert "staff_conduct" in others
    assert "tide" not in [*fitting_causes("quality")[0], *fitting_causes("quality")[1]]
    case = given.a_complaint(world, status=S.CLOSED, **FERRY)
    given.step(case, enterprise.tag_cause(cause="tide"), world.handler, WEDNESDAY)
    client = Client()
    client.force_login(world.ming)
    assert "潮水" in client.get(f"/enterprise/cases/{case.number}/").content.decode()


def test_the_league_and_the_open_data_call_it_by_its_name(client: Client, world: World) -> None:
    line = a_line(world.mobile)
    type(line).objects.filter(of=line.of_id).update(main_sector="service.ferry")
    LeagueSet.objects.update(sectors=["service.ferry"])
    page = client.get("/open/league/").content.decode()
    assert re.search(r'<option value="service.ferry"\s*>\s*渡轮客运\s*</option>', page)
    assert page.count("渡轮客运") > 1
    assert (label_of("object", "service.ferry"), label_of("problem", "ferry.late")) == ("渡轮客运", "晚点")


def test_is_this_the_right_place_knows_it(client: Client, world: World) -> None:
    assert "坐渡轮" in client.get("/check/", {"matter": "purchase"}).content.decode()
    asked = {"matter": "purchase", "trade": "ferry", "since": "within", "elsewhere": "no"}
    page = client.get("/check/", asked).content.decode()
    assert not missing_in(page, "港航管理部门（渡轮旅客申诉）", 'href="tel:12395"', "保留船票。")
    assert "/file/?object_category=service.ferry" in page
