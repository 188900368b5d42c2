"""What is known of who is signed in: put into the form, to be looked over and changed."""

from accounts.keys import sealed_fields
from accounts.models import User
from complaints.models import Complaint, PersonalText
from complaints.procedure.workflow import Audience


def contact_of(user: User) -> dict[str, str]:
    """Name, phone and mailbox of the account, and the address that the last complaint gave."""
    known = {"name": user.name, "phone": user.phone or "", "email": user.email or ""}
    texts = PersonalText.objects.filter(
        complaint__consumer_id=user.pk, kind="consumer_address", audience=Audience.PARTIES
    )
    rows = list(texts.order_by("-complaint_id", "-pk")[:1])
    sealed_fields.load_for(rows)
    return known | {"address": rows[0].text} if rows else known


def region_of(user_id: int) -> int | None:
    """Where the last complaint was about."""
    rows = Complaint.objects.filter(consumer_id=user_id).order_by("-filed_at")
    return rows.values_list("service_region_id", flat=True).first()
