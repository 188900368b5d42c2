"""The rows of a case, by noun."""

from complaints.models.archived import ArchivedCase
from complaints.models.callbacks import CallBack, CallBackMonth, CallBackSeed
from complaints.models.clocks import Deadline, Reminder
from complaints.models.code_lists import Category, CauseKind, DemandKind, ProblemKind
from complaints.models.complaint import Complaint, Engagement
from complaints.models.demand import Demand
from complaints.models.documents import DocumentSeries, DocumentVersion, Dossier, OfficialDocument
from complaints.models.evidence import Evidence, EvidenceKind, EvidenceState, FilingDraft, Upload
from complaints.models.finding import CaseWords, PersonDigest
from complaints.models.heard import HeardAnswer
from complaints.models.law import LawChange, LawEffect
from complaints.models.log import Checkpoint, Leaf, NotAdmitted, Tile
from complaints.models.matters import AnswerLink, Matter
from complaints.models.notices import Heartbeat, Lease, Notice, NoticeChoice, NoticeOrder, WebhookDelivery
from complaints.models.outside import OutsideHolder
from complaints.models.participant import Participant
from complaints.models.publicity import PublicCount
from complaints.models.record import (
    ConsentRecord,
    ForwardingDecision,
    HandlingStep,
    HouseEntry,
    PersonalText,
    RecordedName,
    Seal,
    SealedHead,
)
from complaints.models.settlement import Contact, InternalNote, Obligation, Offer, OfferAnswer, RootCause
from complaints.models.station import StationEntry
from complaints.models.tables import Export, Measure, PlatformFile, PlatformLine, RoundTrip, RoundTripRow
from complaints.models.workspace import OfferDraft, Reading, SavedView

__all__ = [
    "AnswerLink",
    "ArchivedCase",
    "CallBack",
    "CallBackMonth",
    "CallBackSeed",
    "CaseWords",
    "Category",
    "CauseKind",
    "Checkpoint",
    "Complaint",
    "ConsentRecord",
    "Contact",
    "Deadline",
    "Demand",
    "DemandKind",
    "DocumentSeries",
    "DocumentVersion",
    "Dossier",
    "Engagement",
    "Evidence",
    "EvidenceKind",
    "EvidenceState",
    "Export",
    "FilingDraft",
    "ForwardingDecision",
    "HandlingStep",
    "HeardAnswer",
    "Heartbeat",
    "HouseEntry",
    "InternalNote",
    "LawChange",
    "LawEffect",
    "Leaf",
    "Lease",
    "Matter",
    "Measure",
    "NotAdmitted",
    "Notice",
    "NoticeChoice",
    "NoticeOrder",
    "Obligation",
    "Offer",
    "OfferAnswer",
    "OfferDraft",
    "OfficialDocument",
    "OutsideHolder",
    "Participant",
    "PersonDigest",
    "PersonalText",
    "PlatformFile",
    "PlatformLine",
    "ProblemKind",
    "PublicCount",
    "Reading",
    "RecordedName",
    "Reminder",
    "RootCause",
    "RoundTrip",
    "RoundTripRow",
    "SavedView",
    "Seal",
    "SealedHead",
    "StationEntry",
    "Tile",
    "Upload",
    "WebhookDelivery",
]
