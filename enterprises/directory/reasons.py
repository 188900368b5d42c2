"""Why a case went where it went, in words; triage shows them too.

Routing speaks in codes and stores them, names with their English (``branch``, ``branch_en``); the words stand
here only, so a decision stored years ago can still be read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from web.languages import name_in_language

SENTENCES: Mapping[str, Promise] = {
    "picked": _("消费者选择了{enterprise}"),
    "named_on_return": _("退回的单位指出应由{enterprise}答复"),
    "branch_on_return": _("退回的单位指出应由{branch}答复"),
    "holds_brand": _("品牌由{enterprise}负责"),
    "named_legal": _("名称与{enterprise}的登记名称一致"),
    "named_code": _("统一社会信用代码属于{enterprise}"),
    "named_branch": _("名称是{enterprise}的分支机构"),
    "named_alias": _("名称是{enterprise}的别称"),
    "named_former": _("名称是{enterprise}的曾用名"),
    "succeeded": _("{old}已由{enterprise}承继"),
    "only_one_serves": _("可能的企业中只有{enterprise}服务该地区"),
    "only_one_sits_there": _("同名企业中只有{enterprise}在所填地址"),
    "rule": _("按规则 {rule}（第 {version} 版）：{reason}"),
    "rule_branch": _("规则指定{branch}"),
    "picked_branch": _("消费者选择了{branch}"),
    "picked_branch_ended": _("所选的{branch}已不再受理"),
    "serves": _("{region}由{branch}答复"),
    "has_no_branches": _("{enterprise}由总部答复"),
    "region_unknown": _("未填写地区，先由{enterprise}总部答复"),
    "no_branch_serves": _("{enterprise}在{region}没有分支机构，由总部答复"),
    "typed": _("按您写的“{named}”查到"),
    "consumer_named": _("消费者写的是“{named}”"),
    "mentioned": _("投诉里提到“{named}”"),
    "nothing_matched": _("名录中没有与“{named}”相同的企业"),
    "left_to_authority": _("没有写明被投诉企业，由监管部门确定"),
    "ambiguous": _("有 {count} 家企业可能是被投诉人"),
    "rules_conflict": _("同一优先级的规则指向不同去处：{rules}"),
    "rule_branch_ended": _("规则指定的分支机构已终止"),
    "branches_tie": _("{enterprise}有不止一个分支机构服务该地区"),
    "not_enrolled": _("{enterprise}未入驻在线和解"),
    "suspended": _("{enterprise}已暂停接收新案件"),
    "ended": _("{enterprise}已注销，没有登记承继者"),
    "may_be_meant": _("可能是{enterprise}"),
    "similar_name": _("名称与{enterprise}相近"),
    "serves_place": _("服务{region}"),
    "cannot_receive": _("目前不能接收案件"),
    "no_consent": _("消费者尚未同意把案件转交给{enterprise}"),
    "returned_twice": _("案件已被退回两次，由人工分送"),
    "given_back": _("{enterprise}退回了这件投诉"),
    "named_at_return": _("{enterprise}退回时指出应由它答复"),
    "contact_unverified": _("联系电话尚未核实，由工作人员回电"),
    "many_filings": _("同一人 24 小时内第 {count} 件，由人工分送"),
    "rule_to_authority": _("规则指定由监管部门处理"),
    "routing_failed": _("自动分送出错，由人工分送"),
}


def say(why: Mapping[str, object]) -> str:
    """One stored reason as a sentence; an unknown code is shown, never hidden."""
    text = SENTENCES.get(str(why.get("code", "")))
    if text is None:
        return str(why.get("code", ""))
    names = {key: name_in_language(str(value), str(why.get(f"{key}_en", ""))) for key, value in why.items()}
    return str(text).format_map(defaultdict(str, names))


def say_all(reasons: Iterable[Mapping[str, object]]) -> list[str]:
    return [say(why) for why in reasons]
