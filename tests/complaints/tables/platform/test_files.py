"""The file pair: what goes out is an export, what comes back is tried out, decided, carried out once, line by line."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps.platform import record_platform_number
from complaints.models import Complaint, Export, HandlingStep, PlatformFile
from complaints.procedure.workflow import Status
from complaints.tables.exporting import files, lifecycle
from complaints.tables.platform import platform_files
from tests import given
from tests.cast import World
from tests.complaints.tables.platform.conftest import (
    HOME,
    answer,
    at,
    cases,
    complaint,
    decided,
    filled,
    problems,
    states,
    table,
    tried,
    uploaded,
    worked,
)
from tests.server import A_REQUEST

S = Status


def test_a_file_with_a_tenth_of_bad_lines_is_carried_out_without_them(world: World) -> None:
    ours = cases(world, 18)
    rows = [answer(case.number, f"12315-{n:06}") for n, case in enumerate(ours)]
    rows += [answer("20260101-AAAAAAAAAAAA-0", "12315-900001"), answer(ours[0].number, "不是编号")]
    browser = at(world.rui)
    file = tried(browser, rows)
    assert states(file) == ["good"] * 18 + ["bad", "bad"]
    assert problems(file)[20] == ("number", "没有找到这件投诉。")
    assert problems(file)[21][0] == "platform_number"
    assert not Complaint.objects.exclude(platform_number="").exists()
    file = decided(browser, file)
    assert (file.state, states(file)) == ("done", ["done"] * 18 + ["bad", "bad"])
    assert Complaint.objects.exclude(platform_number="").count() == 18
    assert "办成18行" in browser.get(f"{HOME}{file.mark}/").content.decode()
    assert "只在平台上" in browser.get(HOME).content.decode()
    assert "没有找到这件投诉。" in browser.get(f"{HOME}{file.mark}/results/").content.decode("utf-8-sig")


def test_the_same_file_twice_is_the_same_answer(world: World) -> None:
    (case,) = cases(world, 1)
    browser, raw = at(world.rui), table([answer(case.number, "12315-000001")])
    file = decided(browser, worked(uploaded(browser, raw)))
    again = uploaded(browser, raw)
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
    file = tried(
        at(world.rui),
        [
            answer(mine.number, "12315-000007"),
            answer(theirs.number, "12315-000008"),
            complaint("12315-000006"),
            answer(mine.number, "12315-000009", 平台状态="飞走了"),
            answer(mine.number, "12315-000010", 平台接收时间="明天"),
            answer(mine.number, "12315-000011", 平台接收时间="0001-01-01"),
            complaint("12315-000012", 平台接收时间="0001-01-01"),
        ],
    )
    assert states(file) == ["bad"] * 7
    assert "另一件投诉" in problems(file)[2][1]
    assert problems(file)[3] == ("number", "没有找到这件投诉。")
    assert "另一件投诉" in problems(file)[4][1]
    assert [problems(file)[line][0] for line in (5, 6, 7, 8)] == ["state", "received_at", "received_at", "received_at"]
    assert theirs.number not in problems(file)[2][1]


def test_complaints_that_began_there_are_filed_as_received_there(world: World) -> None:
    browser = at(world.rui)
    file = tried(
        browser,
        [
            complaint("12315-100001"),
            complaint("12315-100002", 手机="12"),
            complaint("12315-100001"),
            complaint("12315-100003", 地区代码="350402"),
            complaint("12315-100004", 诉求=""),
        ],
    )
    assert states(file) == ["good", "bad", "bad", "bad", "bad"], problems(file)
    assert [problems(file)[line][0] for line in (3, 4, 5, 6)] == ["phone", "platform_number", "region", "demands"]
    assert not Complaint.objects.exists()
    file = decided(browser, file)
    case = Complaint.objects.get()
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
    swapped = [
        answer(name, "12315-000001"),
        answer(case.number, phone),
        answer(case.number, name),
        answer(case.number, "12315-000002", 平台状态=name),
    ]
    swapped += [
        complaint(f"12315-00010{n}", **{column: name})
        for n, column in enumerate(["地区代码", "商品服务类别", "问题类别", "争议发生日", "金额", "诉求", "手机"])
    ]
    file = tried(at(world.rui), swapped)
    assert states(file) == ["bad"] * len(swapped), problems(file)
    kept = str(list(file.rows.values_list("number", "platform_number", "column", "problem")))
    assert (name in kept, phone in kept) == (False, False), kept


def test_only_the_authority_that_sent_it_sees_a_file(world: World) -> None:
    (case,) = cases(world, 1)
    file = tried(at(world.rui), [answer(case.number, "12315-000001")])
    for user in (world.far_officer.user, world.su, world.ming, world.chen):
        browser = at(user)
        assert browser.get(f"{HOME}{file.mark}/").status_code == 404
        assert browser.post(f"{HOME}{file.mark}/decide/", filled(decision="good")).status_code == 404
    assert at(world.head_officer.user).get(f"{HOME}{file.mark}/").status_code == 200


def test_a_file_is_read_whole_or_not_at_all(world: World) -> None:
    browser = at(world.rui)
    assert browser.post(HOME, filled()).status_code == 422
    for raw, word in ((b"", "空"), (b"\xd0\xcf\x11\xe0", "旧格式")):
        response = browser.post(HOME, filled(file=SimpleUploadedFile("a.csv", raw)))
        assert (response.status_code, word in response.content.decode()) == (422, True)
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
    whole = platform_files._Worker.go_on
    left = [1]

    def killed(self: platform_files._Worker, piece: object) -> None:
        if not left:
            raise RuntimeError("gone")
        left.pop()
        whole(self, piece)  # type: ignore[arg-type]

    monkeypatch.setattr(platform_files._Worker, "go_on", killed)
    platform_files.sweep_platform_files(now=timezone.now())
    file.refresh_from_db()
    assert (file.state, states(file)) == ("applying", ["done", "done", "good", "good", "good"])
    monkeypatch.setattr(platform_files._Worker, "go_on", whole)
    platform_files.sweep_platform_files(now=timezone.now() + timedelta(minutes=2))
    file.refresh_from_db()
    assert (file.state, states(file)) == ("done", ["done"] * 5)
    assert HandlingStep.objects.filter(step="record_platform_number").count() == 5


def test_the_file_of_the_day_holds_what_the_platform_has_to_be_told(world: World) -> None:
    new, known, shown = cases(world, 3)
    move = record_platform_number(platform_number="12315-000001", state="accepted")
    given.step(known, move, world.officer, timezone.now())
    given.step(shown, record_platform_number(platform_number="12315-000002"), world.officer, timezone.now())
    browser = at(world.rui)
    assert "没有平台编号" in browser.get(HOME).content.decode()
    response = browser.post(f"{HOME}outgoing/", filled(format="csv", personal="no"))
    assert "/authority/exports/E" in response.headers["Location"]
    lifecycle.sweep_exports(now=timezone.now())
    export = Export.objects.get()
    assert (export.state, export.total, export.has_personal) == ("ready", 2, False)
    text = files.file_of(export.mark, "csv").read_text("utf-8-sig")
    assert (new.number in text, known.number in text, shown.number in text) == (True, True, False)
    # With names a second person has to agree.
    assert browser.post(f"{HOME}outgoing/", filled(format="csv", personal="yes", purpose="报送平台")).status_code == 302
    assert Export.objects.latest("pk").state == "asked"


def test_who_only_reads_sends_nothing(world: World) -> None:
    reader = User.objects.create_user("reader@example.com", name="读试")
    Officer.objects.create(user=reader, authority=world.gulou, role=Role.ANALYST.post)
    browser = at(reader)
    assert "上传并试办" not in browser.get(HOME).content.decode()
    assert browser.post(f"{HOME}outgoing/", filled(format="csv", personal="no")).status_code == 404
    assert browser.post(HOME, filled(file=SimpleUploadedFile("a.csv", b"x"))).status_code == 405
    assert not Export.objects.exists()


def test_who_sends_the_same_bytes_at_the_same_time_gets_one_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def send() -> PlatformFile:
        return platform_files.take_in(
            [b"a,b\n1,2\n"], name="a.csv", user=world.rui, actor=world.officer, language="zh-hans", now=timezone.now()
        )

    first, manager = send(), platform_files.QuerySet.first
    # The other one has looked for it before it was there.
    monkeypatch.setattr(
        platform_files.QuerySet, "first", lambda rows: None if rows.model is PlatformFile else manager(rows)
    )
    assert send() == first
    names = [path.name for path in files.upload_of(first.mark).parent.iterdir() if path.name.startswith("P")]
    assert [name.startswith(first.mark) for name in names] == [True]


def test_the_page_costs_the_same_however_many_there_are(world: World, django_assert_max_num_queries: object) -> None:
    browser = at(world.rui)
    cases(world, 1)
    browser.get(HOME)
    with django_assert_max_num_queries(9 + A_REQUEST) as few:  # type: ignore[operator]
        browser.get(HOME)
    pinned = len(few)
    for n in range(4):
        tried(browser, [answer(case.number, f"12315-{n}{m:05}") for m, case in enumerate(cases(world, 3))])
    with django_assert_max_num_queries(pinned + 1):  # type: ignore[operator]
        browser.get(HOME)
