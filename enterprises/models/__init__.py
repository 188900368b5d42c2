"""The rows of the directory of enterprises, by noun."""

from enterprises.models.answer_template import AnswerTemplate, TemplateVersion
from enterprises.models.api_token import ApiToken
from enterprises.models.appraisal import Appraisal
from enterprises.models.directory_change import DirectoryChange
from enterprises.models.enrolment import (
    CustomerCount,
    EnrolmentApplication,
    EnrolmentEntry,
    EnrolmentFile,
    EnrolmentFiling,
)
from enterprises.models.enterprise import (
    Alias,
    Branch,
    BranchAuthority,
    Brand,
    BrandHolding,
    Enterprise,
    PublishedFigure,
    SearchName,
    ServiceArea,
    Staff,
    Succession,
)
from enterprises.models.invitation import Invitation
from enterprises.models.league import LeagueLine, LeagueSet
from enterprises.models.mediation_body import MediationBody
from enterprises.models.public_reply import PublicReply
from enterprises.models.station import Station, StationStaff
from enterprises.models.webhook_endpoint import WebhookEndpoint
from enterprises.models.work_rules import Absence, AssignmentRule, TwoPersons

__all__ = [
    "Absence",
    "Alias",
    "AnswerTemplate",
    "ApiToken",
    "Appraisal",
    "AssignmentRule",
    "Branch",
    "BranchAuthority",
    "Brand",
    "BrandHolding",
    "CustomerCount",
    "DirectoryChange",
    "EnrolmentApplication",
    "EnrolmentEntry",
    "EnrolmentFile",
    "EnrolmentFiling",
    "Enterprise",
    "Invitation",
    "LeagueLine",
    "LeagueSet",
    "MediationBody",
    "PublicReply",
    "PublishedFigure",
    "SearchName",
    "ServiceArea",
    "Staff",
    "Station",
    "StationStaff",
    "Succession",
    "TemplateVersion",
    "TwoPersons",
    "WebhookEndpoint",
]
