"""The pages of enrolment: the applicant's, the authority's, the enterprise's own, the public register."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import OutgoingMessage, User
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.enrolment import enrolling
from enterprises.models import Enterprise
from enterprises.models.enrolment import CustomerCount, EnrolmentApplication, EnrolmentFiling
from tests import found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence import files
from tests.complaints.filing.test_drafts import newest_code
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.enterprises.enrolments import MAIL, code, enrolled, submitted, suspended

START, TASKS = "/enterprise/enrol/", "/enterprise/enrol/application/"
SAID: dict[str, dict[str, Any]] = {
    "entity": {"name": "榕声通信（福州）有限公司", "uscc": code(), "domicile": "", "address": "鼓楼区某路8号"},
    "conditions": {
        **{"place": "鼓楼区某路8号2层", "staff": "3", "has_computer": "yes", "phone": "0591-87654321"},
        **{"rules": "当天登记，两个工作日内专人受理，五个工作日内答复，主管每周核对。", "cooperates": "yes"},
    },
    "papers": {
        "statement": "去年收到投诉120件，主要是资费，都已退费并改了短信提示。",
        "applies": "on",
        "pledges": "on",
    },
    "contact": {"person": "林主管", "position": "客服经理", "mobile": "13900000021"},
    "areas": {"branch": "榕声通信客户服务部", "seat": "", "areas": "福州市"},
    "customers": {"number": "120,000", "counted_on": "2026-06-30", "source": "半年度报告"},
}


@pytest.fixture(autouse=True)
def wednesday(settings: Any, tmp_path: Path) -> Iterator[time_machine.Traveller]:
    settings.EVIDENCE_ROOT = tmp_path
    with time_machine.travel(WEDNESDAY, tick=False) as clock:
        yield clock


def begun(mail: str = MAIL) -> Client:
    """A browser that proved the mailbox."""
    client = Client()
    assert send(client, START, {"email": mail, "send": "1"}).status_code == 200
    answer = send(client, START, {"email": mail, "code": newest_code(), "go": "1"})
    assert answer.status_code == 302, shown(answer)
    return client


def licence() -> SimpleUploadedFile:
    return SimpleUploadedFile("执照.png", files.png(), "image/png")


def fill(client: Client, **changes: dict[str, Any]) -> None:
    for step, text in SAID.items():
        typed = text | changes.get(step, {}) | ({"licence": licence()} if step == "papers" else {})
        answer = send(client, f"{TASKS}{step}/", typed)
        assert answer.status_code == 302, shown(answer)


def handed_in(mail: str = MAIL) -> EnrolmentApplication:
    client = begun(mail)
    fill(client)
    answer = send(client, TASKS, {"is_true": "on"})
    assert answer.status_code == 302, shown(answer)
    return EnrolmentApplication.objects.get(state="submitted")


def head(world: World) -> Client:
    return signed_in(world.head_officer.user)


def decided(client: Client, held: EnrolmentApplication, **said: Any) -> Any:
    return send(client, f"/authority/enrolments/{held.pk}/decide/", {"version": held.version, "text": ""} | said)


def test_a_firm_applies_and_the_county_grants(world: World) -> None:
    held = handed_in()
    assert (held.authority, held.domicile, held.uscc) == (world.gulou, world.region, code())
    client = head(world)
    assert "入驻申请" in shown(client.get("/authority/"))
    assert held.name in shown(client.get("/authority/enrolments/"))
    page = shown(client.get(f"/authority/enrolments/{held.pk}/"))
    assert not missing_in(page, "榕声通信客户服务部", "120,000", "6月30日", "福建省福州市", "林主管", "+8613900000021")
    assert not missing_in(page, "半年度报告", "执照.png")
    file = client.get(f"/authority/enrolments/{held.pk}/licence/")
    assert (file.status_code, file["Content-Type"]) == (200, "image/png")
    assert "attachment" in file["Content-Disposition"]
    assert decided(client, held, do="grant").status_code == 302
    enterprise = Enterprise.objects.get(uscc=code())
    assert (enterprise.enrolment, enterprise.enrolled_by) == ("enrolled", world.gulou)
    assert "/account/invitation/" in OutgoingMessage.objects.order_by("pk").last().body


def test_nobody_opens_an_application_without_the_code_and_the_mailbox_opens_it_elsewhere_after_a_week(
    world: World, wednesday: time_machine.Traveller
) -> None:
    assert send(begun(), f"{TASKS}entity/", SAID["entity"] | {"uscc": "91350102MA880000XX"}).status_code == 422
    stranger = Client()
    for path in (TASKS, f"{TASKS}entity/", "/enterprise/enrol/papers/pledge/", "/enterprise/enrol/licence/"):
        assert stranger.get(path).status_code == 404
    assert send(stranger, START, {"email": MAIL, "code": "000000", "go": "1"}).status_code == 422
    # The right code, typed in another browser than the one that asked.
    assert send(stranger, START, {"email": MAIL, "code": newest_code(), "go": "1"}).status_code == 422
    wednesday.shift(7 * 24 * 3600)
    other = begun()
    assert "91350102MA880000XX" in shown(other.get(f"{TASKS}entity/"))
    assert "有遗漏" in shown(other.get(TASKS))
    assert EnrolmentApplication.objects.count() == 1


def test_bad_input_and_what_is_no_licence_are_told_at_the_field_and_a_forgotten_draft_takes_its_file_along(
    world: World, tmp_path: Path
) -> None:
    client = begun()
    for step, field, says, *texts in [
        ("entity", "uscc", "请填写这一项", ""),
        ("entity", "uscc", "应为18位", "91350102MA8800001", "91350102MA0000001M"),
        ("entity", "uscc", "已经是在线和解企业", "91350102MA0000001L"),
        ("entity", "domicile", "没有找到", "不存在的县", "城关区甲"),
        ("entity", "domicile", "请写全", "鼓楼区"),
        ("entity", "name", "最多200字", "长" * 201),
        *(("conditions", field, "这是入驻的条件", "no") for field in ("has_computer", "cooperates")),
        ("conditions", "staff", "不合理", "0"),
        ("conditions", "staff", "请填整数", "三人"),
        ("conditions", "rules", "20字以上", "有制度"),
        ("conditions", "phone", "电话", "12"),
        ("papers", "licence", "请上传营业执照", None),
        ("papers", "pledges", "请读过承诺书后勾选", ""),
        ("contact", "person", "姓名请用文字", "123"),
        ("areas", "areas", "请填写这一项", ""),
        ("areas", "areas", "没有找到“火星”", "火星"),
        ("areas", "areas", "最多写60个", "\n".join(["福州市"] * 61)),
        ("customers", "number", "20", "9" * 30),
        ("customers", "number", "请填整数", "-5"),
        ("customers", "counted_on", "还没有到", "2026-12-31"),
        ("customers", "source", "请填写这一项", ""),
    ]:
        for typed in texts:
            answer = send(client, f"{TASKS}{step}/", SAID[step] if typed is None else SAID[step] | {field: typed})
            assert (answer.status_code, says in shown(answer)) == (422, True)
            assert send(client, TASKS, {"is_true": "on"}).status_code == 422
            assert EnrolmentApplication.objects.get().state == "draft"
    for bad in (
        SimpleUploadedFile("a.png", b"", "image/png"),
        SimpleUploadedFile("a.exe", b"MZ" + b"0" * 99),
        SimpleUploadedFile("a.txt", b"licence", "text/plain"),
    ):
        answer = send(client, f"{TASKS}papers/", SAID["papers"] | {"licence": bad})
        assert (answer.status_code, "a." in shown(answer)) == (422, True)
        assert "去年收到投诉120件" in shown(answer)
    fill(client)
    assert client.get("/enterprise/enrol/licence/").status_code == 200
    assert list(tmp_path.glob("??/*"))
    assert len(enrolling.throw_away_old(now=WEDNESDAY + 2 * enrolling.KEPT_FOR, limit=9)[0]) >= 1


def test_handed_in_twice_it_is_one_nothing_can_be_changed_and_it_can_be_shut(world: World) -> None:
    client = begun()
    fill(client)
    key = uuid.uuid4().hex
    for _again in range(2):
        assert send(client, TASKS, {"is_true": "on"}, key=key).status_code == 302
    assert send(client, TASKS, {"is_true": "on"}).status_code == 409
    assert send(client, f"{TASKS}entity/", SAID["entity"]).status_code == 302
    assert EnrolmentApplication.objects.get().entries.count() == 1
    assert "等待审核" in shown(client.get(TASKS))
    assert send(client, START, {"leave": "1"}).status_code == 302
    assert (client.get(TASKS).status_code, begun().get(TASKS).status_code) == (404, 200)


def test_who_asks_back_and_who_refuses_is_read_by_the_applicant_and_an_opinion_is_not(world: World) -> None:
    held = handed_in()
    officer = signed_in(world.rui)
    assert decided(officer, held, do="recommend", text="材料齐全，建议批准。").status_code == 302
    assert "材料齐全，建议批准。" in shown(head(world).get(f"/authority/enrolments/{held.pk}/"))
    assert "材料齐全" not in shown(begun().get(TASKS))
    for what in ("grant", "ask_back"):
        assert decided(officer, held, do=what).status_code == 422
    assert decided(officer, held, do="ask_back", text="执照看不清，请重传。").status_code == 302
    enterprise = begun()
    page = shown(enterprise.get(TASKS))
    assert ("执照看不清，请重传。" in page, "瑞试" in page) == (True, False)
    assert send(enterprise, TASKS, {"is_true": "on"}).status_code == 302
    held.refresh_from_db()
    late = decided(head(world), held, do="refuse", ground="conditions", text="没有投诉电话。", version=2)
    assert (late.status_code, "没有投诉电话。" in shown(late)) == (409, True)
    assert decided(head(world), held, do="refuse", ground="conditions", text="没有投诉电话。").status_code == 302
    assert not missing_in(shown(enterprise.get(TASKS)), "不具备入驻条件", "没有投诉电话。")
    assert "榕声通信（福州）有限公司" in shown(begun().get(f"{TASKS}entity/"))


def test_strangers_get_the_404_of_what_does_not_exist(world: World) -> None:
    held = submitted(world)
    for user in (world.far_officer.user, world.lead, world.chen, world.hua, world.su):
        client = signed_in(user)
        for path in ("", "decide/", "licence/", "papers/pledge/"):
            for pk in (held.pk, uuid.uuid4()):
                assert client.get(f"/authority/enrolments/{pk}/{path}").status_code == 404, (user, path)
        assert decided(client, held, do="refuse", ground="conditions", text="x").status_code == 404
    assert reloaded(held).state == "submitted"


def stand(client: Client, enterprise: Enterprise, **said: Any) -> Any:
    return send(client, f"/authority/enterprises/{enterprise.code}/standing/", said)


def test_the_head_suspends_takes_back_what_is_here_and_shuts_the_desk_and_others_only_read(world: World) -> None:
    leak = {"do": "suspend", "suspension_ground": "leak"}
    for user in (world.rui, world.far_officer.user, world.su):
        client = signed_in(user)
        for path in ("", "?q=移动", f"{world.mobile.code}/"):
            assert client.get(f"/authority/enterprises/{path}").status_code == 200
        assert client.get("/authority/enterprises/91350102MA0099001L/").status_code == 404
        assert stand(client, world.mobile, cases="keep", text="x", **leak).status_code == 404
    assert reloaded(world.mobile).enrolment == "enrolled"
    cases = [given.a_complaint(world, status=status) for status in (Status.NEGOTIATING, Status.WITH_ENTERPRISE)]
    client = head(world)
    assert stand(client, world.mobile, do="suspend", text="x").status_code == 422
    answer = stand(client, world.mobile, cases="recall", text="泄露了名单。", **leak)
    assert answer.status_code == 302, shown(answer)
    assert "收回了2件" in shown(client.get(answer["Location"]))
    assert {Complaint.objects.get(pk=case.pk).status for case in cases} == {Status.REVIEW}
    assert signed_in(world.ming).get("/enterprise/queue/").status_code == 404
    assert stand(client, world.mobile, cases="keep", text="再来。", **leak).status_code == 422
    assert stand(client, world.mobile, do="resume", text="已整改。").status_code == 302
    assert signed_in(world.ming).get("/enterprise/queue/").status_code == 200


def test_who_manages_the_whole_firm_files_a_count_and_the_authority_takes_note(world: World) -> None:
    for user in (world.ming, world.hua, world.chen):
        for path in ("", "exit/"):
            assert signed_in(user).get(f"/enterprise/enrolment/{path}").status_code == 404, (user, path)
    enterprise = signed_in(world.lead)
    values = {"number": "1300000", "counted_on": "2026-06-30", "source": "半年度报告"}
    assert send(enterprise, "/enterprise/enrolment/customers/", values | {"number": ""}).status_code == 422
    assert send(enterprise, "/enterprise/enrolment/customers/", values).status_code == 302
    assert send(enterprise, "/enterprise/enrolment/customers/", values).status_code == 409
    assert "等待备案" in shown(enterprise.get("/enterprise/enrolment/"))
    officer, far = signed_in(world.rui), signed_in(world.far_officer.user)
    page = f"/authority/enterprises/{world.mobile.code}/"
    assert "1,300,000" in shown(officer.get(page))
    assert "1,300,000" not in shown(far.get(page))
    path = f"{page}filings/{EnrolmentFiling.objects.get().pk}/"
    assert send(officer, path, {"do": "ask_back"}).status_code == 422
    assert send(far, path, {"do": "note"}).status_code == 404
    assert send(officer, path, {"do": "note"}).status_code == 302
    assert send(officer, path, {"do": "ask_back", "text": "晚了"}).status_code == 409
    assert CustomerCount.objects.get().number == 1_300_000
    assert "1,300,000" in shown(Client().get(f"/open/enterprises/{world.mobile.code}/"))


def test_the_own_request_to_leave_is_decided_with_notice(world: World) -> None:
    enterprise, client = signed_in(world.lead), head(world)
    typed = {"what": "业务调整", "last_day": "2026-12-31"}
    assert send(enterprise, "/enterprise/enrolment/exit/", typed).status_code == 302
    assert "业务调整" in shown(client.get(f"/authority/enterprises/{world.mobile.code}/standing/"))
    values = {"do": "exit", "exit_ground": "own_request", "text": "同意。"}
    early = stand(client, world.mobile, last_day="2026-12-01", **values)
    assert (early.status_code, "2026-12-11" in shown(early)) == (409, True)
    assert stand(client, world.mobile, last_day="2026-12-31", **values).status_code == 302
    assert EnrolmentFiling.objects.get().state == "noted"
    assert "12月31日" in shown(Client().get(f"/open/enterprises/{world.mobile.code}/"))


def test_the_public_register_tells_the_history_without_persons_and_is_asked_for_anew(world: World) -> None:
    enterprise = enrolled(world)
    suspended(enterprise, world.head_officer.user, keeps_cases=True, now=WEDNESDAY)
    client = Client()
    page = client.get(f"/open/enterprises/{enterprise.code}/")
    text = shown(page)
    assert not missing_in(text, "暂停接收新投诉", "多次逾期或者敷衍", "福州市鼓楼区市场监督管理局")
    assert (missing_in(text, "榕声通信客户服务部"), found_in(text, "长试", "三次逾期。", "林主管", MAIL)) == ([], [])
    assert enterprise.name in shown(client.get("/open/enterprises/?q=榕声"))
    unknown = Enterprise.objects.filter(enrolled_by=None).first()
    for path, status in (("", 200), ("?after=abc&before=-1", 200), ("not-a-code/", 404), (f"{unknown.code}/", 404)):
        assert client.get(f"/open/enterprises/{path}").status_code == status
    # A campaign that is taken back is gone from here within the minute.
    assert page["Cache-Control"] == "public, no-cache"
    assert "Cookie" in page["Vary"]


def test_pages_cost_the_same_however_much_there_is(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(4, 24):
        enrolled(world, uscc=code(number), name=f"企业{number}", mail=f"m{number}@example.com")
    client = Client()
    with django_assert_max_num_queries(8):
        assert client.get("/open/enterprises/?after=1").status_code == 200
    officer = head(world)
    officer.get("/authority/enterprises/")
    with django_assert_max_num_queries(22):
        officer.get("/authority/enterprises/")


def test_a_lost_invitation_is_sent_again_until_somebody_leads(world: World) -> None:
    enterprise, client = enrolled(world), head(world)
    page = f"/authority/enterprises/{enterprise.code}/"
    path = f"{page}invite/"
    assert "还没有管理员" in shown(client.get(page))
    assert send(client, path, {"email": "other@example.com"}).status_code == 302
    assert OutgoingMessage.objects.order_by("pk").last().address == "other@example.com"  # type: ignore[union-attr]
    enterprise.staff.create(user=User.objects.create_user("m@example.com", name="经理"), role="manager")
    assert "还没有管理员" not in shown(client.get(page))
    before = OutgoingMessage.objects.count()
    assert send(client, path, {"email": "third@example.com"}).status_code == 302
    assert OutgoingMessage.objects.count() == before
