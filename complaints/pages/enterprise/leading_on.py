"""Where a step leads on in the list that one came from: the script of the desk sends that (static/js/keys.js). Beside
the list the address of each step says it, with scripts or without, and where one comes back to without taking it."""

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

    @property
    def query(self) -> str:
        """What the address of a step ends with; `of_request` reads it."""
        return f"?{urlencode({'then': self.following, 'beside': self.here})}"


def of_request(request: HttpRequest) -> Beside | None:
    """The case beside its list, as the address of this step says it."""
    here, following = (_beside_list(request.GET.get(name, "")) for name in ("beside", "then"))
    return Beside(here, following) if here and following else None


def leads_on(request: HttpRequest, step: str) -> bool:
    """Whether the next case of the list follows this step."""
    return step in LEADS_ON and (_list_of(request) is not None or of_request(request) is not None)


def following(request: HttpRequest, step: str) -> str:
    """After a step that leaves nothing to do here the next case, after an answer in the place where that is answered;
    after any other the same case, where it was read beside its list. Empty where the step leads back to the page that
    it was taken on or came from."""
    asked, queue, beside = _list_of(request), reverse("complaints:enterprise-queue"), of_request(request)
    if "back" in request.POST:
        return ""
    if asked is None:
        return beside.following if beside is not None and step in LEADS_ON else ""
    address = neighbours.leads_to(request, queue, asked, by=int(step in LEADS_ON))
    if step not in LEADS_ON:
        return address if "?" in address and address.startswith(queue) else ""
    return _to_answer(request, address) if step in ANSWERS else address


def _list_of(request: HttpRequest) -> dict[str, str] | None:
    """The sealed list and the case in it that the script names, if it does."""
    queue, _mark, query = request.POST.get("then", "").partition("?")
    is_list = queue == reverse("complaints:enterprise-queue") and query.startswith("by=1&")
    return QueryDict(query).dict() if is_list else None


def _beside_list(address: str) -> str:
    """The same address where it is one beside the list; else empty."""
    queue, _mark, query = address.partition("?")
    return address if queue == reverse("complaints:enterprise-queue") and "split" in QueryDict(query) else ""


def _to_answer(request: HttpRequest, address: str) -> str:
    """The page on which the case at ``address`` is answered, where it waits for an answer and for nothing else."""
    case = _CASE.match(address)
    if case is None or not isinstance(request.user, User):
        return address
    waits = Matter.objects.filter(complaint=OuterRef("pk"), state="open")
    cases = Complaint.objects.visible_to(request.user).filter(~Exists(waits), status=Status.NEGOTIATING)
    return f"{case[0]}offer/{address[case.end() :]}" if cases.filter(number=case[1]).exists() else address


def back(request: HttpRequest, case: str) -> str:
    """The page from which a form below the page ``case`` was sent."""
    name, beside = request.POST.get("back", ""), of_request(request)
    if name == "causes":
        return reverse("complaints:enterprise-causes")
    if name == "offer":
        return f"{case}offer/{beside.query if beside is not None else ''}"
    return beside.here if beside is not None else case
