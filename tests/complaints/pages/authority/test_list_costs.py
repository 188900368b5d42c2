"""The authority's lists ask at most ten statements, however many rows there are and whosever keys are held."""

from datetime import date, timedelta
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.keys import keyring
from accounts.models import User
from complaints import handling
from complaints.handling.steps import authority, enterprise, proposals, supervision, violations
from complaints.models import Complaint, Evidence, ForwardingDecision
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Role
from enterprises.models import Enterprise, Succession
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import TEXT, S, ahead, asked_return, case_at, now, workspace
from tests.server import A_REQUEST

#: With who calls; what `A_REQUEST` counts besides is the beginning and the end.
GOAL = 10 + A_REQUEST - 1
#: What opens a list, and who reads it.
LISTS_OF = (
    ("su", ("", "cases/", "cases/?status=any", "triage/", "jurisdiction/", "urges/decisions/")),
    ("head", ("approvals/", "urges/escalated/", "urges/overdue/", "call-backs/", "team/", "stations/", "enterprises/")),
    ("rui", ("notices/", "review/", "mediation/", "urges/", "urges/?column=open", "platform/")),
    ("rui", ("violations/", "documents/")),
)
LISTS = {f"/authority/{path}": who for who, paths in LISTS_OF for path in paths}


def _somebody(number: int) -> Actor:
    return Actor(role=Role.CONSUMER, roles=frozenset({Role.CONSUMER}), name=f"林{number}", person_key=uuid4())


def _waiting(world: World, number: int) -> Complaint:
    """In triage, of somebody of its own, with suggestions, files, a respondent only named or merged away."""
    heir = Enterprise.objects.create(name=f"承继公司{number}", enrolment="enrolled", enrolled_by=world.gulou)
    Succession.objects.create(predecessor=world.mobile, successor=heir, on_day=date(2026, 1, 1))
    to = (
        RespondentRequest(named=f"小店{number}", address="东街口1号")
        if number % 2
        else RespondentRequest(enterprise_id=world.mobile.pk)
    )
    request = given.a_request(
        world,
        now=now(),
        consumer_id=None,
        consumer_name=f"林{number}",
        order_no="SAME-1",
        respondents=(to,),
        consumer_phone=f"+86139000000{number:02}",
        statement=f"第{number}件：同一家店的同一件事，退款一直没有到账。",
    )
    case = handling.file([request], actor=_somebody(number), now=now())[0]
    Complaint.objects.filter(pk=case.pk).update(
        status=S.TRIAGE, consents={"share_with_enterprise": True, "named_entity": world.mobile.pk}
    )
    candidates = [
        {"enterprise_id": heir.pk, "branch_id": None, "score": 90, "why": []},
        {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "score": 60, "why": []},
    ]
    explanation = {"candidates": candidates}
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
    keyring.secrets_of(
        [keyring.HOUSE, *User.objects.filter(offices__isnull=False).values_list("person_key", flat=True)]
    )
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return [query["sql"][:90] for query in asked.captured_queries]


def test_a_list_asks_at_most_ten_statements_however_long_it_is(world: World) -> None:
    clients = {"su": workspace(world.su), "rui": workspace(world.rui), "head": workspace(world.head_officer.user)}
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
