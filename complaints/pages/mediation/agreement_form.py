"""What a mediator suggests, and the agreement that a mediation reached: what it says, and any number of promises.

The one rule: promises are typed, checked and kept exactly as in an enterprise's offer.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.enterprise_offer_form import OfferForm
from complaints.forms.fields import Words, set_choices


class SuggestionForm(OfferForm):
    """A way to settle it that both sides may take or leave."""

    message = Words(label=_("调解方案"), rows=5, help_text=_("双方看得到，各自答复；不写姓名和电话。"))

    def __init__(self, *args: Any, count: int, today: date, **options: Any) -> None:
        super().__init__(*args, demands=[], count=count, today=today, **options)
        for place in range(1, count + 1):
            set_choices(
                self, f"promise-{place}-owed_by", [("enterprise", str(_("企业"))), ("consumer", str(_("消费者")))]
            )


class AgreementForm(SuggestionForm):
    """Art. 24: a mediation document, unless performed at once or both waive it."""

    message = Words(label=_("协议内容"), rows=5, help_text=_("双方看得到；写进调解书。"))
    without_document = forms.BooleanField(label=_("当场履行完毕或者双方都不要调解书"), required=False)
