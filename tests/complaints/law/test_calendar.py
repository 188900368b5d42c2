"""The working days of a year: read with every wrong line named, tried, approved, and carried out to the last case."""

import json
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.roles import Role
from authorities.calendar import read_year
from authorities.models import Authority, CalendarVersion, Officer
from authorities.tables import TableError
from complaints import handling
from complaints.handling.steps.mediation import order_appraisal
from complaints.handling.transition import recounting
from complaints.law import changing, working
from complaints.models import Complaint, Deadline, HandlingStep, LawChange, LawEffect, Notice
from complaints.pages.authority.law.changes import Office, groups_of, seen_groups
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status as S
from tests import given, reloaded
from tests.cast import WEDNESDAY, World

SOURCE = "国务院办公厅关于2027年部分节假日安排的通知（试验）"
HEADING = "day,is_working,name,name_en\n"


def at(day: int, *, month: int = 12, year: int = 2026, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour - 8, tzinfo=WEDNESDAY.tzinfo)


NOW = at(22)


def table(*rows: str) -> bytes:
    return (HEADING + "\n".join(rows) + "\n").encode()


#: 1 and 4–6 January off (4 is a Monday), Saturday 9 worked.
OFF = ("2027-01-01,0,元旦,New Year's Day", "2027-01-04,0,元旦,", "2027-01-05,0,元旦,")
LATER = table(*OFF, "2027-01-09,1,调休上班（元旦）,")
#: Saturday 2 and Sunday 3 January worked: dates come earlier.
EARLIER = table("2027-01-02,1,调休上班,", "2027-01-03,1,调休上班,")


def test_garbage_is_told_by_its_line() -> None:
    many = table(*(f"2027-{month:02}-{day:02},0,假," for month in (1, 2) for day in range(1, 22)))
    no_dates = table("first of May,0,劳动节,", "2027-13-01,0,x,")
    for raw, words in [
        (table("2026-01-01,0,元旦,"), ["第2行：2026-01-01不在2027年。"]),
        (table("2027-01-01,0,元旦,", "2027-01-01,0,元旦,"), ["第3行：2027-01-01出现两次。"]),
        (table("2027-01-02,0,元旦,"), ["第2行：2027-01-02是周末"]),
        (table("2027-01-04,1,调休,"), ["第2行：2027-01-04本来就上班"]),
        (table("2027-01-01,2,元旦,"), ["既不是0也不是1"]),
        (table("2027-01-01,0,,"), ["要写名称"]),
        (no_dates, ["第2行：“first of May”不是日期", "第3行：“2027-13-01”不是日期"]),
        (many, ["有42行", "最多40行"]),
        (b"", ["列名"]),
        (b"date;off\n", ["列名"]),
        (HEADING.encode(), ["没有2027年的日期"]),
        (b"\xff\xfe\x00\x81", ["不是UTF-8"]),
        (b"{", ["不是完整的JSON"]),
        (b"[]", ["days这个列表"]),
        (b'{"days": 3}', ["days这个列表"]),
        (b'{"days": [3]}', ["第1项：", "不是日期"]),
        (b'{"days": [{"date": "2027-01-01", "name": "x", "isOffDay": "yes"}]}', ["第1项：", "既不是0也不是1"]),
        (b"[" * 50_000, ["JSON"]),
        (b"x" * 100_001, ["文件太大"]),
    ]:
        with pytest.raises(TableError) as wrong:
            read_year(raw, name="cn_2027.csv", year=2027)
        assert all(word in str(wrong.value) for word in words), str(wrong.value)


def test_the_common_json_says_the_same_as_the_table() -> None:
    off = {"name": "元旦", "date": "2027-01-01", "isOffDay": True}
    values = {"year": 2027, "papers": [], "days": [off, off | {"date": "2027-01-09", "isOffDay": False}]}
    assert read_year(json.dumps(values).encode(), name="2027.json", year=2027).days == (
        (date(2027, 1, 1), False, "元旦", "New Year's Day"),
        (date(2027, 1, 9), True, "调休上班（元旦）", "make-up working day (New Year's Day)"),
    )
    both = (Path("authorities/calendars") / name for name in ("cn_2025.csv", "cn_2026.csv"))
    years = [read_year(path.read_bytes(), name=path.name, year=int(path.stem[-4:])) for path in both]
    assert [len(year.days) for year in years] == [33, 39]


def proposed(world: World, raw: bytes = LATER, *, source: str = SOURCE, now: datetime = NOW) -> LawChange:
    asked = {"by": world.superior_officer.user, "authority": world.city, "published_on": date(2026, 11, 5)}
    year = read_year(raw, name="cn_2027.csv", year=2027)
    change = changing.draft_calendar(**asked, now=now, source=source, year=year)
    working.work(change, now=now)
    return change


def national() -> Authority:
    return Authority.objects.get(level=Authority.Level.NATIONAL)


def approved(world: World, change: LawChange, *, now: datetime = NOW) -> LawChange:
    changing.approve(change.mark, by=world.su, heads=[national()], text="", now=now)
    return LawChange.objects.get(pk=change.pk)


def clock(case: Complaint, name: str) -> Deadline:
    return Deadline.objects.filter(complaint=case, clock=name).latest("pk")


def test_later_freely_and_both_are_told_with_both_dates(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(21))
    assert (clock(case, "negotiation").last_day, clock(case, "negotiation").is_provisional) == (date(2027, 1, 4), True)
    change = proposed(world)
    effect = LawEffect.objects.get(change=change, complaint=case, clock="negotiation")
    assert (effect.verdict, effect.before, effect.after) == ("later", date(2027, 1, 4), date(2027, 1, 7))
    own, far = (Office((authority,), (), ()) for authority in (world.city, world.far_officer.authority))
    assert groups_of(seen_groups(change, own), ["later"])
    assert groups_of(seen_groups(change, far), ["later"]) == [], "of other regions nothing is told"
    assert clock(case, "negotiation").last_day == date(2027, 1, 4), "a preview moves nothing"
    change = approved(world, change)
    assert change.state == "applying"
    working.sweep_law(now=NOW)
    change.refresh_from_db()
    row = clock(case, "negotiation")
    assert (change.state, row.last_day, row.is_provisional) == ("done", effect.after, False)
    assert change.moved == LawEffect.objects.filter(change=change).count()
    entry = HandlingStep.objects.get(complaint=case, step="recompute_clock", data__clock="negotiation")
    assert (entry.data["before"], entry.data["after"]) == ("2027-01-04", "2027-01-07")
    shown = Notice.objects.filter(complaint=case, kind="recompute_clock").values_list("addressee", flat=True)
    assert {"consumer", "enterprise"} <= set(shown)


def test_earlier_never_below_two_working_days_but_an_authority_exactly(world: World) -> None:
    near = given.a_complaint(world, status=S.NEGOTIATING, now=at(18))
    far = given.a_complaint(world, status=S.NEGOTIATING, now=at(21))
    review = given.a_complaint(world, status=S.REVIEW, now=at(24))
    dates = [clock(case, "negotiation").last_day for case in (near, far)]
    assert [*dates, clock(review, "review").last_day] == [date(2027, 1, 1), date(2027, 1, 4), date(2027, 1, 4)]
    now = at(31)
    working.work(approved(world, proposed(world, EARLIER, now=now), now=now), now=now)
    # Counted: 1 January; from 31 December two working days are 1 and 2 January.
    assert clock(far, "negotiation").last_day == date(2027, 1, 2)
    assert clock(review, "review").last_day == date(2027, 1, 2)
    assert clock(near, "negotiation").last_day == date(2027, 1, 1)
    assert not Deadline.objects.filter(is_provisional=True, state="running").exists()


def test_what_would_leave_less_is_kept_and_said(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(21))
    now = at(1, month=1, year=2027)
    change = proposed(world, EARLIER, now=now)
    effect = LawEffect.objects.get(change=change, complaint=case, clock="negotiation")
    assert (effect.verdict, effect.after) == ("kept", date(2027, 1, 3))
    working.work(approved(world, change, now=now), now=now)
    row = clock(case, "negotiation")
    assert (row.last_day, row.derivation["counted_to"]) == (date(2027, 1, 3), "2027-01-02")
    assert row.derivation["earlier"]["last_day"] == "2027-01-04"


def test_a_named_day_and_a_paused_clock_keep_what_was_promised(world: World) -> None:
    case = given.a_complaint(world, status=S.MEDIATING, now=at(21))
    move = order_appraisal(laboratory="市质检所", until=date(2027, 1, 4), cost_borne_by="enterprise")
    handling.take(move, [case.pk], actor=world.officer, now=at(22))
    going_on = Deadline.objects.filter(complaint=case, state__in=["running", "paused"], clock="suspension")
    before = going_on.get().last_day
    working.work(approved(world, proposed(world)), now=NOW)
    assert going_on.get().last_day == before == date(2027, 1, 4)


def test_the_same_decree_twice_is_one_version(world: World) -> None:
    working.work(approved(world, proposed(world)), now=NOW)
    for raw, source, code in ((LATER, SOURCE, "already_loaded"), (EARLIER, SOURCE, "same_decree")):
        assert given.raised(proposed, world, raw, source=source).code == code
    working.work(approved(world, proposed(world, EARLIER, source="关于调整的通知")), now=NOW)
    assert list(CalendarVersion.objects.filter(year=2027).order_by("number").values_list("number", flat=True)) == [1, 2]


def test_of_two_previews_the_second_is_tried_anew(world: World) -> None:
    first, second = proposed(world), proposed(world, EARLIER, source="另一份通知")
    approved(world, first)
    code = given.raised(approved, world, second).code
    assert (code, CalendarVersion.objects.filter(year=2027).count()) == ("moved_on", 1)


def test_a_kill_in_the_middle_goes_on_and_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [given.a_complaint(world, status=S.NEGOTIATING, now=at(21)) for _n in range(3)]
    change = approved(world, proposed(world))
    monkeypatch.setattr(recounting, "BATCH", 1)
    real, calls = recounting.recount_piece, []

    def dies(*args: Any, **told: Any) -> Any:
        calls.append(1)
        piece = real(*args, **told)
        if len(calls) == 2:
            raise SystemExit
        return piece

    monkeypatch.setattr(working, "recount_piece", dies)
    with pytest.raises(SystemExit):
        working.sweep_law(now=NOW)
    monkeypatch.setattr(working, "recount_piece", real)
    assert (reloaded(change).state, change.after) == ("applying", cases[0].pk)
    assert HandlingStep.objects.filter(step="recompute_clock", data__clock="negotiation").count() == 1
    working.sweep_law(now=NOW)
    assert reloaded(change).state == "applying", "the lease of whoever died lasts a minute"
    working.sweep_law(now=NOW + timedelta(minutes=2))
    assert (reloaded(change).state, change.moved) == ("done", LawEffect.objects.filter(change=change).count())
    for case in cases:
        handling_steps = HandlingStep.objects.filter(complaint=case, step="recompute_clock", data__clock="negotiation")
        assert handling_steps.count() == 1


def test_neither_county_nor_city_decides_the_calendar_of_the_country(world: World) -> None:
    year = read_year(LATER, name="x", year=2027)
    asked = {"authority": world.gulou, "now": NOW, "source": SOURCE, "published_on": None, "year": year}
    given.raised(changing.draft_calendar, by=world.rui, **asked)
    change = proposed(world)
    province = Authority.objects.get(pk=world.city.parent_id)
    with pytest.raises(StepNotAllowed, match="由总局的负责人批准") as refused:
        changing.approve(change.mark, by=world.su, heads=[world.city], text="", now=NOW)
    assert refused.value.code == "not_national"
    head = Officer.objects.create(user=world.rui, authority=national(), role=Role.APPROVER.post)
    given.raised(changing.approve, change.mark, by=world.su, heads=[province], text="", now=NOW)
    head.delete()
    changing.approve(change.mark, by=world.su, heads=[province], text="", now=NOW)
    assert CalendarVersion.objects.filter(year=2027).exists(), "nobody holds the office at the top"


def test_the_command_goes_the_same_way(world: World, tmp_path: Path) -> None:
    file = tmp_path / "cn_2027.csv"
    file.write_bytes(LATER)
    out = StringIO()
    call_command("import_calendar", str(file), year=2027, source=SOURCE, dry_run=True, stdout=out)
    assert not CalendarVersion.objects.filter(year=2027).exists()
    call_command("import_calendar", str(file), year=2027, source=SOURCE, stdout=out)
    change = LawChange.objects.get(kind="calendar", state="done")
    assert (change.result, change.asked_by) == ("CN 2027.1", None)
    call_command("import_calendar", str(file), year=2027, source=SOURCE, stdout=out)
    assert "already loaded, nothing changed" in out.getvalue()
    file.write_bytes(EARLIER)
    with pytest.raises(CommandError, match="Only a new decree"):
        call_command("import_calendar", str(file), year=2027, source=SOURCE)
