"""Why a case went where it went, in words of both languages; triage shows them too.

Rule: routing speaks in codes and stores them; the words stand here only, so a
decision stored years ago can still be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "picked": ("消费者选择了{enterprise}", "The consumer chose {enterprise_en}"),
    "named_on_return": ("退回的单位指出应由{enterprise}答复", "Whoever gave it back named {enterprise_en}"),
    "branch_on_return": ("退回的单位指出应由{branch}答复", "Whoever gave it back named {branch_en}"),
    "holds_brand": ("品牌由{enterprise}负责", "{enterprise_en} answers for the brand"),
    "named_legal": ("名称与{enterprise}的登记名称一致", "The name is the registered name of {enterprise_en}"),
    "named_code": ("统一社会信用代码属于{enterprise}", "The credit code is that of {enterprise_en}"),
    "named_branch": ("名称是{enterprise}的分支机构", "The name is a branch of {enterprise_en}"),
    "named_alias": ("名称是{enterprise}的别称", "The name is another name of {enterprise_en}"),
    "named_former": ("名称是{enterprise}的曾用名", "The name is a former name of {enterprise_en}"),
    "succeeded": ("{old}已由{enterprise}承继", "{enterprise_en} has taken over from {old_en}"),
    "only_one_serves": (
        "可能的企业中只有{enterprise}服务该地区",
        "Of those possible, only {enterprise_en} serves the place",
    ),
    "only_one_sits_there": (
        "同名企业中只有{enterprise}在所填地址",
        "Of those of this name, only {enterprise_en} sits at the address given",
    ),
    "rule": ("按规则 {rule}（第 {version} 版）：{reason}", "By rule {rule} (version {version}): {reason_en}"),
    "rule_branch": ("规则指定{branch}", "The rule names {branch_en}"),
    "picked_branch": ("消费者选择了{branch}", "The consumer chose {branch_en}"),
    "picked_branch_ended": ("所选的{branch}已不再受理", "{branch_en}, which was chosen, no longer answers"),
    "serves": ("{region}由{branch}答复", "{branch_en} answers for {region_en}"),
    "has_no_branches": ("{enterprise}由总部答复", "{enterprise_en} answers from headquarters"),
    "region_unknown": (
        "未填写地区，先由{enterprise}总部答复",
        "No place was given, so the headquarters of {enterprise_en} answers",
    ),
    "no_branch_serves": (
        "{enterprise}在{region}没有分支机构，由总部答复",
        "{enterprise_en} has no branch for {region_en}; headquarters answers",
    ),
    "typed": ("按您写的“{named}”查到", "Found under “{named}”"),
    "consumer_named": ("消费者写的是“{named}”", "The consumer wrote “{named}”"),
    "mentioned": ("投诉里提到“{named}”", "The complaint mentions “{named}”"),
    "nothing_matched": ("名录中没有与“{named}”相同的企业", "Nobody in the directory is called “{named}”"),
    "left_to_authority": (
        "没有写明被投诉企业，由监管部门确定",
        "No respondent is named; the authority finds out who is meant",
    ),
    "ambiguous": ("有 {count} 家企业可能是被投诉人", "{count} enterprises may be meant"),
    "rules_conflict": (
        "同一优先级的规则指向不同去处：{rules}",
        "Rules of one priority lead to different places: {rules}",
    ),
    "rule_branch_ended": ("规则指定的分支机构已终止", "The branch the rule names has ended"),
    "branches_tie": (
        "{enterprise}有不止一个分支机构服务该地区",
        "More than one branch of {enterprise_en} serves the place",
    ),
    "not_enrolled": ("{enterprise}未入驻在线和解", "{enterprise_en} is not enrolled"),
    "suspended": ("{enterprise}已暂停接收新案件", "{enterprise_en} is suspended and gets no new cases"),
    "ended": ("{enterprise}已注销，没有登记承继者", "{enterprise_en} has ended and no successor is known"),
    "may_be_meant": ("可能是{enterprise}", "May be {enterprise_en}"),
    "similar_name": ("名称与{enterprise}相近", "The name is like that of {enterprise_en}"),
    "serves_place": ("服务{region}", "Serves {region_en}"),
    "cannot_receive": ("目前不能接收案件", "Cannot receive cases now"),
    "no_consent": (
        "消费者尚未同意把案件转交给{enterprise}",
        "The consumer has not agreed that {enterprise_en} gets the case",
    ),
    "returned_twice": ("案件已被退回两次，由人工分送", "The case was returned twice; a person decides"),
    "given_back": ("{enterprise}退回了这件投诉", "{enterprise_en} gave this complaint back"),
    "named_at_return": ("{enterprise}退回时指出应由它答复", "Named by {enterprise_en} when it gave the complaint back"),
    "contact_unverified": (
        "联系电话尚未核实，由工作人员回电",
        "The phone number is not proven yet; an officer rings back",
    ),
    "many_filings": (
        "同一人 24 小时内第 {count} 件，由人工分送",
        "The person’s complaint no. {count} within 24 hours; a person decides",
    ),
    "rule_to_authority": ("规则指定由监管部门处理", "The rule gives the case to the authority"),
    "routing_failed": ("自动分送出错，由人工分送", "Automatic routing failed; a person decides"),
}


def say(why: Mapping[str, object], language: str) -> str:
    """One stored reason as a sentence; an unknown code is shown, never hidden."""
    words = WORDS.get(str(why.get("code", "")))
    if words is None:
        return str(why.get("code", ""))
    text = words[1 if language.startswith("en") else 0]
    return text.format_map(defaultdict(str, {key: str(value) for key, value in why.items()}))


def say_all(whys: Iterable[Mapping[str, object]], language: str) -> list[str]:
    """All stored reasons of a decision, in order."""
    return [say(why, language) for why in whys]
