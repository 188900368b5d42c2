"""Every address of the portal, and an example of what it names, taken from the world.

A parameter that nobody gave an example for fails the sweep with a sentence that says where to add one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from complaints.models import CallBack, Complaint, Evidence, Matter, Notice, Offer, OfficialDocument
from complaints.pages.authority import pages as authority_pages
from complaints.pages.authority.documents import document_steps
from complaints.pages.consumer import pages as consumer_pages
from complaints.pages.enterprise import steps as enterprise_pages
from complaints.pages.links import answer, track
from complaints.pages.mediation import bodies
from enterprises.models import Station
from odr_portal.checks import routes
from tests.walls.things import OWNERS
from tests.walls.world import World

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
#: What stands in the address when nothing that exists is meant, by converter and, where it has a form of its own, by
#: name.
MISSING = {
    "int": "2147483000",
    "uuid": str(uuid.UUID(int=7)),
    "str": "a7" * 8,
    "slug": "a7" * 8,
    "number": "20260101-AAAAAAAAAAAA-0",
}
#: Parameters that choose a page of what another one names.
CHOOSE_A_PAGE = frozenset({"slug", "name", "step", "clock", "offer", "kind"})
#: In this world there is nothing behind them: demo mode only, codes that were just made, pictures of pictures.
NOT_THERE = frozenset(
    {
        # Nobody was asked to take part, no station has an entry to confirm, and the cases of this world have one
        # complainant.
        "complaints:join",
        "complaints:station-confirm",
        # Nobody was sent a link, and no session is planned.
        "complaints:answer",
        "complaints:answer-code",
        "complaints:answer-step",
        "complaints:answer-why",
        *(
            f"complaints:answer-{name}"
            for name in ("file", "file-original", "file-thumbnail", "document", "document-print")
        ),
        *(f"complaints:mediate{name}" for name in ("", "-code", "-step", "-why", "-file", "-file-thumbnail")),
        "complaints:authority-session-file",
        "complaints:authority-body",
        # No browser of this world holds an application, and nobody is shut out; the licence was not uploaded.
        "complaints:enrol-application",
        "complaints:enrol-step",
        "complaints:enrol-paper",
        "complaints:enrol-licence",
        "complaints:authority-enrolment-licence",
        "complaints:authority-enterprise-recall",
        "complaints:case-people",
        # Nobody of this world may read it: there is neither a word nor a listed address.
        "oversight:metrics",
        # No case of this world ended in a mediation agreement.
        "complaints:case-court",
        "complaints:case-court-file",
        "demo-mail",
        "accounts:demo-sign-in",
        "enterprises:invitation",
        "accounts:recovery-codes",
        "accounts:password",
        "complaints:case-file-original",
        "complaints:case-file-thumbnail",
        "complaints:file-evidence-original",
        "complaints:file-evidence-thumbnail",
    }
)


@dataclass(frozen=True, eq=False)
class Address:
    """One address of the URLconf."""

    name: str
    pattern: str
    #: Name and converter.
    parameters: dict[str, str]

    @property
    def names_something(self) -> bool:
        """Whether it is about something that belongs to somebody."""
        return bool(self.parameters.keys() - CHOOSE_A_PAGE)

    @property
    def is_of_a_case(self) -> bool:
        return "number" in self.parameters or self.name in OF_A_CASE

    def path(self, values: Mapping[str, str]) -> str:
        return _PARAMETER.sub(lambda found: values[found[2]], self.pattern)

    def missing(self, values: Mapping[str, str]) -> str:
        """The same address of something that does not exist."""
        return self.path(
            {
                **values,
                **{
                    name: MISSING.get(name, MISSING[converter])
                    for name, converter in self.parameters.items()
                    if name not in CHOOSE_A_PAGE
                },
            }
        )


@cache
def addresses() -> tuple[Address, ...]:
    return tuple(
        Address(name, pattern, {found: kind or "str" for kind, found in _PARAMETER.findall(pattern)})
        for name, pattern, _view in routes()
    )


Example = Callable[[World, Complaint], "str | None"]


def _first(result: Any) -> str | None:
    pk = result.order_by("pk").values_list("pk", flat=True).first()
    return None if pk is None else str(pk)


def _number(result: Any) -> str | None:
    number = result.order_by("number").values_list("number", flat=True).first()
    return None if number is None else str(number)


def _clock(world: World, case: Complaint) -> str | None:
    return {"filed": "forwarding", "triage": "forwarding", "mediating": "mediation"}.get(case.status, "negotiation")


def _mark(side: str) -> Example:
    return lambda world, case: world.things[f"{side} export"]


#: By name of the parameter, or by name of the address and of the parameter.
EXAMPLES: dict[str | tuple[str, str], Example] = {
    "number": lambda world, case: case.number,
    "draft_id": lambda world, case: str(world.drafts["A"][0].pk),
    "evidence_id": lambda world, case: _first(Evidence.objects.filter(draft=world.drafts["A"][0])),
    "step": lambda world, case: "enterprise",
    "offer": lambda world, case: _number(Offer.objects.filter(complaint=case)),
    "clock": _clock,
    **{(name, "mark"): _mark(name.removeprefix("complaints:").split("-")[0]) for name in OWNERS if "-export" in name},
    **{
        (f"complaints:enterprise-measure{page}", "public_id"): lambda world, case: world.things["measure"]
        for page in ("", "-approval", "-performed")
    },
    **{
        (f"complaints:enterprise-round-trip{page}", "mark"): lambda world, case: world.things["round trip"]
        for page in ("", "-decide", "-results")
    },
    **{
        (f"complaints:authority-platform{page}", "mark"): lambda world, case: world.things["platform file"]
        for page in ("-file", "-decide", "-results")
    },
    ("complaints:enterprise-webhook", "public_id"): lambda world, case: world.things["webhook"],
    ("complaints:enterprise-webhook-message", "public_id"): lambda world, case: world.things["webhook"],
    ("complaints:enterprise-webhook-message", "message"): lambda world, case: world.things["webhook message"],
    ("enterprises:enterprise-team-member", "pk"): lambda world, case: world.things["enterprise member"],
    ("enterprises:authority-team-member", "pk"): lambda world, case: world.things["authority member"],
    ("enterprises:enterprise-team-revoke", "pk"): lambda world, case: world.things["enterprise invitation"],
    ("enterprises:authority-team-revoke", "pk"): lambda world, case: world.things["authority invitation"],
    **{
        (f"complaints:authority-law-{page}", "mark"): lambda world, case: world.things["law change"]
        for page in ("change", "decide", "drop")
    },
    **{
        (f"routing:{name}", "pk"): lambda world, case: world.things["change"]
        for name in ("enterprise-change", "authority-change", "authority-change-decide")
    },
    ("routing:authority-routing-rule", "code"): lambda world, case: world.things["rule"],
    ("routing:authority-routing-dismiss", "pk"): lambda world, case: world.things["lesson"],
    **{
        (f"routing:authority-routing-{name}", "pk"): lambda world, case: world.things["rule change"]
        for name in ("change", "edit", "try", "file", "decide")
    },
    ("enterprises:invitation-link", "token"): lambda world, case: None,
    ("complaints:notice-off", "token"): lambda world, case: None,
    "application_id": lambda world, case: world.things["application"],
    "filing_id": lambda world, case: world.things["filing"],
    "uscc": lambda world, case: world.target.enterprise.code,
    ("complaints:enrol-step", "step"): lambda world, case: "entity",
    ("complaints:enrol-paper", "kind"): lambda world, case: "pledge",
    ("complaints:authority-enrolment-paper", "kind"): lambda world, case: "pledge",
    ("complaints:enterprise-filing", "kind"): lambda world, case: "contact",
    ("complaints:join-link", "token"): lambda world, case: None,
    ("complaints:answer-link", "token"): lambda world, case: None,
    ("complaints:mediate-link", "token"): lambda world, case: None,
    ("complaints:station-confirm-link", "token"): lambda world, case: None,
    "code": lambda world, case: None,
    **{
        (f"complaints:{name}", "kind"): lambda world, case: "a6"
        for name in ("enterprise-poster", "station-poster-file")
    },
    ("complaints:open-station", "code"): lambda world, case: (
        Station.objects.get(pk=world.things["service station"]).code
    ),
    ("complaints:station-log-entry", "pk"): lambda world, case: world.things["station entry"],
    **{
        (f"complaints:authority-station{page}", "pk"): lambda world, case: world.things["service station"]
        for page in ("", "-table")
    },
    ("complaints:authority-station-end", "pk"): lambda world, case: world.things["station staff"],
    ("complaints:authority-body-end", "pk"): lambda world, case: world.things["body"],
    ("accounts:factor-remove", "pk"): lambda world, case: world.things["factor"],
    ("complaints:authority-violation", "pk"): lambda world, case: world.things["violation"],
    ("complaints:enterprise-template", "pk"): lambda world, case: world.things["template"],
    ("complaints:enterprise-token", "pk"): lambda world, case: world.things["token"],
    **{
        (f"oversight:authority-report{page}", "pk"): lambda world, case: world.things["report"]
        for page in ("", "-edit", "-decide")
    },
    **{
        (f"oversight:open-report{page}", "pk"): lambda world, case: world.things["published report"]
        for page in ("", "-print", "-table")
    },
    ("oversight:open-report-table", "name"): lambda world, case: "summary",
    **{
        (f"oversight:open-data-{page}", "mark"): lambda world, case: world.things["open data"]
        for page in ("set", "file")
    },
    ("oversight:open-data-series", "name"): lambda world, case: "regions",
    ("oversight:open-data-file", "name"): lambda world, case: "regions.csv",
    ("oversight:view", "key"): lambda world, case: world.things["oversight view"],
    ("oversight:administration-person", "key"): lambda world, case: str(world.target.consumer.person_key),
    **{
        (f"oversight:{name}", "pk"): lambda world, case: world.things["hot spot"]
        for name in ("hot-spot", "guidance-new", "warning-new")
    },
    **{
        (f"oversight:{name}", "pk"): lambda world, case: world.things["guidance"]
        for name in ("guidance", "enterprise-guidance")
    },
    **{
        (f"oversight:{name}", "pk"): lambda world, case: world.things["warning"] for name in ("warning", "open-warning")
    },
    "kind": lambda world, case: "phone",
    "upload_id": lambda world, case: None,
    # Whoever asked has his own; tests/dossier says that nobody else has it.
    ("complaints:case-dossier-file", "public_id"): lambda world, case: None,
    ("complaints:case-dossier-file", "form"): lambda world, case: "zip",
    ("complaints:enterprise-export-file", "token"): lambda world, case: None,
    ("complaints:authority-export-file", "token"): lambda world, case: None,
    **{
        (f"complaints:{name}", "pk"): lambda world, case: _first(Evidence.objects.filter(complaint=case))
        for name in ("case-file", "case-file-original", "case-file-thumbnail")
    },
    **{
        (f"complaints:{name}", "pk"): lambda world, case: _first(Evidence.objects.filter(complaint=case))
        for name in (
            "answer-file",
            "answer-file-original",
            "answer-file-thumbnail",
            "mediate-file",
            "mediate-file-thumbnail",
        )
    },
    **{(f"complaints:answer-{name}", "pk"): lambda world, case: None for name in ("document", "document-print")},
    ("complaints:enterprise-file", "pk"): lambda world, case: _first(Evidence.objects.filter(complaint=case)),
    ("api:file", "pk"): lambda world, case: _first(Evidence.objects.filter(complaint=case)),
    ("complaints:authority-approval", "pk"): lambda world, case: _first(
        Matter.objects.filter(complaint=case, kind="proposal", audience="authority")
    ),
    ("complaints:enterprise-approval", "pk"): lambda world, case: _first(
        Matter.objects.filter(complaint=case, kind="proposal", audience="enterprise")
    ),
    **{
        (f"complaints:{side}-urge", "pk"): lambda world, case: _first(
            Matter.objects.filter(complaint=case, kind="urge")
        )
        for side in ("authority", "enterprise")
    },
    ("complaints:authority-call-back", "pk"): lambda world, case: _first(CallBack.objects.filter(complaint=case)),
    ("complaints:enterprise-rule", "pk"): lambda world, case: world.things["assignment rule"],
    ("enterprises:enterprise-leave-cancel", "pk"): lambda world, case: world.things["leave"],
    ("enterprises:authority-leave-cancel", "pk"): lambda world, case: world.things["officer leave"],
    ("complaints:authority-notice-order", "pk"): lambda world, case: _first(
        Notice.objects.filter(complaint=case, state="set_aside")
    ),
    ("complaints:authority-document", "pk"): lambda world, case: _first(
        OfficialDocument.objects.filter(complaint=case, audience="parties")
    ),
    ("complaints:authority-document-deed", "pk"): lambda world, case: _first(
        OfficialDocument.objects.filter(complaint=case, to_consumer=True)
    ),
    ("complaints:case-document", "pk"): lambda world, case: _first(
        OfficialDocument.objects.filter(complaint=case, to_consumer=True, to_enterprise=True)
    ),
    ("complaints:case-court-file", "form"): lambda world, case: "zip",
}
#: They name something of a case by a number of its own.
OF_A_CASE = frozenset(
    {
        "complaints:authority-approval",
        "complaints:enterprise-approval",
        "complaints:authority-notice-order",
        "complaints:authority-document",
        "complaints:authority-document-deed",
        "complaints:authority-urge",
        "complaints:enterprise-urge",
        "complaints:authority-call-back",
    }
)
_CONSUMERS = {name: page.steps for name, page in consumer_pages.PAGES.items() if name != consumer_pages.OFFER}
_BY_NAME = {step: (step,) for step in ("send_message", "make_offer", "withdraw", "urge", "accept")}
#: Parameters that choose among pages: each of these is a page of its own, with the steps that it may take.
PAGES: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("complaints:authority-step", "slug"): {slug: page.steps for slug, page in authority_pages.PAGES.items()},
    ("complaints:authority-document-deed", "slug"): {slug: page.steps for slug, page in document_steps.PAGES.items()},
    # Whose step it is says the consumer's table; that an officer may write it down, the permission middleware.
    ("complaints:authority-on-behalf-step", "name"): dict.fromkeys(consumer_pages.PAGES, ()),
    ("complaints:authority-respondent-step", "name"): dict.fromkeys(answer.PAGES, ()),
    ("complaints:answer-step", "name"): dict.fromkeys(answer.PAGES, ()),
    ("complaints:mediate-step", "name"): dict.fromkeys(bodies.PAGES, ()),
    ("api:step", "step"): _BY_NAME,
    ("api:batch", "step"): _BY_NAME,
    ("complaints:case-step", "name"): _CONSUMERS,
    ("complaints:tracked-step", "name"): {name: _CONSUMERS[name] for name in track.PAGES if name in _CONSUMERS},
}
#: Steps of the pages that are no list of pages.
STEPS: dict[str, tuple[str, ...]] = {
    "complaints:enterprise-approval": ("approve", "send_back"),
    "complaints:enterprise-offer": ("make_offer",),
    "complaints:enterprise-replace": ("replace_offer",),
    "routing:enterprise-return": ("return_case",),
    "routing:enterprise-request-return": ("request_return",),
    "complaints:authority-forward": ("forward",),
    "complaints:authority-ask-consent": ("ask_consent",),
    "complaints:authority-agreement": ("record_agreement",),
    "complaints:authority-call-back": ("call_back",),
    **{f"complaints:{side}-urge": ("answer_instruction",) for side in ("authority", "enterprise")},
    "complaints:authority-suggestion": ("suggest_settlement",),
    "complaints:authority-respondent": ("invite_respondent",),
    "complaints:authority-respondent-revoke": ("end_invitation",),
    "complaints:authority-body": ("invite_body",),
    "complaints:tracked-offer": consumer_pages.PAGES["offer"].steps,
    "complaints:case-offer": consumer_pages.PAGES["offer"].steps,
    **{f"complaints:enterprise-{slug}": page.steps for slug, page in enterprise_pages.PAGES.items()},
}


@dataclass(frozen=True)
class Place:
    """An address with its example: ``is_there`` is false where the case has nothing of the kind."""

    address: Address
    path: str
    missing: str
    is_there: bool
    steps: tuple[str, ...]


def without_example(address: Address) -> str:
    """What has to be done before this address can be called, or nothing."""
    unknown = [
        name
        for name in address.parameters
        if not any(key in EXAMPLES or key in PAGES for key in (name, (address.name, name)))
    ]
    if not unknown:
        return ""
    return (
        f"{address.name} ({address.pattern}) has parameters without an example: {', '.join(unknown)}. Add them to "
        "EXAMPLES in tests/walls/addresses.py (and, if it is no case, whose it is to OWNERS in tests/walls/things.py)."
    )


def places(address: Address, world: World, status: str) -> list[Place]:
    """Every page that this address is for the case of family A in ``status``; none if an example is missing."""
    if without_example(address):
        return []
    case = world.target.case(status)
    values: dict[str, str] = {}
    is_there = address.name not in NOT_THERE
    choices: dict[str, dict[str, tuple[str, ...]]] = {}
    for name in address.parameters:
        if (address.name, name) in PAGES:
            choices[name] = PAGES[address.name, name]
            continue
        value = (EXAMPLES.get((address.name, name)) or EXAMPLES[name])(world, case)
        is_there &= value is not None
        values[name] = value if value is not None else MISSING.get(name, MISSING[address.parameters[name]])
    return [
        Place(address, address.path(chosen), address.missing(chosen), is_there, steps)
        for chosen, steps in _chosen(values, choices, STEPS.get(address.name, ()))
    ]


def _chosen(
    values: dict[str, str], choices: dict[str, dict[str, tuple[str, ...]]], steps: tuple[str, ...]
) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    if not choices:
        yield values, steps
        return
    ((name, pages),) = choices.items()
    for value, its_steps in pages.items():
        yield {**values, name: value}, its_steps
