"""The rows of oversight, by noun."""

from oversight.models.campaigns import Campaign, CampaignControl, CampaignEffect, CampaignFirm, Figure
from oversight.models.counters import (
    AMOUNTS,
    COUNTS,
    MEASURES,
    SPREAD,
    WIDE,
    Counted,
    DayFacet,
    DayRegion,
    DaySpread,
    MonthEnterprise,
    MonthFacet,
    MonthSpread,
    RollupState,
    Tally,
)
from oversight.models.own_words import DayNote, OwnGoal
from oversight.models.proofs import MeasureFile
from oversight.models.published_models import (
    AlarmSent,
    DataFile,
    DataSet,
    DirectorLetter,
    MonthlyReport,
    OpenIndicators,
    OversightView,
    SystemCheck,
)
from oversight.models.reduction import ConsumerWarning, Guidance, GuidanceMeasure, HotSpot, HotSpotAction, HotSpotCells
from oversight.models.remedies import Remedy, RemedyCheck, RemedyList, RemedyReport, RemedySample
from oversight.models.replies import PerfunctoryReply

__all__ = [
    "AMOUNTS",
    "COUNTS",
    "MEASURES",
    "SPREAD",
    "WIDE",
    "AlarmSent",
    "Campaign",
    "CampaignControl",
    "CampaignEffect",
    "CampaignFirm",
    "ConsumerWarning",
    "Counted",
    "DataFile",
    "DataSet",
    "DayFacet",
    "DayNote",
    "DayRegion",
    "DaySpread",
    "DirectorLetter",
    "Figure",
    "Guidance",
    "GuidanceMeasure",
    "HotSpot",
    "HotSpotAction",
    "HotSpotCells",
    "MeasureFile",
    "MonthEnterprise",
    "MonthFacet",
    "MonthSpread",
    "MonthlyReport",
    "OpenIndicators",
    "OversightView",
    "OwnGoal",
    "PerfunctoryReply",
    "Remedy",
    "RemedyCheck",
    "RemedyList",
    "RemedyReport",
    "RemedySample",
    "RollupState",
    "SystemCheck",
    "Tally",
]
