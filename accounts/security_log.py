"""The security log: who came in, who was turned away, who looked at what, who changed whose rights.

A row is written and never changed, and goes after twelve months and not before (the database refuses
the rest). It names a person by ``person_key`` and says why by a code: no name, no phone, no free text stands in it.
"""

from datetime import datetime, timedelta

from accounts.models import SecurityEvent, User

#: CSL art. 21 asks for six months; we keep twelve (the trigger of migration 0002 counts the same).
KEPT_FOR = timedelta(days=365)


def note(
    kind: str,
    *,
    now: datetime,
    user: User | None = None,
    organisation: str = "",
    subject: str = "",
    reason: str = "",
    address: str = "",
) -> SecurityEvent:
    """Write one row, in the caller's transaction.

    ``kind``: what happened, in snake case (sign_in, denied, reveal, export_asked, role_given …), at most 40 letters.
    ``subject``: what it was done to (a case number, the person_key of somebody, the prefix of a token), at most 120.
    ``reason``: a code or a few fixed words, never what somebody typed. ``address``: the network address, as told by
    ``client_address``.
    """
    return SecurityEvent.objects.create(
        kind=kind,
        at=now,
        person_key=user.person_key if user is not None else None,
        organisation=organisation[:200],
        subject=subject[:120],
        reason=reason[:120],
        address=address[:45],
    )
