"""The offer editor: every demand answered, rows come and go without a script, nothing typed is lost."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from complaints.forms.enterprise_offer_form import without_blank_rows
from complaints.models import Obligation, Offer, OfferAnswer
from complaints.procedure.workflow import Status
from tests import PATIENCE, given
from tests.cast import World
from tests.complaints.pages.at_the_desk import OFFER, address, send, shown, signed_in
from tests.server import A_REQUEST

S = Status


def typed(response: Any) -> dict[str, Any]:
    """What the browser would send back: the value of every control."""
    form = response.context["form"]
    return {name: form[name].value() for name in form.fields}


def test_rows_are_added_and_taken_away_with_everything_kept_and_an_odd_number_breaks_nothing(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    path = address(case, "offer")
    values = {name: value for name, value in OFFER.items() if name not in ("answer-2", "send", "anyway")}
    more = send(client, path, values | {"add": "1"})
    assert more.status_code == 200
    assert "error-summary" not in shown(more)
    kept = typed(more)
    assert all(str(kept[name]) == value for name, value in values.items() if name != "rows")
    assert kept["rows"] == "2"
    assert kept["promise-2-what"] is None
    second = {"kind": "apology", "what": "书面道歉", "after": "1", "days_after": "2", "owed_by": "enterprise"}
    third = {"kind": "other", "what": "回访", "after": "2", "days_after": "5", "owed_by": "enterprise"}
    rows = {f"promise-{n}-{name}": value for n, row in ((2, second), (3, third)) for name, value in row.items()}
    less = typed(send(client, path, values | rows | {"rows": "3", "remove": "1"}))
    assert (less["rows"], less["promise-1-what"], less["promise-2-what"]) == ("2", "书面道歉", "回访")
    assert (less["promise-2-after"], less["promise-2-days_after"]) == ("1", "5")
    assert less["reason-2"] == OFFER["reason-2"]
    assert less["message"] == OFFER["message"]
    none = send(client, path, values | {"remove": "1"})
    assert typed(none)["rows"] == "0"
    assert "没有要做到的事" in shown(none)
    assert not Offer.objects.exists()
    for odd in ("", "x", "-1", "999", "99999999999", "1.5"):
        for button in ("add", "remove", "preview"):
            assert send(client, address(case, "offer"), OFFER | {"rows": odd, button: odd}).status_code in (200, 422)
        assert not Offer.objects.exists()


def test_the_preview_is_what_the_consumer_will_see_and_the_offer_is_written_as_typed(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    page = send(client, address(case, "offer"), {**OFFER, "preview": "1"})
    assert page.status_code == 200
    assert not Offer.objects.exists()
    assert page.context["preview"]["total"] == Decimal("128.50")
    card = shown(page).partition('id="preview"')[2].partition("<form")[0]
    for text in ("退还货款或服务费", "不同意", "¥128.50", "退还多扣费用", "12月7日", "退款流水"):
        assert text in card, text
    assert OFFER["reason-2"] in card
    assert OFFER["message"] in card
    assert typed(page)["promise-1-what"] == "退还多扣费用"
    bare = send(client, address(case, "offer"), {**OFFER, "rows": "0", "preview": "1"})
    assert "没有写明要做到的事和最后一天" in shown(bare)
    assert send(client, address(case, "offer"), OFFER).status_code == 302
    offer = Offer.objects.get()
    answers = [
        (row.demand.ordinal, row.verdict, row.amount, row.reason)
        for row in OfferAnswer.objects.select_related("demand")
    ]
    assert answers == [(1, "grant", Decimal("128.50"), ""), (2, "refuse", None, OFFER["reason-2"])]
    promise = Obligation.objects.get()
    expected = ("退还多扣费用", Decimal("128.50"), "2026-12-07", "退款流水", offer)
    assert (promise.what, promise.amount, str(promise.due_on), promise.proof, promise.offer) == expected
    case.refresh_from_db()
    assert case.status == S.AWAITING_CONSUMER


WRONG: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"answer-1": "perhaps"}, "answer-1", "请从列出的选项中选一项"),
    ({"answer-1": "part", "amount-1": "", "reason-1": "合同约定只能退三个月。"}, "amount-1", "部分同意时请填金额"),
    ({"answer-1": "part", "amount-1": "0", "reason-1": "合同约定只能退三个月。"}, "amount-1", "请选“不同意”"),
    ({"answer-1": "grant", "amount-1": "100"}, "amount-1", "请选“部分同意”"),
    ({"amount-1": "很多"}, "amount-1", "金额请填数字"),
    ({"amount-1": "-5"}, "amount-1", "金额请填数字"),
    ({"amount-1": "1.005"}, "amount-1", "金额请填数字"),
    ({"amount-1": "NaN"}, "amount-1", "金额请填数字"),
    ({"amount-1": "1e400"}, "amount-1", "金额请填数字"),
    ({"amount-1": "1e3"}, "amount-1", "金额请填数字"),
    ({"amount-1": "12,85"}, "amount-1", "金额请填数字"),
    (
        {"answer-1": "part", "amount-1": "128.51", "reason-1": "合同约定只能退三个月。"},
        "amount-1",
        "多于消费者要求的金额",
    ),
    ({"reason-2": "不行"}, "reason-2", "至少10个字"),
    ({"reason-2": "字" * 1001}, "reason-2", "最多1000个字"),
    ({"promise-1-kind": ""}, "promise-1-kind", "请从列出的选项中选一项"),
    ({"promise-1-kind": "gold"}, "promise-1-kind", "请从列出的选项中选一项"),
    ({"promise-1-what": " "}, "promise-1-what", "请填写这一项"),
    ({"promise-1-amount": ""}, "promise-1-amount", "金额请填数字"),
    ({"promise-1-due_on": ""}, "promise-1-due_on", "请写明最后一天"),
    ({"promise-1-due_on": "2026-11-10"}, "promise-1-due_on", "这一天已经过去"),
    ({"promise-1-due_on": "2026-02-30"}, "promise-1-due_on", "日期请写成"),
    ({"promise-1-last4": "66"}, "promise-1-last4", "末4位"),
    ({"promise-1-owed_by": "nobody"}, "promise-1-owed_by", "请从列出的选项中选一项"),
    ({"message": "字" * 4001}, "message", "最多4000个字"),
)


def test_bad_input_is_named_and_kept_and_an_unanswered_demand_cannot_be_sent(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    for changed, field, words in WRONG:
        text = OFFER | changed
        response = send(client, address(case, "offer"), text)
        assert response.status_code == 422
        errors = response.context["form"].errors
        assert list(errors) == [field]
        assert words in str(errors[field])
        kept = typed(response)
        assert {name: kept[name] for name in kept if name in text} == {
            name: text[name] for name in kept if name in text
        }
        assert not Offer.objects.exists()
    for gone in ("answer-1", "answer-2"):
        values = {name: value for name, value in OFFER.items() if name != gone}
        response = send(client, address(case, "offer"), values)
        assert response.status_code == 422
        assert f"还没有答复第{gone[-1]}项诉求，每一项都要答复。" in shown(response)
        assert f'href="#id_{gone}_0"' in shown(response)
        assert not Offer.objects.exists()


def test_full_width_digits_and_commas_are_understood(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    text = OFFER | {"promise-1-amount": "１，２８０.５０", "amount-1": "¥1,280.50"}
    assert send(client, address(case, "offer"), text).status_code == 302
    assert Obligation.objects.get().amount == OfferAnswer.objects.get(demand__ordinal=1).amount == Decimal("1280.50")


def test_a_better_offer_replaces_the_one_on_the_table(world: World) -> None:
    case, client = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.ming)
    page = client.get(address(case, "replace"))
    first = {name: "" if value is None else value for name, value in typed(page).items()} | {"anyway": "no_contact:"}
    assert (first["answer-1"], str(first["amount-1"]), first["promise-1-what"]) == ("grant", "128.50", "退还多扣费用")
    worse = send(
        client,
        address(case, "replace"),
        first | {"answer-2": "refuse", "reason-2": "想了想还是不能退订这一项。", "send": "1", "separable-1": "on"},
    )
    assert worse.status_code == 422
    assert "不能比原来差" in shown(worse)
    better = send(client, address(case, "replace"), first | {"promise-1-amount": "150", "send": "1"})
    assert better.status_code == 302, better.context["form"].errors
    assert [o.state for o in Offer.objects.order_by("number")] == ["superseded", "open"]
    assert "replace" not in shown(client.get(address(case))).partition("可以做的步骤")[2].partition("</nav>")[0]


def test_the_page_asks_a_fixed_number_of_queries(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.ming)
    for status in (S.NEGOTIATING, S.PERFORMING):
        case = given.a_complaint(world, status=status)
        client.get(address(case))
        with django_assert_num_queries(CASE_QUERIES):
            assert client.get(address(case)).status_code == 200


#: Exactly so many, whatever the case holds: the case, all that hangs on it, rules and calendar 3; the consumer's
#: earlier cases and similar ones 3; who else has it open 1; who asks (session, person, roles, jobs) 4. The goal is 15.
CASE_QUERIES = 3 + 3 + 1 + 4 + A_REQUEST


@pytest.mark.django_db(transaction=True)
def test_twice_at_once_makes_one_offer(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    answers: list[int] = []
    ready = threading.Barrier(2)

    def press() -> None:
        try:
            client = signed_in(world.ming)
            ready.wait(PATIENCE)
            answers.append(send(client, address(case, "offer"), OFFER, key="pressed-twice-at-once").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(answers) in ([302, 302], [302, 409])
    assert Offer.objects.filter(complaint=case).count() == 1


def test_a_row_in_which_nobody_wrote_promises_nothing() -> None:
    """The editor begins with one; whoever refuses everything, or clears a row, leaves it empty."""
    typed = {
        "rows": "3",
        "promise-1-what": " ",
        "promise-1-owed_by": "enterprise",
        "promise-2-what": "退款",
        "promise-2-due_on": "2026-12-20",
        "promise-3-what": "再寄回",
        "promise-3-after": "2",
        "promise-3-days_after": "3",
    }
    assert without_blank_rows(typed) == {
        "rows": "2",
        "promise-1-what": "退款",
        "promise-1-due_on": "2026-12-20",
        "promise-2-what": "再寄回",
        "promise-2-after": "1",
        "promise-2-days_after": "3",
    }
    assert without_blank_rows({"rows": "x"}) == {"rows": "x"}
