"""Where a step leads on in the list that one came from: the script of the desk sends that (static/js/keys.js). Beside
the list the address of each step says it, with scripts or without."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounts.models import User
from complaints.desks import neighbours
from complaints.models import Complaint, Matter
from complaints.procedure.workflow import Status

ANSWERS = frozenset({"make_offer", "replace_offer"})
#: Steps after which the case waits for others, or is gone.
LEADS_ON = ANSWERS | {
    *("ask_consumer", "report_failure", "report_performed", "request_extension", "request_return", "return_case")
}
_CASE = re.compile(r"/enterprise/cases/([^/?]+)/(?=\?|$)")


@dataclass(frozen=True, slots=True)
class Beside:
    """A case beside its list: the addresses, beside the list too, of this case and of the one that follows."""

    here: str
    following: str

    def of_step(self, url: str, step: str) -> str:
        """The page of a step, which leads back beside the list."""
        return f"{url}?{urlencode({'then': self.following if step in LEADS_ON else self.here})}"


def leads_on(request: HttpRequest, step: str) -> bool:
    """Whether the next case of the list follows this step."""
    return step in LEADS_ON and (_list_of(request) is not None or _beside(request) != "")


def following(request: HttpRequest, step: str) -> str:
    """After a step that leaves nothing to do here the next case, after an answer in the place where that is answered;
    after any other the same case, where it was read beside its list. Empty where the step leads back to the case."""
    asked, queue = _list_of(request), reverse("complaints:enterprise-queue")
    if asked is None:
        return _beside(request)
    address = neighbours.leads_to(request, queue, asked, by=int(step in LEADS_ON))
    if step not in LEADS_ON:
        return address if "?" in address and address.startswith(queue) else ""
    return _to_answer(request, address) if step in ANSWERS else address


def _list_of(request: HttpRequest) -> dict[str, str] | None:
    """The sealed list and the case in it that the script names, if it does."""
    queue, _mark, query = request.POST.get("then", "").partition("?")
    is_list = queue == reverse("complaints:enterprise-queue") and query.startswith("by=1&")
    return QueryDict(query).dict() if is_list else None


def _beside(request: HttpRequest) -> str:
    """The address beside the list that the address of this step names, as `Beside` made it; else empty."""
    then = request.GET.get("then", "")
    queue, _mark, query = then.partition("?")
    return then if queue == reverse("complaints:enterprise-queue") and "split" in QueryDict(query) else ""


def _to_answer(request: HttpRequest, address: str) -> str:
    """The page on which the case at ``address`` is answered, where it waits for an answer and for nothing else."""
    case = _CASE.match(address)
    if case is None or not isinstance(request.user, User):
        return address
    waits = Matter.objects.filter(complaint=OuterRef("pk"), state="open")
    cases = Complaint.objects.visible_to(request.user).filter(~Exists(waits), status=Status.NEGOTIATING)
    return f"{case[0]}offer/{address[case.end() :]}" if cases.filter(number=case[1]).exists() else address


def back(name: str, case: str) -> str:
    """The page from which a form below the page ``case`` was sent."""
    if name == "causes":
        return reverse("complaints:enterprise-causes")
    return f"{case}offer/" if name == "offer" else case
