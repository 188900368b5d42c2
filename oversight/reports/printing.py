"""A report as PDF on A4, in Chinese: its words and its tables as they are frozen.

The one rule: the same version gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.dossier import printing
from complaints.dossier.readable import readable
from oversight.models import MonthlyReport
from oversight.reports import showing

TEMPLATE = Path(__file__).with_name("report.typ")


def pdf(report: MonthlyReport) -> bytes:
    """The print of a report that is being published; it is dated as its publication."""
    assert report.published_at is not None  # noqa: S101
    with override("zh-hans"):
        paper = readable({
            "authority": report.authority.name, "title": title_of(report), "notes": notes_of(report),
            "blocks": [{"title": title, "paragraphs": text.splitlines()} for title, text in showing.blocks_of(report)],
            "tables": [{"title": table.title, "heads": [head.label for head in table.heads], "rows": list(table.rows)}
                       for table in showing.tables_of(report)],
            "foot": _("公布于%(site)s/open/reports/%(pk)s/") % {"site": settings.SITE_URL, "pk": report.pk},
        })
    return printing.pdf(paper, at=report.published_at, template=TEMPLATE)


def title_of(report: MonthlyReport) -> str:
    return _("%(month)s消费投诉情况") % {"month": date_format(report.month, "YEAR_MONTH_FORMAT")}


def notes_of(report: MonthlyReport) -> list[str]:
    """What must be known to read the tables."""
    notes = [_("数据出自公开数据%(sets)s，按其中的口径；投诉不等于违法。") % {"sets": report.figures["sets"][0]},
             _("“*”为1–4件，或者由此会推算出这样的数，不公布。和解成功率前一个数是消费者确认的，后一个数把没有答复的也算上。")]
    if report.what_changed:
        notes.insert(0, _("第%(n)s版，更正：%(what)s") % {"n": report.version, "what": report.what_changed})
    return notes
