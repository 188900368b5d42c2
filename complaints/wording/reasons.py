"""Words for why. A ground keeps the number of its article's item and says no more than the law; a signal says what was
found and by which article one may ask, never what somebody is or wants."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

REASONS: dict[str, Promise] = {
    # clocks and leaving the enterprise's side
    "not_routed_in_time": pgettext_lazy("reason", "未按时分送"),
    "overdue": pgettext_lazy("reason", "逾期没有结果"),
    "offer_unanswered": pgettext_lazy("reason", "消费者未在期限内答复方案"),
    "refusal_unanswered": pgettext_lazy("reason", "企业一项也没有同意，消费者未在期限内答复"),
    "silence": pgettext_lazy("reason", "没有答复"),
    "stopped": pgettext_lazy("reason", "消费者不再协商"),
    "declined": pgettext_lazy("reason", "消费者没有接受方案"),
    "breach": pgettext_lazy("reason", "约定没有做到"),
    "lapse": pgettext_lazy("reason", "期限已过"),
    "report": pgettext_lazy("reason", "企业报告协商未成"),
    "material_not_supplied": pgettext_lazy("reason", "没有按时补充材料"),
    "consent_not_given": pgettext_lazy("reason", "消费者没有同意转交企业"),
    "question_unanswered": pgettext_lazy("reason", "企业没有按时回答提问"),
    "unreachable": pgettext_lazy("reason", "企业联系不上消费者"),
    # how it ended
    "performed": pgettext_lazy("reason", "约定的事全部做到并确认"),
    "performance_unconfirmed": pgettext_lazy("reason", "消费者没有确认做到"),
    "not_kept": pgettext_lazy("reason", "调解协议没有做到"),
    "accepted_late": pgettext_lazy("reason", "消费者逾期后接受方案"),
    "refusal_let_rest": pgettext_lazy("reason", "企业一项也没有同意，消费者不再坚持"),
    "rest_given_up": pgettext_lazy("reason", "已接受的部分继续有效，其余的不再要求"),
    "promise_added": pgettext_lazy("reason", "补上了同意过、没有写进约定的"),
    "nothing_to_perform": pgettext_lazy("reason", "没有要做的事"),
    "claim_fell": pgettext_lazy("reason", "另行和解的说法未获确认"),
    "claim": pgettext_lazy("reason", "一方称已另行和解"),
    "consumers_word": pgettext_lazy("reason", "以消费者的说法为准"),
    "withdrawn": pgettext_lazy("reason", "消费者撤回"),
    "party_gone": pgettext_lazy("reason", "当事人死亡或者终止"),
    "both_confirmed": pgettext_lazy("reason", "双方确认已另行和解"),
    "answered_late": pgettext_lazy("reason", "消费者逾期后作出答复"),
    "declined_late": pgettext_lazy("reason", "消费者逾期后没有接受"),
    "power_settles": pgettext_lazy("reason", "可以代为和解、放弃或撤回"),
    "power_settles_not": pgettext_lazy("reason", "不能代为和解、放弃或撤回"),
    "power_original": pgettext_lazy("reason", "看过原件"),
    "power_copy_and_call": pgettext_lazy("reason", "看过复印件，打电话问过委托人本人"),
    "redated": pgettext_lazy("reason", "双方重新约定了日期"),
    "rest_goes_on": pgettext_lazy("reason", "其余要求继续协商"),
    "rest_to_regulator": pgettext_lazy("reason", "其余要求交市场监管局"),
    "has_none": pgettext_lazy("reason", "消费者表示没有材料"),
    "material_supplied": pgettext_lazy("reason", "材料已补充"),
    "returned": pgettext_lazy("reason", "企业退回"),
    # why the system gave a case to somebody of the enterprise
    "assigned_by_rule": pgettext_lazy("reason", "按本企业的分派规则"),
    "assigned_by_leave": pgettext_lazy("reason", "原处理人请假"),
    "assigned_by_left": pgettext_lazy("reason", "原处理人不再在岗"),
    "assigned_by_unowned": pgettext_lazy("reason", "超过1个工作日没有处理人"),
    "nobody_there": pgettext_lazy("reason", "原来的人不在岗，也没有在岗的人接手"),
    "supervised": pgettext_lazy("reason", "监管部门监督下和解"),
    # why a person must decide where it goes
    "left_to_authority": pgettext_lazy("reason", "由监管部门确定被投诉人"),
    "no_consent": pgettext_lazy("reason", "没有同意转交该企业"),
    "not_enrolled": pgettext_lazy("reason", "企业未入驻"),
    "suspended": pgettext_lazy("reason", "企业暂停接收"),
    "ended": pgettext_lazy("reason", "企业已经注销"),
    "ambiguous": pgettext_lazy("reason", "可能有几家企业"),
    "branches_tie": pgettext_lazy("reason", "可能有几个分支机构"),
    "nothing_matched": pgettext_lazy("reason", "没有找到对应的企业"),
    "rules_conflict": pgettext_lazy("reason", "分送规则互相冲突"),
    "rule_failed": pgettext_lazy("reason", "分送规则出错"),
    "rule_branch_ended": pgettext_lazy("reason", "规则指定的分支机构已不再受理"),
    "rule_to_authority": pgettext_lazy("reason", "按分送规则由监管部门处理"),
    "returned_twice": pgettext_lazy("reason", "已经退回两次，由人工分送"),
    "routing_failed": pgettext_lazy("reason", "自动分送没有成功，由人工分送"),
    "contact_unverified": pgettext_lazy("reason", "联系方式还没有核实"),
    "statement_by_voice": pgettext_lazy("reason", "语音陈述还没有写下来"),
    "call_confirmed": pgettext_lazy("reason", "接通，是本人提交的"),
    "call_no_answer": pgettext_lazy("reason", "打不通或没有人接"),
    "call_not_theirs": pgettext_lazy("reason", "接通，对方说不是自己提交的"),
    "many_filings": pgettext_lazy("reason", "24小时内投诉次数较多"),
    # the authority's side
    "referred": pgettext_lazy("reason", "消费者交市场监管局"),
    "consumer_part_unmet": pgettext_lazy("reason", "消费者应做的部分没有完成"),
    "recalled": pgettext_lazy("reason", "监管部门收回"),
    "no_power": pgettext_lazy("reason", "本机关没有处理权限"),
    "recusal_grant": pgettext_lazy("reason", "同意回避"),
    "recusal_refuse": pgettext_lazy("reason", "不同意回避"),
    "appraisal_ended": pgettext_lazy("reason", "鉴定、检测已结束"),
    "mediated": pgettext_lazy("reason", "达成调解协议"),
    "recusal": pgettext_lazy("reason", "申请回避"),
    "appraisal": pgettext_lazy("reason", "鉴定、检测"),
    "succession": pgettext_lazy("reason", "案件已转由承继企业办理"),
    "signed": pgettext_lazy("reason", "已签署，还须另一人签署"),
}

#: Article 16 of Order 121, items 1 to 7.
REFUSAL_GROUNDS: dict[str, Promise] = {
    "outside_duty": pgettext_lazy("refusal_ground", "不属于市场监管部门职责，或者本机关没有处理权限（第十六条第一项）"),
    "already_handled": pgettext_lazy(
        "refusal_ground", "法院、仲裁机构、行政机关或者消费者协会已经受理或者处理过（第十六条第二项）"
    ),
    "not_consumption": pgettext_lazy(
        "refusal_ground", "不是为生活消费需要，或者不能证明存在消费者权益争议（第十六条第三项）"
    ),
    "over_three_years": pgettext_lazy("refusal_ground", "知道或者应当知道权益受侵害已超过三年（第十六条第四项）"),
    "material_missing": pgettext_lazy("refusal_ground", "没有提供规定的材料，或者材料虚假（第十六条第五项）"),
    "identity_refused": pgettext_lazy("refusal_ground", "冒用他人名义，或者拒不配合核验身份（第十六条第六项）"),
    "other_law": pgettext_lazy("refusal_ground", "法律、法规、规章规定不予受理的其他情形（第十六条第七项）"),
}

#: The same in a few words, where the text of the law stands beside.
GROUND_NAMES: dict[str, Promise] = {
    "outside_duty": pgettext_lazy("ground_name", "不归本机关"),
    "already_handled": pgettext_lazy("ground_name", "别处处理过"),
    "not_consumption": pgettext_lazy("ground_name", "不是生活消费"),
    "over_three_years": pgettext_lazy("ground_name", "超过三年"),
    "material_missing": pgettext_lazy("ground_name", "材料不全或者虚假"),
    "identity_refused": pgettext_lazy("ground_name", "冒名或者拒不核验"),
    "other_law": pgettext_lazy("ground_name", "其他法定情形"),
}

#: Article 23 of Order 121, items 1 to 8.
TERMINATION_GROUNDS: dict[str, Promise] = {
    "withdrawn_or_settled": pgettext_lazy("termination_ground", "投诉人撤回投诉，或者双方自行和解（第二十三条第一项）"),
    "party_absent": pgettext_lazy(
        "termination_ground", "一方无正当理由不参加调解，或者明确拒绝调解（第二十三条第二项）"
    ),
    "no_agreement_possible": pgettext_lazy(
        "termination_ground", "经调解，一方明确表示无法达成协议（第二十三条第三项）"
    ),
    "no_agreement_on_cost": pgettext_lazy("termination_ground", "对鉴定、检测费用由谁承担协商不成（第二十三条第四项）"),
    "sixty_days": pgettext_lazy("termination_ground", "自受理之日起六十日内没有达成协议（第二十三条第五项）"),
    "art_16_or_42": pgettext_lazy("termination_ground", "受理后发现第十六条、第四十二条规定的情形（第二十三条第六项）"),
    "party_gone": pgettext_lazy("termination_ground", "一方死亡或者主体资格灭失（第二十三条第七项）"),
    "other_law": pgettext_lazy("termination_ground", "法律、法规、规章规定应当终止调解的其他情形（第二十三条第八项）"),
}

FAILURE_REASONS: dict[str, Promise] = {
    "no_agreement": pgettext_lazy("failure_reason", "协商不能达成一致"),
    "refused_with_reasons": pgettext_lazy("failure_reason", "企业不同意，已说明理由"),
    "consumer_wants_none": pgettext_lazy("failure_reason", "消费者不愿协商"),
    "unreachable": pgettext_lazy("failure_reason", "多次联系不上消费者"),
}

#: Why a consumer declines an offer.
DECLINE_REASONS: dict[str, Promise] = {
    "amount_too_low": pgettext_lazy("decline_reason", "金额太低"),
    "demand_missing": pgettext_lazy("decline_reason", "有要求没有解决"),
    "too_late": pgettext_lazy("decline_reason", "做到得太晚"),
    "not_true": pgettext_lazy("decline_reason", "与事实不符"),
    "other": pgettext_lazy("decline_reason", "其他原因"),
}

#: Why a consumer withdraws.
WITHDRAW_REASONS: dict[str, Promise] = {
    "settled": pgettext_lazy("withdraw_reason", "已经解决"),
    "mistake": pgettext_lazy("withdraw_reason", "提交有误"),
    "no_longer_wanted": pgettext_lazy("withdraw_reason", "不想再投诉"),
    "other_way": pgettext_lazy("withdraw_reason", "改走其他途径"),
    "other": pgettext_lazy("withdraw_reason", "其他原因"),
}

#: Why an enterprise returns a case.
RETURN_REASONS: dict[str, Promise] = {
    "wrong_branch": pgettext_lazy("return_reason", "应由其他分支机构答复"),
    "wrong_entity": pgettext_lazy("return_reason", "应由其他企业答复"),
    "duplicate": pgettext_lazy("return_reason", "与另一件投诉重复"),
    "not_customer": pgettext_lazy("return_reason", "不是本企业的消费者"),
    "other": pgettext_lazy("return_reason", "其他原因"),
}

#: Why whoever distributes did not take the first suggestion.
OVERRIDE_REASONS: dict[str, Promise] = {
    "other_entity": pgettext_lazy("override_reason", "应由另一家企业答复"),
    "other_branch": pgettext_lazy("override_reason", "应由另一个分支机构答复"),
    "other_place": pgettext_lazy("override_reason", "地区不对"),
    "consumer_says": pgettext_lazy("override_reason", "消费者另有说明"),
    "not_for_enterprise": pgettext_lazy("override_reason", "不宜由企业先行和解"),
    "other": pgettext_lazy("override_reason", "其他原因"),
}

#: The five ways of the consumer law, article 39, in its order.
ROUTES: dict[str, Promise] = {
    "negotiate": pgettext_lazy("route", "与经营者协商和解"),
    "association": pgettext_lazy("route", "请消费者协会或者依法成立的其他调解组织调解"),
    "complain": pgettext_lazy("route", "向有关行政部门投诉"),
    "arbitrate": pgettext_lazy("route", "按与经营者的仲裁协议申请仲裁"),
    "sue": pgettext_lazy("route", "向人民法院起诉"),
}

#: What is no consumer complaint (arts 34, 44).
REDIRECTED_MATTERS: dict[str, Promise] = {
    "report": pgettext_lazy("redirected_matter", "举报违法行为"),
    "consultation": pgettext_lazy("redirected_matter", "咨询"),
    "information": pgettext_lazy("redirected_matter", "政府信息公开申请"),
    "reconsideration": pgettext_lazy("redirected_matter", "行政复议"),
    "discipline": pgettext_lazy("redirected_matter", "对工作人员的反映"),
}

#: What a look at the file brought for a ground of art. 16.
SEEN: dict[str, Promise] = {
    "nothing": pgettext_lazy("seen", "未见"),
    "doubt": pgettext_lazy("seen", "有疑点"),
    "unchecked": pgettext_lazy("seen", "未核"),
}

#: What the check of a report or a lead brought (arts 27, 35).
LEAD_RESULTS: dict[str, Promise] = {
    "no_violation": pgettext_lazy("lead_result", "没有发现违法"),
    "case_opened": pgettext_lazy("lead_result", "已立案查处"),
    "corrected": pgettext_lazy("lead_result", "已责令改正"),
    "handed_over": pgettext_lazy("lead_result", "已移送有权处理的部门"),
}

REOPENING_GROUNDS: dict[str, Promise] = {
    "broken_promise": pgettext_lazy("reopening_ground", "约定没有做到"),
    "clerical_error": pgettext_lazy("reopening_ground", "更正笔误"),
    "objection_upheld": pgettext_lazy("reopening_ground", "异议成立"),
}

#: Why somebody at work looked at a consumer's contact data.
LOOK_REASONS: dict[str, Promise] = {
    "look_program": pgettext_lazy("look_reason", "企业或机关的系统读取"),
    "look_call": pgettext_lazy("look_reason", "联系消费者"),
    "look_account": pgettext_lazy("look_reason", "核对账户或订单"),
    "look_deliver": pgettext_lazy("look_reason", "退款、寄送或上门"),
    "look_identity": pgettext_lazy("look_reason", "核实身份、送达文书"),
    "look_other": pgettext_lazy("look_reason", "其他"),
    "look_export": pgettext_lazy("look_reason", "列入经批准的导出表格"),
}

#: How an officer who wrote a step down in the consumer's name knew who spoke.
RECORDINGS: dict[str, Promise] = {
    "phone": pgettext_lazy("recording", "拨打登记的电话，核对了本人"),
    "counter": pgettext_lazy("recording", "本人到场，核对了证件"),
    "call": pgettext_lazy("recording", "消费者来电，有录音"),
    "post": pgettext_lazy("recording", "消费者来信，有签名"),
    "hotline": pgettext_lazy("recording", "12345热线转来的工单"),
    "station": pgettext_lazy("recording", "本人带收据到服务站"),
}


#: What an officer says once of something overdue; for authorities alone.
OVERDUE_REASONS: dict[str, Promise] = {
    "workload": pgettext_lazy("overdue_reason", "件多人少"),
    "waiting_party": pgettext_lazy("overdue_reason", "等当事人答复或者补正"),
    "unreachable": pgettext_lazy("overdue_reason", "联系不上当事人"),
    "appraisal": pgettext_lazy("overdue_reason", "等鉴定、检测"),
    "other_body": pgettext_lazy("overdue_reason", "等其他部门答复"),
    "complex": pgettext_lazy("overdue_reason", "案情复杂"),
    "absence": pgettext_lazy("overdue_reason", "经办人不在岗"),
    "other": pgettext_lazy("overdue_reason", "其他"),
}

#: What a call-back asks (facts, satisfaction): question, then its answers.
CALL_BACK_QUESTIONS: dict[str, Promise] = {
    "contacted": pgettext_lazy("call_back_question", "企业或者工作人员及时联系您了吗"),
    "attitude": pgettext_lazy("call_back_question", "态度怎么样"),
    "agreed": pgettext_lazy("call_back_question", "结案时说已和解，您同意过吗"),
    "accepted": pgettext_lazy("call_back_question", "您认可处理结果吗"),
    "performed": pgettext_lazy("call_back_question", "答应您的事做到了吗"),
}
CALL_BACK_ANSWERS: dict[str, Promise] = {
    "yes": pgettext_lazy("call_back_answer", "是"),
    "no": pgettext_lazy("call_back_answer", "否"),
    "unknown": pgettext_lazy("call_back_answer", "说不清"),
    "partly": pgettext_lazy("call_back_answer", "部分认可"),
    "not_yet": pgettext_lazy("call_back_answer", "还没到期"),
    "nothing_owed": pgettext_lazy("call_back_answer", "没有要做的"),
    "good": pgettext_lazy("call_back_answer", "好"),
    "fair": pgettext_lazy("call_back_answer", "一般"),
    "poor": pgettext_lazy("call_back_answer", "差"),
}
CALL_BACK_WHY: dict[str, Promise] = {
    "repeat": pgettext_lazy("call_back_why", "重复投诉"),
    "reopened": pgettext_lazy("call_back_why", "重新办理过"),
    "drawn": pgettext_lazy("call_back_why", "抽中"),
}
CALL_BACK_FINDINGS: dict[str, Promise] = {
    "not_kept": pgettext_lazy("call_back_finding", "没有做到"),
    "never_settled": pgettext_lazy("call_back_finding", "消费者说没有和解"),
}
CALL_BACK_STATES: dict[str, Promise] = {
    "open": pgettext_lazy("call_back_state", "待回访"),
    "reached": pgettext_lazy("call_back_state", "已回访"),
    "not_reached": pgettext_lazy("call_back_state", "联系不上"),
}


#: code → the sentence with its evidence.
SIGNALS: dict[str, Promise] = {
    "duplicate_order": _("%(days)s天内同一消费者就同一订单（业务号码）投诉同一被投诉人%(n)s件"),
    "duplicate_text": _("%(days)s天内同一消费者内容几乎相同的投诉%(n)s件"),
    "order_of_another": _("同一订单（业务号码）另有他人投诉%(n)s件：合并、关联，或者各自办理"),
    "burst": _("同一被投诉人当天%(n)s件，前7天平均每天%(usual)s件"),
    "joint": _("另有%(n)s人在7天内就同一商品、同一问题投诉同一被投诉人，可以问是否愿意共同投诉（第十二条）"),
    "frequent_here": _("同一人%(days)s天内投诉同一被投诉人%(total)s件（第十七条第二项）"),
    "frequent": _("同一人%(days)s天内投诉%(total)s件（第十七条第一项：次数、频率）"),
    "shared_contact": _(
        "同一电话有%(people)s个姓名使用，另见%(n)s件（第十七条第四项；已除去服务站、代为投诉和3人以内）"
    ),
    "copied_text": _("与他人%(n)s件投诉的文字有%(least)s%%以上相同（第十七条第二项、第五项）"),
    "no_proof": _("没有订单号，也没有凭证、合同或者截图（第十七条第三项），可以要求补正"),
    "missing": _("缺少：%(what)s"),
    "report": _("文字里有举报的内容（%(words)s），可能须拆分（第九条）"),
}

#: code → a word or two for a column of a list.
SHORT_SIGNALS: dict[str, Promise] = {
    "duplicate_order": pgettext_lazy("signal", "疑似重复"),
    "duplicate_text": pgettext_lazy("signal", "疑似重复"),
    "order_of_another": pgettext_lazy("signal", "同一订单"),
    "burst": pgettext_lazy("signal", "批量"),
    "joint": pgettext_lazy("signal", "可共同"),
    "frequent_here": pgettext_lazy("signal", "次数多"),
    "frequent": pgettext_lazy("signal", "次数多"),
    "shared_contact": pgettext_lazy("signal", "共用电话"),
    "copied_text": pgettext_lazy("signal", "文字雷同"),
    "no_proof": pgettext_lazy("signal", "无凭证"),
    "missing": pgettext_lazy("signal", "缺要件"),
    "report": pgettext_lazy("signal", "夹带举报"),
}

#: code → what the person is told of a signal about the own case: no word of anybody else.
OWN_SIGNS: dict[str, Promise] = {
    "duplicate_order": _("%(days)s天内，您就同一订单（业务号码）投诉同一家有%(n)s件。"),
    "duplicate_text": _("%(days)s天内，您提交的内容几乎相同的投诉有%(n)s件。"),
    "frequent_here": _("%(days)s天内，您投诉同一家有%(total)s件。"),
    "frequent": _("%(days)s天内，您一共投诉了%(total)s件。"),
    "shared_contact": _("您留的电话，有%(people)s个姓名用过。"),
    "copied_text": _("您写的内容，和别的%(n)s件投诉有%(least)s%%以上相同。"),
    "no_proof": _("没有订单号，也没有凭证、合同或者截图。"),
}

MISSING_ELEMENTS: dict[str, Promise] = {
    "consumer_name": pgettext_lazy("missing", "投诉人姓名（第十条第一项）"),
    "consumer_phone": pgettext_lazy("missing", "投诉人电话（第十条第一项）"),
    "consumer_address": pgettext_lazy("missing", "投诉人通讯地址（第十条第一项）"),
    "respondent": pgettext_lazy("missing", "被投诉人名称（第十条第二项）"),
    "respondent_place": pgettext_lazy("missing", "被投诉人地址（第十条第二项）"),
    "statement": pgettext_lazy("missing", "事实依据（第十条第三项）"),
    "voice": pgettext_lazy("missing", "语音陈述还没有写下来（第十条）"),
    "demands": pgettext_lazy("missing", "具体的投诉请求（第十条第三项）"),
    "power": pgettext_lazy("missing", "授权委托书原件和受托人身份证明还没有核验（第十一条）"),
    "representatives": pgettext_lazy("missing", "书面推选的代表人（第十二条）"),
}


def signal_sentence(code: str, values: Mapping[str, str | int]) -> str:
    """The whole sentence of a signal."""
    named = {name: MISSING_ELEMENTS[str(value)] if code == "missing" else value for name, value in values.items()}
    return str(SIGNALS[code]) % named


def short_signal(code: str) -> str:
    return str(SHORT_SIGNALS[code])
