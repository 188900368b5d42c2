"""Who takes a step, in which role, for whom, and who wrote it down. An actor is made at the page or the API from the
signed-in person and the day; rules only compare, they never look a person up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from accounts.keys import row_tags
from accounts.models import User
from accounts.roles import Right, Role, role_at
from authorities.models import Authority, CalendarVersion, Officer
from complaints.models import Complaint, Participant
from complaints.parties.conditions import newest_calendar
from complaints.procedure.workflow import TABLE
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import Staff, Station
from enterprises.team.staffing import at_work, branch_ids_seen_by

#: The channel of what was written down at a service station.
STATION = "station"

# Each page at work asks these.
_OFFICES = PreparedQuery(
    lambda user, day: (
        Officer.objects.on(day)
        .filter(user_id=user, user__is_active=True)
        .select_related("authority__region__parent")
        .order_by("authority_id", "id")
    ),
    int,
    date,
)
_BELOW = PreparedQuery(
    lambda user, day: Authority.objects.filter(
        parent_id__in=Officer.objects.on(day).filter(user_id=user).values("authority_id"), level=Authority.Level.OFFICE
    ).only("parent_id"),
    int,
    date,
)
_OF_AN_OFFICER = CombinedQuery(_OFFICES, _BELOW, PreparedQuery(lambda user, day: newest_calendar("CN"), int, date))
_JOBS = PreparedQuery(
    lambda user, day: at_work(day).filter(user_id=user).select_related("enterprise", "branch").order_by("id"), int, date
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person (or the system) in one role.

    ``roles`` are all roles held in that organisation; ``role`` is the one that the record shows. ``branch_ids`` None
    means all branches. ``recorded_by`` is the officer who wrote the step down on behalf of the actor (procedure,
    section 1), ``recording`` how that officer knew who spoke and what proves it. ``party`` is the number of a
    participant (Participant.ordinal) of the case ``party_of``: the filer has none. A respondent without account stands
    to the case ``party_of`` and to no other, and so does a filer without account, whoever proves the number of a case,
    and a body that mediates it: ``delegation`` is the matter by which it was handed the case."""

    role: Role
    roles: frozenset[Role] = frozenset()
    name: str = ""
    organisation: str = ""
    user_id: int | None = None
    person_key: UUID | None = None
    staff_id: int | None = None
    enterprise_id: int | None = None
    branch_ids: frozenset[int] | None = None
    officer_id: int | None = None
    authority_id: int | None = None
    authority_ids: frozenset[int] = frozenset()
    region: tuple[int, int] | None = None
    channel: str = "portal"
    recorded_by: Actor | None = None
    recording: Mapping[str, str] | None = None
    party: int | None = None
    party_of: int | None = None
    delegation: int | None = None
    #: The blind index of the phone that a code proved, by which two persons are told apart; empty without one.
    phone: bytes = b""

    def has(self, roles: frozenset[Role]) -> bool:
        return self.role in roles or bool(self.roles & roles)

    def may(self, what: Right | str) -> bool:
        """Whether such a role has this right or takes this step; whether it is open in a case says ``handling``."""
        return self.has(what.roles if isinstance(what, Right) else TABLE[what].by)

    @property
    def side(self) -> str:
        return self.role.side


SYSTEM = Actor(role=Role.SYSTEM, roles=frozenset({Role.SYSTEM}), name="", organisation="系统")


def _in_role(role: Role, **facts: Any) -> Actor:
    return Actor(role=role, roles=frozenset({role}), **facts)


def consumer(user: User, *, channel: str = "portal") -> Actor:
    """The person as complainant."""
    return _in_role(Role.CONSUMER, name=user.name, user_id=user.pk, person_key=user.person_key, channel=channel)


def filer(complaint: Complaint, *, name: str, channel: str) -> Actor:
    """Whoever filed this case without an account, and holds its token."""
    key, case = complaint.consumer_key, complaint.pk
    return _in_role(Role.CONSUMER, name=name, person_key=key, party_of=case, channel=channel)


def by_number(user: User, complaint: Complaint, *, channel: str) -> Actor:
    """The person of this account, who has proven the number on file: for this one case, which is nobody's yet."""
    return replace(consumer(user, channel=channel), party_of=complaint.pk)


def participant(user: User, row: Participant) -> Actor:
    """The person as one of several complainants, or as the principal of a representative."""
    return _in_role(
        _role_of(row, is_there=row.state == Participant.JOINED),
        name=user.name or row.name,
        user_id=user.pk,
        person_key=user.person_key,
        party=row.ordinal,
        party_of=row.complaint_id,
    )


def staff_member(staff: Staff) -> Actor:
    """The person at work for an enterprise."""
    branch_ids = branch_ids_seen_by(staff)
    return _in_role(
        role_at("enterprise", staff.role),
        name=staff.user.name,
        organisation=staff.branch.name if staff.branch else staff.enterprise.name,
        user_id=staff.user_id,
        person_key=staff.user.person_key,
        staff_id=staff.pk,
        enterprise_id=staff.enterprise_id,
        branch_ids=None if branch_ids is None else frozenset(branch_ids),
        phone=bytes(staff.user.own_phone_index or b""),
    )


def officer(officers: list[Officer], *, channel: str = "portal") -> Actor:
    """The person in all offices held at one authority; an office acts for its county."""
    # A case lies with an office that holds cases: whoever is an analyst there too accepts as what else they are.
    first = next((one for one in officers if one.role in Right.HOLD_CASE.posts), officers[0])
    authority = first.authority
    acts_for = {authority.pk}
    if authority.level == authority.Level.OFFICE and authority.parent_id:
        acts_for.add(authority.parent_id)
    else:
        # Offices act in the county's name, so the county acts on what lies with them.
        acts_for.update(_below(authority))
    roles = frozenset(role_at("authority", o.role) for o in officers)
    return Actor(
        role=[role for role in Role if role in roles][-1],
        roles=roles,
        name=first.user.name,
        organisation=authority.name,
        user_id=first.user_id,
        person_key=first.user.person_key,
        officer_id=first.pk,
        authority_id=authority.pk,
        authority_ids=frozenset(acts_for),
        region=(authority.region_id, authority.region.last),
        channel=channel,
        phone=bytes(first.user.own_phone_index or b""),
    )


def _below(authority: Authority) -> list[int]:
    """The offices of a county; they come with the authority where somebody's offices were asked for."""
    if not hasattr(authority, "offices_below"):
        rows = Authority.objects.filter(parent_id=authority.pk, level=Authority.Level.OFFICE)
        authority.offices_below = list(rows.values_list("pk", flat=True))  # type: ignore[attr-defined]
    below: list[int] = authority.offices_below  # type: ignore[attr-defined]
    return below


def actors_of(user: User, *, on: date) -> list[Actor]:
    """Every capacity in which ``user`` may act on day ``on``; consumer comes last."""
    jobs = [staff_member(job) for job in jobs_of(user, on=on)]
    return [*officers(offices_of(user, on=on)), *jobs, consumer(user)]


def officers(offices: Iterable[Officer]) -> list[Actor]:
    """One actor for each authority where an office is held."""
    by_authority: dict[int, list[Officer]] = {}
    for office in offices:
        by_authority.setdefault(office.authority_id, []).append(office)
    return [officer(rows) for rows in by_authority.values()]


def offices_of(user: User, *, on: date) -> list[Officer]:
    """The offices that ``user`` holds on day ``on``, with their authorities and regions."""
    return offices_and_calendar(user, on=on)[0]


def offices_and_calendar(user: User, *, on: date) -> tuple[list[Officer], CalendarVersion | None]:
    """The same with the newest calendar, by which a page tells its dates; one statement."""
    offices: list[Officer]
    offices, below, newest = _OF_AN_OFFICER(user.pk, on)
    for office in offices:
        office.user = user
        office.authority.offices_below = [one.pk for one in below if one.parent_id == office.authority_id]  # type: ignore[attr-defined]
    return row_tags.standing(offices), next(iter(newest), None)


def jobs_of(user: User, *, on: date) -> list[Staff]:
    """Where ``user`` is at work for an enterprise on day ``on``, oldest job first."""
    jobs = _JOBS(user.pk, on)
    for job in jobs:
        job.user = user
    return row_tags.standing(jobs)


def stands_to(actor: Actor, complaint: Complaint) -> bool:
    """Whether the actor's own case, own engagement or own region is meant."""
    if actor.role == Role.SYSTEM:
        return True
    if actor.recorded_by is not None and not _may_write_down(actor.recorded_by, complaint):
        return False
    if actor.party_of is not None or actor.role in (Role.RESPONDENT, Role.MEDIATION_BODY):
        return actor.party_of == complaint.pk
    if actor.role == Role.CONSUMER:
        if actor.recorded_by is not None:
            return actor.person_key == complaint.consumer_key
        return actor.user_id is not None and complaint.consumer_id == actor.user_id
    if actor.side == "enterprise":
        return complaint.enterprise_id == actor.enterprise_id and (
            actor.branch_ids is None or complaint.branch_id in actor.branch_ids
        )
    if actor.region is None:
        return False
    first, last = actor.region
    return first <= complaint.handling_region_id <= last


def _may_write_down(by: Actor, complaint: Complaint) -> bool:
    """An officer who acts in the region; somebody at a station that is not the respondent's (procedure, section 1)."""
    if by.channel == STATION:
        respondents = (complaint.enterprise_id, complaint.picked_enterprise_id)
        return by.enterprise_id is None or by.enterprise_id not in respondents
    return by.may(Right.WRITE_DOWN) and stands_to(by, complaint)


def clerk(user: User, station: Station) -> Actor:
    """Somebody at work at a station, who writes down for others. ``enterprise_id``: whose shop it is."""
    return Actor(
        role=Role.CONSUMER,
        name=user.name,
        organisation=station.name,
        user_id=user.pk,
        person_key=user.person_key,
        channel=STATION,
        enterprise_id=station.enterprise_id,
    )


def on_behalf_of(
    user_id: int | None, name: str, key: UUID, *, by: Actor, channel: str, recording: Mapping[str, str] | None = None
) -> Actor:
    """A consumer's step that an officer wrote down after ringing or seeing the person."""
    return _in_role(
        Role.CONSUMER, name=name, user_id=user_id, person_key=key, channel=channel, recorded_by=by, recording=recording
    )


def on_behalf_of_participant(
    row: Participant, *, by: Actor, channel: str, recording: Mapping[str, str] | None = None
) -> Actor:
    """The same of a fellow complainant, or of a principal, who need not have come by the link to say what they want."""
    return _in_role(
        _role_of(row, is_there=row.state == Participant.JOINED or row.kind == Participant.PRINCIPAL),
        name=row.name,
        user_id=row.person_id,
        person_key=row.person_key,
        channel=channel,
        recorded_by=by,
        recording=recording,
        party=row.ordinal,
        party_of=row.complaint_id,
    )


def respondent(
    complaint: Complaint,
    *,
    organisation: str,
    person_key: UUID | None,
    channel: str,
    by: Actor | None = None,
    recording: Mapping[str, str] | None = None,
) -> Actor:
    """Who is complained of and has no account: by the link to this case, or through the officer ``by`` who wrote it
    down."""
    return _in_role(
        Role.RESPONDENT,
        organisation=organisation,
        person_key=person_key,
        channel=channel,
        recorded_by=by,
        recording=recording,
        party_of=complaint.pk,
    )


def mediation_body(
    complaint: Complaint, *, organisation: str, person_key: UUID, delegation: int, channel: str
) -> Actor:
    """The body to which the mediation of this case was handed, by its link: for as long as that holds."""
    return _in_role(
        Role.MEDIATION_BODY,
        organisation=organisation,
        person_key=person_key,
        channel=channel,
        party_of=complaint.pk,
        delegation=delegation,
    )


def _role_of(row: Participant, *, is_there: bool) -> Role:
    """Who was elected, and a principal who has come, may do what the consumer may."""
    return Role.CONSUMER if is_there and (row.is_representative or row.kind == Participant.PRINCIPAL) else Role.PARTY
