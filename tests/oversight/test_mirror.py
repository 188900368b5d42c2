"""An enterprise's own mirror: each number opens a list of that length, and nobody sees another's."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from complaints import handling
from complaints.handling.steps import authority, consumer, enterprise, offers
from complaints.models import Engagement, Evidence, RootCause
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status as S
from complaints.settlement.offer_terms import Answer
from enterprises.models import Branch, Enterprise, PublishedFigure, Staff
from oversight import letters
from oversight.counters import making
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.mirror import mirror, perfunctory
from oversight.models import DataFile, PerfunctoryReply
from oversight.open_data import issuing
from oversight.open_data.reading import TABLES
from tests import found_in, missing_in
from tests.audit.core.record import local
from tests.cast import World
from tests.given import BECAUSE, a_complaint, a_request, an_offer, step
from tests.oversight.looking import browser, cost, page_of, sent

pytestmark = pytest.mark.django_db
#: Three more than where nothing waits to be folded; one for how the answers are written.
STATEMENTS = 27
PAGE, NOVEMBER = "/enterprise/performance/", "?first=2026-11-01&last=2026-11-30"
MONTH = Period(first=date(2026, 11, 1), last=date(2026, 11, 30))


def at(day: int, hour: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=timezone.get_fixed_timezone(480))


def measure(world: World, *, now: datetime, branches: frozenset[int] | None = None) -> Any:
    return Measure(
        Scope(enterprise_id=world.mobile.pk, branch_ids=branches, is_own=True), MONTH, now, current_calendar()
    )


@pytest.fixture
def november(world: World) -> dict[str, Any]:
    """One settled with a promise kept, one failed on its last day, one open and late, one waiting, one come again."""
    settled = a_complaint(world, status=S.PERFORMING, now=at(3))
    step(settled, enterprise.report_performed(obligations=[1], proof="流水0042"), world.handler, at(5))
    step(settled, consumer.confirm_performed(obligations=[1]), world.consumer, at(6))
    failed, late, waiting = (a_complaint(world, status=S.NEGOTIATING, now=at(day)) for day in (4, 5, 25))
    step(failed, enterprise.log_contact(channel="phone", reached=True, note="说不通"), world.handler, at(5))
    # Delivered on the 4th: the tenth working day is the 18th.
    move = enterprise.report_failure(reason="no_agreement", text="多次沟通，金额谈不拢。")
    step(failed, move, world.handler, at(18))
    step(waiting, an_offer(due_on=date(2026, 12, 20)), world.handler, at(25, 11))
    return {"failed": failed, "late": late}


def test_the_numbers_are_those_of_the_rows_and_each_opens_a_list_of_that_length(
    world: World, november: dict[str, Any]
) -> None:
    was = mirror.reflected(measure(world, now=at(30, 12)))
    ones = ("settled", "failed", "open_late", "unanswered", "offered", "answered", "ended_last_day", "promises_kept")
    more = {"delivered": 4, "in_time": 2, "responded": 3, "again": 3, "ended": 2, "untagged": 2}
    assert {name: n for name, n in was.counts.items() if n} == dict.fromkeys(ones, 1) | more
    assert (was.confirmed, was.on_time) == (0.5, 2 / 3)
    # Each length that the median is of has its case in the list.
    assert (was.kept.n, was.response.n) == (1, was.counts["responded"])
    # Counted again, slowly.
    ended = [e for e in Engagement.objects.all() if e.until_at and local(e.until_at).month == 11]
    assert was.counts["ended"] == len(ended)
    assert not any(mirror.reflected(mirror.before(measure(world, now=at(30, 12)))).counts.values())
    step(november["failed"], enterprise.tag_cause(cause="billing_error"), world.handler, timezone.now())
    page, links = opened(world.lead)
    assert len(links) >= 10, page
    assert "多收费" in page or "计费" in page
    assert "list=ended&amp;problem=" in page
    [tagged] = [address for address in links if "cause=billing_error" in address]
    assert f"/enterprise/cases/{november['failed'].number}/" in page_of(world.lead, tagged)


def test_the_time_before_stands_beside_and_is_called_no_change_and_today_is_not_over(world: World) -> None:
    today = timezone.localdate()
    usual = page_of(world.lead, PAGE)
    assert "两期只并列列出，不能据此说有变化" in usual
    assert "今天还没有过完" not in usual
    assert "今天还没有过完" in page_of(world.lead, f"{PAGE}?first={today - timedelta(days=6)}&last={today}")


def test_an_offer_on_the_last_day_is_seen(world: World) -> None:
    case = a_complaint(world, status=S.NEGOTIATING, now=at(4))
    step(case, an_offer(due_on=date(2026, 12, 20)), world.handler, at(18))
    step(case, consumer.accept_offer(), world.consumer, at(19))
    step(case, enterprise.report_performed(obligations=[1], proof="流水0042"), world.handler, at(19, 11))
    step(case, consumer.confirm_performed(obligations=[1]), world.consumer, at(20))
    counts = mirror.reflected(measure(world, now=at(27))).counts
    assert (counts["offered_last_day"], counts["offered"], counts["answered"], counts["ended_last_day"]) == (1, 1, 0, 0)


def last_days(world: World, now: datetime) -> tuple[int, ...]:
    counts = mirror.reflected(measure(world, now=now)).counts
    return tuple(counts[name] for name in ("ended", "answered", "ended_last_day", "offered", "offered_last_day"))


def test_only_what_the_enterprise_itself_leaves_to_the_last_day_of_its_own_time_is_dragging(world: World) -> None:
    """Delivered on 4 November all of them; the tenth working day is the 18th."""
    call = enterprise.log_contact(channel="phone", reached=True, note="说不通")
    failed = enterprise.report_failure(reason="no_agreement", text="多次沟通，金额谈不拢。")

    def a_case() -> Any:
        return a_complaint(world, status=S.NEGOTIATING, now=at(4))

    # The consumer ends it on the last day: by stopping, and by accepting what he was offered in time.
    step(a_case(), consumer.stop_negotiating(), world.consumer, at(18))
    accepted = a_case()
    step(accepted, an_offer(due_on=date(2026, 12, 20)), world.handler, at(17))
    step(accepted, consumer.accept_offer(), world.consumer, at(18))
    # What was accepted long before is performed on the day that would have been the last.
    for one, kind in ((accepted, 19), (a_case(), 18)):
        if kind == 18:
            step(one, an_offer(due_on=date(2026, 12, 20)), world.handler, at(5))
            step(one, consumer.accept_offer(), world.consumer, at(5, 11))
        step(one, enterprise.report_performed(obligations=[1], proof="流水0042"), world.handler, at(kind))
        step(one, consumer.confirm_performed(obligations=[1]), world.consumer, at(kind, 11))
    assert last_days(world, at(27)) == (3, 0, 0, 2, 0)
    # Given back to a branch: the clock runs on, and is no longer this stage's own.
    consents = {**a_request(world).consents, "entities": [world.mobile.pk]}
    moved = a_complaint(world, status=S.WITH_ENTERPRISE, now=at(4), consents=consents)
    step(moved, enterprise.return_case(reason="wrong_branch", enterprise_id=world.mobile.pk), world.handler, at(4, 11))
    step(
        moved,
        authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=BECAUSE),
        world.intake,
        at(4, 12),
    )
    step(moved, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, at(5))
    early, last = a_case(), a_case()
    for case, day in ((moved, 18), (early, 17), (last, 18)):
        step(case, call, world.handler, at(5, 12))
        step(case, failed, world.handler, at(day))
    assert last_days(world, at(27)) == (7, 2, 1, 2, 0)


def test_linked_cases_and_long_ago_are_no_repetition(world: World) -> None:
    a_complaint(world, status=S.NEGOTIATING, now=at(1, month=8))
    first, second = (a_complaint(world, status=S.NEGOTIATING, now=at(4, hour)) for hour in (9, 10))
    assert mirror.reflected(measure(world, now=at(27))).counts["again"] == 1
    first.linked_group = second.linked_group = "7f1c2a34-0000-4000-8000-000000000001"
    for case in (first, second):
        case.save(update_fields=["linked_group"])
    assert mirror.reflected(measure(world, now=at(27))).counts["again"] == 0


def opened(who: User) -> tuple[str, list[str]]:
    """The page of November, and its links one press away (not folded up): each opens a list of the length it says."""
    client = browser(who)
    page = page_of(client, f"{PAGE}{NOVEMBER}")
    open_to_see = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    links = re.findall(r'<a[^>]*href="(/enterprise/performance/cases/\?[^"]+)"[^>]*>\s*([\d,]+)', open_to_see)
    addresses = [address.replace("&amp;", "&") for address, _n in links]
    for address, (_, n) in zip(addresses, links, strict=True):
        assert page_of(client, address).count('<th role="rowheader"') == int(n), (who, address)
    return page, addresses


def test_what_went_to_another_enterprise_stays_counted_with_the_one_that_had_it(
    world: World, november: dict[str, Any]
) -> None:
    """Before a fold has seen it move as well as after."""
    consents = {**a_request(world).consents, "entities": [world.mobile.pk, world.telecom.pk]}
    case = a_complaint(world, status=S.WITH_ENTERPRISE, now=at(25, 12), consents=consents)
    making.rebuild(now=timezone.now())
    step(case, enterprise.return_case(reason="wrong_entity", enterprise_id=world.telecom.pk), world.handler, at(25, 14))
    move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=BECAUSE)
    step(case, move, world.intake, at(25, 16))
    for _is_folded in (False, True):
        for who, which in ((world.lead, "list=returned"), (world.hua, "list=delivered")):
            _page, links = opened(who)
            assert any(which in address for address in links), who
        making.rebuild(now=timezone.now())


def test_a_branch_reads_of_the_days_before_what_was_late_at_their_end_as_the_whole_enterprise_does(
    world: World,
) -> None:
    """One ran out at the midnight that ended November; a sweep ended it then."""
    a_complaint(world, status=S.NEGOTIATING, now=at(16))
    handling.sweep_clocks(now=at(10, month=12))
    december = Period(first=date(2026, 12, 1), last=date(2026, 12, 30))
    for branches in (None, frozenset({world.fuzhou.pk})):
        scope = Scope(enterprise_id=world.mobile.pk, branch_ids=branches, is_own=True)
        for _is_folded in (False, True):
            asked = mirror.before(Measure(scope, december, at(31, month=12), current_calendar()))
            was = mirror.reflected(asked)
            assert (was.counts["open_late"], was.came_due) == (1, 1), branches
            making.rebuild(now=timezone.now())


def test_others_are_shown_as_a_median_and_never_one_by_one(world: World) -> None:
    day = timezone.localdate()
    enterprises = [world.mobile, *(Enterprise.objects.create(name=f"同行{n}") for n in range(3))]

    def published(enterprise: Enterprise, settled: int) -> None:
        same: Any = {"category": "telecom.fees.unclear_rules", "day": day, "formula": 1, "ended": 40, "unconfirmed": 0}
        same |= {"median_days": 5, "promised": 30, "kept": 15}
        PublishedFigure.objects.create(enterprise=enterprise, settled=settled, **same)

    for carrier, settled in zip(enterprises[:3], (20, 10, 30), strict=True):
        published(carrier, settled)
    [line] = mirror.compared(world.mobile.pk, on=day)
    assert (line.confirmed, line.others, line.confirmed_others) == (50.0, 2, None)
    assert "同行2家，不足3家，没有中位数" in page_of(world.lead, PAGE)
    published(enterprises[3], 36)
    [line] = mirror.compared(world.mobile.pk, on=day)
    assert (line.others, line.confirmed_others, line.days_others) == (3, 75.0, 5.0)
    assert found_in(page_of(world.lead, PAGE), "75.0%", "没有中位数", "同行1") == ["75.0%"]


def test_pages_name_what_nobody_can_ask_cost_few_statements_and_show_a_branch_its_own_and_another_firm_nothing(
    world: World, november: dict[str, Any]
) -> None:
    client = browser(world.lead)
    for query in (
        *("first=1999-01-01", "first=2026-12-31&last=2026-01-01", "first=x", "category=nothing"),
        *("channel=pigeon", "period=always"),
    ):
        assert 'class="error-summary"' in page_of(client, f"{PAGE}?{query}"), query
    assert cost(client, PAGE) <= STATEMENTS
    assert cost(client, f"{PAGE}cases/{NOVEMBER}&list=delivered") <= 16
    others = Branch.objects.filter(enterprise=world.mobile, children=None).exclude(parent=world.fuzhou)
    other = others.exclude(pk=world.fuzhou.pk).earliest("pk")
    Engagement.objects.filter(complaint=november["late"]).update(branch=other)
    for who, n in ((world.ming, 3), (world.lead, 4), (world.hua, 0)):
        shown = page_of(who, f"{PAGE}cases/{NOVEMBER}&list=delivered")
        assert shown.count('<th role="rowheader"') == n, who
    for who, url in ((world.chen, PAGE), (world.rui, PAGE), (world.lead, f"{PAGE}cases/?list=everything")):
        assert browser(who).get(url).status_code == 404


def test_the_summary_of_a_month_goes_to_each_head_once(
    world: World, november: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: Any = {"complaint": november["failed"], "engagement": Engagement.objects.get(complaint=november["failed"])}
    RootCause.objects.create(**failed, enterprise=world.mobile, cause="billing_error", at=at(19))
    other = Enterprise.objects.filter(enrolment="enrolled").exclude(pk=world.mobile.pk).earliest("pk")
    Enterprise.objects.exclude(pk__in=[other.pk, world.mobile.pk]).update(enrolment="not_enrolled")
    assert Staff.objects.filter(user=world.lead, branch=None).exists()
    early = datetime(2026, 12, 1, 7, 59, tzinfo=timezone.get_fixed_timezone(480))
    eight = early + timedelta(minutes=1)
    honest = mirror.reflected

    def counted(measure: Any) -> Any:
        if measure.scope.enterprise_id == other.pk:
            raise RuntimeError("too slow")
        return honest(measure)

    # One that cannot be counted keeps nobody from theirs.
    monkeypatch.setattr(mirror, "reflected", counted)
    assert [letters.sweep_summaries(now=now) for now in (early, eight)] == [0, 1]
    [letter] = OutgoingMessage.objects.all()
    assert letter.address == "lead@example.com"
    assert letter.person_key == world.lead.person_key, "who is erased takes the letter along"
    assert not missing_in(letter.body, "送达4件，结束2件", f"{PAGE}{NOVEMBER}")
    assert "陈试" not in letter.body
    monkeypatch.setattr(mirror, "reflected", honest)
    assert [letters.sweep_summaries(now=eight + timedelta(days=days)) for days in (0, 19, 32)] == [1, 0, 2]
    assert OutgoingMessage.objects.count() == 1


def refused_with_nothing(world: World) -> None:
    """One offer that refuses everything in a sentence that says nothing."""
    brush_off = "您好，按公司规定这项费用属于正常收费，无法为您办理，敬请谅解。"
    refused = [Answer(demand=n, verdict="refuse", reason=brush_off) for n in (1, 2)]
    case = a_complaint(world, status=S.NEGOTIATING, now=at(20))
    step(case, offers.make_offer(answers=refused), world.handler, at(21))


def test_the_enterprise_answers_its_index_in_its_own_words_and_the_authority_reads_them_beside_it(world: World) -> None:
    address, said = f"{PAGE}reply/{NOVEMBER}", "两件是同一个系统故障，已经补发说明。"
    authority = f"/oversight/enterprises/{NOVEMBER}&enterprise={world.mobile.pk}"
    # Without an offer there is nothing to answer, and what was typed stays.
    empty = sent(world.lead, address, text=said)
    assert (empty.status_code, said in empty.content.decode()) == (422, True)
    refused_with_nothing(world)
    assert "reply/" in page_of(world.lead, f"{PAGE}{NOVEMBER}").partition("答复写得怎么样")[2]
    for stranger in (world.ming, world.su, world.chen):
        assert browser(stranger).get(address).status_code == 404
    for text in ("", "长" * 501):
        refused = sent(world.lead, address, text=text)
        assert (refused.status_code, text in refused.content.decode()) == (422, True)
    assert not PerfunctoryReply.objects.exists()
    assert sent(world.lead, address, text=said).headers["Location"].startswith(PAGE)
    sent(world.lead, address, text="第二条说明。")
    for who, url in ((world.lead, f"{PAGE}{NOVEMBER}"), (world.su, authority), (world.lead, address)):
        page = page_of(who, url).partition("</main>")[0].partition("答复写得怎么样")[2]
        assert not missing_in(page, said, "第二条说明。", "以前的说明"), url
        assert page.index("第二条说明。") < page.index(said), url
    assert "perfunctory-reply" not in page_of(world.su, authority)
    assert said not in page_of(world.su, f"/oversight/enterprises/{NOVEMBER}")
    row = PerfunctoryReply.objects.first()
    assert row is not None
    for change in (row.delete, row.save):
        with pytest.raises(DatabaseError, match=r"refused|denied"), transaction.atomic():
            change()


def test_nothing_of_the_index_or_of_what_is_said_to_it_is_published(world: World) -> None:
    refused_with_nothing(world)
    said = "两件是同一个系统故障，已经补发说明。"
    sent(world.lead, f"{PAGE}reply/{NOVEMBER}", text=said)
    assert PerfunctoryReply.objects.count() == 1
    public = (
        f"/open/enterprises/{world.mobile.code}/",
        "/open/",
        "/open/league/",
        "/open/appraisal/",
        "/open/data/dictionary/",
    )
    for url in public:
        text = page_of(None, url)
        assert missing_in(text, said, "答复写得怎么样", "发送前有提示") == [said, "答复写得怎么样", "发送前有提示"], url
    sets = issuing.issue(date(2026, 11, 1), now=at(2, month=12))
    assert sets is not None
    names = [column.name for table in TABLES.values() for column in table.columns]
    assert not {perfunctory.OVERRIDDEN, perfunctory.COPIED, perfunctory.NO_MATERIAL} & set(names)
    assert said not in "".join(bytes(file.content).decode("utf-8", "replace") for file in DataFile.objects.all())


def test_how_answers_are_written_is_counted_for_the_enterprise_and_the_authority_with_number_and_interval(
    world: World,
) -> None:
    """One refuses everything in a sentence that says nothing, one with a file; one is good."""
    brush_off = "您好，按公司规定这项费用属于正常收费，无法为您办理，敬请谅解。"
    refused = [Answer(demand=n, verdict="refuse", reason=brush_off) for n in (1, 2)]
    for has_file in (False, True):
        case = a_complaint(world, status=S.NEGOTIATING, now=at(20))
        if has_file:
            kept = {"kind": "other", "media_type": "image/png", "size": 1, "sha256": "0" * 64, "path": "x"}
            Evidence.objects.create(complaint=case, uploaded_by=world.ming, uploaded_at=at(20), name="a.png", **kept)
        step(case, offers.make_offer(answers=refused), world.handler, at(21))
    step(
        a_complaint(world, status=S.NEGOTIATING, now=at(20)), an_offer(due_on=date(2026, 12, 20)), world.handler, at(21)
    )
    found = perfunctory.shares(measure(world, now=at(28)))
    assert [(one.code, one.part, one.whole, one.interval) for one in found] == [
        ("overridden", 2, 3, ""),
        ("copied", 1, 3, ""),
        ("no_material", 1, 3, ""),
    ]
    page = page_of(world.lead, f"{PAGE}{NOVEMBER}")
    assert not missing_in(page, "答复写得怎么样", "全部不同意，没有任何材料", "1/3", "共3份方案", "不公布")
    narrowed = f"/oversight/enterprises/{NOVEMBER}&enterprise={world.mobile.pk}"
    assert not missing_in(page_of(world.su, narrowed), "答复写得怎么样", "1/3")
    assert "答复写得怎么样" not in page_of(world.su, f"/oversight/enterprises/{NOVEMBER}")
    assert "答复写得怎么样" not in page_of(world.hua, f"{PAGE}{NOVEMBER}")
    assert perfunctory.PerfunctoryShare("copied", 10, 40).interval == "14.2–40.2%"
