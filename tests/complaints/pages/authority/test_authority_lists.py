"""The authority's lists: numbers that open them, filters, pages, masks, queries, strangers."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.keys import keyring
from accounts.models import User
from authorities.models import Policy
from complaints import handling
from complaints.handling.steps import authority, enterprise, proposals, supervision, violations
from complaints.models import Complaint, Evidence, ForwardingDecision, HandlingStep
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Role
from enterprises.models import Enterprise, Succession
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import DAYS, TEXT, S, ahead, asked_return, case_at, now, step_url
from tests.complaints.pages.at_the_desk import checked, costs_the_same, key, officer_of, shown, signed_in
from tests.server import A_REQUEST


def test_lists_are_for_officers_and_show_only_their_region(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    for path in ("/authority/", "/authority/cases/", "/authority/triage/", "/authority/approvals/"):
        for person in (world.chen, world.ming, world.hua, world.otto):
            assert signed_in(person).get(path).status_code == 404
        assert Client().get(path).status_code == 302
        far = signed_in(officer_of(world, "far")).get(path)
        assert (far.status_code, case.number in shown(far)) == (200, False)
        assert signed_in(world.su).get(path).status_code == 200


def test_every_number_of_my_day_opens_a_list_of_that_length_and_waits_for_whoever_distributes(world: World) -> None:
    for status in (S.TRIAGE, S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING):
        case_at(world, status)
    given.a_complaint(world, status=S.NEGOTIATING, now=now() - 40 * DAYS)
    asked_return(world, case_at(world, S.NEGOTIATING))
    client = signed_in(world.su)
    day = client.get("/authority/").context
    numbers = {str(n["title"]): n for group in (day["burning"], *day["groups"]) for n in group["numbers"]}
    assert (numbers["待分送"]["value"], numbers["已逾期"]["value"], numbers["申请退回"]["value"]) == (2, 1, 1)
    for number in numbers.values():
        listed = client.get(number["url"])
        rows = listed.context["rows"] if "rows" in listed.context else listed.context["proposals"]
        assert len(rows) == number["value"], number
    case_at(world, S.TRIAGE)
    for user, where in ((world.su, "here"), (world.rui, "others")):
        groups = signed_in(user).get("/authority/").context["groups"]
        titles = [(number["title"], group["name"]) for group in groups for number in group["numbers"]]
        assert [name for title, name in titles if title == "待分送"] == [where]


def test_filters_narrow_and_odd_ones_are_left_out(world: World) -> None:
    review, mediating = case_at(world, S.REVIEW), case_at(world, S.MEDIATING)
    client = signed_in(world.rui)

    def numbers(query: str) -> set[str]:
        answer = client.get(f"/authority/cases/{query}")
        assert answer.status_code == 200
        return {row.complaint.number for row in answer.context["rows"]}

    assert (numbers(""), numbers("?status=review")) == ({review.number, mediating.number}, {review.number})
    assert numbers(f"?enterprise={world.mobile.pk}") == set()
    assert (numbers(f"?q={mediating.number}"), numbers("?officer=me")) == ({mediating.number}, {mediating.number})
    assert client.get("/authority/cases/%00/").status_code == 404
    assert client.get("/authority/cases/%F0%9F%99%82/accept/").status_code == 404
    for odd in (
        *("?q=%01", "?enterprise=%01", "?status=odd", "?overdue=%01", "?after=x", "?after=9.9.9"),
        *("?before=99999999999999999.1", "?enterprise=99999999999999999999", "?waiting=%F0%9F%99%82"),
    ):
        numbers(odd)
    # Names are masked in lists.
    assert not found_in(checked(client.get("/authority/cases/"), 200, "陈**"), "陈试", "13800000001")


#: Before its rows every page asks who is there, what they are (the gate) and which offices are held; a list then what
#: its filters offer, its counts in one, its rows, their names and clocks. The goal is 10, with who calls the database.
#: What waits asks in two what it shows: decisions and signals, then the directory and the texts of what lies near.
OF_A_LIST = {"/authority/": 6, "/authority/cases/": 6, "/authority/triage/": 7, "/authority/approvals/": 4}


def test_a_list_costs_the_same_however_long(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.su)
    for more in (2, 4):
        for _ in range(more):
            case_at(world, S.TRIAGE), case_at(world, S.REVIEW)
        for path, number in OF_A_LIST.items():
            if more == 2:
                client.get(path)
            with django_assert_num_queries(number + A_REQUEST):
                client.get(path)


#: With who calls; what `A_REQUEST` counts besides is the beginning and the end.
GOAL = 9 + A_REQUEST - 1
#: What opens a list, and who reads it.
LISTS_OF = (
    ("su", ("", "cases/", "cases/?status=any", "triage/", "jurisdiction/", "urges/decisions/")),
    ("head", ("approvals/", "urges/escalated/", "urges/overdue/", "call-backs/", "team/", "stations/", "enterprises/")),
    ("rui", ("notices/", "review/", "mediation/", "urges/", "urges/?column=open", "platform/")),
    ("rui", ("violations/", "documents/")),
)
LISTS = {f"/authority/{path}": who for who, paths in LISTS_OF for path in paths}


def _waiting(world: World, number: int) -> Complaint:
    """In triage, of somebody of its own, with suggestions, files, a respondent only named or merged away."""
    heir = Enterprise.objects.create(name=f"承继公司{number}", enrolment="enrolled", enrolled_by=world.gulou)
    Succession.objects.create(predecessor=world.mobile, successor=heir, on_day=date(2026, 1, 1))
    named, told = RespondentRequest(named=f"小店{number}", address="东街口1号"), f"第{number}件：同一家店的同一件事。"
    to = named if number % 2 else RespondentRequest(enterprise_id=world.mobile.pk)
    who = {"consumer_id": None, "consumer_name": f"林{number}", "consumer_phone": f"+86139000000{number:02}"}
    what = {"order_no": "SAME-1", "respondents": (to,), "statement": f"{told}退款一直没有到账。"}
    actor = Actor(role=Role.CONSUMER, roles=frozenset({Role.CONSUMER}), name=f"林{number}", person_key=uuid4())
    case = handling.file([given.a_request(world, now=now(), **who, **what)], actor=actor, now=now())[0]
    typed = {"share_with_enterprise": True, "named_entity": world.mobile.pk}
    Complaint.objects.filter(pk=case.pk).update(status=S.TRIAGE, consents=typed)
    places = ((heir.pk, None, 90), (world.mobile.pk, world.fuzhou.pk, 60))
    named_in = ("enterprise_id", "branch_id", "score")
    explanation = {"candidates": [dict(zip(named_in, place, strict=True)) | {"why": []} for place in places]}
    ForwardingDecision.objects.create(complaint=case, at=now(), verdict="triage", explanation=explanation)
    kept = {"kind": "receipt", "size": 1, "media_type": "image/png", "sha256": f"{number:064}", "path": f"{number}"}
    Evidence.objects.create(complaint=case, uploaded_at=now(), **kept)
    return case


def _more(world: World, first: int) -> None:
    """Two more rows for each list."""
    late = now() - timedelta(days=21)
    for number in (first, first + 1):
        _waiting(world, number)
        for then in (now(), late):
            case = given.a_complaint(world, status=S.REVIEW, now=then)
            given.step(case, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, then)
        given.step(case, violations.split_report(text="无证经营。"), world.officer, now())
        given.step(case, proposals.propose(move=authority.refuse(ground="other_law", facts=TEXT)), world.officer, now())
        urged = case_at(world, S.NEGOTIATING)
        given.step(urged, supervision.urge(text="请三天内提出方案。", last_day=ahead(3)), world.officer, now())
        asked_return(world, case_at(world, S.NEGOTIATING))
        case_at(world, S.MEDIATING)
        given.step(case_at(world, S.NEGOTIATING), enterprise.flag_concern(text=TEXT), world.handler, now())
    handling.sweep_clocks(now=now())


def _cost(client: Client, path: str) -> list[str]:
    """As a process asks that holds the keys of the few who work here, and of no consumer."""
    keyring.forget()
    officers = User.objects.filter(offices__isnull=False).values_list("person_key", flat=True)
    keyring.secrets_of([keyring.PORTAL, *officers])
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return [query["sql"][:90] for query in asked.captured_queries]


def test_a_list_asks_at_most_ten_statements_however_long_it_is(world: World) -> None:
    clients = {"su": signed_in(world.su), "rui": signed_in(world.rui), "head": signed_in(world.head_officer.user)}
    _more(world, 1)
    for path, who in LISTS.items():
        # Statements are put together and prepared when they are first needed.
        clients[who].get(path)
    few = {path: _cost(clients[who], path) for path, who in LISTS.items()}
    _more(world, 3)
    many = {path: _cost(clients[who], path) for path, who in LISTS.items()}
    # More rows cost nothing; where the first ones had no consumer whose key was missing, one statement reads the keys
    # of all.
    assert not {path for path, asked in many.items() if len(asked) > len(few[path]) + 1}
    assert not {path: asked for path, asked in many.items() if len(asked) > GOAL}


ESCALATED, DECISIONS, OVERDUE = (f"/authority/urges/{name}/" for name in ("escalated", "decisions", "overdue"))


def late_case(world: World, *, mine: bool = False) -> Complaint:
    """A case in review since three weeks; ``mine``: with Rui."""
    then = now() - timedelta(days=21)
    case = given.a_complaint(world, status=S.REVIEW, now=then)
    if mine:
        given.step(case, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, then)
    handling.sweep_clocks(now=now())
    return reloaded(case)


def test_a_superior_reads_who_owes_what_since_when(world: World) -> None:
    case, page = late_case(world, mine=True), signed_in(officer_of(world, "superior")).get(ESCALATED)
    (row,) = page.context["rows"]
    assert (row["complaint"], row["who"], row["person"]) == (case, "福州市鼓楼区市场监督管理局", "瑞试")
    assert "已报" in row["reported"]
    assert "逾期上报1项" in shown(page)
    assert signed_in(officer_of(world, "far")).get(ESCALATED).context["count"] == 0
    # Who owes it reads the same, and says why.
    own = signed_in(world.rui)
    assert own.get(ESCALATED).context["count"] == 1
    assert "说明逾期原因" in shown(own.get(f"/authority/cases/{case.number}/"))
    for reason, status in (("other", 422), ("workload", 302), ("complex", 409)):
        assert own.post(step_url(case, "overdue"), {"reason": reason, "text": ""} | key()).status_code == status
    assert "件多人少" in shown(signed_in(officer_of(world, "superior")).get(ESCALATED))
    assert HandlingStep.objects.filter(complaint=case, step="explain_overdue").count() == 1
    assert "件多人少" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_each_number_of_what_is_late_opens_as_many_rows_without_what_an_enterprise_owes(world: World) -> None:
    given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now() - timedelta(days=6))
    handling.sweep_clocks(now=now())
    assert signed_in(world.rui).get(OVERDUE).context["count"] == 0
    for mine in (True, True, False):
        late_case(world, mine=mine)
    client = signed_in(officer_of(world, "superior"))
    page = client.get(OVERDUE)
    assert [(one["name"], one["n"]) for one in page.context["people"]] == [("瑞试", 2), ("未指派", 1)]
    for one in (*page.context["units"], *page.context["people"]):
        assert len(client.get(one["url"]).context["rows"]) == one["n"]
    assert "还没有说明" in shown(page)
    assert len(client.get(f"{OVERDUE}?unit=x&officer=y").context["rows"]) == 3
    assert client.get(f"{OVERDUE}?unit=999999").context["rows"] == []


def test_a_list_of_supervision_costs_the_same_however_long(world: World) -> None:
    def more() -> None:
        for _ in range(2):
            asked_return(world, case_at(world, S.NEGOTIATING))
            late_case(world)

    for address in (ESCALATED, OVERDUE, DECISIONS):
        more()
        client = signed_in(world.su if address == DECISIONS else world.rui)
        costs_the_same(client, address, more, at_most=8 + A_REQUEST)


def test_more_time_waits_for_the_consumer_first_and_a_return_is_decided_by_intake(world: World) -> None:
    Policy.objects.filter(name="extension").update(number=1)
    case = case_at(world, S.NEGOTIATING)
    given.step(case, enterprise.request_extension(days=3, text=TEXT), world.handler, now())
    client = signed_in(world.rui)
    page = shown(client.get(DECISIONS))
    assert not missing_in(page, "延期3个工作日", "等消费者同意")
    assert "去决定" not in page
    given.step(case, enterprise.agree_to_extension(), world.consumer, now())
    assert f'href="{step_url(case, "extension")}"' in shown(client.get(DECISIONS))
    decision = shown(client.get(step_url(case, "extension")))
    assert not missing_in(decision, "企业申请延期3个工作日", "消费者已同意延期。")
    given.step(case, supervision.grant_extension(), world.officer, now())
    assert client.get(DECISIONS).context["count"] == 0
    case = case_at(world, S.NEGOTIATING)
    asked_return(world, case)
    assert "去决定" not in shown(signed_in(world.rui).get(DECISIONS))
    assert f'href="{step_url(case, "return-decision")}"' in shown(signed_in(world.su).get(DECISIONS))
