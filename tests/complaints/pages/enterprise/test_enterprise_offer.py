"""The offer editor: every demand answered, rows come and go without a script, nothing typed is lost."""

import threading
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection

from complaints.forms.offer_values import of_before
from complaints.forms.promise_rows import without_blank_rows
from complaints.handling.steps import enterprise
from complaints.models import HandlingStep, Obligation, Offer, OfferAnswer, OfferDraft
from complaints.privacy import erasing
from complaints.procedure.workflow import Status as S
from complaints.settlement import offer_terms
from database import row_security
from tests import at_once, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import (
    OFFER,
    address,
    checked,
    moved_to_telecom,
    send,
    sent_anyway,
    shown,
    signed_in,
)
from tests.server import A_REQUEST


def typed(response: Any) -> dict[str, Any]:
    """What the browser would send back: the value of every control."""
    form = response.context["form"]
    return {name: form[name].value() for name in form.fields}


def test_rows_come_and_go_with_everything_kept_and_the_page_shows_what_the_consumer_will_read(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    path = address(case, "offer")
    values = {name: value for name, value in OFFER.items() if name not in ("answer-2", "send", "anyway")}
    more = send(client, path, values | {"add": "1"})
    assert (more.status_code, "error-summary" in shown(more)) == (200, False)
    kept = typed(more)
    assert all(str(kept[name]) == value for name, value in values.items() if name != "rows")
    assert (kept["rows"], kept["more-1-what"]) == ("1", None)
    first = {"kind": "apology", "what": "书面道歉", "after": "d1", "days_after": "2", "owed_by": "enterprise"}
    second = {"kind": "other", "what": "回访", "after": "1", "days_after": "5", "owed_by": "enterprise"}
    rows = {f"more-{n}-{name}": value for n, row in ((1, first), (2, second)) for name, value in row.items()}
    less = typed(send(client, path, values | rows | {"rows": "2", "after-1": "2", "remove": "1"}))
    assert (less["rows"], less["more-1-what"], less["more-1-after"]) == ("1", "回访", "")
    assert (less["after-1"], less["more-1-days_after"]) == ("1", "5")
    assert (less["reason-2"], less["message"]) == (OFFER["reason-2"], OFFER["message"])
    assert not Offer.objects.exists()
    for odd in ("", "x", "-1", "999", "99999999999", "1.5"):
        for button in ("add", "remove", "preview"):
            assert send(client, address(case, "offer"), OFFER | {"rows": odd, button: odd}).status_code in (200, 422)
        assert not Offer.objects.exists()
    page = send(client, path, {**OFFER, "preview": "1"})
    card = checked(page, 200).partition('id="preview"')[2].partition("</aside>")[0]
    assert (Offer.objects.count(), page.context["card"]["total"]) == (0, Decimal("128.50"))
    assert not missing_in(card, "退还货款或服务费", "不同意", "¥128.50", "退还多扣费用", "12月7日", "退款流水")
    assert not missing_in(card, OFFER["reason-2"], OFFER["message"], "接受同意的部分")
    assert "发送后有1项约定 · ¥128.50 · 最晚12月7日（周一）" in shown(page)
    unpaid = send(client, path, {**OFFER, "kind-1": "apology", "preview": "1"})
    checked(unpaid, 422, "第1项要求同意了¥128.50，约定要付的只有¥0.00：还差¥128.50。", 'href="#id_answer-1_0"')
    assert send(client, path, OFFER).status_code == 302
    offer, answers = Offer.objects.get(), OfferAnswer.objects.select_related("demand")
    assert [(row.demand.ordinal, row.verdict, row.amount, row.reason) for row in answers] == [
        (1, "grant", Decimal("128.50"), ""),
        (2, "refuse", None, OFFER["reason-2"]),
    ]
    promise = Obligation.objects.get()
    expected = ("退还多扣费用", Decimal("128.50"), "2026-12-07", "退款流水", offer)
    assert (promise.what, promise.amount, str(promise.due_on), promise.proof, promise.offer) == expected
    assert reloaded(case).status == S.AWAITING_CONSUMER


def test_a_verdict_is_enough_the_sum_the_way_and_the_day_stand_in_its_line(world: World) -> None:
    """Whoever grants types nothing; what a refusal leaves in its line promises nothing."""
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    opened = {
        name: "" if value is None else str(value) for name, value in typed(client.get(address(case, "offer"))).items()
    }
    assert (opened["amount-1"], opened["kind-1"], opened["kind-2"]) == ("128.50", "original_channel", "service_change")
    # Five working days after Wednesday 11 November.
    assert opened["due_on-1"] == opened["due_on-2"] == "2026-11-18"
    both = opened | {"answer-1": "grant", "answer-2": "grant", "anyway": "no_contact:", "send": "1"}
    assert send(client, address(case, "offer"), both).status_code == 302
    rows = Obligation.objects.order_by("ordinal")
    assert [(row.kind, row.what, row.amount, str(row.due_on)) for row in rows] == [
        ("original_channel", "退还货款或服务费", Decimal("128.50"), "2026-11-18"),
        ("service_change", "退订业务", None, "2026-11-18"),
    ]
    assert [row.answers_demand.ordinal for row in rows if row.answers_demand] == [1, 2]
    other = given.a_complaint(world, status=S.NEGOTIATING)
    refused = {f"answer-{n}": "refuse" for n in (1, 2)} | {f"reason-{n}": OFFER["reason-2"] for n in (1, 2)}
    sent = send(client, address(other, "offer"), both | refused | {"amount-1": "很多", "anyway": "no_contact:"})
    assert sent.status_code == 302
    assert Offer.objects.get(complaint=other).grants_nothing


def test_the_consumer_does_something_first_and_in_turn_nobody_waits_for_himself(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    back = {"kind": "return_by_consumer", "what": "寄回光猫", "due_on": "2026-11-20", "owed_by": "consumer"}
    row = {"rows": "1"} | {f"more-1-{name}": value for name, value in back.items()}
    waits = row | {"after-1": "1", "days_after-1": "3"}
    circle = OFFER | waits | {"more-1-after": "d1", "more-1-days_after": "2"}
    checked(send(client, address(case, "offer"), circle), 422, "两项互相等", 'href="#id_after-1"')
    refused = OFFER | row | {"more-1-after": "d2", "more-1-days_after": "2"}
    checked(send(client, address(case, "offer"), refused), 422, "要排在它后面的那一项没有约定")
    # What the rule names by its place is shown where it was typed.
    late = send(client, address(case, "offer"), OFFER | row | {"more-1-last4": "66"})
    assert list(late.context["form"].errors) == ["more-1-last4"]
    assert send(client, address(case, "offer"), OFFER | waits).status_code == 302
    rows = list(Obligation.objects.order_by("ordinal"))
    assert [row.owed_by for row in rows] == ["consumer", "enterprise"]
    assert (rows[1].after_ordinal, rows[1].days_after, rows[1].due_on) == (rows[0].ordinal, 3, None)


REASON, NO_NUMBER, NO_CHOICE = "合同约定只能退三个月。", "金额请填数字", "请从列出的选项中选一项"
WRONG: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"answer-1": "perhaps"}, "answer-1", NO_CHOICE),
    ({"answer-1": "part", "amount-1": "", "reason-1": REASON}, "amount-1", "部分同意时请填金额"),
    ({"answer-1": "part", "amount-1": "0", "reason-1": REASON}, "amount-1", "请选“不同意”"),
    ({"answer-1": "part", "amount-1": "128.51", "reason-1": REASON}, "amount-1", "多于消费者要求的金额"),
    ({"answer-1": "part", "amount-1": "128.50", "reason-1": REASON}, "amount-1", "和消费者要求的一样多"),
    ({"amount-1": "100"}, "amount-1", "请选“部分同意”"),
    *(({"amount-1": n}, "amount-1", NO_NUMBER) for n in ("", "很多", "-5", "1.005", "NaN", "1e400", "1e3", "12,85")),
    ({"reason-2": "不行"}, "reason-2", "至少10个字"),
    ({"reason-2": "字" * 1001}, "reason-2", "最多1000个字"),
    ({"kind-1": ""}, "kind-1", "请选怎样做到"),
    ({"kind-1": "gold"}, "kind-1", NO_CHOICE),
    ({"due_on-1": ""}, "due_on-1", "请写明最后一天"),
    ({"due_on-1": "2026-11-10"}, "due_on-1", "这一天已经过去"),
    ({"due_on-1": "2026-02-30"}, "due_on-1", "日期请写成"),
    ({"last4-1": "66"}, "last4-1", "末4位"),
    ({"is_done-1": "on", "due_on-1": "", "proof-1": ""}, "proof-1", "请写明证明"),
    ({"message": "字" * 4001}, "message", "最多4000个字"),
)


def test_bad_input_is_named_and_kept_and_full_width_digits_and_commas_are_understood(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    for changed, field, words in WRONG:
        text = OFFER | changed
        response = send(client, address(case, "offer"), text)
        errors = response.context["form"].errors
        assert (response.status_code, list(errors), words in str(errors[field])) == (422, [field], True)
        kept = typed(response)
        assert [(name, kept[name]) for name in kept if name in text and kept[name] not in (text[name], True)] == []
        assert not Offer.objects.exists()
    for gone in ("answer-1", "answer-2"):
        response = send(client, address(case, "offer"), {name: OFFER[name] for name in OFFER if name != gone})
        checked(response, 422, f"还没有答复第{gone[-1]}项要求，每一项都要答复。", f'href="#id_{gone}_0"')
        assert not Offer.objects.exists()
    text = OFFER | {"amount-1": "￥１，２８０.５０"}
    assert send(client, address(case, "offer"), text).status_code == 302
    assert Obligation.objects.get().amount == OfferAnswer.objects.get(demand__ordinal=1).amount == Decimal("1280.50")


def test_a_better_offer_replaces_the_one_on_the_table(world: World) -> None:
    case, client = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.ming)
    page = client.get(address(case, "replace"))
    first = {name: "" if value is None else value for name, value in typed(page).items()} | {"anyway": "no_contact:"}
    assert (first["answer-1"], str(first["amount-1"]), first["what-1"]) == ("grant", "128.50", "退还多扣费用")
    less = {"answer-1": "part", "amount-1": "100", "reason-1": "想了想只能退还其中一部分。"}
    values = first | less | {"send": "1", "separable-1": "on"}
    checked(sent_anyway(client, address(case, "replace"), values), 422, "不能比原来差")
    better = sent_anyway(client, address(case, "replace"), first | {"amount-1": "150", "send": "1"})
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
#: earlier cases and similar ones 3; who else has it open 1; who asks (session with person, roles, jobs) 3. Goal: 15.
CASE_QUERIES = 3 + 3 + 1 + 3 + A_REQUEST


@pytest.mark.django_db(transaction=True)
def test_twice_at_once_makes_one_offer_and_of_two_first_savings_both_go_through(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    engagement, both = case.engagements.get(), threading.Barrier(2)

    def keep(text: str) -> bool:
        with row_security.seeing_as(world.ming, day=NOW.date(), is_at_job=True):
            draft: dict[str, Any] = {"step": "make_offer", "typed": {"message": text}}
            is_kept = offer_terms.keep_draft(case, engagement, user=world.ming, now=NOW, **draft)
            # Nobody commits before the other has looked.
            with suppress(threading.BrokenBarrierError):
                both.wait(timeout=0.5)
        return is_kept

    assert at_once(partial(keep, "甲"), partial(keep, "乙")) == [True, True]
    assert OfferDraft.objects.get().typed["fields"]["message"] in ("甲", "乙")
    clients = [signed_in(world.ming) for _ in range(2)]
    pressed = (partial(send, client, address(case, "offer"), OFFER, key="pressed-twice-at-once") for client in clients)
    assert sorted(answer.status_code for answer in at_once(*pressed)) in ([302, 302], [302, 409])
    assert Offer.objects.filter(complaint=case).count() == 1


def test_a_row_in_which_nobody_wrote_promises_nothing() -> None:
    """The editor begins with one; whoever refuses everything, or clears a row, leaves it empty."""
    typed = {"rows": "3", "promise-1-what": " ", "promise-1-owed_by": "enterprise", "promise-2-what": "退款"}
    typed |= {"promise-2-due_on": "2026-12-20", "promise-3-what": "再寄回"}
    expected = {"rows": "2", "promise-1-what": "退款", "promise-1-due_on": "2026-12-20", "promise-2-what": "再寄回"}
    more = {"promise-3-after": "2", "promise-3-days_after": "3"}
    assert without_blank_rows(typed | more) == expected | {"promise-2-after": "1", "promise-2-days_after": "3"}
    assert without_blank_rows({"rows": "x"}) == {"rows": "x"}


def test_a_draft_of_former_days_keeps_its_promise_in_the_line_of_the_demand() -> None:
    old = {"answer-1": "grant", "amount-1": "128.50", "rows": "2", "promise-1-kind": "transfer", "message": "您好。"}
    old |= {"promise-1-amount": "128.50", "promise-1-due_on": "2026-12-07", "promise-1-owed_by": "enterprise"}
    old |= {
        "promise-2-what": "寄回",
        "promise-2-owed_by": "consumer",
        "promise-2-after": "1",
        "promise-2-days_after": "3",
    }
    found = of_before(old)
    line = {"answer-1": "grant", "amount-1": "128.50", "kind-1": "transfer", "due_on-1": "2026-12-07"}
    row = {"rows": "1", "more-1-what": "寄回", "more-1-after": "d1", "more-1-days_after": "3"}
    assert {name: found[name] for name in line | row} == line | row
    assert of_before({"amount-1": "5"}) == {"amount-1": "5"}


NOW = WEDNESDAY + timedelta(hours=3)
HALF = {name: value for name, value in OFFER.items() if name not in ("answer-2", "send", "anyway")} | {"save": "1"}


def test_a_draft_waits_without_a_script_seen_by_nobody_else_nor_at_the_next_firm(world: World) -> None:
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    path, steps = address(case, "offer"), HandlingStep.objects.count()
    assert "error-summary" not in checked(send(ming, path, HALF), 200, "草稿已保存 11月11日 13:00")
    page = ming.get(path)
    checked(page, 200, "草稿已保存 11月11日 13:00")
    form = page.context["form"]
    assert (form["reason-2"].value(), form["what-1"].value()) == (OFFER["reason-2"], "退还多扣费用")
    assert (form.count, form["answer-1"].value()) == (0, "grant")
    assert HandlingStep.objects.count() == steps
    # The newest counts; and it can be thrown away.
    send(ming, path, HALF | {"message": "改了主意。"})
    assert ming.get(path).context["form"]["message"].value() == "改了主意。"
    assert send(ming, path, {"forget": "1"}).status_code == 302
    assert "丢掉草稿" not in shown(ming.get(path))
    assert not OfferDraft.objects.exists()
    send(ming, path, HALF)
    assert OFFER["reason-2"] not in shown(signed_in(world.lead).get(path)).partition('id="offer"')[2]
    assert send(signed_in(world.hua), path, HALF).status_code == 404
    assert send(signed_in(world.chen), path, HALF).status_code == 404
    send(signed_in(world.lead), path, HALF | {"message": "主管的草稿。"})
    assert ming.get(path).context["form"]["message"].value() == OFFER["message"]
    assert OfferDraft.objects.count() == 2
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    old = case.engagements.get()
    with row_security.seeing_as(world.ming, day=NOW.date(), is_at_job=True):
        offer_terms.keep_draft(case, old, user=world.ming, step="make_offer", typed={"message": "旧的。"}, now=NOW)
    moved_to_telecom(world, case)
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, NOW)
    path = address(case, "offer")
    assert "旧的。" not in shown(ming.get(path))
    for text in ("新的。", "更新的。"):
        assert send(ming, path, HALF | {"message": text}).status_code == 200
    assert ming.get(path).context["form"]["message"].value() == "更新的。"
    assert OfferDraft.objects.filter(complaint=case).count() == 2


def test_a_script_is_told_in_a_line_and_a_draft_is_sealed_and_goes_with_time_person_and_offer(world: World) -> None:
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)

    def saved(**changes: str) -> Any:
        text = HALF | {"idempotency_key": "kept-by-the-script"} | changes
        return ming.post(address(case, "offer"), text, headers={"Accept": "application/json"}).json()

    for _ in range(2):
        said = saved()
        assert (said["words"], said["sum"]) == ("草稿已保存 11月11日 13:00", "¥128.50 · 与要求相同")
        assert said["effect"] == "还有1项没有答复"
        assert not missing_in("\n".join(said["reads"]), "退还多扣费用", "¥128.50", OFFER["message"])
    long = saved(message="字" * offer_terms.LONGEST_DRAFT)
    assert (long["words"], long["sum"]) == ("太长，没有存为草稿。", "¥128.50 · 与要求相同")
    assert saved(message=OFFER["message"])["words"].startswith("草稿已保存")
    assert saved(**{"amount-1": "100"})["sum"] == "¥100.00 · 比要求少¥28.50"
    assert OfferDraft.objects.get().typed["fields"]["message"] == OFFER["message"]
    send(ming, address(case, "offer"), HALF)
    with connection.cursor() as cursor:
        cursor.execute("select typed from complaints_offerdraft")
        assert OFFER["reason-2"].encode() not in bytes(cursor.fetchone()[0])
    assert offer_terms.throw_away_old_drafts(now=NOW + offer_terms.DRAFTS_KEPT, limit=10) == 0
    assert offer_terms.throw_away_old_drafts(now=NOW + offer_terms.DRAFTS_KEPT + timedelta(seconds=1), limit=10) == 1
    send(ming, address(case, "offer"), HALF)
    erasing._empty_cases([case])
    assert not OfferDraft.objects.exists()
    send(ming, address(case, "offer"), HALF)
    assert send(ming, address(case, "offer"), OFFER).status_code == 302
    assert Offer.objects.count() == 1
    assert not OfferDraft.objects.exists()
    # Of another step it is no draft.
    send(ming, address(case, "replace"), HALF)
    assert OfferDraft.objects.get().typed["step"] == "replace_offer"
    assert offer_terms.kept_draft(case, user=world.ming, step="make_offer") is None
