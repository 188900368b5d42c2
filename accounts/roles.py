"""Who may do what: the roles, who gives them, and what only some of them may do. This is the one declaration.

Everything else reads it: THE TABLE (complaints/procedure/workflow.py) says by which of these groups a step is taken,
access/permissions.csv which roles, rights and steps open an address. Pages, rules and the API ask for a right or for a
step of the table and list no roles; docs/permissions.md is written from all three. Plain data: no database.
docs/how-to/roles.md says how to add a role.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(StrEnum):
    """In which role somebody acts. The code stands in the records of cases and is never renamed.

    ``side``: for whom. ``post``: the code in the table of who works there, empty for what nobody is given.
    ``known_as``: the name in permissions.csv and in the API. Who holds several roles at one authority acts in the one
    that stands last here.
    """

    side: str
    post: str
    known_as: str

    def __new__(cls, code: str, side: str = "", post: str = "", known_as: str = "") -> Self:
        role = str.__new__(cls, code)
        role._value_, role.side, role.post, role.known_as = code, side, post, known_as or code
        return role

    CONSUMER = "consumer", "consumer"
    PARTY = "party", "consumer"
    MANAGER = "manager", "enterprise", "manager"
    HANDLER = "handler", "enterprise", "handler"
    REVIEWER = "reviewer", "enterprise", "reviewer"
    RESPONDENT = "respondent", "enterprise"
    MEDIATION_BODY = "mediation_body", "authority"
    ANALYST = "analyst", "authority", "analyst"
    INTAKE = "intake", "authority", "intake"
    OFFICER = "officer", "authority", "handler", "authority_handler"
    APPROVER = "approver", "authority", "approver"
    STATION = "station", "station", "station"
    SYSTEM_ADMIN = "system_admin", "platform", "system"
    SECURITY_ADMIN = "security_admin", "platform", "security"
    AUDIT_ADMIN = "audit_admin", "platform", "audit"
    SYSTEM = "system", "system"


#: How the record of a case names whoever acts in this role.
LABELS: dict[str, Promise] = {
    Role.CONSUMER: pgettext_lazy("role", "消费者"),
    Role.PARTY: pgettext_lazy("role", "共同投诉人"),
    Role.MANAGER: pgettext_lazy("role", "企业管理员"),
    Role.HANDLER: pgettext_lazy("role", "企业处理专员"),
    Role.REVIEWER: pgettext_lazy("role", "企业审核"),
    Role.RESPONDENT: pgettext_lazy("role", "被投诉人"),
    Role.MEDIATION_BODY: pgettext_lazy("role", "受委托调解组织"),
    Role.ANALYST: pgettext_lazy("role", "分析"),
    Role.INTAKE: pgettext_lazy("role", "分送人员"),
    Role.OFFICER: pgettext_lazy("role", "经办人员"),
    Role.APPROVER: pgettext_lazy("role", "负责人"),
    Role.SYSTEM: pgettext_lazy("role", "系统"),
}
#: How those who work in one place name the post.
POST_LABELS: dict[Role, Promise] = {
    Role.MANAGER: _("管理员"),
    Role.HANDLER: _("处理专员"),
    Role.REVIEWER: _("审核"),
    Role.ANALYST: _("分析"),
    Role.INTAKE: _("分送"),
    Role.OFFICER: _("经办"),
    Role.APPROVER: _("负责人"),
    Role.STATION: _("服务站人员"),
    Role.SYSTEM_ADMIN: _("系统管理员"),
    Role.SECURITY_ADMIN: _("安全管理员"),
    Role.AUDIT_ADMIN: _("审计管理员"),
}

#: (giver, where the other one works) → roles that may be given there, in the order of a form.
#: own: the same organisation, branch or authority; below: a branch below; office: an office (所) of one's authority;
#: subordinate: an authority directly below; station: one that the own authority set up; enrolled: an enterprise that it
#: enrolled and that nobody leads; once somebody does, they give the others. An authority with nobody above appoints its
#: own heads: "top". 三员: the security administrators give the platform's duties and hold no other.
GIVES: dict[tuple[Role, str], tuple[Role, ...]] = {
    (Role.MANAGER, "own"): (Role.HANDLER, Role.REVIEWER, Role.MANAGER),
    (Role.MANAGER, "below"): (Role.HANDLER, Role.REVIEWER, Role.MANAGER),
    (Role.APPROVER, "own"): (Role.OFFICER, Role.INTAKE, Role.ANALYST),
    (Role.APPROVER, "top"): (Role.OFFICER, Role.INTAKE, Role.ANALYST, Role.APPROVER),
    (Role.APPROVER, "office"): (Role.OFFICER, Role.INTAKE, Role.ANALYST, Role.APPROVER),
    (Role.APPROVER, "subordinate"): (Role.APPROVER,),
    (Role.APPROVER, "station"): (Role.STATION,),
    (Role.APPROVER, "enrolled"): (Role.MANAGER,),
    (Role.SECURITY_ADMIN, "platform"): (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
}

MANAGERS = frozenset({Role.MANAGER})
#: Who works on the cases of an enterprise, and who approves what others of it propose.
CASE_STAFF = MANAGERS | {Role.HANDLER}
STAFF_APPROVERS = MANAGERS | {Role.REVIEWER}
HEADS = frozenset({Role.APPROVER})
#: Who decides the cases of an authority; who distributes them; who does either and does not only read.
CASE_OFFICERS = HEADS | {Role.OFFICER}
INTAKE_OFFICERS = frozenset({Role.INTAKE})
ACTING_OFFICERS = CASE_OFFICERS | INTAKE_OFFICERS


class Right(StrEnum):
    """What only ``roles``, all of one side, may do beside the steps of THE TABLE; permissions.csv names the code."""

    roles: frozenset[Role]

    def __new__(cls, code: str, roles: frozenset[Role] = frozenset()) -> Self:
        right = str.__new__(cls, code)
        right._value_, right.roles = code, roles
        return right

    @property
    def posts(self) -> tuple[str, ...]:
        """The codes of these roles in the table of who works there."""
        return tuple(role.post for role in Role if role in self.roles)

    # At an enterprise.
    #: Cases lie with them; a reviewer approves and holds none.
    ANSWER_CASE = "answer_case", CASE_STAFF
    #: The rules of assignment give them what comes in.
    GET_NEW_CASE = "get_new_case", CASE_STAFF - MANAGERS
    LEAD_ENTERPRISE = "lead_enterprise", MANAGERS
    MAKE_MEASURE = "make_measure", CASE_STAFF
    APPROVE_MEASURE = "approve_measure", STAFF_APPROVERS
    REPORT_ON_GUIDANCE = "report_on_guidance", CASE_STAFF
    # At an authority.
    #: Cases lie with them; whoever only reads holds none.
    HOLD_CASE = "hold_case", ACTING_OFFICERS
    DECIDE_CASE = "decide_case", CASE_OFFICERS
    LEAD_AUTHORITY = "lead_authority", HEADS
    DISTRIBUTE = "distribute", INTAKE_OFFICERS
    #: What somebody said on the telephone or at the counter, into the record in their name.
    WRITE_DOWN = "write_down", ACTING_OFFICERS
    PRINT_DOCUMENT = "print_document", ACTING_OFFICERS
    ORDER_NOTICE = "order_notice", ACTING_OFFICERS
    SEND_PLATFORM_FILE = "send_platform_file", ACTING_OFFICERS
    ANSWER_ENROLMENT = "answer_enrolment", CASE_OFFICERS
    DECIDE_ENROLMENT = "decide_enrolment", HEADS
    DECIDE_DIRECTORY_CHANGE = "decide_directory_change", HEADS
    DRAFT_ROUTING_RULE = "draft_routing_rule", ACTING_OFFICERS
    DECIDE_ROUTING_RULE = "decide_routing_rule", HEADS
    DRAFT_LAW = "draft_law", CASE_OFFICERS
    DECIDE_LAW = "decide_law", HEADS
    ACT_ON_HOT_SPOT = "act_on_hot_spot", CASE_OFFICERS
    PUBLISH_WARNING = "publish_warning", HEADS
    CHECK_REPLY = "check_reply", CASE_OFFICERS
    APPRAISE = "appraise", CASE_OFFICERS
    DECIDE_APPRAISAL = "decide_appraisal", HEADS
    DRAFT_REPORT = "draft_report", CASE_OFFICERS | {Role.ANALYST}
    APPROVE_REPORT = "approve_report", HEADS


def roles_at(side: str) -> tuple[Role, ...]:
    """The roles that somebody can be given there."""
    return tuple(role for role in Role if role.post and role.side == side)


def role_at(side: str, post: str) -> Role:
    """The role with this code in the table of that side; KeyError for a code that it does not have."""
    return _BY_POST[side, post]


def post_choices(side: str) -> list[tuple[str, Promise]]:
    """Code and words of each role there, for the column of its table."""
    return [(role.post, POST_LABELS[role]) for role in roles_at(side)]


def posts_of(roles: Iterable[Role], side: str) -> tuple[str, ...]:
    """The codes that those of ``roles`` have in the table of that side."""
    return tuple(role.post for role in roles_at(side) if role in roles)


def listed() -> list[dict[str, object]]:
    """What the table of roles holds: every code that a column has, of a record or of a table of who works where."""
    codes = dict.fromkeys(code for role in Role for code in (str(role), role.post) if code)
    return [{"code": code, "is_active": True} for code in codes]


_BY_POST = {(role.side, role.post): role for role in Role if role.post}
