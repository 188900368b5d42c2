"""A page says things in words: no code of the lists stands on it, whoever reads the case."""

import re
from html import unescape

import pytest

from complaints import wording
from complaints.handling.steps import enterprise, violations
from complaints.procedure.categories import DEMAND_BY_CODE, OBJECT_LABELS, PROBLEM_LABELS
from complaints.procedure.workflow import TABLE, Clock, Role, Status
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import S, case_at, now, workspace

pytestmark = pytest.mark.django_db

CODES = {code for kind in wording.KINDS.values() for code in kind} | {
    *OBJECT_LABELS,
    *PROBLEM_LABELS,
    *DEMAND_BY_CODE,
    *TABLE,
    *map(str, Clock),
    *map(str, Role),
    *map(str, Status),
}
_HIDDEN = re.compile(r"<(script|style|svg|head)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL)


def raw(page: str) -> set[str]:
    """Words of the text of a Chinese page that are codes."""
    return (
        set(re.findall(r"(?<![\w./@-])[a-z][a-z0-9_.]*[a-z0-9](?![\w/@-])", unescape(_HIDDEN.sub(" ", page)))) & CODES
    )


def test_the_reader_of_this_test_finds_codes() -> None:
    expected = {"telecom.other", "refund"}
    assert raw("<p class='telecom'>问题：telecom.other，refund</p><script>refuse</script>") == expected


@pytest.mark.parametrize(
    "status", [S.TRIAGE, S.AWAITING_CONSUMER, S.PERFORMING, S.AWAITING_MATERIAL, S.MEDIATION_SUSPENDED, S.CLOSED]
)
def test_no_code_of_the_lists_shows_on_the_page_of_a_case(world: World, status: Status) -> None:
    case = case_at(world, status, report="门店无照经营。")
    if status in (S.AWAITING_CONSUMER, S.PERFORMING):
        given.step(case, enterprise.flag_concern(text="同一号码提交了七件。"), world.handler, now())
    if status != S.TRIAGE:
        given.step(case, violations.open_lead(text="涉嫌虚假宣传。"), world.officer, now())
    for user, path in (
        (world.rui, "authority"),
        (world.head_officer.user, "authority"),
        (world.ming, "enterprise"),
        (world.chen, ""),
    ):
        answer = workspace(user).get(f"/{path}/cases/{case.number}/".replace("//", "/"))
        if answer.status_code != 404:
            assert raw(answer.content.decode()) == set(), (status, path)
