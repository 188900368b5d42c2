"""Which articles a step or a clock rests on: shown beside the page on which it is decided.

Only what the procedure itself cites; an article that does not stand in the law's table fails a test.
"""

from __future__ import annotations

from authorities.law import Article, article

_ORDER, _CONSUMER = "order121", "consumer"

#: Step or "clock:<name>" → articles of Order 121, and of the consumer law. How days are counted (art. 45) stands on the
#: page of each date anyway.
CITED: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "assign_authority": ((13, 14, 41), ()),
    "redirect": ((34, 44), ()),
    "return_to_intake": ((41,), ()),
    "request_material": ((10, 11), ()),
    "accept": ((13, 14, 15), (46,)),
    "refuse": ((16, 17, 15), (39,)),
    "dispute_jurisdiction": ((33,), ()),
    "schedule_session": ((18, 20), ()),
    "record_session": ((20, 21), ()),
    "decide_recusal": ((21,), ()),
    "order_appraisal": ((22,), ()),
    "end_appraisal": ((22,), ()),
    "delegate_mediation": ((19,), ()),
    "recall_mediation": ((19,), ()),
    "invite_body": ((19,), ()),
    "record_agreement": ((24, 25), ()),
    "terminate": ((23, 25), (39,)),
    "split_report": ((9, 37), ()),
    "refer_to_police": ((42,), ()),
    "open_lead": ((27,), ()),
    "extend_lead": ((27,), ()),
    "close_lead": ((27, 37), ()),
    "answer_objection": ((25,), (39,)),
    "serve_notice": ((15, 23), ()),
    "confirm_power": ((11,), ()),
    "clock:forwarding": ((41,), ()),
    "clock:review": ((15,), (46,)),
    "clock:material": ((10,), ()),
    "clock:mediation": ((22, 23), ()),
    "clock:notice": ((15, 23), ()),
    "clock:jurisdiction": ((33,), ()),
    "clock:lead": ((27,), ()),
    "clock:suspension": ((21, 22), ()),
    "clock:negotiation": ((6, 18), ()),
}


def cited_by(what: str) -> list[Article]:
    """In the order in which they are read; nothing for what rests on an agreement or a platform's rule."""
    order, consumer = CITED.get(what, ((), ()))
    return [*(article(number, _ORDER) for number in order), *(article(number, _CONSUMER) for number in consumer)]
