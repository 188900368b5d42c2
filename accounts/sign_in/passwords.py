"""Password sign-in of staff: slow for who guesses, open for who knows, wherever the other one sits.

Unknown address, wrong password, blocked and switched off look the same and cost the same. Wrong tries
are counted per address and network, per network, and per address from everywhere; the last one never shuts out a
network from which this person has signed in before.
"""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts.models import SecurityEvent, User
from accounts.security_log import note
from accounts.sign_in.limits import EVERYBODY, Limit, count, waits_until
from accounts.sign_in.network import client_address, network_of

WITHIN = timedelta(minutes=15)
#: One address from one network; one network on all addresses; one address from everywhere; everybody.
PAIR = Limit("wrong_password_pair", 10, WITHIN)
NETWORK = Limit("wrong_password_network", 100, WITHIN)
ADDRESS = Limit("wrong_password_address", 50, timedelta(hours=1))
SPRAY = Limit("wrong_password_everybody", 1000, WITHIN)
#: While somebody sprays passwords over all addresses, a network has room for this many.
NETWORK_UNDER_SPRAY = Limit(NETWORK.kind, 10, WITHIN)
KNOWN_FOR = timedelta(days=90)


def staff_user(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """The user these belong to; None for every kind of no."""
    address, here = email.strip().lower(), client_address(request)
    network = network_of(here)
    pair = f"{address} {network}"
    # The hash is computed even when blocked: the time of an answer tells nothing.
    found = authenticate(request, username=address, password=password)
    user = found if isinstance(found, User) else None
    is_spray = waits_until(SPRAY, EVERYBODY, now=now) is not None
    blocked = (
        waits_until(PAIR, pair, now=now)
        or waits_until(NETWORK_UNDER_SPRAY if is_spray else NETWORK, network, now=now)
        or (waits_until(ADDRESS, address, now=now) and not _has_been_here(user, network, now=now))
    )
    if not blocked and user is not None:
        return user
    if user is None:
        for limit, who in ((PAIR, pair), (NETWORK, network), (ADDRESS, address), (SPRAY, EVERYBODY)):
            count(limit.kind, who, now=now)
    note("sign_in_refused", now=now, reason="blocked" if blocked else "wrong_password", address=here)
    return None


def _has_been_here(user: User | None, network: str, *, now: datetime) -> bool:
    """True if this person, whose password was right, signed in from this network lately."""
    if user is None or not network:
        return False
    earlier = (
        SecurityEvent.objects.filter(person_key=user.person_key, kind="sign_in", at__gt=now - KNOWN_FOR)
        .exclude(address="")
        .values_list("address", flat=True)
    )
    return any(network_of(address) == network for address in earlier[:200])
