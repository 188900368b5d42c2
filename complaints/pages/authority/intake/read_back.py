"""What an officer reads out before a complaint is filed: everything that will be filed, in sentences."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.filing import drafts, screens
from complaints.filing.drafts import Picked
from complaints.filing.forms import NAMED, Step
from complaints.filing.outlook import outlook
from complaints.filing.people import consent_questions
from complaints.filing.steps import STEP_CODES
from complaints.models.evidence import FilingDraft
from complaints.procedure.filing_request import SHARE_WITH_ENTERPRISE, FilingRequest
from web import dates
from web.listing import joined, labelled


def read_back(
    draft: FilingDraft, steps: Mapping[str, Step], filing: FilingRequest, *, picked: Picked | None, now: datetime
) -> list[str]:
    """The sentences in their order. ``steps``: judged, and right."""
    firm = picked.name if picked is not None else ""
    enterprise = steps["enterprise"].cleaned_data
    if not firm and enterprise["respondent"] == NAMED:
        firm = enterprise["named"]
    said = screens.said(draft, steps, picked=picked)
    whom = _("您投诉%(firm)s") % {"firm": firm} if firm else _("您投诉的是哪一家，由监管部门确定")
    result = [_("%(name)s，我念一遍：%(whom)s。") % {"name": filing.consumer_name, "whom": whom}]
    result.append(_("您说：“%(words)s”") % {"words": said.statement})
    result.append(_("您要：%(demands)s。") % {"demands": _listed(said.demands)})
    result.append(_("还记下：%(facts)s。") % {"facts": joined(_facts(draft, steps, picked))})
    if said.report:
        result.append(_("您还要举报：“%(words)s”。举报另行登记，企业看不到。") % {"words": said.report})
    result += _consents(steps, drafts.enrolled_name(draft))
    return [*result, *_dates(filing, picked, firm, now=now), _("对吗？")]


def _facts(draft: FilingDraft, steps: Mapping[str, Step], picked: Picked | None) -> Iterable[str]:
    """Each answer that has no sentence of its own, with what was asked."""
    nothing = dict.fromkeys([*STEP_CODES, "evidence", "respondents"], "")
    whom, what, wanted, you = screens.summary(draft, steps, picked=picked, addresses=nothing)
    own = {str(name) for name in (_("企业"), _("还投诉"), _("要求"), _("材料"), _("手机"), _("姓名"), _("同时举报"))}
    own |= {
        pgettext("statement", "经过"),
        *(str(one.short) for one in consent_questions(picked.name if picked else "")),
    }
    own |= {str(one.short) for one in consent_questions("")}
    lines = [line for _heading, part in (what, whom, wanted, you) for line in part if str(line.key) not in own]
    facts = [labelled(line.key, _listed(line.values_list)) for line in lines]
    named = steps["enterprise"].cleaned_data
    asked = ("address", "business_phone", "link") if named["respondent"] == NAMED else ()
    facts += [labelled(steps["enterprise"].fields[name].label, named[name]) for name in asked if named[name]]
    return [*facts, labelled(_("完整的电话"), steps["you"].cleaned_data["phone"])]


def _consents(steps: Mapping[str, Step], firm: str) -> list[str]:
    """What was agreed to, and what was not."""
    cleaned = steps["consents"].cleaned_data
    answers: dict[bool, list[str]] = {True: [], False: []}
    for one in consent_questions(firm):
        if cleaned.get(one.code) is not None:
            answers[cleaned[one.code]].append(str(one.short))
    result = [_("您同意：%(list)s。") % {"list": _listed(answers[True])}] if answers[True] else []
    return result + ([_("您不同意：%(list)s。") % {"list": _listed(answers[False])}] if answers[False] else [])


def _dates(filing: FilingRequest, picked: Picked | None, firm: str, *, now: datetime) -> list[str]:
    """Until when something happens, as on the consumer's own last screen."""
    is_theirs = picked is not None and picked.is_enrolled and filing.consents.get(SHARE_WITH_ENTERPRISE) is True
    stands = outlook(filing, is_enrolled=is_theirs, now=now)
    if stands is None:
        return []
    first = dates.day_text(stands.first.last_day, weekday=False)
    if stands.last is None:
        return [_("监管部门最迟%(day)s定下由谁办，并告诉您。") % {"day": first}]
    names = {"firm": firm, "first": first, "last": dates.day_text(stands.last.last_day, weekday=False)}
    return [_("按今天送达算，%(firm)s最迟%(first)s受理，最迟%(last)s有结果。") % names]


def _listed(names: Iterable[object]) -> str:
    return pgettext("between names", "、").join(map(str, names))
