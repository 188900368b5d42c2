"""Words for why: reasons that steps and lapses write, and the closed lists of the law.

The one rule: a ground keeps the number of its article's item and says no more than the law.
"""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    # clocks and leaving the enterprise's side
    "not_routed_in_time": ("未按时分送", "not forwarded in time"),
    "overdue": ("逾期没有结果", "no result in time"),
    "offer_unanswered": ("消费者未在期限内答复方案", "the offer was not answered in time"),
    "silence": ("没有答复", "no answer"),
    "stopped": ("消费者不再协商", "the consumer stopped negotiating"),
    "declined": ("消费者没有接受方案", "the consumer declined the offer"),
    "breach": ("承诺没有兑现", "a promise was broken"),
    "lapse": ("期限已过", "the time ran out"),
    "report": ("企业报告协商未成", "the enterprise reported no settlement"),
    "material_not_supplied": ("没有按时补充材料", "material was not sent in time"),
    "consent_not_given": ("消费者没有同意转交企业", "no consent to hand it to the enterprise"),
    "question_unanswered": ("企业没有按时回答提问", "the question was not answered in time"),
    "unreachable": ("企业联系不上消费者", "the enterprise could not reach the consumer"),
    # how it ended
    "performed": ("承诺已全部履行并确认", "everything was done and confirmed"),
    "performance_unconfirmed": ("履行未获消费者确认", "performance was not confirmed by the consumer"),
    "not_kept": ("调解协议没有履行", "the mediated agreement was not kept"),
    "accepted_late": ("消费者逾期后接受方案", "the consumer accepted late"),
    "nothing_to_perform": ("没有需要履行的事项", "nothing was left to be done"),
    "claim_fell": ("另行和解的说法未获确认", "the claim of a settlement was not confirmed"),
    "claim": ("一方称已另行和解", "one side said that it was settled elsewhere"),
    "consumers_word": ("以消费者的说法为准", "the consumer's word stands"),
    "withdrawn": ("消费者撤回", "withdrawn by the consumer"),
    "party_gone": ("当事人死亡或者终止", "a party died or ceased to exist"),
    "both_confirmed": ("双方确认已另行和解", "both sides confirmed a settlement elsewhere"),
    "answered_late": ("消费者逾期后作出答复", "the consumer answered late"),
    "declined_late": ("消费者逾期后没有接受", "the consumer declined late"),
    "power_settles": ("可以代为和解、放弃或撤回", "covers settling, giving up and withdrawing"),
    "power_settles_not": ("不能代为和解、放弃或撤回", "does not cover settling, giving up or withdrawing"),
    "power_original": ("看过原件", "the original was seen"),
    "power_copy_and_call": ("看过复印件，打电话问过委托人本人", "a copy was seen and the principal was rung"),
    "redated": ("双方重新约定了日期", "both sides agreed on new dates"),
    "rest_goes_on": ("其余诉求继续协商", "the other demands are negotiated further"),
    "rest_to_regulator": ("其余诉求转监管部门", "the other demands go to the regulator"),
    "has_none": ("消费者表示没有材料", "the consumer has no material"),
    "material_supplied": ("材料已补充", "material was sent"),
    "returned": ("企业退回", "returned by the enterprise"),
    # why the system gave a case to somebody of the enterprise
    "assigned_by_rule": ("按本企业的分派规则", "by the enterprise's rules for new cases"),
    "assigned_by_leave": ("原处理人请假", "the handler is on leave"),
    "assigned_by_left": ("原处理人不再在岗", "the handler is no longer at work"),
    "supervised": ("监管部门监督下和解", "a settlement under supervision"),
    # why a person must decide where it goes
    "left_to_authority": ("由监管部门确定被投诉人", "left to the authority to decide"),
    "no_consent": ("没有同意转交该企业", "no consent for this enterprise"),
    "not_enrolled": ("企业未入驻", "the enterprise is not enrolled"),
    "suspended": ("企业暂停接收", "the enterprise is suspended"),
    "ended": ("企业已经注销", "the enterprise has ended"),
    "ambiguous": ("可能有几家企业", "several enterprises are possible"),
    "branches_tie": ("可能有几个分支机构", "several branches are possible"),
    "nothing_matched": ("没有找到对应的企业", "no enterprise was found"),
    "rules_conflict": ("分送规则互相冲突", "forwarding rules contradict each other"),
    "rule_failed": ("分送规则出错", "a forwarding rule failed"),
    "rule_branch_ended": ("规则指定的分支机构已不再受理", "the branch that the rule names has ended"),
    "rule_to_authority": ("按分送规则由监管部门处理", "a forwarding rule gives it to the authority"),
    "returned_twice": ("已经退回两次，由人工分送", "returned twice, so a person decides"),
    "routing_failed": ("自动分送没有成功，由人工分送", "automatic forwarding failed, so a person decides"),
    "contact_unverified": ("联系方式还没有核实", "the contact is not verified yet"),
    "statement_by_voice": ("语音陈述还没有写下来", "the spoken statement is not written down yet"),
    "call_confirmed": ("接通，是本人提交的", "reached, and it was this person who filed"),
    "call_no_answer": ("打不通或没有人接", "nobody answered"),
    "call_not_theirs": ("接通，对方说不是自己提交的", "reached, and the person did not file it"),
    "many_filings": ("24小时内投诉次数较多", "many filings within 24 hours"),
    # the authority's side
    "referred": ("消费者转交监管部门", "passed on by the consumer"),
    "consumer_part_unmet": ("消费者应做的部分没有完成", "the consumer's own part was not done"),
    "recalled": ("监管部门收回", "recalled by the authority"),
    "no_power": ("本机关没有处理权限", "this authority has no power"),
    "recusal_grant": ("同意回避", "another officer takes over"),
    "recusal_refuse": ("不同意回避", "the officer stays"),
    "appraisal_ended": ("鉴定、检测已结束", "the appraisal has ended"),
    "mediated": ("达成调解协议", "an agreement was reached"),
    "recusal": ("申请回避", "a recusal was asked for"),
    "appraisal": ("鉴定、检测", "an appraisal"),
    "succession": ("案件已转由承继企业办理", "the case passed to the successor"),
    "signed": ("已签署，还须另一人签署", "signed; another signature is still needed"),
}

#: Article 16 of Order 121, items 1 to 7.
REFUSAL_GROUNDS: dict[str, tuple[str, str]] = {
    "outside_duty": (
        "不属于市场监管部门职责，或者本机关没有处理权限（第十六条第一项）",
        "outside the duties of market regulation, or this authority has no power (art. 16, item 1)",
    ),
    "already_handled": (
        "法院、仲裁机构、行政机关或者消费者协会已经受理或者处理过（第十六条第二项）",
        "already before, or handled by, a court, arbitrator, authority or consumer association (art. 16, item 2)",
    ),
    "not_consumption": (
        "不是为生活消费需要，或者不能证明存在消费者权益争议（第十六条第三项）",
        "not for daily consumption, or no consumer dispute shown (art. 16, item 3)",
    ),
    "over_three_years": (
        "知道或者应当知道权益受侵害已超过三年（第十六条第四项）",
        "more than three years since the harm was or should have been known (art. 16, item 4)",
    ),
    "material_missing": (
        "没有提供规定的材料，或者材料虚假（第十六条第五项）",
        "required material missing or false (art. 16, item 5)",
    ),
    "identity_refused": (
        "冒用他人名义，或者拒不配合核验身份（第十六条第六项）",
        "in another's name, or the identity check was refused (art. 16, item 6)",
    ),
    "other_law": (
        "法律、法规、规章规定不予受理的其他情形（第十六条第七项）",
        "another case in which the law forbids acceptance (art. 16, item 7)",
    ),
}

#: Article 23 of Order 121, items 1 to 8.
TERMINATION_GROUNDS: dict[str, tuple[str, str]] = {
    "withdrawn_or_settled": (
        "投诉人撤回投诉，或者双方自行和解（第二十三条第一项）",
        "the complaint was withdrawn or the parties settled by themselves (art. 23, item 1)",
    ),
    "party_absent": (
        "一方无正当理由不参加调解，或者明确拒绝调解（第二十三条第二项）",
        "a party stayed away without good reason or refused mediation (art. 23, item 2)",
    ),
    "no_agreement_possible": (
        "经调解，一方明确表示无法达成协议（第二十三条第三项）",
        "after mediation a party said that no agreement is possible (art. 23, item 3)",
    ),
    "no_agreement_on_cost": (
        "对鉴定、检测费用由谁承担协商不成（第二十三条第四项）",
        "no agreement on who bears the cost of the appraisal (art. 23, item 4)",
    ),
    "sixty_days": (
        "自受理之日起六十日内没有达成协议（第二十三条第五项）",
        "no agreement within sixty days of acceptance (art. 23, item 5)",
    ),
    "art_16_or_42": (
        "受理后发现第十六条、第四十二条规定的情形（第二十三条第六项）",
        "a case of article 16 or 42 was found after acceptance (art. 23, item 6)",
    ),
    "party_gone": ("一方死亡或者主体资格灭失（第二十三条第七项）", "a party died or ceased to exist (art. 23, item 7)"),
    "other_law": (
        "法律、法规、规章规定应当终止调解的其他情形（第二十三条第八项）",
        "another case in which the law ends mediation (art. 23, item 8)",
    ),
}

FAILURE_REASONS: dict[str, tuple[str, str]] = {
    "no_agreement": ("协商不能达成一致", "no agreement was reached"),
    "refused_with_reasons": ("企业不同意，已说明理由", "the enterprise refused and gave reasons"),
    "consumer_wants_none": ("消费者不愿协商", "the consumer does not want to negotiate"),
    "unreachable": ("多次联系不上消费者", "the consumer could not be reached after several attempts"),
}

#: Why a consumer declines an offer.
DECLINE_REASONS: dict[str, tuple[str, str]] = {
    "amount_too_low": ("金额太低", "the amount is too low"),
    "demand_missing": ("有诉求没有解决", "a demand is not met"),
    "too_late": ("兑现太晚", "it comes too late"),
    "not_true": ("与事实不符", "it is not what happened"),
    "other": ("其他原因", "another reason"),
}

#: Why a consumer withdraws.
WITHDRAW_REASONS: dict[str, tuple[str, str]] = {
    "settled": ("已经解决", "it was settled"),
    "mistake": ("提交有误", "it was filed by mistake"),
    "no_longer_wanted": ("不想再投诉", "no longer wanted"),
    "other_way": ("改走其他途径", "another way is taken"),
    "other": ("其他原因", "another reason"),
}

#: Why an enterprise returns a case.
RETURN_REASONS: dict[str, tuple[str, str]] = {
    "wrong_branch": ("应由其他分支机构答复", "another branch answers"),
    "wrong_entity": ("应由其他企业答复", "another enterprise answers"),
    "duplicate": ("与另一件投诉重复", "the same as another complaint"),
    "not_customer": ("不是本企业的消费者", "not a customer of this enterprise"),
    "other": ("其他原因", "another reason"),
}

#: Why whoever distributes did not take the first suggestion.
OVERRIDE_REASONS: dict[str, tuple[str, str]] = {
    "other_entity": ("应由另一家企业答复", "another enterprise answers"),
    "other_branch": ("应由另一个分支机构答复", "another branch answers"),
    "other_place": ("地区不对", "the place is another one"),
    "consumer_says": ("消费者另有说明", "the consumer said so"),
    "not_for_enterprise": ("不宜由企业先行和解", "not fit for a settlement by the enterprise"),
    "other": ("其他原因", "another reason"),
}

#: The five ways of the consumer law, article 39, in its order.
ROUTES: dict[str, tuple[str, str]] = {
    "negotiate": ("与经营者协商和解", "settle with the business"),
    "association": (
        "请消费者协会或者依法成立的其他调解组织调解",
        "ask a consumer association or another lawful body to mediate",
    ),
    "complain": ("向有关行政部门投诉", "complain to the competent authority"),
    "arbitrate": ("按与经营者的仲裁协议申请仲裁", "go to arbitration if you agreed on it with the business"),
    "sue": ("向人民法院起诉", "sue in court"),
}

#: Who else may be the right one, when the authority is not.
BODIES: dict[str, tuple[str, str]] = {
    "12300": ("12300电信用户申诉", "12300, the telecom ombudsman"),
    "12345": ("12345政务服务热线", "12345, the government hotline"),
    "court": ("人民法院", "a court"),
    "arbitration": ("仲裁机构", "an arbitrator"),
    "police": ("公安机关", "the police"),
    "labour": ("劳动监察、劳动仲裁", "the labour authorities"),
    "finance": ("金融监管部门（银行、保险）", "the financial regulator (banks, insurance)"),
    "securities": ("证券监管部门（股票、基金、期货）", "the securities regulator"),
    "post": ("邮政管理部门", "the postal regulator"),
    "transport": ("交通运输部门", "the transport authority"),
    "housing": ("住房城乡建设部门", "the housing authority"),
    "health": ("卫生健康部门", "the health authority"),
    "education": ("教育部门", "the education authority"),
    "agriculture": ("农业农村部门", "the agriculture authority"),
    "tobacco": ("烟草专卖部门", "the tobacco authority"),
    "environment": ("生态环境部门", "the environment authority"),
    "energy": ("能源监管部门（供电、供气）", "the energy regulator (power, gas)"),
    "association": ("消费者协会", "a consumer association"),
    "other": ("其他部门", "another body"),
}

#: What is no consumer complaint (arts 34, 44).
REDIRECTED_MATTERS: dict[str, tuple[str, str]] = {
    "report": ("举报违法行为", "a report of a violation"),
    "consultation": ("咨询", "a question"),
    "information": ("政府信息公开申请", "a request for public information"),
    "reconsideration": ("行政复议", "an administrative appeal"),
    "discipline": ("对工作人员的反映", "a complaint about an officer"),
}

#: What a look at the file brought for a ground of art. 16.
SEEN: dict[str, tuple[str, str]] = {
    "nothing": ("未见", "nothing seen"),
    "doubt": ("有疑点", "in doubt"),
    "unchecked": ("未核", "not checked"),
}

#: What the check of a report or a lead brought (arts 27, 35).
LEAD_RESULTS: dict[str, tuple[str, str]] = {
    "no_violation": ("没有发现违法", "no violation was found"),
    "case_opened": ("已立案查处", "proceedings were opened"),
    "corrected": ("已责令改正", "it was ordered to be put right"),
    "handed_over": ("已移送有权处理的部门", "it was handed to the authority with the power"),
}

REOPENING_GROUNDS: dict[str, tuple[str, str]] = {
    "broken_promise": ("承诺没有兑现", "a promise was broken"),
    "clerical_error": ("更正笔误", "a clerical error"),
    "objection_upheld": ("异议成立", "the objection was upheld"),
}

#: Why somebody at work looked at a consumer's contact data.
LOOK_REASONS: dict[str, tuple[str, str]] = {
    "look_program": ("企业或机关的系统读取", "read by the organisation's system"),
    "look_call": ("联系消费者", "to call the consumer"),
    "look_account": ("核对账户或订单", "to find the account or order"),
    "look_deliver": ("退款、寄送或上门", "to refund, send or visit"),
    "look_identity": ("核实身份、送达文书", "to verify who it is or to serve a document"),
    "look_other": ("其他", "another reason"),
    "look_export": ("列入经批准的导出表格", "for a table that a second person approved"),
}

#: Why it came to a complaint, in the enterprise's own eyes (complaints/procedure/root_causes.py).
ROOT_CAUSES: dict[str, tuple[str, str]] = {
    "misleading_promotion": ("宣传误导", "misleading promotion"),
    "billing_error": ("系统计费错误", "an error of the billing system"),
    "no_consent": ("未经同意办理", "done without consent"),
    "unfair_terms": ("合约条款不合理", "unreasonable terms"),
    "unclear_policy": ("政策、规则不清", "an unclear rule or policy"),
    "fault": ("商品、网络或设备故障", "a fault of goods, network or device"),
    "slow_service": ("服务太慢、互相推诿", "slow service, passed around"),
    "staff_conduct": ("员工操作不当", "a mistake of staff"),
    "third_party": ("代理商、合作方造成", "caused by an agent or partner"),
    "misunderstanding": ("消费者误解", "a misunderstanding of the consumer"),
    "nothing_wrong": ("核实后没有问题", "checked, nothing was wrong"),
    "other": ("其他原因", "another cause"),
}

#: How an officer who wrote a step down in the consumer's name knew who spoke.
RECORDINGS: dict[str, tuple[str, str]] = {
    "phone": ("拨打登记的电话，核对了本人", "the number on file was rung"),
    "counter": ("本人到场，核对了证件", "the person came and was identified"),
    "call": ("消费者来电，有录音", "the consumer called; the call is recorded"),
    "post": ("消费者来信，有签名", "a signed letter came"),
    "hotline": ("12345热线转来的工单", "a case handed over by 12345"),
    "station": ("本人带收据到服务站", "the person came to a service station with the receipt"),
}
