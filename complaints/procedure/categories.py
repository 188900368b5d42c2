"""The closed lists: what a complaint is about, what went wrong, what is asked, why, and the grounds of the law. A code
is never renamed or given a second meaning, as it stands in records. Most stand in the files of the sectors."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.procedure.sector_files import (
    GENERAL,
    GOODS,
    SERVICE,
    Cause,
    DemandKind,
    Kind,
    Sector,
    begins_with,
    sectors,
)

Label = str | Promise
Options = tuple[tuple[str, Label], ...]
Groups = tuple[tuple[Label, Options], ...]

SECTORS = sectors()
SECTOR_LABELS = {sector.code: sector.name for sector in SECTORS if sector.code != GENERAL}
_GENERAL = next(sector for sector in SECTORS if sector.code == GENERAL)
#: Every sector's own questions of the filing.
QUESTIONS = tuple(question for sector in SECTORS for question in sector.questions)
DEMAND_KINDS: tuple[DemandKind, ...] = tuple(kind for sector in SECTORS for kind in sector.demands)
DEMAND_BY_CODE = {kind.code: kind for kind in DEMAND_KINDS}
#: Who else may be the right one for a matter, by code: those that a step may name.
BODY_BY_CODE = {body.code: body for sector in SECTORS for body in sector.bodies if body.name}

REPLY_BY: Options = (("phone", _("电话")), ("sms", _("短信")), ("email", _("电子邮件")))
NEED_HELP: Options = (("elder", _("老年人")), ("minor", _("未成年人")), ("disability", _("残障人士")))


def _options(kinds: Iterable[Kind]) -> Options:
    return tuple((kind.code, kind.label) for kind in kinds if kind.is_active)


def _categories(of: str) -> Options:
    return _options(kind for sector in SECTORS for kind in sector.categories if kind.code.startswith(f"{of}."))


def _problems(results: Iterable[Sector]) -> Groups:
    groups = ((group.name, _options(group.kinds)) for sector in results for group in sector.problems)
    return tuple((name, options) for name, options in groups if options)


OBJECT_CATEGORIES: Groups = ((_("服务"), _categories(SERVICE)), (_("商品"), _categories(GOODS)))
GENERAL_PROBLEMS = _problems([_GENERAL])
#: What only one sector knows.
SECTOR_PROBLEMS = _problems(sector for sector in SECTORS if sector is not _GENERAL)
PROBLEM_CATEGORIES: Groups = (*GENERAL_PROBLEMS, *SECTOR_PROBLEMS)
#: The words of every code, also of those that are no longer offered.
OBJECT_LABELS: dict[str, Label] = {kind.code: kind.label for sector in SECTORS for kind in sector.categories}
#: Kinds of problem that make a complaint urgent → why (urgency.URGENT).
URGENT_PROBLEMS = {kind.code: kind.urgent for sector in SECTORS for kind in sector.problem_kinds if kind.urgent}
PROBLEM_LABELS: dict[str, Label] = {kind.code: kind.label for sector in SECTORS for kind in sector.problem_kinds}


def codes(groups: Groups) -> list[str]:
    return [code for _name, options in groups for code, _label in options]


def object_kind(category: str) -> str:
    """goods or service; the first word of the code says it."""
    return category.partition(".")[0] if category in OBJECT_LABELS else ""


def sector_of(category: str) -> Sector:
    """The sector that has this category as its own; the general one of a category that no other has."""
    return next((sector for sector in SECTORS if sector.has(category)), _GENERAL)


def sectors_asked(category: str) -> list[Sector]:
    """The sectors whose own questions and problems are offered for this category."""
    return [sector for sector in SECTORS if sector.is_asked_for(category)]


def problems_for(category: str) -> Groups:
    """The problem list with the likely part first; nothing is left out."""
    likely = [sector for sector in sectors_asked(category) if sector is not _GENERAL]
    others = (sector for sector in SECTORS if sector is not _GENERAL and sector not in likely)
    return (*_problems(likely), *GENERAL_PROBLEMS, *_problems(others))


def demands_for(category: str) -> tuple[tuple[DemandKind, ...], tuple[DemandKind, ...]]:
    """(shown at once, folded away) for this kind of purchase. What another sector alone asks for is left out."""
    asked = [_GENERAL, *sectors_asked(category)]
    offered = [kind for sector in SECTORS if sector in asked for kind in sector.demands if kind.is_active]
    goods = tuple(kind for kind in offered if kind.for_goods)
    rest = tuple(kind for kind in offered if not kind.for_goods)
    money = ("refund", "damages", "apology", "other")
    if object_kind(category) == GOODS:
        first = (*goods, *(DEMAND_BY_CODE[code] for code in money))
        return first, tuple(kind for kind in rest if kind.code not in money)
    return rest, goods


#: What is asked for most, by the kind of purchase ("" where it is not known): for whoever is shown few at once.
_LIKELIEST = {
    GOODS: ("refund", "return_goods", "replace", "repair"),
    SERVICE: ("refund", "cancel_service", "damages", "fix_fault"),
    "": ("refund", "return_goods", "damages", "apology"),
}


def few_demands_for(category: str) -> tuple[tuple[DemandKind, ...], tuple[DemandKind, ...]]:
    """The same kinds as ``demands_for``, four of them shown at once."""
    every = [kind for kinds in demands_for(category) for kind in kinds]
    likeliest = _LIKELIEST[object_kind(category)]
    first = [kind for code in likeliest for kind in every if kind.code == code]
    return tuple(first), tuple(kind for kind in every if kind not in first)


def problem_label(code: str) -> Label:
    """What the form calls it; a code that it does not know is shown as it is."""
    return PROBLEM_LABELS.get(code, code)


_ALL: tuple[Cause, ...] = tuple(cause for sector in SECTORS for cause in sector.causes)
#: Code → beginnings of the problem categories for which it is usual; none: for any.
CAUSES: dict[str, tuple[str, ...]] = {
    cause.code: (*cause.usual_for, *(start for sector in SECTORS for start in sector.usual_causes.get(cause.code, ())))
    for cause in _ALL
}
CAUSE_LABELS = {cause.code: cause.label for cause in _ALL}
_SECTOR_OF = {cause.code: sector.code for sector in SECTORS for cause in sector.causes}


def fitting_causes(problem: str) -> tuple[list[str], list[str]]:
    """The causes that are usual for this problem, in the order of the table, and all the others that may be chosen."""
    usual = [cause.code for cause in _ALL if cause.is_active and begins_with(problem, CAUSES[cause.code])]
    own = (GENERAL, problem.partition(".")[0])
    others = [
        cause.code for cause in _ALL if cause.is_active and _SECTOR_OF[cause.code] in own and cause.code not in usual
    ]
    return usual, others


REFUSAL_GROUNDS = (
    "outside_duty",
    "already_handled",
    "not_consumption",
    "over_three_years",
    "material_missing",
    "identity_refused",
    "other_law",
)
TERMINATION_GROUNDS = (
    *("withdrawn_or_settled", "party_absent", "no_agreement_possible", "no_agreement_on_cost", "sixty_days"),
    *("art_16_or_42", "party_gone", "other_law"),
)
FAILURE_REASONS = ("no_agreement", "refused_with_reasons", "consumer_wants_none", "unreachable")
