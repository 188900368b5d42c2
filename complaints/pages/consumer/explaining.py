"""What will happen, told to a consumer before anything is pressed, where it depends on the case; what was just decided.

What was decided is read from the rows that the step left, never from what the form sent.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from authorities.jurisdiction import Jurisdiction
from complaints import wording
from complaints.pages.consumer.offer_form import answer_labels, time_is_up
from complaints.parties import powers
from complaints.procedure import deadlines
from complaints.reading.case import CasePage
from complaints.reading.case_people import demand_text
from complaints.reading.case_settlement import ObligationView, OfferView
from complaints.reading.mediation_facts import promise_lines
from complaints.triage.own_signs import answers_to, signs_of
from enterprises.models import BranchAuthority
from web.dates import day_text, last_day_text
from web.languages import named
from web.listing import labelled, listed
from web.templatetags.portal import money


def _county_of(page: CasePage) -> str:
    """The authority that takes a failed case of this branch (as ``leaving.to_county`` finds it)."""
    complaint = page.complaint
    row = None
    if complaint.branch_id:
        rows = BranchAuthority.objects.on(page.today).filter(branch_id=complaint.branch_id)
        row = rows.select_related("authority").first()
    authority = row.authority if row is not None else Jurisdiction.load().with_power(complaint.handling_region_id)
    return named(authority)


def _onward(page: CasePage) -> str:
    """Where the case goes when the negotiation ends without a result."""
    complaint = page.complaint
    if complaint.authority_received_at is not None or complaint.consents.get("pass_to_regulator") is not False:
        text = _("转%(authority)s，%(review)s内告知您是否受理。")
        return text % {"authority": _county_of(page), "review": page.limits["review"]}
    return _("您之前不同意交市场监管局，所以案件会办结。办结后您仍可交市场监管局。")


def _is_refused(page: CasePage) -> bool:
    return page.open_offer is not None and page.open_offer.offer.grants_nothing


def question(page: CasePage) -> str:
    """A finding: how many demands were granted, in part, refused."""
    if _is_refused(page):
        return _("企业一项也没有同意，您怎么选？")
    verdicts = Counter(a.verdict_code for a in page.open_offer.answers) if page.open_offer is not None else Counter()
    if not verdicts["part"] and not verdicts["refuse"]:
        return _("企业的方案，您接受吗？")
    counted = (
        (verdicts["grant"], _("同意%(n)s项")),
        (verdicts["part"], _("部分同意%(n)s项")),
        (verdicts["refuse"], _("不同意%(n)s项")),
    )
    return _("企业%(verdicts)s") % {"verdicts": listed(text % {"n": n} for n, text in counted if n)}


def _let_rest(page: CasePage) -> list[str]:
    if any(p.state_code in ("due", "reported") for p in page.obligations):
        return [_("您接受过的部分照常有效，其余的不再要求。")]
    limits = {"day": last_day_text(deadlines.working_days(page.now, 1, page.calendar).due_at)}
    return [_("案件结束，不算和解成功。"), _("%(day)s可以撤销；以后仍可交市场监管局。") % limits]


def _accept(page: CasePage, offer: OfferView) -> list[str]:
    texts = [_("没做到的，自动交市场监管局。")]
    refused = listed([a.demand for a in offer.answers if a.verdict_code == "refuse"])
    if refused and offer.rest_is_open:
        texts.append(_("没同意的（%(what)s），您再选。") % {"what": refused})
    elif refused:
        texts.append(_("没同意的（%(what)s），接受以后就不再要求。") % {"what": refused})
    return texts


def ways(page: CasePage) -> dict[str, list[str]]:
    """What each answer to the open offer leads to, by the code of the answer."""
    results: dict[str, list[str]] = {}
    if page.open_offer is None:
        return results
    if page.open_offer.offer.grants_nothing:
        results["regulator"] = [_onward(page)]
        if not time_is_up(page):
            results["decline"] = [_("写下您要什么；企业期限内可以再提方案。")]
        if page.may("let_rest"):
            results["rest"] = _let_rest(page)
        return results
    if page.may("accept_offer"):
        results["accept"] = _accept(page, page.open_offer)
    if time_is_up(page):
        results["decline"] = [_("协商期限已经用完，") + _onward(page)]
    else:
        results["decline"] = [_("企业期限内可以再提方案。")]
    if page.may("stop_negotiating"):
        results["regulator"] = [_("这份方案不作数。"), _onward(page)]
    results["ask"] = [_("%(consumer_question_answer)s内回答，最多问%(reply_questions_per_offer)s次。") % page.limits]
    return results


def offer(page: CasePage) -> Sequence[str]:
    """The same in one list, for whoever writes an answer down for somebody."""
    labels = answer_labels(page)
    return [labelled(labels[code], line) for code, lines in ways(page).items() for line in lines if code in labels]


def signs(page: CasePage) -> Sequence[str]:
    """What officers are shown as unusual, in plain words, and what it means."""
    told = signs_of(page.complaint, page.conditions) or [_("没有提示。")]
    objected = page.complaint.facts.get("signs_objected")
    if objected:
        told.append(_("您在%(day)s提出过异议，工作人员看得到。") % {"day": day_text(datetime.fromisoformat(objected))})
    for at, words in answers_to(page.complaint):
        told.append(_("工作人员在%(day)s答复：%(words)s") % {"day": day_text(at), "words": words})
    return (
        *told,
        _("提示由系统按规则列出，只给监管部门看，企业看不到；不影响您投诉，是否受理由工作人员判断。"),
        _("不对的，请写清楚；您写的也只有监管部门看得到，会记入档案。"),
    )


def breach(page: CasePage) -> Sequence[str]:
    if any(p.row.source == "mediation" for p in page.promises):
        return (
            _("案件办结，记为调解协议没有做到。"),
            _("您可以凭调解书向法院起诉，或者申请司法确认；监管部门另外核查。"),
        )
    return (_onward(page), _("其他约定仍然有效。"))


def new_dates(page: CasePage) -> Sequence[str]:
    texts = [
        _("双方写的日期一样，案件回到“和解待履行”；不一样，案件照常审查。"),
        _("同意改期不等于放弃：到期还没有做到的，您可以再次交市场监管局。"),
    ]
    if (matter := page.matters.get("redate")) is not None:
        who = _("您") if matter.opened_by == "consumer" else _("企业")
        texts.insert(0, _("%(who)s提出的日期已经填好；同意的直接提交，不同意的可以改。") % {"who": who})
    return texts


def stop(page: CasePage) -> Sequence[str]:
    return (_("与企业的协商就此结束，不需要理由。"), _onward(page), _("已经提出的方案随之失效。"))


def withdraw(page: CasePage) -> Sequence[str]:
    if page.complaint.status in ("mediating", "mediation_suspended"):
        return (_("调解随之终止，监管部门会书面告知双方。"), _("您仍可通过其他途径解决争议。"))
    return (_("案件办结，企业和监管部门都会收到通知。"), _("以后想继续，可以在案件页交市场监管局。"))


def refer(page: CasePage) -> Sequence[str]:
    texts = [
        _("由%(authority)s审查，%(review)s内告知您是否受理。")
        % {"authority": _county_of(page), "review": page.limits["review"]},
        _("它会收到您提交的全部内容、材料和办理经过，您不用再填。"),
    ]
    complaint = page.complaint
    learned = complaint.learned_on or complaint.disputed_on
    if learned is not None and (page.today - learned).days > 3 * 365:
        texts.append(_("您知道争议已超过3年：这样的投诉通常不予受理。您仍可转交，或者向法院起诉。"))
    else:
        texts.append(_("从知道或者应当知道权益受损起超过3年的，通常不予受理。"))
    return texts


def undo(page: CasePage) -> Sequence[str]:
    matter = page.matters.get("undo")
    if matter is None or matter.until_at is None:
        return ()
    what = wording.label(matter.subject, kind="step")
    return (
        _("要撤销的是：%(what)s。") % {"what": what},
        _("案件和期限回到这一步之前，双方都会收到通知。"),
        _("%(until)s可以撤销，同一步只能撤销一次；对方已经接着办理的，不能撤销。")
        % {"until": last_day_text(matter.until_at)},
    )


def settled_elsewhere(page: CasePage) -> Sequence[str]:
    if page.may("deny_settled_elsewhere"):
        return (
            (
                _("选“是”，案件按“另行和解”办结。")
                if page.may("confirm_settled_elsewhere")
                else powers.why_not(page.complaint)
            ),
            _("选“没有”，案件照常办理。"),
            _("不回答，企业的说法失效，案件照常办理。"),
        )
    return (
        _("企业须在%(settled_elsewhere)s内确认或者否认。") % page.limits,
        _("企业不回答，以您的说法为准，案件按“另行和解”办结。"),
        _("等企业回答期间，其他期限照常计算。"),
    )


def late(page: CasePage) -> Sequence[str]:
    return (
        _("办结后%(late_answer)s内可以答复。接受的，按方案办，记为逾期答复的和解。") % page.limits,
        _("不接受的：") + _onward(page),
    )


def extension(page: CasePage) -> Sequence[str]:
    matter = page.matters.get("extension")
    days = matter.data.get("days") if matter else None
    return (
        _("企业申请把协商期限延长%(n)s个工作日。") % {"n": days},
        _("您同意之后，还要监管部门批准才生效。"),
        _("不同意的，不用操作，期限不变。"),
    )


def suggestion(page: CasePage) -> Sequence[str]:
    matter = page.matters.get("suggestion")
    return (
        *(promise_lines(matter) if matter is not None else []),
        _("双方都同意，工作人员写成协议，双方签字才算数。"),
        _("不同意没有不利：调解可以继续，您也可以起诉。"),
    )


def read_back(page: CasePage) -> dict[str, Any] | None:
    """Title, lines, until when and where it may be taken back; None when there is nothing (any more) to take back."""
    matter = page.matters.get("undo")
    if matter is None or not page.may("undo"):
        return None
    decided = {
        "accept_offer": (_("您接受了方案"), _accepted),
        "let_rest": (_("您不再坚持"), _next),
        "decline_offer": (_("您没有接受方案"), _declined),
        "stop_negotiating": (_("您不再与企业协商"), _next),
        "confirm_performed": (_("您确认企业做到了"), _confirmed),
        "withdraw": (_("您撤回了投诉"), _next),
    }.get(matter.subject)
    if decided is None:
        return None
    title, lines = decided
    undo_url = reverse("complaints:case-step", args=[page.complaint.number, "undo"])
    return {"title": title, "lines": lines(page), "until": matter.until_at, "undo_url": undo_url}


def _promise(promise: ObligationView) -> str:
    amount = money(promise.amount) if promise.amount is not None else ""
    last4 = promise.row.payee_last4
    to = _("到尾号%(last4)s") % {"last4": last4} if last4 else ""
    due = _("最后一天%(day)s") % {"day": day_text(promise.due_on)} if promise.due_on else promise.due_text
    what = " ".join(p for p in (promise.what, amount) if p) + to
    return _("%(what)s，%(due)s。") % {"what": what, "due": due}


def _accepted(page: CasePage) -> list[str]:
    lines = [_promise(p) for p in page.obligations if p.state_code == "due"]
    if not lines and page.is_closed:
        lines = [_("没有要做的事，案件已办结。")]
    given_up = listed([demand_text(d) for d in page.demands if d.is_given_up])
    left = listed([demand_text(d) for d in page.demands if not d.is_given_up and not d.is_settled])
    if given_up:
        lines.append(_("不再要求的：%(what)s。") % {"what": given_up})
    if left and page.complaint.status == "negotiating":
        lines.append(_("继续协商的：%(what)s。") % {"what": left})
    elif left and page.complaint.status == "review":
        lines.append(_("交市场监管局审查的：%(what)s。") % {"what": left})
    return lines


def _declined(page: CasePage) -> list[str]:
    counter = pgettext("between conditions", "；").join(page.offers[0].counter.split("\n")) if page.offers else ""
    return [*([_("您希望：%(what)s") % {"what": counter}] if counter else []), page.next_action.sentence]


def _confirmed(page: CasePage) -> list[str]:
    lines = [_("%(what)s：做到了") % {"what": p.what} for p in page.promises if p.state_code == "confirmed"]
    return [*lines, page.next_action.sentence]


def _next(page: CasePage) -> list[str]:
    return [page.next_action.sentence]
