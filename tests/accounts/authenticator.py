"""An authenticator app as people hold it: it knows the key of the page and shows six digits."""

import base64
import re
from datetime import datetime

from django_otp.oath import TOTP

from accounts.models import OutgoingMessage


def app_code(shown_key: str, *, now: datetime) -> str:
    """The six digits that an app with this key (as the set-up page writes it) shows now."""
    clock = TOTP(base64.b32decode(shown_key.replace(" ", "")))
    clock.time = now.timestamp()
    return f"{clock.token():06d}"


def newest_code() -> str:
    """The six digits of the newest letter or short message."""
    result = re.search(r"\d{6}", OutgoingMessage.objects.latest("id").body.replace("12315", ""))
    assert result
    return result.group()


def another(code: str) -> str:
    """A code that is not this one."""
    return "000000" if code != "000000" else "111111"
