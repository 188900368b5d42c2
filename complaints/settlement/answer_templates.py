"""Answer templates of an enterprise: what each sets in an answer, its variables, versions and retirement, and how often
offers from them were accepted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from complaints.listening.answer_patterns import answer_patterns
from complaints.models import Offer
from complaints.procedure.refusals import WrongInput
from complaints.settlement.offer_findings import plain
from database.prepared import PreparedQuery
from enterprises.models import AnswerTemplate, Staff, TemplateVersion
from web.listing import listed
from web.small_numbers import ENOUGH

#: Name → what it means, in the order of the page. The first three are the same in every letter of the enterprise.
VARIABLES: dict[str, Promise] = {
    "消费者称呼": pgettext_lazy("variable", "消费者称呼"),
    "案件编号": pgettext_lazy("variable", "案件编号"),
    "经办人": pgettext_lazy("variable", "经办人"),
    "商品或服务": pgettext_lazy("variable", "商品或服务"),
    "金额": pgettext_lazy("variable", "金额"),
    "履行日": pgettext_lazy("variable", "履行日"),
}
#: Verdicts of templates that answer many cases at once: a part of a demand is a sum that somebody types for each.
FOR_MANY = ("grant", "refuse")
#: These say something about this case; a template without one of them is a circular.
OF_THE_CASE = frozenset({"商品或服务", "金额", "履行日"})
LONGEST = 2000
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_BLANK = re.compile("|".join(row.words.pattern for row in answer_patterns().of("blanks")))
#: Of a template's own words so many must stand in a text that is said to come from it.
KEPT = 0.5


def unknown(body: str) -> list[str]:
    """Names in braces that are no variable, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in _VARIABLE.findall(body) if name not in VARIABLES))


def values(*, name: str, number: str, item: str, worker: str, sum: str, day: str) -> dict[str, str]:
    """What the variables are in one case; "" for what is not known."""
    return {"消费者称呼": name, "案件编号": number, "商品或服务": item, "经办人": worker, "金额": sum, "履行日": day}


def addressed(name: str) -> str:
    """How a letter to this person begins; of a name in letters nobody can tell."""
    return f"{name[0]}先生/女士" if name and "\u4e00" <= name[0] <= "\u9fff" else ""


def filled(body: str, values: Mapping[str, str]) -> str:
    """The text for one case; what has no value is a blank."""
    return _VARIABLE.sub(lambda match: values.get(match[1], "") or f"【请填：{match[1]}】", body)


def is_filled(message: str, body: str) -> bool:
    """Whether the template asks for something about the case, and nothing of it was left blank. Where only names and
    numbers change, it says the same to everybody."""
    asks = any(name in OF_THE_CASE for name in _VARIABLE.findall(body)) or bool(_BLANK.search(_VARIABLE.sub("", body)))
    return asks and comes_from(message, body) and not _BLANK.search(message)


def comes_from(message: str, body: str) -> bool:
    """Whether a message still holds at least half of the template's own words."""
    parts = [plain(part) for part in re.split(rf"{_VARIABLE.pattern}|{_BLANK.pattern}", body) if part]
    own = [part for part in parts if part and part not in map(plain, VARIABLES)]
    given = plain(message)
    return bool(own) and sum(len(part) for part in own if part in given) >= KEPT * sum(map(len, own))


def blanks_in(text: str) -> list[str]:
    """What is left to fill in, each once."""
    return list(dict.fromkeys(match[0] for match in _BLANK.finditer(text)))


#: So many an enterprise may have; a list that nobody reads through helps nobody.
MOST = 60
#: Offers of so long are counted.
COUNTED = timedelta(days=365)
#: The consumer answered, or let the time pass: only then is there something to count.
_ANSWERED = ("accepted", "declined", "lapsed")


@dataclass(frozen=True, slots=True)
class Rate:
    """Of ``answered`` offers from a template in the last year so many were ``accepted``."""

    answered: int = 0
    accepted: int = 0

    @property
    def percent(self) -> int | None:
        """None where too few were answered to say."""
        return round(100 * self.accepted / self.answered) if self.answered >= ENOUGH else None


def of(enterprise_ids: Iterable[int]) -> QuerySet[AnswerTemplate]:
    """Those of these enterprises, in use first, by name."""
    rows = AnswerTemplate.objects.filter(enterprise_id__in=list(enterprise_ids)).select_related("owner__user")
    return rows.order_by("is_retired", "name", "pk")


def newest(templates: Iterable[AnswerTemplate]) -> dict[int, TemplateVersion]:
    """The version in use, by template; one statement."""
    rows = TemplateVersion.objects.filter(template__in=[one.pk for one in templates], number=F("template__number"))
    return {row.template_id: row for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What a version sets (``TemplateVersion``)."""

    body: str
    verdict: str = ""
    way: str = ""
    days: int = 5


def in_use(enterprise_id: int, *, branch_id: int | None = None, problem: str | None = None) -> list[TemplateVersion]:
    """The newest tried version of each template that is offered, what is meant for this branch and this problem first,
    then by name; one statement. ``problem`` None: all of them."""
    rows = _tried(enterprise_id)
    if problem is None:
        return rows
    fitting = [
        row for row in rows if row.template.branch_id in (None, branch_id) and problem.startswith(row.template.problem)
    ]
    return sorted(fitting, key=lambda row: (row.template.branch_id is None, -len(row.template.problem)))


def newest_tried(versions: QuerySet[TemplateVersion]) -> QuerySet[TemplateVersion]:
    """Of these versions the newest tried one of each template that is offered, by name."""
    newest = TemplateVersion.objects.filter(template=OuterRef("template"), tried_at__isnull=False).order_by("-number")
    rows = versions.filter(template__is_retired=False, pk=Subquery(newest.values("pk")[:1]))
    return rows.select_related("template").order_by("template__name", "pk")


_tried = PreparedQuery(
    lambda enterprise: newest_tried(TemplateVersion.objects.filter(template__enterprise_id=enterprise)), int
)


def make(
    *, staff: Staff, name: str, says: Says, now: datetime, branch_id: int | None = None, problem: str = ""
) -> AnswerTemplate:
    """A new template with its first version, still to be tried; ``staff`` is its owner. Raises WrongInput."""
    _check(says)
    with transaction.atomic():
        mine = AnswerTemplate.objects.filter(enterprise_id=staff.enterprise_id)
        if mine.filter(name=name).exists():
            raise WrongInput("taken", _("已经有叫这个名称的模板。"), field="name")
        if mine.filter(is_retired=False).count() >= MOST:
            raise WrongInput("too_many", _("最多%(n)s个模板，请先停用不用的。") % {"n": MOST}, field="name")
        template = AnswerTemplate.objects.create(
            enterprise_id=staff.enterprise_id, name=name, owner=staff, branch_id=branch_id, problem=problem
        )
        _version(template, says, staff=staff, now=now)
    return template


def change(template: AnswerTemplate, *, staff: Staff, says: Says, now: datetime) -> None:
    """A new version, still to be tried, unless nothing changed; the one before is offered until then. Whoever changes
    it owns it from then on. Raises WrongInput."""
    _check(says)
    with transaction.atomic():
        template = AnswerTemplate.objects.select_for_update().get(pk=template.pk)
        known = TemplateVersion.objects.get(template=template, number=template.number)
        if said_by(known) == says:
            return
        template.number, template.owner = template.number + 1, staff
        template.save(update_fields=["number", "owner"])
        _version(template, says, staff=staff, now=now)


def _version(template: AnswerTemplate, says: Says, *, staff: Staff, now: datetime) -> None:
    said = {name: getattr(says, name) for name in Says.__dataclass_fields__}
    TemplateVersion.objects.create(template=template, number=template.number, made_by=staff, made_at=now, **said)


def said_by(version: TemplateVersion) -> Says:
    return Says(body=version.body, verdict=version.verdict, way=version.way, days=version.days)


def tried(template: AnswerTemplate, *, number: int, now: datetime) -> None:
    """Whoever looked at what version ``number`` would have written of past cases puts it to use."""
    TemplateVersion.objects.filter(template=template, number=number, tried_at=None).update(tried_at=now)


def retire(template: AnswerTemplate, *, is_retired: bool) -> None:
    """Offered no more, or again; what went out with it stays as it is."""
    AnswerTemplate.objects.filter(pk=template.pk).update(is_retired=is_retired)


def rates(templates: Iterable[AnswerTemplate], *, now: datetime) -> dict[int, Rate]:
    """By template, all versions together, of the cases that the reader may see; one statement."""
    offers = Offer.objects.filter(made_at__gte=now - COUNTED, state__in=_ANSWERED).order_by()
    mine = offers.filter(template_version__template__in=[t.pk for t in templates])
    rows = mine.values_list("template_version__template_id", "state").annotate(n=Count("pk"))
    result: dict[int, Rate] = {}
    for template, state, n in rows:
        known = result.get(template or 0, Rate())
        result[template or 0] = Rate(known.answered + n, known.accepted + (n if state == "accepted" else 0))
    return result


def _check(says: Says) -> None:
    strange = unknown(says.body)
    if strange:
        raise WrongInput(
            "unknown_variable",
            _("没有这个变量：%(names)s。可以用的见下面的列表。") % {"names": listed(f"{{{name}}}" for name in strange)},
            field="body",
        )
