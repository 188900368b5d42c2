"""Answer templates of an enterprise: made, changed by a new version, retired; and how often offers from them were
accepted.

What names an unknown variable is refused by that name, and a version that an offer went out with stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _

from complaints.models import Offer
from complaints.procedure.refusals import WrongInput
from complaints.settlement import template_words
from enterprises.models import AnswerTemplate, Staff, TemplateVersion
from web.listing import listed

#: So many an enterprise may have; a list that nobody reads through helps nobody.
MOST = 60
#: Offers of so long are counted; under so many answered ones no share is shown.
COUNTED = timedelta(days=365)
FEWEST = 10
#: The consumer answered, or let the time pass: only then is there something to count.
_ANSWERED = ("accepted", "declined", "lapsed")


@dataclass(frozen=True, slots=True)
class Rate:
    """Of ``answered`` offers from a template in the last year so many were ``accepted``."""

    answered: int = 0
    accepted: int = 0

    @property
    def percent(self) -> int | None:
        """None under ``FEWEST``: too few to say."""
        return round(100 * self.accepted / self.answered) if self.answered >= FEWEST else None


def of(enterprise_ids: Iterable[int]) -> QuerySet[AnswerTemplate]:
    """Those of these enterprises, in use first, by name."""
    return (
        AnswerTemplate.objects.filter(enterprise_id__in=list(enterprise_ids))
        .select_related("owner__user")
        .order_by("is_retired", "name", "pk")
    )


def newest(templates: Iterable[AnswerTemplate]) -> dict[int, TemplateVersion]:
    """The version in use, by template; one statement."""
    rows = TemplateVersion.objects.filter(template__in=[one.pk for one in templates], number=F("template__number"))
    return {row.template_id: row for row in rows}


def in_use(enterprise_id: int) -> list[TemplateVersion]:
    """The newest version of each template that is offered, by name; one statement."""
    return list(
        TemplateVersion.objects.filter(
            template__enterprise_id=enterprise_id, template__is_retired=False, number=F("template__number")
        )
        .select_related("template")
        .order_by("template__name", "pk")
    )


def make(*, staff: Staff, name: str, body: str, now: datetime) -> AnswerTemplate:
    """A new template with its first version; ``staff`` is its owner. Raises WrongInput."""
    _check(body)
    with transaction.atomic():
        mine = AnswerTemplate.objects.filter(enterprise_id=staff.enterprise_id)
        if mine.filter(name=name).exists():
            raise WrongInput("taken", _("已经有叫这个名称的模板。"), field="name")
        if mine.filter(is_retired=False).count() >= MOST:
            raise WrongInput("too_many", _("最多%(n)s个模板，请先停用不用的。") % {"n": MOST}, field="name")
        template = AnswerTemplate.objects.create(enterprise_id=staff.enterprise_id, name=name, owner=staff)
        TemplateVersion.objects.create(template=template, number=1, body=body, made_by=staff, made_at=now)
    return template


def change(template: AnswerTemplate, *, staff: Staff, body: str, now: datetime) -> None:
    """A new version, unless nothing changed; whoever changes it owns it from then on. Raises WrongInput."""
    _check(body)
    with transaction.atomic():
        template = AnswerTemplate.objects.select_for_update().get(pk=template.pk)
        if TemplateVersion.objects.get(template=template, number=template.number).body == body:
            return
        template.number, template.owner = template.number + 1, staff
        template.save(update_fields=["number", "owner"])
        TemplateVersion.objects.create(template=template, number=template.number, body=body, made_by=staff, made_at=now)


def retire(template: AnswerTemplate, *, is_retired: bool) -> None:
    """Offered no more, or again; what went out with it stays as it is."""
    AnswerTemplate.objects.filter(pk=template.pk).update(is_retired=is_retired)


def rates(templates: Iterable[AnswerTemplate], *, now: datetime) -> dict[int, Rate]:
    """By template, all versions together, of the cases that the reader may see; one statement."""
    rows = (
        Offer.objects.filter(
            template_version__template__in=[t.pk for t in templates], made_at__gte=now - COUNTED, state__in=_ANSWERED
        )
        .order_by()
        .values_list("template_version__template_id", "state")
        .annotate(n=Count("pk"))
    )
    found: dict[int, Rate] = {}
    for template, state, n in rows:
        known = found.get(template or 0, Rate())
        found[template or 0] = Rate(known.answered + n, known.accepted + (n if state == "accepted" else 0))
    return found


def _check(body: str) -> None:
    unknown = template_words.unknown(body)
    if unknown:
        raise WrongInput(
            "unknown_variable",
            _("没有这个变量：%(names)s。可以用的见下面的列表。") % {"names": listed(f"{{{name}}}" for name in unknown)},
            field="body",
        )
