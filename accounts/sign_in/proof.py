"""Work that a browser does before it may cost us something: a small search, unseen, without a puzzle (ALTCHA).

A solution counts once. Who brings none (a browser without scripts) is not turned away, only counted
against a tighter limit.
"""

import base64
import json
from datetime import datetime, timedelta

from altcha.v1 import ChallengeOptions, create_challenge, verify_solution
from django.utils.crypto import salted_hmac
from django.utils.timezone import localtime

from accounts.sign_in.limits import Limit, count, waits_until

#: On average half of it is tried: a quarter of a second on a desk, a second or two on an old telephone, while people
#: type.
HARDEST = 20_000
VALID_FOR = timedelta(hours=2)
_ONCE = Limit("proof", 1, VALID_FOR)
_LONGEST = 2000


def _key() -> str:
    return salted_hmac("accounts.proof", "altcha", algorithm="sha256").hexdigest()


def new_task(*, now: datetime) -> str:
    """A task as JSON for static/js/proof.js: algorithm, challenge, maxNumber, salt, signature."""
    until = localtime(now + VALID_FOR)
    made = create_challenge(ChallengeOptions("SHA-256", max_number=HARDEST, hmac_key=_key(), expires=until))
    return json.dumps(made.to_dict())


def is_worked_for(solution: str, *, now: datetime) -> bool:
    """True the first time for a right solution of one of our tasks."""
    if not solution or len(solution) > _LONGEST:
        return False
    try:
        told = json.loads(base64.b64decode(solution, validate=True))
        is_right, _why = verify_solution(told, _key())
        # Counted by what was signed: the same answer written differently is the same answer.
        task = str(told["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    if not is_right or waits_until(_ONCE, task, now=now) is not None:
        return False
    count(_ONCE.kind, task, now=now)
    return True
