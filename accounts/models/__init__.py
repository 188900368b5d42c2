"""The rows of people, and of what may be done so often."""

from accounts.models.once import CountedTry, IdempotencyKey, OpenedLink
from accounts.models.people import (
    DEMO_DOMAIN,
    PHONES_AND_EMAIL,
    AccountChange,
    Administrator,
    BrowserSession,
    OutgoingMessage,
    PersonKey,
    RecoveryCode,
    RoleCode,
    SecondFactor,
    SecurityEvent,
    SignInCode,
    User,
    UserManager,
    UserQuerySet,
)
from accounts.models.persons import DecisionPart, HousePhone

__all__ = [
    "DEMO_DOMAIN",
    "PHONES_AND_EMAIL",
    "AccountChange",
    "Administrator",
    "BrowserSession",
    "CountedTry",
    "DecisionPart",
    "HousePhone",
    "IdempotencyKey",
    "OpenedLink",
    "OutgoingMessage",
    "PersonKey",
    "RecoveryCode",
    "RoleCode",
    "SecondFactor",
    "SecurityEvent",
    "SignInCode",
    "User",
    "UserManager",
    "UserQuerySet",
]
