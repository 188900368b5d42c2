"""When a consumer counts as unreachable: so many attempts, on so many days, by so many channels, none of which reached.
What is still missing is counted here, for the page that shows it and for the step that asks for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from authorities.policies import Policies
from complaints.models import Contact
from complaints.procedure.working_calendar import Calendar


@dataclass(frozen=True, slots=True)
class Count:
    """``what``: attempts, days, channels."""

    what: str
    have: int
    need: int

    @property
    def missing(self) -> int:
        return max(0, self.need - self.have)


def counted(contacts: Iterable[Contact], *, policies: Policies, region_id: int, calendar: Calendar) -> list[Count]:
    """How far the failed attempts of one time with a case go (procedure, section 3, ``report_failure``)."""
    missed = [contact for contact in contacts if not contact.reached]
    have = {
        "attempts": len(missed),
        "days": len({calendar.local_day(c.at) for c in missed}),
        "channels": len({c.channel for c in missed}),
    }
    return [
        Count(what, number, policies.number(f"unreachable_{what}", region_id).number) for what, number in have.items()
    ]
