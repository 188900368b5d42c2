"""The file pair: what goes out is an export, what comes back is tried out, decided, carried out once, line by line."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints import handling
from complaints.handling.steps import platform
from complaints.handling.steps.platform import record_platform_number
from complaints.models import Complaint, Export, HandlingStep, Notice, PlatformFile
from complaints.parties.conditions import current_calendar
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.tables.exporting import files, lifecycle
from complaints.tables.platform import platform_files
from tests import found_in, given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import checked, costs_the_same, shown, signed_in
from tests.complaints.pages.step_walks import an_analyst
from tests.complaints.tables.platform.conftest import answer, at, cases, complaint, filled, table
from tests.server import A_REQUEST
from tests.unchanged import unchanged

HOME = "/authority/platform/"


def uploaded(browser: Client, raw: bytes) -> PlatformFile:
    response = browser.post(HOME, filled(file=SimpleUploadedFile("回执.csv", raw)))
    checked(response, 302)
    return PlatformFile.objects.get(mark=response.headers["Location"].split("/")[-2])


def worked(file: PlatformFile) -> PlatformFile:
    platform_files.sweep_platform_files(now=timezone.now())
    return reloaded(file)


def tried(browser: Client, rows: Sequence[Mapping[str, str]]) -> PlatformFile:
    file = worked(uploaded(browser, table(rows)))
    assert file.state == "checked", (file.state, file.failure, file.failure_words)
    return file


def decided(browser: Client, file: PlatformFile) -> PlatformFile:
    checked(browser.post(f"{HOME}{file.mark}/decide/", filled(decision="good")), 302)
    return worked(file)


def states(file: PlatformFile) -> list[str]:
    return list(file.rows.order_by("line").values_list("state", flat=True))


def problems(file: PlatformFile) -> dict[int, tuple[str, str]]:
    return {row.line: (row.column, row.problem) for row in file.rows.exclude(problem="")}


def test_a_file_with_a_tenth_of_bad_lines_is_carried_out_without_them(world: World) -> None:
    ours = cases(world, 18)
    rows = [answer(case.number, f"12315-{n:06}") for n, case in enumerate(ours)]
    rows += [answer("20260101-AAAAAAAAAAAA-0", "12315-900001"), answer(ours[0].number, "不是编号")]
    browser = at(world.rui)
    with unchanged():
        file = tried(browser, rows)
    assert states(file) == ["good"] * 18 + ["bad", "bad"]
    assert problems(file)[20] == ("number", "没有找到这件投诉。")
    assert problems(file)[21][0] == "platform_number"
    assert not Complaint.objects.exclude(platform_number="").exists()
    file = decided(browser, file)
    assert (file.state, states(file)) == ("done", ["done"] * 18 + ["bad", "bad"])
    assert Complaint.objects.exclude(platform_number="").count() == 18
    assert "办成18行" in shown(browser.get(f"{HOME}{file.mark}/"))
    assert "只在平台上" in shown(browser.get(HOME))
    assert "没有找到这件投诉。" in browser.get(f"{HOME}{file.mark}/results/").content.decode("utf-8-sig")


def test_the_same_file_twice_is_the_same_answer(world: World) -> None:
    (case,) = cases(world, 1)
    browser, raw = at(world.rui), table([answer(case.number, "12315-000001")])
    file, again = decided(browser, worked(uploaded(browser, raw))), uploaded(browser, raw)
    assert (again.pk, again.state) == (file.pk, "done")
    assert HandlingStep.objects.filter(step="record_platform_number").count() == 1
    # The same words in other bytes: tried out anew, and nothing is written a second time.
    assert states(tried(browser, [answer(case.number, "12315-000001"), answer("", "12315-000001")])) == ["same", "bad"]


def test_numbers_of_other_places_are_refused_line_by_line(world: World) -> None:
    mine, theirs, other = cases(world, 3)
    for case, number in ((theirs, "12315-000007"), (other, "12315-000006")):
        given.step(case, record_platform_number(platform_number=number), world.officer, timezone.now())
    Complaint.objects.filter(pk__in=[theirs.pk, other.pk]).update(
        handling_region_id=world.far_officer.authority.region_id, handling_authority=world.far_officer.authority
    )
    rows = [
        *(answer(mine.number, "12315-000007"), answer(theirs.number, "12315-000008"), complaint("12315-000006")),
        answer(mine.number, "12315-000009", 平台状态="飞走了"),
        answer(mine.number, "12315-000010", 平台接收时间="明天"),
        answer(mine.number, "12315-000011", 平台接收时间="0001-01-01"),
        complaint("12315-000012", 平台接收时间="0001-01-01"),
    ]
    file = tried(at(world.rui), rows)
    assert states(file) == ["bad"] * 7
    assert "另一件投诉" in problems(file)[2][1]
    assert problems(file)[3] == ("number", "没有找到这件投诉。")
    assert "另一件投诉" in problems(file)[4][1]
    assert [problems(file)[line][0] for line in (5, 6, 7, 8)] == ["state", "received_at", "received_at", "received_at"]
    assert theirs.number not in problems(file)[2][1]


def test_complaints_that_began_there_are_filed_as_received_there(world: World) -> None:
    browser = at(world.rui)
    rows = [complaint("12315-100001"), complaint("12315-100002", 手机="12"), complaint("12315-100001")]
    rows += [complaint("12315-100003", 地区代码="350402"), complaint("12315-100004", 诉求="")]
    file = tried(browser, rows)
    assert states(file) == ["good", "bad", "bad", "bad", "bad"], problems(file)
    assert [problems(file)[line][0] for line in (3, 4, 5, 6)] == ["phone", "platform_number", "region", "demands"]
    assert not Complaint.objects.exists()
    file, case = decided(browser, file), Complaint.objects.get()
    assert file.rows.get(state="done").number == case.number
    expected = ("12315-100001", "registered", "platform", "东街口某健身房")
    assert (case.platform_number, case.platform_state, case.channel, case.respondent_named) == expected
    assert case.received_at == case.authority_received_at == case.platform_received_at
    assert timezone.localtime(case.received_at).strftime("%Y-%m-%d %H:%M") == "2026-11-10 09:30"
    # Nobody rang the number: the officer who sent the file has not heard the person.
    assert not case.contact_verified
    # Nobody is enrolled under that name: a person distributes it.
    assert case.picked_enterprise is None
    again = tried(browser, [complaint("12315-100001"), complaint("12315-100005", 投诉内容="另一件事，另一个编号。")])
    assert states(again) == ["same", "good"]


def test_of_swapped_columns_no_name_and_no_telephone_is_kept(world: World) -> None:
    (case,) = cases(world, 1)
    name, phone = "欧阳试", "13900000123"
    swapped = [answer(name, "12315-000001"), answer(case.number, phone), answer(case.number, name)]
    swapped += [answer(case.number, "12315-000002", 平台状态=name)]
    columns = ("地区代码", "商品服务类别", "问题类别", "争议发生日", "金额", "诉求", "手机")
    swapped += [complaint(f"12315-00010{n}", **{column: name}) for n, column in enumerate(columns)]
    file = tried(at(world.rui), swapped)
    assert states(file) == ["bad"] * len(swapped), problems(file)
    kept = str(list(file.rows.values_list("number", "platform_number", "column", "problem")))
    assert not found_in(kept, name, phone)


def test_only_the_authority_that_sent_it_sees_a_file_and_who_only_reads_sends_nothing(world: World) -> None:
    (case,) = cases(world, 1)
    file = tried(at(world.rui), [answer(case.number, "12315-000001")])
    for user in (world.far_officer.user, world.su, world.ming, world.chen):
        browser = at(user)
        assert browser.get(f"{HOME}{file.mark}/").status_code == 404
        assert browser.post(f"{HOME}{file.mark}/decide/", filled(decision="good")).status_code == 404
    assert at(world.head_officer.user).get(f"{HOME}{file.mark}/").status_code == 200
    browser = signed_in(an_analyst(world))
    assert "上传并试办" not in shown(browser.get(HOME))
    assert browser.post(f"{HOME}outgoing/", filled(format="csv", personal="no")).status_code == 404
    assert browser.post(HOME, filled(file=SimpleUploadedFile("a.csv", b"x"))).status_code == 405
    assert not Export.objects.exists()


def test_a_file_is_read_whole_or_not_at_all(world: World) -> None:
    browser = at(world.rui)
    assert browser.post(HOME, filled()).status_code == 422
    for raw, word in ((b"", "空"), (b"\xd0\xcf\x11\xe0", "旧格式")):
        checked(browser.post(HOME, filled(file=SimpleUploadedFile("a.csv", raw))), 422, word)
    file = worked(uploaded(browser, "名称\n甲\n".encode()))
    assert (file.state, "平台编号" in file.failure_words) == ("failed", True)
    long = "平台编号\n" + "".join(f"12315-{n:07}\n" for n in range(platform_files.MOST_LINES + 1))
    file = worked(uploaded(browser, long.encode()))
    assert (file.state, "10000" in file.failure_words or "10,000" in file.failure_words) == ("failed", True)


def test_a_worker_that_is_gone_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_files, "BATCH", 2)
    ours = cases(world, 5)
    file = tried(at(world.rui), [answer(case.number, f"12315-{n:06}") for n, case in enumerate(ours)])
    platform_files.decide(PlatformFile.objects.get(pk=file.pk), "good", now=timezone.now())
    whole, left = platform_files._Worker.go_on, [1]

    def killed(self: platform_files._Worker, piece: object) -> None:
        if not left:
            raise RuntimeError("gone")
        left.pop()
        whole(self, piece)  # type: ignore[arg-type]

    monkeypatch.setattr(platform_files._Worker, "go_on", killed)
    assert (worked(file).state, states(file)) == ("applying", ["done", "done", "good", "good", "good"])
    monkeypatch.setattr(platform_files._Worker, "go_on", whole)
    platform_files.sweep_platform_files(now=timezone.now() + timedelta(minutes=2))
    assert (reloaded(file).state, states(file)) == ("done", ["done"] * 5)
    assert HandlingStep.objects.filter(step="record_platform_number").count() == 5


def test_the_file_of_the_day_holds_what_the_platform_has_to_be_told(world: World) -> None:
    new, known, told = cases(world, 3)
    move = record_platform_number(platform_number="12315-000001", state="accepted")
    given.step(known, move, world.officer, timezone.now())
    given.step(told, record_platform_number(platform_number="12315-000002"), world.officer, timezone.now())
    browser = at(world.rui)
    assert "没有平台编号" in shown(browser.get(HOME))
    response = browser.post(f"{HOME}outgoing/", filled(format="csv", personal="no"))
    assert "/authority/exports/E" in response.headers["Location"]
    lifecycle.sweep_exports(now=timezone.now())
    export = Export.objects.get()
    assert (export.state, export.total, export.has_personal) == ("ready", 2, False)
    text = files.file_of(export.mark, "csv").read_text("utf-8-sig")
    assert (new.number in text, known.number in text, told.number in text) == (True, True, False)
    # With names a second person has to agree.
    assert browser.post(f"{HOME}outgoing/", filled(format="csv", personal="yes", purpose="报送平台")).status_code == 302
    assert Export.objects.latest("pk").state == "asked"


def test_who_sends_the_same_bytes_at_the_same_time_gets_one_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def send() -> PlatformFile:
        who: dict[str, Any] = {"user": world.rui, "actor": world.officer, "language": "zh-hans"}
        return platform_files.take_in([b"a,b\n1,2\n"], name="a.csv", now=timezone.now(), **who)

    first, manager = send(), platform_files.QuerySet.first
    # The other one has looked for it before it was there.
    monkeypatch.setattr(
        platform_files.QuerySet, "first", lambda rows: None if rows.model is PlatformFile else manager(rows)
    )
    assert send() == first
    names = [path.name for path in files.upload_of(first.mark).parent.iterdir() if path.name.startswith("P")]
    assert [name.startswith(first.mark) for name in names] == [True]


def test_the_page_costs_the_same_however_many_there_are(world: World) -> None:
    browser = at(world.rui)
    cases(world, 1)

    def more() -> None:
        for n in range(4):
            tried(browser, [answer(case.number, f"12315-{n}{m:05}") for m, case in enumerate(cases(world, 3))])

    tried(browser, [answer("", "12315-900001")])
    costs_the_same(browser, HOME, more, at_most=10 + A_REQUEST)


NUMBER = "12315-3501-2026-0000001"


def listed(world: World, condition: str, now: datetime) -> set[int]:
    wanted = platform.wanted(condition, now=now, calendar=current_calendar(), region_id=world.region.pk)
    return set(Complaint.objects.filter(wanted).values_list("pk", flat=True))


def test_a_number_is_kept_with_receipt_and_state_and_no_party_reads_it(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    before = Notice.objects.filter(complaint=case).count()
    number = record_platform_number(platform_number=NUMBER, received_at="2026-11-11 09:30")
    given.step(case, number, world.officer, WEDNESDAY + timedelta(hours=1))
    assert (case.platform_number, case.platform_state) == (NUMBER, "registered")
    assert case.platform_received_at == datetime(2026, 11, 11, 1, 30, tzinfo=UTC)
    entry = HandlingStep.objects.get(complaint=case, step="record_platform_number")
    assert (entry.audience, entry.data["number"]) == ("authority", NUMBER)
    assert Notice.objects.filter(complaint=case).count() == before


def test_a_number_of_another_case_is_refused_by_name_and_another_number_needs_a_reason(world: World) -> None:
    one, two = (given.a_complaint(world, status=S.REVIEW) for _n in range(2))
    given.step(one, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY)
    # Another number of its own needs a reason, and the old one stands in the record.
    for case, number, code in ((two, NUMBER, "number_taken"), (one, NUMBER + "9", "has_number")):
        with pytest.raises(StepNotAllowed) as refused:
            given.step(case, record_platform_number(platform_number=number), world.officer, WEDNESDAY)
        assert (refused.value.code, NUMBER in refused.value.reason) == (code, True)
        assert code == "has_number" or one.number not in refused.value.reason
    given.refused(one, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY)
    given.step(one, record_platform_number(platform_number=NUMBER + "9", text="抄错一位"), world.officer, WEDNESDAY)
    entry = HandlingStep.objects.filter(complaint=one, step="record_platform_number").latest("pk")
    assert (one.platform_number, entry.data["before"]) == (NUMBER + "9", NUMBER)


def test_typed_by_hand_what_is_no_number_or_moment_is_refused_at_its_field(world: World) -> None:
    case, browser = given.a_complaint(world, status=S.REVIEW), at(world.rui)
    there = f"/authority/cases/{case.number}/platform/"
    for moment in ("0001-01-01", "1999-12-31 23:59", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00+14:00"):
        typed = filled(platform_number=NUMBER, state="registered", received_at=moment)
        checked(browser.post(there, typed), 422, "年份请写在2000和2100之间。")
        with pytest.raises(WrongInput) as refused:
            record_platform_number(platform_number=NUMBER, received_at=moment)
        assert refused.value.field == "received_at"
    for number in ("", "1", "with space", "号12345678", "a" * 41, "-1234567", "13900000123", "35010219900101123X"):
        with pytest.raises(StepNotAllowed):
            record_platform_number(platform_number=number)
    assert "登记全国平台编号" in shown(browser.get(f"/authority/cases/{case.number}/"))
    form = browser.get(there).context["form"]
    assert "text" not in form.fields, "no reason where no number is changed"
    assert form["state"].value() == platform.expected(case)
    assert browser.post(there, filled(platform_number="短", state="registered")).status_code == 422
    assert browser.post(there, filled(platform_number=NUMBER, state="accepted")).status_code == 302
    checked(browser.get(f"/authority/cases/{case.number}/"), 200, NUMBER, "已受理")
    form = browser.get(there).context["form"]
    assert (form["platform_number"].value(), form["state"].value(), "text" in form.fields) == (NUMBER, "accepted", True)
    assert browser.post(there, filled(platform_number=NUMBER, state="accepted")).status_code == 409


def test_it_takes_no_undo_from_the_consumer_and_none_needs_it_whom_no_authority_has(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    given.step(case, handling.MOVES["withdraw"](reason="mistake"), world.consumer, WEDNESDAY)
    given.step(case, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY + timedelta(minutes=5))
    given.step(case, handling.MOVES["undo"](), world.consumer, WEDNESDAY + timedelta(minutes=9))
    assert (case.status, case.platform_number) == (S.REVIEW, NUMBER)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    number = record_platform_number(platform_number=NUMBER)
    assert given.refused(case, number, world.officer, WEDNESDAY) == "not_received"


def test_it_is_flagged_after_one_working_day(world: World) -> None:
    # A Wednesday: Thursday is the day; Friday's begin is late. A Friday and a Saturday: Monday is the day.
    for days, last in ((0, 12), (2, 16), (3, 16)):
        received, late_from = WEDNESDAY + timedelta(days), datetime(2026, 11, last, 16, 0, tzinfo=UTC)
        case, before = given.a_complaint(world, status=S.REVIEW, now=received), late_from - timedelta(microseconds=1)
        assert case.pk in listed(world, platform.MISSING, before)
        assert case.pk not in listed(world, platform.LATE, before)
        assert case.pk in listed(world, platform.LATE, late_from)
        assert platform.is_late(case, now=late_from, calendar=current_calendar(), days=1)
        number = record_platform_number(platform_number=f"{NUMBER}{days}")
        given.step(case, number, world.officer, late_from)
        assert case.pk not in listed(world, platform.LATE, late_from)


def test_the_list_and_the_page_agree_about_what_differs(world: World) -> None:
    for status in (status for status in S if status not in (S.DRAFT, S.CLOSED)):
        case = given.a_complaint(world, status=status)
        for state in platform.STATES:
            Complaint.objects.filter(pk=case.pk).update(platform_number=f"{NUMBER}-{status}", platform_state=state)
            same = case.pk in listed(world, platform.SAME, WEDNESDAY)
            assert same != (case.pk in listed(world, platform.DIFFERS, WEDNESDAY))
            if status != S.PERFORMING:
                assert same == (platform.expected(case) == state)


def test_every_end_has_its_state() -> None:
    for outcome in Outcome:
        assert platform.expected(Complaint(status=S.CLOSED, outcome=outcome)) in platform.STATES
