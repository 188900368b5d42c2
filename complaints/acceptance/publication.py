"""投诉公示: whether a closed complaint is shown to the public, and what of it.

What is shown is made of facts and words of ours, never of what somebody wrote; a consent that is taken back hides the
complaint at once, and only a new decision shows it again. Source: 市场监督管理投诉信息公示暂行规则 (2023).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.masking import masked_name
from complaints.models import Complaint
from complaints.procedure.categories import OBJECT_LABELS, problem_label
from complaints.procedure.workflow import Status
from complaints.wording.standing import standing
from web.languages import named

WAITING, SHOWN, WITHHELD = "waiting", "shown", "withheld"
STATES = {WAITING: gettext_lazy("等待决定"), SHOWN: gettext_lazy("已公示"), WITHHELD: gettext_lazy("不予公示")}
#: Written down by a salutation: one letter, or a surname of two.
_ADDRESSED = re.compile(
    r"([\u4e00-\u9fff]|欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|令狐|夏侯|长孙|宇文|端木|独孤|南宫|西门)(先生|女士)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A complaint as the public reads it: a surname, no number, no text of the consumer."""

    consumer: str
    respondent: str
    item: str
    category: str
    problem: str
    demands: Sequence[str]
    filed_at: datetime
    disputed_on: date | None
    closed_at: datetime | None
    outcome: str
    reply: str


def state_of(complaint: Complaint) -> str:
    """waiting, shown, withheld; empty where there is no consent or the case is not closed."""
    if complaint.status != Status.CLOSED or not complaint.publication_consent:
        return ""
    decided = complaint.facts.get("published")
    return WAITING if decided is None else SHOWN if decided else WITHHELD


def in_state(state: str) -> Q:
    """The same as a condition on cases."""
    consented = Q(status=Status.CLOSED, publication_consent=True)
    if state == WAITING:
        return consented & ~Q(facts__has_key="published")
    return consented & Q(facts__published=state == SHOWN)


def published_name(name: str) -> str:
    """A surname with its salutation where that was given (陈女士), else as masked everywhere (陈**).

    The form asks for no salutation, and nothing is guessed from a number or a voice: it is known only where an officer
    or a station wrote the consumer down by it.
    """
    result = _ADDRESSED.fullmatch(unicodedata.normalize("NFC", name).strip())
    return f"{result[1]}{result[2]}" if result else masked_name(name)


def masked(complaint: Complaint, *, name: str, demands: Sequence[str], reply: str) -> Masked:
    """``name``: of the consumer, as it was given; ``reply``: what the enterprise says in public."""
    enterprise = complaint.branch or complaint.enterprise
    return Masked(
        consumer=published_name(name),
        respondent=named(enterprise) if enterprise else _("没有入驻的经营者"),
        item=complaint.item_name,
        category=str(OBJECT_LABELS.get(complaint.object_category, "")),
        problem=str(problem_label(complaint.problem_category)),
        demands=demands,
        filed_at=complaint.filed_at,
        disputed_on=complaint.disputed_on,
        closed_at=complaint.closed_at,
        outcome=standing(complaint).text if complaint.outcome else "",
        reply=reply,
    )
