"""One step for many cases of the queue: each judged for itself, each answered for."""

from typing import Any

from django.test import Client

from accounts.models import User
from accounts.roles import Role
from complaints.handling.steps import enterprise
from complaints.models import Complaint, HandlingStep, Reading
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

S = Status
QUEUE = "/enterprise/queue/"


def bulk(client: Client, do: str, cases: list[Any], key: str = "", **more: Any) -> Any:
    numbers = [case if isinstance(case, str) else case.number for case in cases]
    return send(client, QUEUE, {"do": do, "case": numbers} | more, key=key)


def statuses(cases: list[Complaint]) -> list[str]:
    return [Complaint.objects.get(pk=case.pk).status for case in cases]


def test_what_can_be_accepted_is_and_the_rest_says_why(world: World) -> None:
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(3)]
    later, theirs = given.a_complaint(world, status=S.NEGOTIATING), given.a_complaint(world, status=S.TRIAGE)
    rows = [*new, later, theirs, "20260101-AAAAAAAAAAAA-0"]
    answer = bulk(signed_in(world.ming), "accept", rows, handler=str(world.ming_staff.pk))
    page = shown(answer)
    assert answer.status_code == 200
    assert "已受理3件，3件没有办" in page
    # A case that lies elsewhere is answered like one that was never there.
    groups = dict(answer.context["groups"])
    assert sorted(map(len, groups.values())) == [1, 2]
    assert groups["没有这件投诉，或者它不在贵单位办理。"] == [theirs.number, "20260101-AAAAAAAAAAAA-0"]
    assert groups["已是“协商和解中”，处理人：明试。"] == [later.number]
    assert statuses(new) == ["negotiating"] * 3
    assert HandlingStep.objects.filter(step="accept_case", complaint__in=new).count() == 3
    # What I did myself is not new to me.
    assert Reading.objects.filter(user=world.ming, complaint__in=new).count() == 3


def test_accepted_together_everybody_keeps_the_own_cases(world: World) -> None:
    """Rules or people gave them out already; whoever accepts a whole list takes what nobody has."""
    hers, nobodys = (
        given.a_complaint(world, status=S.WITH_ENTERPRISE),
        given.a_complaint(world, status=S.WITH_ENTERPRISE),
    )
    given.step(hers, enterprise.assign(handler_id=world.lead_staff.pk), world.handler, WEDNESDAY)
    client = signed_in(world.ming)
    assert client.get(QUEUE).context["bulk"].fields["handler"].choices[0] == ("", "各自的处理人，没有的由我")
    assert "已受理2件" in shown(bulk(client, "accept", [hers, nobodys], handler=""))
    result = dict(Complaint.objects.values_list("pk", "handler_id"))
    assert result == {hers.pk: world.lead_staff.pk, nobodys.pk: world.ming_staff.pk}


def test_sent_twice_it_takes_effect_once_and_answers_the_same(world: World) -> None:
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2)]
    client, text = signed_in(world.ming), {"handler": str(world.ming_staff.pk)}
    first = bulk(client, "accept", new, key="k" * 20, **text)
    again = bulk(client, "accept", new, key="k" * 20, **text)
    assert "已受理2件" in shown(first)
    assert again.context["run"] == first.context["run"]
    assert HandlingStep.objects.filter(step="accept_case").count() == 2


def test_another_branchs_cases_are_not_there_and_a_reviewer_reads_and_takes_no_step(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    elsewhere = (
        Branch.objects.filter(enterprise=world.mobile)
        .exclude(pk__in=[world.fuzhou.pk])
        .exclude(parent=world.fuzhou)
        .first()
    )
    user = User.objects.create_user("sibling@example.com", "a long pass phrase", name="旁试")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=elsewhere, role=Role.MANAGER.post)
    for stranger, staff in ((user, Staff.objects.get(user=user)), (world.hua, world.hua_staff)):
        for do in ("accept", "assign", "read"):
            answer = bulk(signed_in(stranger), do, [case], handler=str(staff.pk))
            assert list(dict(answer.context["groups"])) == ["没有这件投诉，或者它不在贵单位办理。"]
    assert statuses([case]) == ["with_enterprise"]
    assert not Reading.objects.exists()
    user = User.objects.create_user("reviewer@example.com", "a long pass phrase", name="审试")
    Staff.objects.create(user=user, enterprise=world.mobile, role=Role.REVIEWER.post)
    answer = bulk(signed_in(user), "accept", [case], handler=str(world.ming_staff.pk))
    assert dict(answer.context["groups"]) == {"这一步由其他人办理。": [case.number]}
    assert "已标为已读1件" in shown(bulk(signed_in(user), "read", [case]))


def test_the_whole_list_is_what_the_address_means(world: World) -> None:
    new = [given.a_complaint(world, status=S.WITH_ENTERPRISE) for _ in range(2)]
    other = given.a_complaint(world, status=S.WITH_ENTERPRISE, item_name="别的商品")
    client = signed_in(world.ming)
    typed = {"do": "assign", "all": "on", "handler": str(world.lead_staff.pk), "idempotency_key": "k" * 20}
    answer = client.post(f"{QUEUE}?view=new&q=宽带", typed)
    assert "已分派2件" in shown(answer)
    assert set(Complaint.objects.filter(handler=world.lead_staff)) == set(new)
    answer = client.post(f"{QUEUE}?view=new&q=宽带", {"do": "read", "all": "on", "idempotency_key": "m" * 20})
    assert sorted(answer.context["run"].done) == sorted(case.number for case in new)
    assert other.number not in shown(answer)


def test_what_is_missing_is_said_on_the_list(world: World) -> None:
    given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for said, words in (
        ({"do": "accept", "handler": "1"}, "请先选中要办的案件"),
        ({"do": "nothing", "case": "x"}, "步骤"),
        ({"do": "assign", "case": "x"}, "请选一位处理人"),
        ({"do": "assign", "case": "x", "handler": "9999999"}, "交给谁"),
    ):
        answer = send(signed_in(world.ming), QUEUE, said)
        assert answer.status_code == 422
        assert words in shown(answer)


def test_chosen_cases_lead_to_their_export(world: World) -> None:
    cases = [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(3)]
    answer = bulk(signed_in(world.ming), "export", cases[:2])
    assert answer["Location"] == f"/enterprise/exports/new/?view=all&only={cases[0].number}.{cases[1].number}"
