"""The rows of oversight, by noun."""

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
from oversight.models.kept_rows import AlarmSent, DirectorLetter, OversightView, SystemCheck
from oversight.models.published_models import DataFile, DataSet, MonthlyReport, OpenIndicators
from oversight.models.reduction import ConsumerWarning, Deed, Guidance, GuidanceMeasure, HotSpot

__all__ = [
    "AMOUNTS",
    "COUNTS",
    "MEASURES",
    "SPREAD",
    "WIDE",
    "AlarmSent",
    "ConsumerWarning",
    "Counted",
    "DataFile",
    "DataSet",
    "DayFacet",
    "DayRegion",
    "DaySpread",
    "Deed",
    "DirectorLetter",
    "Guidance",
    "GuidanceMeasure",
    "HotSpot",
    "MonthEnterprise",
    "MonthFacet",
    "MonthSpread",
    "MonthlyReport",
    "OpenIndicators",
    "OversightView",
    "RollupState",
    "SystemCheck",
    "Tally",
]
