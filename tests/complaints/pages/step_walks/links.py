"""Step pages behind a link: of a respondent without account, and of the body to which a mediation was handed."""

from datetime import timedelta
from typing import Any

from django.test import Client

from complaints.handling import Promise
from complaints.handling.steps import authority, both, mediation
from complaints.models import Complaint
from complaints.pages.links.answer import PAGES
from complaints.pages.mediation import bodies
from complaints.parties import actors
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.handling import test_mediation_bodies
from tests.complaints.pages.at_the_authority import TEXT, ahead, now
from tests.complaints.pages.at_the_desk import signed_in
from tests.complaints.pages.links import test_answer
from tests.complaints.pages.step_walks import Audience, Given, Walk, Wrong, at
from tests.complaints.pages.step_walks.authority import PAST_PROMISE, promised
from tests.complaints.pages.step_walks.parties import READ, SPOKEN, answered_suggestion


def at_a_shop(*moves: tuple[str, Any]) -> Given:
    """Against a shop that is not enrolled, accepted; then what each did, the shop through an officer."""

    def made(world: World) -> Complaint:
        respondents = (RespondentRequest(named="鼓楼区好又多小店", phone="13900000123"),)
        case = given.a_complaint(world, status=S.REVIEW, respondents=respondents)
        given.step(case, authority.accept(), world.officer, WEDNESDAY)
        how = {"channel": "phone", "recording": {"how": "phone", "proof": "LY-2026-0001"}}
        shop = actors.respondent(case, organisation="鼓楼区好又多小店", person_key=None, by=world.officer, **how)
        for who, move in moves:
            given.step(case, move, shop if who == "shop" else getattr(world, who), WEDNESDAY)
        return case

    return made


BOTH = [(side, both.agree_to_mediation()) for side in ("consumer", "shop")]


def agreed(*promises: Promise) -> Given:
    return at_a_shop(*BOTH, ("officer", mediation.record_agreement(promises=list(promises), text="退还多扣的钱。")))


REFUND = Promise(kind="transfer", what="退款", amount="128.50", due_on="2026-12-07")
RETURNED = Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on="2026-11-20")
CLAIM = ("consumer", both.claim_settled_elsewhere(text="店里已经退钱。"))
OFFERED = (*BOTH, ("officer", mediation.suggest_settlement(text="退还一半费用。")))
ACCEPTED = at_a_shop()

UNDECIDED: list[Wrong] = [({"text": "没有选，字还在。"}, "answer")]
PROVEN, DONE = {"proof": "流水0001，已经退回。"}, {"obligations": "1"}
RELATED = {"text": "与消费者有亲属关系。"}
TRUE, SETTLED = {"answer": "confirm"}, Outcome.SETTLED_ELSEWHERE
WALKS = [
    Walk("mediation", ACCEPTED, {"answer": "agree"}, wrong=[({"answer": "maybe"}, "answer")], closed=agreed(REFUND)),
    Walk("suggestion", at_a_shop(*OFFERED), answered_suggestion(answer="yes"), wrong=UNDECIDED, closed=ACCEPTED),
    Walk("performed", agreed(REFUND), PROVEN | DONE, wrong=[(PROVEN, "obligations")], closed=ACCEPTED),
    Walk("confirm", agreed(RETURNED, REFUND), DONE, wrong=[({}, "obligations")], closed=ACCEPTED),
    Walk("settled-elsewhere", at_a_shop(CLAIM), TRUE, S.CLOSED, SETTLED, wrong=UNDECIDED, closed=ACCEPTED),
    Walk("recusal", ACCEPTED, RELATED | {"whom": "瑞试"}, wrong=[(RELATED, "whom")], closed=agreed(REFUND)),
    Walk("statement", ACCEPTED, {"text": "已经退过一次。"}, wrong=[({"text": "字" * 4001}, "text")]),
]


def _answering(world: World, case: Complaint, walk: Walk) -> Client:
    browser = test_answer.opened(test_answer.invited(world, case))
    if PAGES[walk.name].decides:
        test_answer.with_code(browser, case, walk.name)
    return browser


RESPONDENT = Audience(
    name="respondent",
    role="respondent",
    pages=PAGES,
    walks=WALKS,
    url=lambda case, name: f"/answer/case/{case.number}/{name}/",
    home=lambda case: f"/answer/case/{case.number}/",
    browser=_answering,
    strangers=lambda world: [None, world.ming],
    signs_in=False,
)
RESPONDENT_BY_OFFICER = Audience(
    name="respondent by officer",
    role="respondent",
    pages=PAGES,
    walks=WALKS,
    url=lambda case, name: f"/authority/mediation/{case.number}/respondent/{name}/",
    home=lambda case: f"/authority/mediation/{case.number}/respondent/",
    browser=lambda world, case, walk: signed_in(world.rui),
    strangers=lambda world: [world.far_officer.user, world.ming],
    refuses=True,
    more=SPOKEN,
    read_back=READ,
)


def handed_on(*moves: tuple[str, Any]) -> Given:
    def made(world: World) -> Complaint:
        delegated = mediation.delegate_mediation(body_id=given.a_body(world).pk)
        return at(S.MEDIATING, ("officer", delegated), *moves)(world)

    return made


HANDED_ON = handed_on()
#: A recusal that was asked for stops these.
STOPPED = handed_on(("consumer", both.request_recusal(whom="瑞试", text=TEXT)))
PLACE = {"place": "消委会二楼", "mode": "site"}
LATE = {"at": "2099-01-01T10:00"}
HELD = PLACE | {"present": ["consumer", "enterprise", "body"], "minutes": "双方到场。"}


def _held(world: World, case: Complaint) -> dict[str, Any]:
    return HELD | {"at": f"{now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"}


def _planned(world: World, case: Complaint) -> dict[str, Any]:
    return PLACE | {"at": f"{ahead(3)}T15:00"}


TOLD = {"result": "agreed", "text": "双方同意退还一半，等书面协议。"}
BODY = Audience(
    name="mediation body",
    role="mediation_body",
    pages=bodies.PAGES,
    walks=[
        # The last case lies after the last day of the mediation.
        Walk("session", HANDED_ON, _planned, wrong=[(PLACE, "at"), (PLACE | LATE, "at")], closed=STOPPED),
        Walk("minutes", STOPPED, _held, wrong=[(HELD, "at"), (HELD | LATE, "at")]),
        Walk("suggestion", HANDED_ON, promised, wrong=PAST_PROMISE, closed=STOPPED),
        Walk("result", HANDED_ON, TOLD, wrong=[(TOLD | {"text": "好"}, "text")]),
    ],
    url=lambda case, name: f"/mediate/case/{case.number}/{name}/",
    home=lambda case: f"/mediate/case/{case.number}/",
    browser=lambda world, case, walk: test_mediation_bodies.proven(world, case),
    strangers=lambda world: [None, world.ming],
    signs_in=False,
)
