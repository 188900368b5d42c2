"""What was published, the last change first: the one list behind feeds, sitemap and the public read API.

Each is a page that everybody may read already; nothing is told here that does not stand there. What was withdrawn is
told as withdrawn, without its text, as on its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import F
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oversight.hot_spots import campaign_forms
from oversight.models import Campaign, ConsumerWarning, DataSet, MonthlyReport
from oversight.reports import keeping
from web.languages import named

#: So many a feed or an answer of the API holds.
MOST = 50


@dataclass(frozen=True, slots=True)
class Publication:
    """``path``: its page; ``by``: the authority, "" for the portal; ``changed_at``: published, judged or withdrawn."""

    kind: str
    title: str
    path: str
    by: str
    published_at: datetime
    changed_at: datetime
    text: str = ""
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """``rows``: all of a kind that fit these columns, the last change first; ``path``: name of the page that lists
    them."""

    code: str
    title: str | Promise
    path: str
    rows: Callable[..., Iterable[Publication]]

    def newest(self, most: int = MOST) -> list[Publication]:
        return list(islice(self.rows(), most))

    def one(self, pk: int) -> Publication | None:
        return next(iter(self.rows(pk=pk)), None)


def _titled(title: str, *, is_withdrawn: bool) -> str:
    return _("已撤回：%(title)s") % {"title": title} if is_withdrawn else title


def _warnings(**only: int) -> Iterator[Publication]:
    rows = ConsumerWarning.objects.filter(published_at__isnull=False, **only).select_related("authority")
    for row in rows.annotate(changed_at=Greatest("published_at", "withdrawn_at")).order_by("-changed_at", "-pk"):
        gone = row.state == ConsumerWarning.State.WITHDRAWN
        yield Publication(
            kind="warnings",
            title=_titled(row.title, is_withdrawn=gone),
            path=reverse("oversight:open-warning", args=[row.pk]),
            by=named(row.authority),
            published_at=row.published_at or row.changed_at,
            changed_at=row.changed_at,
            text=row.withdrawn_why if gone else row.text,
            is_withdrawn=gone,
        )


def _reports(**only: int) -> Iterator[Publication]:
    rows = MonthlyReport.objects.filter(state="published", published_at__isnull=False, **only)
    rows = rows.select_related("authority").defer("printed", "figures", "texts")
    for row in rows.annotate(changed_at=F("published_at")).order_by("-published_at", "-pk"):
        title = _("%(authority)s：%(title)s") % {"authority": named(row.authority), "title": keeping.title_of(row)}
        yield Publication(
            kind="reports",
            title=title if row.version == 1 else _("%(title)s（第%(n)s版）") % {"title": title, "n": row.version},
            path=reverse("oversight:open-report", args=[row.pk]),
            by=named(row.authority),
            published_at=row.changed_at,
            changed_at=row.changed_at,
            text=row.what_changed,
        )


def _campaigns(**only: int) -> Iterator[Publication]:
    shown = (Campaign.Publicity.PUBLISHED, Campaign.Publicity.WITHDRAWN)
    rows = Campaign.objects.filter(publicity__in=shown, published_at__isnull=False, **only)
    rows = rows.select_related("authority", "region").defer("printed", "minutes", "figures")
    changed = Greatest("published_at", "judged_at", "withdrawn_at")
    for row in rows.annotate(changed_at=changed).order_by("-changed_at", "-pk"):
        gone = row.publicity == Campaign.Publicity.WITHDRAWN
        yield Publication(
            kind="campaigns",
            title=_titled(row.title, is_withdrawn=gone),
            path=reverse("oversight:open-campaign", args=[row.pk]),
            by=named(row.authority),
            published_at=row.published_at or row.changed_at,
            changed_at=row.changed_at,
            text=row.withdrawn_why if gone else f"{campaign_forms.cell_text(row)}\n{row.why}",
            is_withdrawn=gone,
        )


def _data(**only: int) -> Iterator[Publication]:
    for row in DataSet.objects.filter(**only).order_by("-made_at", "-month"):
        changed = sum(change["rows"] for change in row.changes)
        text = _("第一版") if row.version == 1 else _("改了%(n)s处") % {"n": changed}
        yield Publication(
            kind="data",
            title=_("公开数据%(mark)s") % {"mark": row},
            path=reverse("oversight:open-data-set", args=[str(row)]),
            by="",
            published_at=row.made_at,
            changed_at=row.made_at,
            text=row.reason or text,
        )


KINDS: Mapping[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("warnings", gettext_lazy("消费预警"), "oversight:open-warnings", _warnings),
        Kind("reports", gettext_lazy("消费投诉月报"), "oversight:open-reports", _reports),
        Kind("campaigns", gettext_lazy("降诉行动"), "oversight:open-campaigns", _campaigns),
        Kind("data", gettext_lazy("公开数据文件"), "oversight:open-data", _data),
    )
}
