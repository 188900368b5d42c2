"""The rows of the directory of enterprises, by noun."""

from enterprises.models.bodies import Appraisal, MediationBody, Station, StationStaff
from enterprises.models.enrolment import (
    CustomerCount,
    DirectoryChange,
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
from enterprises.models.programs import ApiToken, WebhookEndpoint
from enterprises.models.published import LeagueLine, LeagueSet, PublicReply
from enterprises.models.team import Absence, AnswerTemplate, AssignmentRule, Invitation, TemplateVersion, TwoPersons

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
