"""Every address of the portal, with an example from the world; one without an example fails the sweep."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from complaints.models import CallBack, Complaint, Evidence, Matter, Notice, Offer, OfficialDocument
from complaints.notices import digests
from complaints.pages.authority import pages as authority_pages
from complaints.pages.authority.documents import document_steps
from complaints.pages.consumer import pages as consumer_pages
from complaints.pages.enterprise import steps as enterprise_pages
from complaints.pages.links import answer
from complaints.pages.mediation import bodies
from enterprises.models import Station
from odr_portal.checks import routes
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
_NOT_THERE = """
# Nobody was asked to take part or sent a link, no session is planned, no station has an entry to confirm.
complaints:join complaints:station-confirm complaints:authority-session-file complaints:authority-body
complaints:answer complaints:answer-code complaints:answer-step complaints:answer-why complaints:answer-file
complaints:answer-file-original complaints:answer-file-thumbnail complaints:answer-document
complaints:answer-document-print complaints:mediate complaints:mediate-code complaints:mediate-step
complaints:mediate-why complaints:mediate-file complaints:mediate-file-thumbnail
# No browser holds an application, nobody is shut out, the licence was not uploaded; cases have one complainant.
complaints:enrol-application complaints:enrol-step complaints:enrol-paper complaints:enrol-licence
complaints:authority-enrolment-licence complaints:authority-enterprise-recall complaints:case-people
# Nobody may read it: there is neither a word nor a listed address. No case ended in a mediation agreement.
oversight:metrics complaints:case-court
# No worker printed the minutes of a campaign, no enterprise sent a file about a measure.
oversight:campaign-minutes oversight:enterprise-minutes oversight:guidance-file oversight:enterprise-guidance-file
demo-mail accounts:demo-sign-in enterprises:invitation accounts:recovery-codes accounts:password
complaints:case-file-original complaints:case-file-thumbnail complaints:file-evidence-original
complaints:file-evidence-thumbnail
# Nobody says in that world whom to tell of a hole.
security-txt
"""
NOT_THERE = {name for line in _NOT_THERE.splitlines() if not line.startswith("#") for name in line.split()}


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
        named = {name: kind for name, kind in self.parameters.items() if name not in CHOOSE_A_PAGE}
        return self.path({**values, **{name: MISSING.get(name, MISSING[kind]) for name, kind in named.items()}})


@cache
def addresses() -> tuple[Address, ...]:
    return tuple(
        Address(name, pattern, {found: kind or "str" for kind, found in _PARAMETER.findall(pattern)})
        for name, pattern, _view in routes()
    )


Example = Callable[[World, Complaint], "str | None"]


def _first(result: Any, column: str = "pk") -> str | None:
    value = result.order_by(column).values_list(column, flat=True).first()
    return None if value is None else str(value)


_CLOCKS = {"filed": "forwarding", "triage": "forwarding", "mediating": "mediation"}


def _thing(name: str) -> Example:
    return lambda world, case: world.things[name]


#: (beginning of the names of addresses, how they end, parameter, thing of the world that is its example).
_THINGS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("complaints:enterprise-measure", ("", "-approval", "-performed"), "public_id", "measure"),
    ("complaints:enterprise-round-trip", ("", "-decide", "-results"), "mark", "round trip"),
    ("complaints:authority-platform", ("-file", "-decide", "-results"), "mark", "platform file"),
    ("complaints:enterprise-webhook", ("", "-message"), "public_id", "webhook"),
    ("complaints:enterprise-webhook-message", ("",), "message", "webhook message"),
    ("enterprises:enterprise-team-member", ("",), "pk", "enterprise member"),
    ("enterprises:authority-team-member", ("",), "pk", "authority member"),
    ("enterprises:enterprise-team-revoke", ("",), "pk", "enterprise invitation"),
    ("enterprises:authority-team-revoke", ("",), "pk", "authority invitation"),
    ("complaints:authority-law-", ("change", "decide", "drop"), "mark", "law change"),
    ("routing:", ("enterprise-change", "authority-change", "authority-change-decide"), "pk", "change"),
    ("routing:authority-routing-rule", ("",), "code", "rule"),
    ("routing:authority-routing-dismiss", ("",), "pk", "lesson"),
    ("routing:authority-routing-", ("change", "edit", "try", "file", "decide"), "pk", "rule change"),
    ("complaints:station-log-entry", ("",), "pk", "station entry"),
    ("complaints:authority-station", ("", "-table"), "pk", "service station"),
    ("complaints:authority-station-end", ("",), "pk", "station staff"),
    ("complaints:authority-body-end", ("",), "pk", "body"),
    ("accounts:factor-remove", ("",), "pk", "factor"),
    ("complaints:authority-violation", ("",), "pk", "violation"),
    ("complaints:enterprise-template", ("",), "pk", "template"),
    ("complaints:enterprise-token", ("",), "pk", "token"),
    ("oversight:authority-report", ("", "-edit", "-decide"), "pk", "report"),
    ("oversight:open-report", ("", "-print", "-table"), "pk", "published report"),
    ("oversight:open-data-", ("set", "file"), "mark", "open data"),
    ("oversight:open-api-", ("version", "rows"), "mark", "open data"),
    ("oversight:", ("open-picture-of",), "pk", "warning"),
    ("oversight:view", ("",), "key", "oversight view"),
    ("oversight:", ("hot-spot", "guidance-new", "warning-new"), "pk", "hot spot"),
    ("oversight:", ("guidance", "enterprise-guidance", "guidance-file", "enterprise-guidance-file"), "pk", "guidance"),
    ("oversight:", ("warning", "open-warning"), "pk", "warning"),
    (
        "oversight:",
        ("campaign", "open-campaign", "open-campaign-table", "campaign-minutes", "embed-campaign"),
        "pk",
        "campaign",
    ),
    ("oversight:", ("enterprise-minutes",), "pk", "guidance of the campaign"),
    ("oversight:", ("remedy", "enterprise-remedy", "open-remedy", "open-remedy-check"), "pk", "remedy"),
    ("complaints:enterprise-rule", ("",), "pk", "assignment rule"),
    ("enterprises:enterprise-leave-cancel", ("",), "pk", "leave"),
    ("enterprises:authority-leave-cancel", ("",), "pk", "officer leave"),
)
#: (name, parameter) that chooses a page, and the page.
_CHOSEN: dict[tuple[str, str], str] = {
    ("complaints:enrol-step", "step"): "entity",
    ("complaints:enrol-paper", "kind"): "pledge",
    ("complaints:authority-enrolment-paper", "kind"): "pledge",
    ("complaints:enterprise-filing", "kind"): "contact",
    ("complaints:enterprise-poster", "kind"): "a6",
    ("complaints:station-poster-file", "kind"): "a6",
    ("oversight:open-problem", "code"): "quality",
    ("oversight:guidance-file", "file"): "1",
    ("oversight:enterprise-guidance-file", "file"): "1",
    ("complaints:case-dossier-file", "form"): "zip",
    ("oversight:open-report-table", "name"): "summary",
    ("oversight:open-data-series", "name"): "regions",
    ("oversight:open-api-rows", "table"): "regions",
    ("oversight:open-feed", "kind"): "warnings",
    ("oversight:open-picture-of", "kind"): "warnings",
    ("sitemap-of", "section"): "pages",
    ("oversight:open-data-file", "name"): "regions.csv",
}
#: Nobody calls them with an example: links of one use, and the dossier of whoever asked for it (tests/dossier).
_NONE = (
    *((f"complaints:{name}-link", "token") for name in ("join", "answer", "mediate", "station-confirm")),
    *((f"complaints:{side}-export-file", "token") for side in ("enterprise", "authority")),
    *((f"complaints:answer-{name}", "pk") for name in ("document", "document-print")),
    ("enterprises:invitation-link", "token"),
    ("complaints:notice-off", "token"),
    ("accounts:undo", "key"),
    ("complaints:slip", "key"),
    ("complaints:file-from", "key"),
    ("complaints:case-dossier-file", "public_id"),
    "code",
    "upload_id",
)
_FILES = (
    *(f"{of}-file{form}" for of in ("case", "answer") for form in ("", "-original", "-thumbnail")),
    *("mediate-file", "mediate-file-thumbnail", "enterprise-file"),
)


def _evidence(world: World, case: Complaint) -> str | None:
    return _first(Evidence.objects.filter(complaint=case))


def _constant(value: str | None) -> Example:
    return lambda world, case: value


def _matter(**columns: str) -> Example:
    return lambda world, case: _first(Matter.objects.filter(complaint=case, **columns))


def _document(**columns: Any) -> Example:
    return lambda world, case: _first(OfficialDocument.objects.filter(complaint=case, **columns))


#: By name of the parameter, or by name of the address and of the parameter.
EXAMPLES: dict[str | tuple[str, str], Example] = {
    "number": lambda world, case: case.number,
    "draft_id": lambda world, case: str(world.drafts["A"][0].pk),
    "evidence_id": lambda world, case: _first(Evidence.objects.filter(draft=world.drafts["A"][0])),
    "step": _constant("enterprise"),
    "offer": lambda world, case: _first(Offer.objects.filter(complaint=case), "number"),
    "clock": lambda world, case: _CLOCKS.get(case.status, "negotiation"),
    "application_id": _thing("application"),
    "filing_id": _thing("filing"),
    "uscc": lambda world, case: world.target.enterprise.code,
    "kind": _constant("phone"),
    **{(start + end, parameter): _thing(thing) for start, ends, parameter, thing in _THINGS for end in ends},
    **{
        (f"complaints:{side}-export{page}", "mark"): _thing(f"{side} export")
        for side in ("authority", "enterprise")
        for page in ("", "-decide", "-link", "-file")
    },
    **{key: _constant(value) for key, value in _CHOSEN.items()},
    **dict.fromkeys(_NONE, _constant(None)),
    **{(f"complaints:{name}", "pk"): _evidence for name in _FILES},
    ("api:file", "pk"): _evidence,
    ("complaints:short-link", "code"): lambda world, case: digests.code_of(case.number),
    ("complaints:open-station", "code"): lambda world, case: (
        Station.objects.get(pk=world.things["service station"]).code
    ),
    ("oversight:administration-person", "key"): lambda world, case: str(world.target.consumer.person_key),
    **{
        (f"complaints:{side}-approval", "pk"): _matter(kind="proposal", audience=side)
        for side in ("authority", "enterprise")
    },
    **{(f"complaints:{side}-urge", "pk"): _matter(kind="urge") for side in ("authority", "enterprise")},
    ("complaints:authority-call-back", "pk"): lambda world, case: _first(CallBack.objects.filter(complaint=case)),
    ("complaints:authority-notice-order", "pk"): lambda world, case: _first(
        Notice.objects.filter(complaint=case, state="set_aside")
    ),
    ("complaints:authority-document", "pk"): _document(audience="parties"),
    ("complaints:authority-document-deed", "pk"): _document(to_consumer=True),
    ("complaints:case-document", "pk"): _document(to_consumer=True, to_enterprise=True),
}
#: They name something of a case by a number of its own.
OF_A_CASE = {f"complaints:{side}-{name}" for side in ("authority", "enterprise") for name in ("approval", "urge")}
OF_A_CASE |= {f"complaints:authority-{name}" for name in ("notice-order", "document", "document-deed", "call-back")}
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
    ("complaints:tracked-step", "name"): _CONSUMERS,
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
    known = EXAMPLES.keys() | PAGES.keys()
    unknown = [name for name in address.parameters if not known & {name, (address.name, name)}]
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
    chosen = [(values, STEPS.get(address.name, ()))]
    for name, pages in choices.items():
        chosen = [({**values, name: value}, steps) for value, steps in pages.items()]
    return [Place(address, address.path(named), address.missing(named), is_there, steps) for named, steps in chosen]
