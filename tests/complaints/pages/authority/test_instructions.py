"""The 督办 board, one instruction, one for many cases; and the enterprise's side of it."""

import hashlib
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from authorities.models import Officer, Policy
from complaints import handling
from complaints.handling.steps import authority, supervision
from complaints.models import Complaint, Deadline, Evidence, HandlingStep, Matter
from tests import given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import TEXT, S, ahead, case_at, now, step_url
from tests.complaints.pages.at_the_desk import checked, costs_the_same, key, officer_of, shown, signed_in
from tests.complaints.pages.step_walks import an_analyst
from tests.server import A_REQUEST
from web.dates import last_day

BOARD, NEW = "/authority/urges/", "/authority/urges/new/"


def urged(world: World, case: Complaint, by: str = "officer", days: int = 3) -> Matter:
    given.step(case, supervision.urge(text="请三天内提出方案。", last_day=ahead(days)), world.actor(by), now())
    return Matter.objects.filter(complaint=case, kind="urge").latest("pk")


def late_by(matter: Matter, days: int) -> None:
    """As if it had been sent so much earlier; the sweep finds it overdue."""
    clock, back = Deadline.objects.get(matter=matter), timedelta(days=days)
    earlier = {name: getattr(clock, name) - back for name in ("started_at", "due_at", "last_day")}
    Deadline.objects.filter(pk=clock.pk).update(chase_at=now(), **earlier)
    Matter.objects.filter(pk=matter.pk).update(until_at=clock.due_at - back)
    handling.sweep_clocks(now=now())


def test_the_board_leads_to_a_list_and_to_one_instruction_where_what_is_missing_is_named(world: World) -> None:
    case, officer = case_at(world, S.NEGOTIATING), signed_in(world.rui)
    assert 'href="/authority/cases/"' in shown(officer.get(BOARD))
    address = f"{NEW}?status=negotiating"
    assert f'href="{address}"' in shown(officer.get("/authority/cases/?status=negotiating"))
    page = officer.get(address)
    assert [row.complaint for _to, rows in page.context["groups"] for row, _at in rows] == [case]
    assert " checked" not in shown(page), "nothing is ticked beforehand"
    # Nothing is asked for where a case is over and where there is none.
    assert NEW not in shown(officer.get("/authority/cases/?status=closed"))
    assert NEW not in shown(officer.get("/authority/cases/?status=mediating"))
    for change, field in (
        ({"text": ""}, "text"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"case": []}, "case"),
        ({"case": [f"20260101-{n:012d}-0" for n in range(51)]}, "case"),
    ):
        text = {"case": [case.number], "text": TEXT, "last_day": ahead(5)} | change
        answer = signed_in(world.rui).post(NEW, text | key())
        assert (answer.status_code, field in answer.context["form"].errors) == (422, True)
        assert not Matter.objects.filter(kind="urge").exists()


def test_the_board_has_each_instruction_in_one_column_and_counts_what_its_table_lists(world: World) -> None:
    cases = [case_at(world, S.NEGOTIATING) for _ in range(3)]
    waiting, late, answered = (urged(world, case) for case in cases)
    # Tomorrow's reminder has not come yet: reported once, to the city.
    late_by(late, 4)
    move = supervision.answer_instruction(text="今天提出方案。", matter_id=answered.pk)
    given.step(cases[2], move, world.handler, now())
    page = signed_in(world.rui).get(BOARD)
    columns = {column["code"]: [card.matter.pk for card in column["cards"]] for column in page.context["board"]}
    assert columns == {"waiting": [waiting.pk], "late": [late.pk], "escalated": [], "answered": [answered.pk]}
    assert not missing_in(shown(page), "请三天内提出方案。", "已报福州市市场监督管理局（第1次）")
    # What was reported to it stands in the superior's column 升级; what a neighbour's county sent is nowhere.
    above = signed_in(officer_of(world, "superior")).get(BOARD)
    expected = {"waiting": 0, "late": 0, "escalated": 1, "answered": 0}
    assert {column["code"]: column["value"] for column in above.context["board"]} == expected
    far = signed_in(officer_of(world, "far")).get(BOARD)
    assert not any(column["value"] for column in far.context["board"])
    matter = urged(world, case_at(world, S.NEGOTIATING))
    late_by(matter, 20)
    page = signed_in(world.rui).get(f"{BOARD}?column=escalated")
    assert [row.matter.pk for row in page.context["rows"]] == [matter.pk]
    assert Deadline.objects.get(matter=matter).escalations >= 2
    one = shown(signed_in(world.rui).get(f"{BOARD}{matter.pk}/"))
    assert not missing_in(one, "第1次：报福州市市场监督管理局", "第2次：报福建省市场监督管理局")


def test_a_column_counts_what_its_table_lists(world: World) -> None:
    for days in (0, 4, 20):
        matter = urged(world, case_at(world, S.NEGOTIATING))
        if days:
            late_by(matter, days)
    for column in ("waiting", "late", "escalated", "answered"):
        page = signed_in(world.rui).get(f"{BOARD}?column={column}")
        head = next(one for one in page.context["columns"] if one["code"] == column)
        assert head["value"] == len(page.context["rows"])


def test_a_board_costs_the_same_however_much_stands_on_it(world: World) -> None:
    def more() -> None:
        for _ in range(3):
            late_by(urged(world, case_at(world, S.NEGOTIATING)), 4)
            urged(world, case_at(world, S.NEGOTIATING))

    more()
    costs_the_same(signed_in(world.rui), BOARD, more, at_most=7 + A_REQUEST)


def test_the_unit_narrows_and_what_was_sent_here_is_not_among_what_was_sent_from_here(world: World) -> None:
    matter = urged(world, case_at(world, S.REVIEW), by="superior")
    client = signed_in(officer_of(world, "superior"))
    far = Officer.objects.get(user=officer_of(world, "far")).authority_id
    assert client.get(f"{BOARD}?unit={world.gulou.pk}").context["board"][0]["value"] == 1
    assert client.get(f"{BOARD}?unit={far}").context["board"][0]["value"] == 0
    assert client.get(f"{BOARD}?unit=x").context["board"][0]["value"] == 1
    late_by(matter, 20)
    board = signed_in(world.rui).get(BOARD).context["board"]
    assert not any(column["value"] for column in board), "reported past this authority, and sent to it"
    received = signed_in(world.rui).get(f"{BOARD}?box=received").context["board"]
    assert [column["code"] for column in received if column["value"]] == ["escalated"]


def test_a_lower_authority_answers_it_once_and_a_newer_one_takes_that_from_nobody(world: World) -> None:
    case = case_at(world, S.REVIEW)
    matter = urged(world, case, by="superior")
    client, url = signed_in(world.rui), f"{BOARD}{matter.pk}/"
    assert f'href="{url}"' in shown(client.get(f"{BOARD}?box=received"))
    checked(client.post(url, {"text": ""} | key()), 422, "请填写这一项")
    body = {"text": "本周内办结。"} | key()
    assert [client.post(url, body)["Location"] for _ in range(2)] == [url, url]
    assert HandlingStep.objects.filter(complaint=case, step="answer_instruction").count() == 1
    checked(client.post(url, {"text": "再答一次。"} | key()), 409, "已经答复过")
    assert "本周内办结。" in shown(signed_in(officer_of(world, "superior")).get(url))
    # Who sent it has nothing to answer.
    assert signed_in(officer_of(world, "superior")).post(url, {"text": TEXT} | key()).status_code == 409
    case = case_at(world, S.REVIEW)
    first = urged(world, case, by="superior")
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(case, forward, world.officer, now())
    assert urged(world, case, by="superior").to_authority is None
    url = f"{BOARD}{first.pk}/"
    assert client.get(url).context["form"] is not None
    assert client.post(url, {"text": "本周内办结。"} | key()).status_code == 302
    assert reloaded(first).state == "answered"
    # What is left is the enterprise's.
    assert step_url(case, "answer") not in shown(client.get(f"/authority/cases/{case.number}/"))


def test_of_another_region_it_does_not_exist_an_analyst_sends_nothing_and_not_all_can_be_urged(world: World) -> None:
    matter, far = urged(world, case_at(world, S.NEGOTIATING)), signed_in(officer_of(world, "far"))
    assert far.get(f"{BOARD}{matter.pk}/").status_code == 404
    assert far.post(f"{BOARD}{matter.pk}/", {"text": TEXT} | key()).status_code == 404
    assert signed_in(world.hua).get(f"/enterprise/urges/{matter.pk}/").status_code == 404
    client = signed_in(an_analyst(world))
    assert client.get(f"{BOARD}{matter.pk}/").status_code == 200
    assert NEW not in shown(client.get(BOARD)) + shown(client.get("/authority/cases/"))
    assert client.post(f"{BOARD}{matter.pk}/", {"text": TEXT} | key()).status_code in (404, 405, 409)
    assert client.get(NEW).status_code == 404
    case = case_at(world, S.REVIEW)
    assert step_url(case, "urge") not in shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/"))
    order = {"text": TEXT, "last_day": ahead(3)}
    assert signed_in(world.rui).post(step_url(case, "urge"), order | key()).status_code == 409
    given.step(case, supervision.take_up(text=TEXT), world.actor("superior"), now())
    checked(signed_in(world.rui).post(step_url(case, "urge"), order | key()), 409, "下级机关")


def test_a_superior_designates_who_handles_it(world: World) -> None:
    case, above = case_at(world, S.REVIEW), signed_in(officer_of(world, "superior"))
    far = Officer.objects.get(user=officer_of(world, "far")).authority
    values, url = {"text": TEXT, "authority": str(far.pk)}, step_url(case, "take-up")
    assert f'value="{far.pk}"' in shown(above.get(url))
    assert above.post(url, values | key()).status_code == 302
    assert reloaded(case).handling_authority == far
    # The one that was designated finds it, the one before no longer does.
    page = f"/authority/cases/{case.number}/"
    assert [signed_in(officer_of(world, who)).get(page).status_code for who in ("far", "officer")] == [200, 404]
    for typed, authority_then in (("", world.city), (world.gulou.pk, world.gulou)):
        assert above.post(url, values | {"authority": typed} | key()).status_code == 302
        assert reloaded(case).handling_authority == authority_then


def test_one_instruction_for_many_cases_tells_each_result(world: World) -> None:
    cases, own = [case_at(world, S.NEGOTIATING) for _ in range(3)], case_at(world, S.REVIEW)
    client = signed_in(world.rui)
    page = shown(client.get(f"{NEW}?status=negotiating"))
    assert all(case.number in page for case in cases)
    assert own.number not in page
    numbers = [*(case.number for case in cases), own.number, "20260101-AAAAAAAAAAAA-0"]
    # Nothing goes out before the number was read: what was typed stays, and the button says how many to whom.
    body = {"case": numbers, "text": TEXT, "last_day": ahead(5)}
    assert not missing_in(shown(client.post(NEW, body | key())), "还没有发出", "向1家督办5件", TEXT)
    assert not Matter.objects.filter(kind="urge").exists()
    body |= {"sure": "5"} | key()
    for _ in range(2):
        result = client.post(NEW, body)
    assert result.context["run"].done == [case.number for case in cases]
    assert dict(result.context["run"].refused).keys() == {own.number, "20260101-AAAAAAAAAAAA-0"}
    assert "已对3件发出督办，2件没有办" in shown(result)
    assert Matter.objects.filter(kind="urge", state="open").count() == 3


def test_the_enterprise_answers_with_a_file_and_on_the_page_of_the_case(world: World) -> None:
    case = case_at(world, S.NEGOTIATING)
    matter = urged(world, case)
    late_by(matter, 4)
    client, url = signed_in(world.ming), f"/enterprise/urges/{matter.pk}/"
    assert "1件等您答复，逾期1件" in shown(client.get("/enterprise/urges/"))
    assert "请三天内提出方案。" in shown(client.get(url))
    assert case.number in shown(client.get("/enterprise/queue/?view=urged"))
    paper = SimpleUploadedFile("说明.txt", "已退款".encode(), content_type="text/plain")
    assert client.post(url, {"text": "已提出方案。", "uploads": paper} | key()).status_code == 302
    entry = HandlingStep.objects.get(complaint=case, step="answer_instruction")
    assert hashlib.sha256("已退款".encode()).hexdigest() in (entry.body or "")
    assert Evidence.objects.filter(complaint=case).count() == 1
    assert "说明.txt" in shown(signed_in(world.rui).get(f"{BOARD}{matter.pk}/"))
    assert "近30天已答复的" in shown(client.get("/enterprise/urges/"))
    assert client.post(url, {"text": "再答一次。"} | key()).status_code == 409
    case = case_at(world, S.NEGOTIATING)
    urged(world, case)
    last = last_day(Deadline.objects.get(complaint=case, clock="instruction", ended_at=None).due_at)
    # Its own time, which is another one than that of the strip.
    path = f"/enterprise/cases/{case.number}/"
    assert f"监管部门发来督办，等您答复。请在{last}答复。" in shown(signed_in(world.ming).get(path))
    assert signed_in(world.ming).post(f"{path}instruction/", {"text": TEXT} | key()).status_code == 302
    assert not Matter.objects.filter(complaint=case, kind="urge", state="open").exists()


def test_own_cases_and_those_that_wait_for_the_consumer_are_left_out_and_counted(world: World) -> None:
    theirs = case_at(world, S.NEGOTIATING)
    own, waits = case_at(world, S.REVIEW), case_at(world, S.AWAITING_CONSUMER)
    page = signed_in(world.rui).get(f"{NEW}?status=")
    assert [row.complaint for _to, rows in page.context["groups"] for row, _at in rows] == [theirs]
    assert not missing_in(shown(page), "不列：本机关的1件。", "不列：等消费者的1件。")
    assert (own.number in shown(page), waits.number in shown(page)) == (False, False)


def test_from_the_number_of_the_policy_on_a_second_person_approves_them_together(world: World) -> None:
    Policy.objects.filter(name="urge_second_person").update(number=3)
    cases = [case_at(world, S.NEGOTIATING) for _ in range(3)]
    body = {"case": [case.number for case in cases], "text": TEXT, "last_day": ahead(5), "sure": "3"}
    checked(signed_in(world.rui).post(NEW, body | key()), 200, "已提请对3件督办，等第二人批准")
    assert not Matter.objects.filter(kind="urge").exists()
    matter = Matter.objects.filter(kind="proposal", subject="urge").earliest("pk")
    url = f"/authority/approvals/{matter.pk}/"
    own = signed_in(world.rui).post(url, {"decision": "grant"} | key())
    assert "已对0件发出督办" in shown(own), "nobody approves what he proposed himself"
    head = signed_in(officer_of(world, "head"))
    checked(head.get(url), 200, "同一次提请的3件，一起决定", *(case.number for case in cases))
    checked(head.post(url, {"decision": "grant"} | key()), 200, "已对3件发出督办")
    assert Matter.objects.filter(kind="urge", state="open").count() == 3
    assert not Matter.objects.filter(kind="proposal", state="open").exists()
