"""What routing knows when it chooses: the case, the rules, the directory.

Plain values only, no database and no clock, so that a decision can be made again years later from what was stored.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from enterprises.directory.answering import ALWAYS, Area, BranchFacts, Period
from enterprises.directory.spelling import fold_name

Values = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a code of enterprises/directory/reasons.py with its values."""

    code: str
    values: Values = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """As it is stored with the case."""
        return {"code": self.code, **self.values}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a complaint says about who should answer.

    `region_id` is the contract place (procedure §5.2), never the consumer's home; `named` is what somebody typed
    instead of picking, `address` where they say that the enterprise is, None where that was not read yet.
    `is_returned`: who is picked was named by whoever gave the case back, not by the consumer.
    """

    on: dt.date
    region_id: int | None = None
    enterprise_id: int | None = None
    branch_id: int | None = None
    brand_ids: tuple[int, ...] = ()
    named: str = ""
    categories: tuple[str, ...] = ()
    channel: str = ""
    region_name: str = ""
    region_name_en: str = ""
    address: str | None = ""
    is_returned: bool = False

    @property
    def place(self) -> Values:
        """The contract place in words."""
        return {"region": self.region_name, "region_en": self.region_name_en or self.region_name}

    @property
    def written(self) -> str:
        """The name as it is folded, of a consumer who picked nobody."""
        return "" if self.enterprise_id is not None or self.brand_ids else fold_name(self.named)


class AddressWanted(Exception):
    """A decision hangs on the address of its facts, and that was not read."""


@dataclass(frozen=True, slots=True)
class EnterpriseFacts:
    """A legal entity as routing sees it."""

    id: int
    name: str
    name_en: str = ""
    enrolment: str = "enrolled"
    ended_on: dt.date | None = None
    domicile_id: int | None = None
    domicile_names: tuple[str, ...] = ()

    @property
    def names(self) -> Values:
        """Its names, as reasons say them."""
        return {"enterprise": self.name, "enterprise_en": self.name_en or self.name}

    def has_ended(self, on: dt.date) -> bool:
        """Whether it no longer exists on a day."""
        return self.ended_on is not None and self.ended_on < on


@dataclass(frozen=True, slots=True)
class Holding:
    """Which entity answers for a brand."""

    brand_id: int
    enterprise_id: int
    category: str = ""
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Name:
    """A folded name and what bears it."""

    kind: str
    enterprise_id: int
    brand_id: int | None = None
    branch_id: int | None = None
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class BranchDuty:
    """Which authority takes a branch's failed cases."""

    branch_id: int
    authority_id: int
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Rule:
    """A dated rule row; an empty column matches everything. `named` is folded."""

    code: str
    version: int
    priority: int
    reason: str
    reason_en: str = ""
    category: str = ""
    first: int | None = None
    last: int | None = None
    brand_id: int | None = None
    enterprise_id: int | None = None
    named: str = ""
    channel: str = ""
    target_enterprise_id: int | None = None
    target_branch_id: int | None = None
    target_authority_id: int | None = None
    period: Period = ALWAYS

    @property
    def target(self) -> tuple[int | None, int | None, int | None]:
        """Where it leads."""
        return self.target_enterprise_id, self.target_branch_id, self.target_authority_id

    def holds_at(self, region_id: int | None) -> bool:
        """Whether a place lies in its region."""
        if self.first is None or self.last is None:
            return True
        return region_id is not None and self.first <= region_id <= self.last

    @property
    def names_respondent(self) -> bool:
        """Whether it says against whom; only then may it move a case from whom the consumer meant."""
        return bool(self.named) or self.brand_id is not None or self.enterprise_id is not None


@dataclass(frozen=True, slots=True)
class Directory:
    """The part of the directory that some cases touch."""

    enterprises: Mapping[int, EnterpriseFacts] = field(default_factory=dict)
    branches: Mapping[int, BranchFacts] = field(default_factory=dict)
    areas: Mapping[int, tuple[Area, ...]] = field(default_factory=dict)
    holdings: Mapping[int, tuple[Holding, ...]] = field(default_factory=dict)
    successions: Mapping[int, tuple[tuple[int, dt.date], ...]] = field(default_factory=dict)
    names: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    near: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    duties: Mapping[int, tuple[BranchDuty, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that may be meant, with its branch and a score of 0 to 100."""

    enterprise_id: int
    branch_id: int | None
    score: int
    why: tuple[Reason, ...] = ()

    def as_json(self) -> dict[str, object]:
        """As it is stored with the case."""
        return {
            "enterprise_id": self.enterprise_id,
            "branch_id": self.branch_id,
            "score": self.score,
            "why": [why.as_json() for why in self.why],
        }


@dataclass(frozen=True, slots=True)
class Match:
    """Who should get the case. With a rule to an authority, no enterprise."""

    enterprise_id: int | None
    branch_id: int | None
    authority_id: int | None
    confidence: int
    why: tuple[Reason, ...]
    candidates: tuple[Candidate, ...]
    rule: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class NoMatch:
    """A person must decide; `reason` is the code of the last why."""

    reason: str
    why: tuple[Reason, ...]
    suggestions: tuple[Candidate, ...]
    rule: str = ""
    version: int | None = None
