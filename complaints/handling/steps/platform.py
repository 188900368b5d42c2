"""The number that a case has on the national platform, when it was received there and its state there.

One number is one case. A number that stands is changed only with a reason, and what the platform says
changes nothing of the case itself.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move
from complaints.handling.transition.platform_numbers import STATES
from complaints.models import Complaint
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{5,39}")
#: A mobile number and the number of an identity card: what stands in a file whose columns were swapped.
_OF_A_PERSON = re.compile(r"(86)?1[3-9][0-9]{9}|[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx]")


def is_number(text: str) -> bool:
    """Whether it is written as numbers are there, and not as numbers of persons are."""
    return _NUMBER.fullmatch(text) is not None and not _OF_A_PERSON.fullmatch(text)


def number_said(text: str) -> str:
    """As it is written there: letters, digits and hyphens; no telephone and no identity card. Raises WrongInput."""
    number = saying.text(text, "platform_number", longest=40)
    if not is_number(number):
        raise WrongInput("bad_number", _("平台编号只有数字、字母和连字符，6到40位。"), field="platform_number")
    return number


def record_platform_number(
    *, platform_number: str, received_at: datetime | str | None = None, state: str = "registered", text: str = ""
) -> Move:
    """Write down what the platform says of this case. ``text``: why another number stands there now."""
    number = number_said(platform_number)
    moment = saying.moment(received_at, "received_at")
    there = saying.choice(state, STATES, "state")
    said = saying.text(text, "text", needed=False, longest=400)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        case = file.complaint
        if case.authority_received_at is None:
            raise StepNotAllowed("not_received", _("这件投诉还没有到监管部门，不用登记平台编号。"))
        if moment is not None and moment > file.now:
            raise WrongInput("in_future", _("平台接收时间不能晚于现在。"), field="received_at")
        if case.platform_number and case.platform_number != number and not said:
            raise StepNotAllowed(
                "has_number",
                _("这件投诉已登记平台编号%(number)s。要改，请写明理由。") % {"number": case.platform_number},
                field="platform_number",
            )
        received = moment or case.platform_received_at or file.now
        if (case.platform_number, case.platform_state) == (number, there) and received == case.platform_received_at:
            raise StepNotAllowed("nothing_new", _("与已登记的相同。"))
        _alone(number, case)
        data = {"number": number, "state": there, "received_at": received.isoformat()}
        if case.platform_number and case.platform_number != number:
            data["before"] = case.platform_number
        case.platform_number, case.platform_state, case.platform_received_at = number, there, received
        return Effect(data=data, texts={"message": said})

    return Move("record_platform_number", carry)


def _alone(number: str, case: Complaint) -> None:
    """No other case has it; whoever writes down the same number at this moment waits here."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('platform_number'), hashtext(%s))", [number])
    if Complaint.objects.filter(platform_number=number).exclude(pk=case.pk).exists():
        raise StepNotAllowed(
            "number_taken",
            _("平台编号%(number)s已经登记在另一件投诉上，请核对。") % {"number": number},
            field="platform_number",
        )
