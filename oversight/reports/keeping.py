"""The way of a report: drafted, edited, put up for approval, approved by another person, published, corrected.

What was approved is what is published, and neither is ever changed. A correction is a new version that says what it
changes; the earlier one stays readable. A worker prints and signs a version once, after its publication.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from accounts.sign_in import persons
from authorities.models import Authority
from complaints.documents import printing, signing
from complaints.documents.printing import readable
from complaints.parties.conditions import Conditions
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from oversight.models import DataSet, MonthlyReport
from oversight.open_data import issuing, reading
from oversight.open_data.files import not_told
from oversight.reports import changes, drafting, showing
from oversight.reports import figures as report_figures
from oversight.reports.figures import drawn
from web.small_numbers import ENOUGH

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).with_name("report.typ")
#: Of one sweep, so that it ends within its time.
PRINTED_AT_ONCE = 10


def pdf(report: MonthlyReport) -> bytes:
    """The print of a published report, still without a signature; it is dated as its publication."""
    assert report.published_at is not None  # noqa: S101
    with override("zh-hans"):
        paper = readable(
            {
                "authority": report.authority.name,
                "title": title_of(report),
                "notes": notes_of(report),
                "blocks": [
                    {"title": title, "paragraphs": text.splitlines()} for title, text in showing.blocks_of(report)
                ],
                "tables": [
                    {"title": table.title, "heads": [head.label for head in table.heads], "rows": list(table.rows)}
                    for table in showing.tables_of(report)
                ],
                "foot": _("公布于%(site)s/open/reports/%(pk)s/") % {"site": settings.SITE_URL, "pk": report.pk},
            }
        )
    return printing.typeset(paper, at=report.published_at, template=TEMPLATE)


def title_of(report: MonthlyReport) -> str:
    return _("%(month)s消费投诉情况") % {"month": date_format(report.month, "YEAR_MONTH_FORMAT")}


def notes_of(report: MonthlyReport) -> list[str]:
    """What must be known to read the tables."""
    figures = report.figures
    sets = dict.fromkeys(one for one in (figures["sets"][0], *figures.get("quarter_sets", ())[:1]) if one)
    notes = [
        _("数据出自公开数据%(sets)s，按其中的口径；投诉不等于违法。") % {"sets": "、".join(sets)},
        _("只统计投诉。咨询不在本平台登记；举报另行保密办理，不计入，也不公布件数，以免从中看出某件投诉是否另有举报。"),
        _(
            "“*”为1–4件，或者由此会推算出这样的数，不公布。和解成功率前一个数是消费者确认的，后一个数把没有答复的也算上。"
        ),
    ]
    if figures["summary"].get("is_rounded") or figures["summary"].get("quarter_is_rounded"):
        notes[-1] = _(
            "均为5的倍数，与实际一般相差不超过4，各项相加等于合计；相差不到10的分不出先后，名次并列。“*”为不公布的金额、评分，或者以前月份不公布的数。和解成功率前一个数是消费者确认的，后一个数把没有答复的也算上。"
        )
    if words := not_told(figures.get("finest", DataSet.FINEST[0])):
        notes.append(words)
    if figures.get("quarter", [""])[0]:
        notes.append(
            _(
                "企业阶段的结果（和解成功率、按时办结率、守约率、满意度）和各企业按季度统计，取报告月份以前最近结束的季度，上期是它的前一季度；按月太少，会暴露个案。"
            )
        )
    if figures.get("firms"):
        notes.append(
            _(
                "县级报告按企业列出：住所在本地的在线和解企业，送达的投诉是全国各地投诉它的。市场监管所和服务站的件数太少，不单列。"
            )
        )
    if any("place" not in line for name in ("objects", "problems") for line in figures.get(name, ())):
        notes.append(
            _(
                "名次只排到没有公布的数不可能排在前面为止，合计不足%(n)s件的不排；没有名次的按类别代码排列，前面可能有未公布项。"
            )
            % {"n": ENOUGH}
        )
    if method_of(report) >= report_figures.METHOD:
        notes.append(
            _(
                "“超出平常波动”：差别大过以前各月（最多%(months)s个月，只用公开数据）同样的比较平常的波动；逐项都看，所以另外控制错误发现率。括号里是95%%区间。各月按天数或者工作日数折算，取更能解释差别的一种。金额和评分只列出，不作判断。"
            )
            % {"months": changes.MOST_EARLIER}
        )
    if report.what_changed:
        notes.insert(0, _("第%(n)s版，更正：%(what)s") % {"n": report.version, "what": report.what_changed})
    return notes


#: What is still worked on.
OPEN = ("draft", "waiting", "approved")


def draft(*, authority: Authority, month: date, by: User, now: datetime, what_changed: str = "") -> MonthlyReport:
    """The next version for this month, with the figures of its open data. Raises WrongInput or StepNotAllowed.

    ``what_changed`` is needed where a version was published, and becomes part of the new one. Where that version said
    too much, the new one has the same counts, and words, order and shares made anew; the cases that it told are kept.
    """
    data_set = issuing.newest(month)
    if data_set is None:
        raise WrongInput("no_open_data", _("这个月的公开数据还没有生成，月末过后第3天起才能起草。"), field="month")
    if not data_set.tells(authority.region.level):
        raise WrongInput("too_few_cases", not_told(data_set.finest), field="month")
    with transaction.atomic():
        # Two who draft at once: the second waits here.
        Authority.objects.select_for_update(no_key=True).get(pk=authority.pk)
        earlier = list(
            MonthlyReport.objects.filter(authority=authority, month=month).order_by("version").defer("printed")
        )
        if any(one.state in OPEN for one in earlier):
            raise WrongInput("under_way", _("这个月的报告已经在起草或者审批，请打开那一份。"), field="month")
        published = [one for one in earlier if one.state == "published"]
        if published and not what_changed:
            raise WrongInput("say_why", _("这个月的报告已经公布。要更正，请写明更正什么。"), field="what_changed")
        is_of_method = bool(published) and says_too_much(published[-1])
        figures = (
            _drawn_again(published[-1])
            if is_of_method
            else drawn(authority.region.code, data_set, issuing.newest(reading.back(month, 1)))
        )
        limits = Conditions.at(now).limits(authority.region_id)
        texts = drafting.first_draft(authority.region.name, month, figures, limits=limits)
        if published:
            texts = {**texts, "cases": published[-1].texts.get("cases", "")} if is_of_method else published[-1].texts
        report = MonthlyReport.objects.create(
            authority=authority,
            month=month,
            version=len(earlier) + 1,
            data_set=published[-1].data_set if is_of_method else data_set,
            figures=figures,
            texts=texts,
            what_changed=what_changed if published else "",
            drafted_by=by,
            drafted_at=now,
            edited_by=by,
            edited_at=now,
        )
        persons.ask(persons.matter_of(report), by, now=now, error=StepNotAllowed)
        return report


def method_of(report: MonthlyReport) -> int:
    """How its words, order and shares were made: see ``METHOD`` and ``drawn`` of oversight/reports/figures.py."""
    return int(report.figures.get("method", 1))


def says_too_much(report: MonthlyReport) -> bool:
    """Whether it named what is most frequent without what is withheld, told shares of under thirty, or called usual
    swings changes.
    """
    return method_of(report) < report_figures.METHOD


def _drawn_again(report: MonthlyReport) -> dict[str, Any]:
    """Its figures from the sets that it was published from: the counts stay, order and shares are made anew."""
    _now, before = (issuing.of_mark(mark) for mark in report.figures["sets"])
    quarter, quarter_before = (issuing.of_mark(mark) for mark in report.figures.get("quarter_sets", ("", "")))
    return drawn(report.authority.region.code, report.data_set, before, of_quarters=(quarter, quarter_before))


def to_correct() -> list[MonthlyReport]:
    """The newest published version of each report that said too much, the oldest month first."""
    newest = MonthlyReport.objects.filter(state="published").order_by("month", "authority_id", "-version")
    rows = newest.select_related("authority").defer("printed", "texts").distinct("month", "authority_id")
    return [report for report in rows if says_too_much(report)]


def edit(report: MonthlyReport, *, texts: Mapping[str, str], seen: str, by: User, now: datetime) -> MonthlyReport:
    """Other words for its blocks. ``seen``: when it was last edited, as the page said it."""
    with transaction.atomic():
        held = _held(report, "draft")
        if held.edited_at.isoformat() != seen:
            raise WrongInput("moved_on", _("别人刚改过这份报告。您写的内容还在下面，请对照后再保存一次。"))
        persons.ask(persons.matter_of(held), by, now=now, error=StepNotAllowed)
        held.texts = {block: texts.get(block, "") for block in drafting.BLOCKS}
        held.edited_by, held.edited_at = by, now
        held.save(update_fields=["texts", "edited_by", "edited_at"])
    return held


def draw_anew(report: MonthlyReport, *, by: User, now: datetime) -> MonthlyReport:
    """The figures of the newest versions of its open data; the words stay as people wrote them."""
    with transaction.atomic():
        held = _held(report, "draft")
        data_set = issuing.newest(held.month)
        if data_set is None:
            raise StepNotAllowed("no_open_data", _("这个月的公开数据还没有生成。"))
        persons.ask(persons.matter_of(held), by, now=now, error=StepNotAllowed)
        held.data_set = data_set
        held.figures = drawn(held.authority.region.code, data_set, issuing.newest(reading.back(held.month, 1)))
        held.edited_by, held.edited_at = by, now
        held.save(update_fields=["data_set", "figures", "edited_by", "edited_at"])
    return held


def submit(report: MonthlyReport) -> MonthlyReport:
    """From here on nothing of it is edited, so that what is approved is what was read."""
    return _moved(report, "draft", "waiting")


def may_decide(report: MonthlyReport, user: User, heads: Iterable[Authority]) -> bool:
    """A head of this authority, or of one above it, who neither drafted nor last edited it."""
    return user.pk not in (report.drafted_by_id, report.edited_by_id) and any(
        head.pk == report.authority_id
        or (head.region.covers(report.authority.region_id) and head.level != report.authority.level)
        for head in heads
    )


def approve(report: MonthlyReport, *, by: User, heads: Iterable[Authority], text: str, now: datetime) -> MonthlyReport:
    return _decided(report, "approved", by=by, heads=heads, text=text, now=now)


def send_back(
    report: MonthlyReport, *, by: User, heads: Iterable[Authority], text: str, now: datetime
) -> MonthlyReport:
    return _decided(report, "draft", by=by, heads=heads, text=text, now=now)


def publish(report: MonthlyReport, *, now: datetime) -> MonthlyReport:
    """For everybody; its print follows."""
    with transaction.atomic():
        held = _held(report, "approved")
        held.state, held.published_at = "published", now
        held.save(update_fields=["state", "published_at"])
    return held


def sweep_prints(*, now: datetime) -> int:
    """How many were printed and signed, the first published first; about half a second each. Of two sweeps that print
    the same one, the first keeps its print."""
    done = 0
    waiting = MonthlyReport.unprinted().select_related("authority__region").order_by("published_at")
    for report in waiting[:PRINTED_AT_ONCE]:
        try:
            content = signing.sign_pdf(pdf(report))
        except signing.NoDocumentKey as problem:
            log.error("no report is printed: %s", str(problem))
            return done
        except OperationalError:
            raise
        except Exception:
            # One that cannot be printed keeps no other waiting.
            log.exception("report %s was not printed", report.pk)
            continue
        done += MonthlyReport.unprinted().filter(pk=report.pk).update(printed=content)
    return done


def drop(report: MonthlyReport) -> MonthlyReport:
    """What was not published can be given up; its number is not used again."""
    return _moved(report, OPEN, "dropped")


def _decided(
    report: MonthlyReport, state: str, *, by: User, heads: Iterable[Authority], text: str, now: datetime
) -> MonthlyReport:
    with transaction.atomic():
        held = _held(report, "waiting")
        if not may_decide(held, by, heads):
            raise StepNotAllowed(
                "not_yours", _("由本机关或者上级机关的负责人决定，起草和最后修改的人不能批准自己的报告。")
            )
        first = [held.drafted_by_id, held.edited_by_id]
        refuses = state == "draft"
        persons.decide(persons.matter_of(held), by, asked=first, now=now, refuses=refuses, error=StepNotAllowed)
        held.state, held.decided_by, held.decided_at, held.decision = state, by, now, text
        held.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    return held


def _moved(report: MonthlyReport, at: str | tuple[str, ...], to: str) -> MonthlyReport:
    with transaction.atomic():
        held = _held(report, at)
        held.state = to
        held.save(update_fields=["state"])
    return held


def _held(report: MonthlyReport, at: str | tuple[str, ...]) -> MonthlyReport:
    held = MonthlyReport.objects.select_for_update(of=("self",)).select_related("authority__region").get(pk=report.pk)
    if held.state not in ((at,) if isinstance(at, str) else at):
        raise StepNotAllowed("not_now", _("这份报告刚有变化，这一步不能再做。请刷新后再看。"))
    return held
