"""Which form stands at which address below a case.

The one rule: the address is the last word of the path; each name stands here once.
"""

from __future__ import annotations

from complaints.pages.consumer.file_forms import MaterialForm, StatementForm
from complaints.pages.consumer.forms import (
    ConsentForm,
    CorrectForm,
    ExtensionForm,
    LateForm,
    ObjectionForm,
    PublicationForm,
    ReferForm,
    SettledElsewhereForm,
    StepForm,
    StopForm,
    UndoForm,
    WithdrawConsentForm,
    WithdrawForm,
)
from complaints.pages.consumer.mediation_forms import MediationForm, RecusalForm, SuggestionForm
from complaints.pages.consumer.party_forms import LeaveForm, PartyForm, PowerForm
from complaints.pages.consumer.settlement_forms import (
    BreachForm,
    DoneForm,
    OfferForm,
    PerformedForm,
    RateForm,
    RedateForm,
)

FORMS: dict[str, type[StepForm]] = {
    form.name: form
    for form in (
        OfferForm,
        PerformedForm,
        BreachForm,
        DoneForm,
        StatementForm,
        MaterialForm,
        StopForm,
        UndoForm,
        WithdrawForm,
        ReferForm,
        SettledElsewhereForm,
        ConsentForm,
        ObjectionForm,
        RateForm,
        MediationForm,
        SuggestionForm,
        LateForm,
        PublicationForm,
        ExtensionForm,
        CorrectForm,
        RecusalForm,
        WithdrawConsentForm,
        RedateForm,
        PartyForm,
        LeaveForm,
        PowerForm,
    )
}
