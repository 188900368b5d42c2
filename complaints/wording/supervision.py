"""Words of supervision: why something was late, what a call-back brought."""

from __future__ import annotations

#: What an officer says once of something overdue; for authorities alone.
OVERDUE_REASONS: dict[str, tuple[str, str]] = {
    "workload": ("件多人少", "too many cases for the people there are"),
    "waiting_party": ("等当事人答复或者补正", "waiting for a party"),
    "unreachable": ("联系不上当事人", "a party cannot be reached"),
    "appraisal": ("等鉴定、检测", "waiting for an appraisal"),
    "other_body": ("等其他部门答复", "waiting for another body"),
    "complex": ("案情复杂", "a complex case"),
    "absence": ("经办人不在岗", "the officer was absent"),
    "other": ("其他", "another reason"),
}

#: What a call-back asks (facts, satisfaction): question, then its answers.
CALL_BACK_QUESTIONS: dict[str, tuple[str, str]] = {
    "contacted": ("企业或者工作人员及时联系您了吗", "Did they contact you in time?"),
    "attitude": ("态度怎么样", "How did they treat you?"),
    "agreed": ("结案时说已和解，您同意过吗", "It was closed as settled: did you agree?"),
    "accepted": ("您认可处理结果吗", "Do you accept the result?"),
    "performed": ("答应您的事做到了吗", "Was what they promised done?"),
}
CALL_BACK_ANSWERS: dict[str, tuple[str, str]] = {
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "unknown": ("说不清", "cannot say"),
    "partly": ("部分认可", "in part"),
    "not_yet": ("还没到期", "not due yet"),
    "nothing_owed": ("没有要履行的", "nothing was promised"),
    "good": ("好", "well"),
    "fair": ("一般", "fairly"),
    "poor": ("差", "badly"),
}
CALL_BACK_WHY: dict[str, tuple[str, str]] = {
    "repeat": ("重复投诉", "repeat complaint"),
    "reopened": ("重新办理过", "was reopened"),
    "drawn": ("抽中", "drawn"),
}
CALL_BACK_FINDINGS: dict[str, tuple[str, str]] = {
    "not_kept": ("没有履行", "not performed"),
    "never_settled": ("消费者说没有和解", "the consumer says it was never settled"),
}
CALL_BACK_STATES: dict[str, tuple[str, str]] = {
    "open": ("待回访", "to be called"),
    "reached": ("已回访", "reached"),
    "not_reached": ("联系不上", "not reached"),
}
