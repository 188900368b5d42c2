"""A report as PDF on A4, in Chinese: its words and its tables as they are frozen.

The same version gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.documents import printing
from complaints.documents.printing import readable
from oversight.models import MonthlyReport
from oversight.reports import showing

TEMPLATE = Path(__file__).with_name("report.typ")


def pdf(report: MonthlyReport) -> bytes:
    """The print of a report that is being published; it is dated as its publication."""
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
    if report.what_changed:
        notes.insert(0, _("第%(n)s版，更正：%(what)s") % {"n": report.version, "what": report.what_changed})
    return notes
