"""The words of the security log. A kind or reason without words is shown as its code, never hidden."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.wording.reasons import LOOK_REASONS

#: In the order of the filter.
KINDS: dict[str, Any] = {
    "reveal_alert": _("查看联系方式过多"),
    "reveal": _("查看联系方式"),
    "denied": _("被拒绝的请求"),
    "sign_in": _("登录"),
    "sign_in_refused": _("登录被拒"),
    "password_right": _("密码正确"),
    "stepped_up": _("再次确认"),
    "signed_out": _("退出登录"),
    "session_ended": _("结束登录"),
    "factor_added": _("添加第二重验证"),
    "factor_removed": _("移除第二重验证"),
    "factor_refused": _("第二重验证不对"),
    "recovery_codes_made": _("生成恢复码"),
    "password_changed": _("更换密码"),
    "contact_changed": _("更换手机或邮箱"),
    "invited": _("发出邀请"),
    "invitation_revoked": _("撤回邀请"),
    "role_given": _("授予岗位"),
    "role_taken": _("收回岗位"),
    "directory_change_made": _("提出名录变更"),
    "directory_change_filed": _("提交名录变更"),
    "directory_change_withdrawn": _("撤回名录变更"),
    "directory_change_approved": _("批准名录变更"),
    "directory_change_refused": _("不批准名录变更"),
    "routing_rule_drafted": _("起草分送规则"),
    "routing_rule_filed": _("提交分送规则"),
    "routing_rule_withdrawn": _("撤回分送规则"),
    "routing_rule_approved": _("批准分送规则"),
    "routing_rule_refused": _("不批准分送规则"),
    "routing_lesson_dismissed": _("不采纳更正建议"),
    "export_asked": _("申请导出"),
    "export_approved": _("批准导出"),
    "export_refused": _("不同意导出"),
    "export_fetched": _("下载导出"),
    "token_made": _("签发程序口令"),
    "token_revoked": _("撤销程序口令"),
    "webhook_made": _("建立推送"),
    "webhook_rotated": _("更换推送密钥"),
    "webhook_on": _("启用推送"),
    "webhook_off": _("停用推送"),
    "webhook_replayed": _("重发推送"),
    "account_off": _("停用账号"),
    "account_on": _("恢复账号"),
    "account_closed": _("注销账号"),
    "data_copied": _("取走本人数据"),
    "tracking_code": _("凭查询口令取验证码"),
}


def kind_words(kind: str) -> str:
    return str(KINDS.get(kind, kind))


def reason_words(reason: str) -> str:
    return wording.label(reason, kind="look_reason") if reason in LOOK_REASONS else reason
