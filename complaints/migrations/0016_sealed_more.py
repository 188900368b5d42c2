"""What the parties and the officers wrote to a case, drafts, file names and searches are sealed too."""

from django.db import migrations, models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedJSON, SealedText
from accounts.keys.sealing_rows import sealed_columns

WHOSE = "complaint.consumer_key"
OFFER, PROMISE, TALK = ["complaint_id", "number"], ["complaint_id", "ordinal"], ["complaint_id", "at"]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0015_row_security"), ("accounts", "0009_sealed_messages")]

    operations = [
        *sealed_columns("complaints", "complaint", {
            "respondent_details": SealedJSON(blank=True, whose="consumer_key", place=["number"])}),
        *sealed_columns("complaints", "demand", {
            "note": SealedText(blank=True, whose=WHOSE, place=PROMISE, free_text=True)}),
        *sealed_columns("complaints", "offer", {
            "message": SealedText(blank=True, whose=WHOSE, place=OFFER, free_text=True),
            "made_by_name": SealedText(blank=True, place=OFFER),
            "counter_demand": SealedText(blank=True, whose=WHOSE, place=OFFER, free_text=True)}),
        migrations.RemoveConstraint("offeranswer", "refusal_has_reason"),
        *sealed_columns("complaints", "offeranswer", {
            "reason": SealedText(blank=True, whose="offer.complaint.consumer_key", place=["offer_id", "demand_id"],
                                 free_text=True)}),
        migrations.AddConstraint("offeranswer", models.CheckConstraint(
            condition=Q(("verdict", "grant"), Q(("reason", b""), _negated=True), _connector="OR"),
            name="refusal_has_reason")),
        *sealed_columns("complaints", "obligation", {
            "what": SealedText(whose=WHOSE, place=PROMISE, free_text=True),
            "payee_last4": SealedText(blank=True, whose=WHOSE, place=PROMISE),
            "proof": SealedText(blank=True, whose=WHOSE, place=PROMISE, free_text=True),
            "reported_proof": SealedText(blank=True, whose=WHOSE, place=PROMISE, free_text=True),
            "payment_channel": SealedText(blank=True, whose=WHOSE, place=PROMISE)}),
        *sealed_columns("complaints", "contact", {
            "by_name": SealedText(blank=True, place=TALK),
            "note": SealedText(blank=True, whose=WHOSE, place=TALK, free_text=True)}),
        *sealed_columns("complaints", "internalnote", {
            "by_name": SealedText(blank=True, place=TALK),
            "text": SealedText(whose=WHOSE, place=TALK, free_text=True)}),
        *sealed_columns("complaints", "matter", {
            "data": SealedJSON(blank=True, whose=WHOSE, place=["complaint_id", "kind", "opened_at"])}),
        migrations.RemoveConstraint("filingdraft", "filed_draft_holds_no_text"),
        *sealed_columns("complaints", "filingdraft", {"data": SealedJSON(blank=True, place=["id"])}),
        migrations.AddConstraint("filingdraft", models.CheckConstraint(
            condition=Q(("filed_at", None), ("data", b""), _connector="OR"), name="filed_draft_holds_no_text")),
        *sealed_columns("complaints", "evidence", {"name": SealedText(whose=WHOSE, place=["path"])}),
        *sealed_columns("complaints", "export", {
            "query": SealedText(blank=True, place=["mark"]),
            "purpose": SealedText(blank=True, place=["mark"], free_text=True)}),
    ]
