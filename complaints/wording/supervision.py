"""Words of supervision: why something was late, what a call-back brought."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

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
    "nothing_owed": pgettext_lazy("call_back_answer", "没有要履行的"),
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
    "not_kept": pgettext_lazy("call_back_finding", "没有履行"),
    "never_settled": pgettext_lazy("call_back_finding", "消费者说没有和解"),
}
CALL_BACK_STATES: dict[str, Promise] = {
    "open": pgettext_lazy("call_back_state", "待回访"),
    "reached": pgettext_lazy("call_back_state", "已回访"),
    "not_reached": pgettext_lazy("call_back_state", "联系不上"),
}
