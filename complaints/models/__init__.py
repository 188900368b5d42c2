"""The rows of a case, by noun."""

from complaints.models.answer_link import AnswerLink
from complaints.models.callbacks import CallBack, CallBackMonth, CallBackSeed
from complaints.models.clocks import Deadline, Reminder
from complaints.models.code_lists import Category, CauseKind, DemandKind, ProblemKind
from complaints.models.complaint import Complaint, Demand, Engagement
from complaints.models.consent import ConsentRecord
from complaints.models.documents import DocumentSeries, DocumentVersion, OfficialDocument
from complaints.models.dossier import Dossier
from complaints.models.draft import FilingDraft
from complaints.models.evidence import Evidence, EvidenceKind, EvidenceState
from complaints.models.exports import Export
from complaints.models.finding import CaseWords, PersonDigest
from complaints.models.forwarding import ForwardingDecision
from complaints.models.law import LawChange, LawEffect
from complaints.models.matters import Matter
from complaints.models.participant import Participant
from complaints.models.platform import PlatformFile, PlatformLine
from complaints.models.record import HandlingStep, PersonalText, RecordedName, Seal, SealedHead
from complaints.models.sets import Measure, RoundTrip, RoundTripRow
from complaints.models.settlement import Contact, InternalNote, Obligation, Offer, OfferAnswer, RootCause
from complaints.models.station import StationEntry
from complaints.models.telling import Heartbeat, Notice, NoticeChoice, NoticeOrder
from complaints.models.tracking import TrackingTry
from complaints.models.upload import Upload
from complaints.models.webhooks import WebhookDelivery
from complaints.models.workspace import OfferDraft, Reading, SavedView

__all__ = [
    "AnswerLink",
    "CallBack",
    "CallBackMonth",
    "CallBackSeed",
    "CaseWords",
    "Category",
    "CauseKind",
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
    "Heartbeat",
    "InternalNote",
    "LawChange",
    "LawEffect",
    "Matter",
    "Measure",
    "Notice",
    "NoticeChoice",
    "NoticeOrder",
    "Obligation",
    "Offer",
    "OfferAnswer",
    "OfferDraft",
    "OfficialDocument",
    "Participant",
    "PersonDigest",
    "PersonalText",
    "PlatformFile",
    "PlatformLine",
    "ProblemKind",
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
    "TrackingTry",
    "Upload",
    "WebhookDelivery",
]
