"""One line of a platform file: a number for a case of ours, or a complaint that began there.

A new complaint is judged by the same forms as the screens of filing, so nothing comes in by a file that a
person could not file; a problem names the column as the heading writes it.
"""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from authorities.models import Region
from complaints.filing import composing, drafts
from complaints.filing.composing import Unfinished
from complaints.filing.forms import LEFT_TO_AUTHORITY, NAMED
from complaints.handling import Move
from complaints.handling.steps.platform import SOURCE, STATES, checked_number, record_platform_number
from complaints.handling.transition import saying
from complaints.models.evidence import FilingDraft
from complaints.procedure.categories import DEMAND_KINDS, OBJECT_LABELS, PROBLEM_LABELS
from complaints.procedure.filing_request import FilingRequest
from complaints.procedure.refusals import WrongInput
from complaints.tables.sheets import SheetRefused
from enterprises.models import Enterprise

#: Code → heading, in the order of the file (docs/how-to/platform.md).
COLUMNS = {
    "number": "投诉编号",
    "platform_number": "平台编号",
    "received_at": "平台接收时间",
    "state": "平台状态",
    "region": "地区代码",
    "respondent": "被投诉人",
    "credit_code": "统一社会信用代码",
    "respondent_address": "被投诉人地址",
    "object_category": "商品服务类别",
    "item": "商品或服务",
    "amount": "金额",
    "problem_category": "问题类别",
    "disputed_on": "争议发生日",
    "statement": "投诉内容",
    "demands": "诉求",
    "name": "姓名",
    "phone": "手机",
    "address": "地址",
}
NEEDED = ("platform_number",)
#: Only a new complaint says these.
_OF_A_COMPLAINT = tuple(COLUMNS)[tuple(COLUMNS).index("respondent") :]
_SCREENS = {
    ("enterprise", "named"): "respondent",
    ("enterprise", "respondent"): "respondent",
    ("enterprise", "address"): "respondent_address",
    ("enterprise", "service_region"): "region",
    ("purchase", "object_category"): "object_category",
    ("purchase", "item_name"): "item",
    ("purchase", "amount"): "amount",
    ("problem", "problem_category"): "problem_category",
    ("problem", "disputed_on"): "disputed_on",
    ("problem", "statement"): "statement",
    ("demands", "demand"): "demands",
    ("demands", "amount_refund"): "amount",
    ("you", "name"): "name",
    ("you", "phone"): "phone",
    ("you", "address"): "address",
}


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """``cells`` by code, as they were typed."""

    line: int
    cells: Mapping[str, str]

    @property
    def is_new(self) -> bool:
        """It describes a complaint instead of naming one of ours."""
        return not self.cells.get("number") and any(self.cells.get(code) for code in _OF_A_COMPLAINT)

    def text(self, code: str) -> str:
        return self.cells.get(code, "").strip()


def heading(cells: Sequence[str]) -> dict[int, str]:
    """Place → code; columns that are not ours are left out. Raises SheetRefused."""
    known = {title.casefold(): code for code, title in COLUMNS.items()} | {code: code for code in COLUMNS}
    result: dict[int, str] = {}
    for place, cell in enumerate(cells):
        code = known.get(cell.strip().casefold())
        if code in result.values():
            raise SheetRefused(_("“%(column)s”这一列出现了两次。") % {"column": COLUMNS[str(code)]})
        if code is not None:
            result[place] = code
    for code in NEEDED:
        if code not in result.values():
            raise SheetRefused(_("没有找到“%(column)s”这一列。第一行须是列名。") % {"column": COLUMNS[code]})
    return result


def state_of(line: PlatformRow) -> str:
    """The state there, by its code or in words; registered where the line does not say. Raises WrongInput."""
    text = line.text("state")
    code = _codes_by_label(STATES).get(text, text) or "registered"
    if code not in STATES:
        raise WrongInput("bad_choice", _("“平台状态”认不出来。"), field="state")
    return code


def move_of(line: PlatformRow) -> Move:
    return record_platform_number(
        platform_number=line.text("platform_number"),
        received_at=saying.moment(line.text("received_at"), "received_at"),
        state=state_of(line),
    )


def request_of(line: PlatformRow, *, region: Region, now: datetime, language: str) -> FilingRequest:
    """The complaint of a line; ``region``: of the office that sends the file. Raises WrongInput with the column."""
    number = checked_number(line.text("platform_number"))
    received = saying.moment(line.text("received_at"), "received_at") or now
    if received > now:
        raise WrongInput("in_future", _("平台接收时间不能晚于现在。"), field="received_at")
    place = _region(line, region)
    draft = FilingDraft(pk=uuid.uuid4(), owner_id=None, data=_typed(line, place))
    composed = composing.to_request(
        # Nobody knows this token; a slip of paper opens the case by it (links/slips.py).
        draft,
        now=now,
        language=language,
        tracking_digest=drafts.tracking_digest(secrets.token_urlsafe(16)),
    )
    if isinstance(composed, Unfinished):
        for step, names in composed.by_field().items():
            for name, sentences in names.items():
                raise WrongInput("bad_field", " ".join(sentences), field=_SCREENS.get((step, name), ""))
    assert isinstance(composed, FilingRequest)  # noqa: S101
    return replace(
        composed,
        channel="platform",
        source="全国12315平台",
        received_at=received,
        external_source=SOURCE,
        external_id=number,
        consumer_id=None,
        contact_verified=False,
    )


def _region(line: PlatformRow, own: Region) -> Region:
    code = line.text("region")
    if not code:
        return own
    result = Region.objects.filter(code=code).first()
    if result is None or not own.pk <= result.pk <= own.last:
        raise WrongInput("bad_choice", _("“地区代码”不在本辖区内。"), field="region")
    return result


def _typed(line: PlatformRow, place: Region) -> dict[str, dict[str, list[str]]]:
    """What somebody would have typed on each screen of filing to say the same."""
    kinds = _codes_by_label({kind.code: kind.label for kind in DEMAND_KINDS})
    texts = [word.strip() for word in line.text("demands").replace(",", "、").split("、")]
    wanted = [kinds.get(word, word) for word in texts if word]
    picked = _enterprise(line)
    if picked is not None:
        respondent = {"respondent": [f"{picked.pk}--"]}
    elif line.text("respondent"):
        named, address = line.text("respondent"), line.text("respondent_address")
        respondent = {"respondent": [NAMED], "named": [named], "address": [address]}
    else:
        respondent = {"respondent": [LEFT_TO_AUTHORITY]}
    consents = {
        "pass_to_regulator": ["yes"],
        "delegated_mediation": ["no"],
        "publish_masked": ["no"],
        "share_with_enterprise" if picked is not None else "pause_for_settlement": ["no"],
    }
    return {
        "enterprise": respondent | {"service_region": [str(place.pk)]},
        "purchase": {
            "object_category": [_code(line, "object_category", OBJECT_LABELS)],
            "item_name": [line.text("item")],
            "amount": [line.text("amount")],
            "is_online": ["unsure"],
        },
        "problem": {
            "problem_category": [_code(line, "problem_category", PROBLEM_LABELS)],
            "disputed_on": [line.text("disputed_on").replace("/", "-")],
            "statement": [line.text("statement")],
        },
        "demands": {"demand": wanted} | {f"amount_{kind}": [line.text("amount")] for kind in wanted},
        "you": {
            "name": [line.text("name")],
            "phone": [line.text("phone")],
            "address": [line.text("address")],
            "behalf": ["self"],
            "is_unverified": ["on"],
        },
        "consents": consents,
    }


def _code(line: PlatformRow, column: str, labels: Mapping[str, object]) -> str:
    """The code, or what it is called."""
    text = line.text(column)
    return _codes_by_label(labels).get(text, text)


def _codes_by_label(labels: Mapping[str, object]) -> dict[str, str]:
    """What each code is called, in either language."""
    result: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            result |= {str(label): code for code, label in labels.items()}
    return result


def _enterprise(line: PlatformRow) -> Enterprise | None:
    """Whoever is enrolled under this code; anybody else goes to a person in triage by name."""
    code = line.text("credit_code")
    return Enterprise.objects.filter(uscc=code, enrolment=Enterprise.Enrolment.ENROLLED).first() if code else None
