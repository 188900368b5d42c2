"""The ten official forms (文书式样): what they are called, how their numbers are made, whom they are addressed to.

A step issues a form by naming its number in its entry (``form``); nothing else makes a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from authorities.models import Authority

REGISTRATION, REPORT, DISTRIBUTION, IDENTITY, ACCEPTANCE, REFUSAL, INVITATION, TERMINATION, AGREEMENT, REPORT_RESULT = (
    range(1, 11)
)


@dataclass(frozen=True, slots=True)
class Kind:
    """``mark`` stands in the number after the authority's own: 鼓市监 + 投受."""

    form: int
    title: Promise
    mark: str
    to_consumer: bool = False
    to_enterprise: bool = False


KINDS: dict[int, Kind] = {
    kind.form: kind
    for kind in (
        Kind(REGISTRATION, pgettext_lazy("document", "投诉登记表"), "投登"),
        Kind(REPORT, pgettext_lazy("document", "举报登记表"), "举登"),
        Kind(DISTRIBUTION, pgettext_lazy("document", "投诉分送通知书"), "分送", to_enterprise=True),
        Kind(IDENTITY, pgettext_lazy("document", "限期提供身份证明材料通知书"), "身证", to_consumer=True),
        Kind(ACCEPTANCE, pgettext_lazy("document", "投诉受理决定书"), "投受", to_consumer=True),
        Kind(REFUSAL, pgettext_lazy("document", "投诉不予受理决定书"), "不受", to_consumer=True),
        Kind(INVITATION, pgettext_lazy("document", "投诉调解通知书"), "调通", to_consumer=True, to_enterprise=True),
        Kind(
            TERMINATION, pgettext_lazy("document", "投诉终止调解决定书"), "终调", to_consumer=True, to_enterprise=True
        ),
        Kind(AGREEMENT, pgettext_lazy("document", "投诉调解书"), "调解", to_consumer=True, to_enterprise=True),
        Kind(REPORT_RESULT, pgettext_lazy("document", "举报处理结果告知书"), "举告"),
    )
}


#: Where phone and address of the consumer are printed.
WITH_CONTACT = (REGISTRATION, REPORT)


def forms_of(data: Mapping[str, Any]) -> tuple[int, ...]:
    """The forms that an entry issues, as its ``form`` says: one number, several, or none."""
    said = data.get("form")
    if isinstance(said, int):
        return (said,)
    return tuple(said) if isinstance(said, list | tuple) else ()


def is_to(form: int, side: str, data: Mapping[str, Any]) -> bool:
    """Whether this form goes to that side; a distribution to an enterprise only where one was named."""
    kind = KINDS[form]
    if side == "enterprise":
        return kind.to_enterprise and (form != DISTRIBUTION or bool(data.get("enterprise")))
    return side == "consumer" and kind.to_consumer


def reference(code: str, form: int, *, year: int, number: int) -> str:
    """鼓市监投受〔2026〕第1号."""
    return f"{code}{KINDS[form].mark}〔{year}〕第{number}号"


def issuer(authorities: Iterable[Authority], authority_id: int | None) -> Authority | None:
    """Under whose number an authority writes: its own, or of the one above that has one (an office acts in its county's
    name). None where nobody has one."""
    known = {row.pk: row for row in authorities}
    row = known.get(authority_id or 0)
    while row is not None and not row.document_code:
        row = known.get(row.parent_id or 0)
    return row
