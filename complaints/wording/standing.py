"""The sentences of the duty strip: what is the case waiting for, and what if nobody moves.

The one rule: each situation has a sentence for everybody (key ``""``) in both languages; a side
whose turn it is gets one of its own. Slots: {who} holder with person, {enterprise}, {authority},
{day} last day, {what} the matter owed, {reason}.
"""

from __future__ import annotations

Pair = tuple[str, str]

SENTENCES: dict[str, dict[str, Pair]] = {
    "draft": {"": ("草稿，还没有提交。", "A draft, not filed yet.")},
    "filed": {"": ("已提交，正在转给负责答复的单位。", "Filed. We are passing it to whoever must answer.")},
    "triage": {
        "": ("{authority}正在确定由谁处理，{day}分送。", "{authority} is deciding who handles it, by {day}."),
        "authority": ("轮到您了：请在{day}分送。", "Your turn: say who handles it by {day}."),
    },
    "consent": {
        "": ("正在征求消费者同意转交企业，{day}答复。", "The consumer is asked for consent to hand it over, by {day}."),
        "consumer": (
            "轮到您了：请在{day}说明是否同意转交企业。",
            "Your turn: say by {day} whether the enterprise may have it.",
        ),
    },
    "with_enterprise": {
        "": ("已送达{enterprise}，须在{day}受理。", "Delivered to {enterprise}; it must accept by {day}."),
        "enterprise": ("轮到您了：请在{day}受理。", "Your turn: take the case on by {day}."),
    },
    "negotiating": {
        "": ("{who}正在与消费者协商，须在{day}有结果。", "{who} is on it; a result is due by {day}."),
        "consumer": ("{who}正在与您协商，须在{day}有结果。", "{who} is on it; a result is due by {day}."),
        "enterprise": (
            "正在与消费者协商，须在{day}有结果。",
            "Negotiating with the consumer; a result is due by {day}.",
        ),
    },
    "question": {
        "": (
            "消费者就方案提了问题，{who}须在{day}回答。",
            "There is a question about the offer; {who} must answer by {day}.",
        ),
        "consumer": (
            "您就方案提了问题，{who}须在{day}回答。",
            "You asked about the offer; {who} must answer by {day}.",
        ),
        "enterprise": (
            "轮到您了：消费者就方案提了问题，请在{day}回答。",
            "Your turn: there is a question about the offer. Answer by {day}.",
        ),
    },
    "unreachable": {
        "": (
            "企业联系不上消费者，等消费者在{day}回应。",
            "The enterprise cannot reach the consumer, who has until {day}.",
        ),
        "consumer": (
            "轮到您了：企业说联系不上您，请在{day}回应。",
            "Your turn: the enterprise cannot reach you. Reply by {day}.",
        ),
    },
    "awaiting_consumer": {
        "": ("企业提出了方案，等消费者在{day}答复。", "There is an offer; the consumer has until {day} to answer."),
        "consumer": ("轮到您了：企业提出了方案，请在{day}答复。", "Your turn: there is an offer. Answer by {day}."),
    },
    "performing": {
        "": ("已达成一致，{enterprise}须在{day}{what}。", "Agreed. {enterprise} must {what} by {day}."),
        "enterprise": ("轮到您了：请在{day}{what}。", "Your turn: {what} by {day}."),
    },
    "performing_by_consumer": {
        "": ("已达成一致，消费者须在{day}{what}。", "Agreed. The consumer must {what} by {day}."),
        "consumer": ("轮到您了：请在{day}{what}。", "Your turn: {what} by {day}."),
    },
    "performing_answer": {
        "": (
            "履行期限已过，请双方在{day}说明是否已履行。",
            "The time to perform is over; both sides are asked by {day}.",
        ),
        "consumer": (
            "履行期限已过，请在{day}说明是否已收到。",
            "The time to perform is over. Say by {day} whether it was done.",
        ),
        "enterprise": (
            "轮到您了：履行期限已过，请在{day}出示履行凭证。",
            "Your turn: the time to perform is over. Show by {day} that it was done.",
        ),
    },
    "performing_confirm": {
        "": ("企业报告已履行，等消费者在{day}确认。", "Reported done; the consumer has until {day} to confirm."),
        "consumer": (
            "轮到您了：企业说已经履行，请在{day}确认。",
            "Your turn: it is said to be done. Confirm by {day}.",
        ),
    },
    "review": {
        "": ("{authority}正在审查，{day}告知是否受理。", "{authority} will say by {day} if it accepts the case."),
        "authority": ("轮到您了：请在{day}决定是否受理并告知。", "Your turn: decide by {day} and tell the consumer."),
    },
    "awaiting_material": {
        "": ("等消费者在{day}补充材料。", "The consumer has until {day} to send material."),
        "consumer": ("轮到您了：请在{day}补充材料。", "Your turn: send the material by {day}."),
    },
    "mediating": {
        "": ("已受理，{authority}正在调解，{day}结束。", "Accepted. {authority} is mediating, until {day} at most."),
        "authority": ("正在调解，须在{day}结束。", "In mediation, until {day} at most."),
    },
    "mediation_suspended": {
        "": ("调解中止（{reason}），调解期限照常计算。", "Mediation suspended ({reason}); the clock runs on.")
    },
    "mediation_paused": {
        "": ("调解中止（{reason}），期限暂停。", "Mediation suspended ({reason}); the clock has stopped.")
    },
    "objection": {
        "": (
            "消费者提出了异议，{authority}须在{day}答复。",
            "There is an objection; {authority} must answer by {day}.",
        ),
        "consumer": ("您提出了异议，{authority}须在{day}答复。", "You objected; {authority} must answer by {day}."),
        "authority": ("轮到您了：请在{day}答复异议。", "Your turn: answer the objection by {day}."),
    },
    "settled": {
        "": ("已办结：和解成功，消费者已确认。", "Closed: settled, and the consumer confirmed it."),
        "consumer": ("已办结：和解成功，您已确认。", "Closed: settled, as you confirmed."),
    },
    "unconfirmed": {
        "": (
            "消费者未答复，案件已办结，但不算和解成功。",
            "Closed without the consumer's answer; not counted as settled.",
        ),
        "consumer": ("您未答复，案件已办结，但不算和解成功。", "Closed without your answer; not counted as settled."),
    },
    "settled_elsewhere": {"": ("已办结：双方另行和解。", "Closed: settled elsewhere.")},
    "negotiation_failed": {
        "": ("协商未成，案件已办结。", "Closed without a settlement."),
        "consumer": ("协商未成，您可以一键转交监管部门。", "No settlement. Pass it to the regulator in one step."),
    },
    "mediated": {"": ("已办结：调解成功。", "Closed: settled in mediation.")},
    "not_kept": {
        "": ("调解协议没有履行，案件已办结。", "Closed: the mediated agreement was not kept."),
        "consumer": (
            "调解协议没有履行，您可以向法院起诉或者申请司法确认。",
            "The agreement was not kept. You may sue or have it confirmed by a court.",
        ),
    },
    "mediation_terminated": {
        "": ("调解已终止，争议可以通过其他途径解决。", "Mediation has ended; other ways remain open.")
    },
    "refused": {
        "": (
            "{authority}没有受理，争议可以通过其他途径解决。",
            "{authority} did not accept it; other ways remain open.",
        )
    },
    "redirected": {"": ("这件事由其他部门办理，已告知途径。", "Another body handles this; the way was named.")},
    "withdrawn": {
        "": ("投诉已撤回，案件已办结。", "The complaint was withdrawn."),
        "consumer": ("您已撤回投诉，案件已办结。", "You withdrew the complaint."),
    },
}

#: Instead of the sentence, when the last day has passed and somebody still owes it.
OVERDUE: Pair = ("已逾期：应于{day}完成，仍须由{who}办理。", "Overdue: it was due by {day} and still lies with {who}.")
#: Instead of the sentence, when no clock runs.
NO_CLOCK: Pair = ("现在由{who}办理，目前没有期限。", "It lies with {who}; no time limit runs.")
NOBODY: Pair = ("没有人需要办理", "nobody must act")

#: What happens by itself when the clock runs out; stands after "逾期：" or below that heading.
IF_MISSED: dict[str, Pair] = {
    "forwarding_filed": ("自动转人工分送，并记为逾期。", "An officer takes it over by hand, and it is marked late."),
    "forwarding": ("报上级机关督促，并记为逾期。", "A superior authority is told; it is marked late."),
    "acceptance": (
        "记为逾期受理并告知双方；协商期限照常计算。",
        "Marked late and told to both; the time to settle runs on.",
    ),
    "negotiation": (
        "自动转{authority}审查，无需重新投诉。",
        "It moves to {authority} by itself; no need to file again.",
    ),
    "negotiation_ends": (
        "按和解不成办结；仍可一键转交监管部门。",
        "It closes without a settlement; it can still be passed to the regulator in one step.",
    ),
    "confirmation": ("不答复将办结，但不算和解成功。", "Without an answer it closes, not counted as settled."),
    "confirmation_goes_on": (
        "不答复，这次和解不算成功，自动转{authority}审查。",
        "Without an answer it is not settled and moves to {authority} by itself.",
    ),
    "confirmation_of_performance": (
        "不确认，这一项记为“未获确认”，不算和解成功。",
        "Without confirmation it counts as not confirmed, never as settled.",
    ),
    "performance": (
        "请双方说明；没有履行的，转{authority}审查。",
        "Both are asked; if not done, it moves to {authority}.",
    ),
    "performance_by_consumer": (
        "在此之前，企业之后的义务暂缓，不算企业违约。",
        "Until then what the enterprise owes next is held back; it is no breach.",
    ),
    "performance_mediated": (
        "请双方说明；没有履行的，消费者可以起诉或者申请司法确认。",
        "Both are asked; if not done, the consumer may sue or have the agreement confirmed by a court.",
    ),
    "performance_answer": (
        "记为没有兑现，自动转{authority}审查。",
        "It counts as broken and moves to {authority} by itself.",
    ),
    "performance_answer_mediated": (
        "记为没有兑现；消费者可以起诉或者申请司法确认。",
        "It counts as broken; the consumer may sue or have the agreement confirmed by a court.",
    ),
    "review": (
        "报上级机关督促，并记为逾期；不会视为受理。",
        "A superior authority is told; it is never deemed accepted.",
    ),
    "material": ("按现有材料审查，可能不予受理。", "It is judged as it is and may not be accepted."),
    "mediation": (
        "报上级机关；没有协议的，终止调解。",
        "A superior authority is told; without agreement mediation ends.",
    ),
    "suspension": ("每个工作日提醒，并报上级机关。", "A reminder each working day; a superior authority is told."),
    "notice": ("报上级机关督促。", "A superior authority is told."),
    "jurisdiction": ("由共同上级机关决定。", "The common superior decides."),
    "lead": ("报上级机关督促。", "A superior authority is told."),
    "instruction": ("报上级机关督促，并记入案件。", "A superior authority is told; it stays in the record."),
    "consent": ("视为不同意，由{authority}自己办理。", "No answer is no consent: {authority} handles it itself."),
    "settled_elsewhere": (
        "消费者不答复，这一说法失效；企业不答复，以消费者的说法为准。",
        "If the consumer is silent the claim falls; if the enterprise is, the consumer's word stands.",
    ),
    "answer": ("方案重新等消费者答复。", "The offer lies with the consumer again."),
    "answer_by_consumer": ("企业可以报告协商未成。", "The enterprise may report that no settlement was found."),
    "return": ("报上级机关督促；协商期限照常计算。", "A superior authority is told; the time to settle runs on."),
    "objection": ("报上级机关督促。", "A superior authority is told."),
    "heirs": ("无人接续的，案件办结，不作认定。", "If nobody comes forward it closes without a finding."),
}

#: The clock of a question to the office, beside which "instruction" would be another one's word.
OFFICE_ANSWER: Pair = ("监管部门答复咨询", "The authority's answer")

#: What a paused clock waits for, by clock; "" is for any other.
PAUSED_FOR: dict[str, Pair] = {
    "negotiation": ("消费者答复方案", "the consumer to answer the offer"),
    "negotiation_returned": ("监管部门重新分送", "the authority to forward it again"),
    "review": ("企业在监督下和解", "the enterprise to settle under supervision"),
    "review_triage": ("监管部门分送", "the authority to assign it"),
    "mediation": ("鉴定机构出具结果", "the laboratory to report"),
    "performance": ("消费者先履行自己的部分", "the consumer to do their part first"),
    "": ("另一方办理", "the other side to act"),
}

PERFORM_YOURS: Pair = ("履行承诺", "keep your promise")
PERFORM: Pair = ("履行承诺", "keep its promise")
PERFORM_OWN: Pair = ("履行自己的部分", "do their part")
KEEP_YOURS: Pair = ("履行您的部分", "do your part")

CHIPS: dict[str, Pair] = {
    "left": ("还剩{n}，{day}", "due in {n}, {day}"),
    "last_day": ("{day}", "due by {day}"),
    "today": ("今天24:00前", "due today, by midnight"),
    "overdue": ("已逾期{n}，应于{day}完成", "{n} overdue, was due {day}"),
    "just_overdue": ("已逾期，应于{day}完成", "overdue, was due {day}"),
    "paused": ("计时暂停：等{what}", "clock paused: waiting for {what}"),
    "met": ("已按期完成", "done in time"),
    "met_late": ("逾期完成", "done late"),
    "ended": ("已结束", "no longer runs"),
    "none": ("没有期限", "no time limit"),
    "provisional": ("暂定：{year}年放假安排公布后重算", "provisional until {year} holidays are published"),
}
