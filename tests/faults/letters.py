"""What a portal of these tests has sent: opened with the keys of that portal. It only reads."""

import re
from typing import Any
from uuid import UUID

from accounts.keys import keys, sealing
from accounts.models import OutgoingMessage
from tests.faults.portal import RunningPortal

_NEWEST = """
select channel, created_at, address, body, wrapped, person from accounts_outgoingmessage
join accounts_personkey on person = encode(substring(address from 2 for 16), 'hex')::uuid
where octet_length(body) > 0 order by id desc limit 60
"""


def code_sent_to(portal: RunningPortal, phone: str) -> str:
    """The newest code on its way to this number."""
    known = keys.read(portal.local / "vault" / "keys")
    fields: list[Any] = [OutgoingMessage._meta.get_field(name) for name in ("address", "body")]
    for channel, at, *sealed, wrapped, person in portal.query(_NEWEST):
        secret = sealing.unwrap(bytes(wrapped), person=UUID(str(person)), keys=known)
        address, body = (
            sealing.open_sealed(bytes(value), secret=secret, place=field.place_with([channel, at]))
            for field, value in zip(fields, sealed, strict=True)
        )
        code = re.search(r"\d{6}", body.replace("12315", ""))
        if address.endswith(phone) and code:
            return code[0]
    raise AssertionError(f"no code went to {phone}")
