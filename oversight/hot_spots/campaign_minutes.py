"""The minutes of a campaign's meeting as a document: printed by a worker once they are recorded, signed with the
document key, and kept.
"""

import logging
from datetime import datetime

from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.documents import printing, signing
from complaints.documents.printing import readable
from oversight.hot_spots import campaign_forms
from oversight.models import Campaign, Guidance
from oversight.reports.keeping import TEMPLATE

log = logging.getLogger(__name__)
#: Of one sweep, so that it ends within its time.
PRINTED_AT_ONCE = 10


def pdf(campaign: Campaign, *, now: datetime) -> bytes:
    """The print, still without a signature."""
    assert campaign.met_on is not None  # noqa: S101 - minutes are of a meeting
    guidances = list(Guidance.objects.filter(campaign=campaign).select_related("enterprise").order_by("pk"))
    there = [firm.enterprise.name for firm in campaign.firms.select_related("enterprise") if firm.attended]
    with override("zh-hans"):
        day = date_format(campaign.met_on, "DATE_FORMAT")
        paper = {
            "authority": campaign.authority.name,
            "title": _("%(title)s会议纪要") % {"title": campaign.title},
            "notes": [_("降诉行动第%(n)s号。") % {"n": campaign.pk}],
            "blocks": [
                {
                    "title": _("时间、地点和到会的"),
                    "paragraphs": [f"{day}，{campaign.where}", *campaign.attended.splitlines(), "、".join(there)],
                },
                {
                    "title": _("为什么要行动"),
                    "paragraphs": [campaign_forms.cell_text(campaign), *campaign.why.splitlines()],
                },
                {"title": _("会议纪要"), "paragraphs": campaign.minutes.splitlines()},
            ],
            "tables": [
                {
                    "title": guidance.enterprise.name,
                    "heads": [_("措施"), _("企业的责任岗位"), _("最后一天")],
                    "rows": [
                        [
                            " · ".join(filter(None, (row.what, campaign_forms.figure_text(row)))),
                            row.responsible,
                            row.due_on.isoformat(),
                        ]
                        for row in guidance.measures.all()
                    ],
                }
                for guidance in guidances
            ],
            "foot": campaign.title,
        }
        return printing.typeset(readable(paper), at=now, template=TEMPLATE)


def is_printed(campaign: Campaign) -> bool:
    return Campaign.objects.filter(pk=campaign.pk, printed__isnull=False).exists()


def print_of(campaign: Campaign) -> HttpResponse:
    """To be saved; Http404 where it is not printed yet."""
    content = Campaign.objects.filter(pk=campaign.pk).values_list("printed", flat=True).first()
    if content is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="campaign-{campaign.pk}-minutes.pdf"'}
    return HttpResponse(bytes(content), content_type="application/pdf", headers=headers)


def sweep(*, now: datetime) -> int:
    """How many were printed and signed. Of two sweeps that print the same, the first keeps its print."""
    done = 0
    waiting = Campaign.objects.filter(met_on__isnull=False, printed=None).select_related("authority", "region")
    for campaign in waiting.order_by("pk")[:PRINTED_AT_ONCE]:
        try:
            content = signing.sign_pdf(pdf(campaign, now=now))
        except signing.NoDocumentKey as problem:
            log.error("no minutes are printed: %s", str(problem))
            return done
        except OperationalError:
            raise
        except Exception:
            # One that cannot be printed keeps no other waiting.
            log.exception("the minutes of campaign %s were not printed", campaign.pk)
            continue
        done += Campaign.objects.filter(pk=campaign.pk, printed=None).update(printed=content)
    return done
