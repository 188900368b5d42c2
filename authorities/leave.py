"""Leave of officers, as a condition. Who is away from an authority is away from every office there."""

from datetime import date

from django.db.models import Exists, OuterRef

from authorities.models import OfficerAbsence


def on_leave(day: date) -> Exists:
    """Of an office: this person is away from that authority on ``day``, whichever office the leave was entered for."""
    return Exists(
        OfficerAbsence.objects.on(day).filter(officer__user=OuterRef("user"), officer__authority=OuterRef("authority"))
    )
