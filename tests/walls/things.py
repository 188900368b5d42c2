"""What addresses name beside cases, each made by its verb for family A; OWNERS says whose it is."""

import uuid
from datetime import timedelta

from accounts.models import SecondFactor, User
from accounts.sign_in.contacts import parse_contact
from authorities.models import Officer
from complaints.law import changing as law
from complaints.measures import sending
from complaints.measures.choosing import Pick
from complaints.models import LawChange, Matter, PlatformFile, RoundTrip, StationEntry
from complaints.parties.actors import officer, staff_member
from complaints.settlement import answer_templates
from complaints.stations import stations
from complaints.tables.exporting import columns, lifecycle
from complaints.webhooks import endpoints
from enterprises.directory import changing
from enterprises.enrolment import enrolled, enrolling
from enterprises.models import DirectoryChange, MediationBody, Staff, StationStaff
from enterprises.models.programs import ApiToken
from enterprises.programs.tokens import SCOPES, issue
from enterprises.team import organising, team
from enterprises.team.rights import TeamActor, authority_reach, enterprise_reach, post_of
from oversight.hot_spots import guiding, warning
from oversight.models import HotSpot, OversightView
from oversight.open_data import issuing
from oversight.reports import keeping
from routing.models import Lesson, RuleChange, RuleTrial
from routing.rule_desk import rule_changing
from tests.walls.world import World

#: Managers who reach what happens in the branch.
_MANAGERS = frozenset({"manager own", "manager top", "manager headquarters"})
#: Managers of a whole enterprise, each of the own one.
_WHOLE = frozenset({"manager headquarters", "manager of another enterprise", "manager of the former enterprise"})
_ASKER = frozenset({"handler own"})
#: Whose sight reaches the branch in which something was made.
_BRANCH = frozenset(
    f"{role} {place}" for role in ("manager", "handler", "reviewer") for place in ("own", "top", "headquarters")
)
_OFFICE_ASKER = frozenset({"authority_handler at own"})
_HEAD = frozenset({"approver at own"})
#: Everybody in the county's own office.
_OFFICE = frozenset(f"{role} at own" for role in ("intake", "authority_handler", "approver", "analyst"))
_ABOVE = frozenset(f"{role} at above" for role in ("intake", "authority_handler", "approver", "analyst"))
_OFFICE_AND_ABOVE = _OFFICE | _ABOVE
#: Everybody who may read a rule of a county: offices around it, and in it.
_RULED = _OFFICE_AND_ABOVE | {f"{role} at office" for role in ("intake", "authority_handler", "approver", "analyst")}
_CLERK = frozenset({"station clerk"})
_UPLOADS = "file-upload file-upload-part file-upload-finish file-upload-cancel"
_FILING = f"file-step file-region file-respondents file-evidence {_UPLOADS}".split()
_FILING += ["file-evidence-original", "file-evidence-thumbnail"]
_STATION = ("", "-file", "-cases", "-log", "-log-new", "-log-entry", "-poster", "-poster-file")
#: Links: whoever holds one, and nobody by being somebody.
_LINKS = ("join-link", "answer-link", "mediate-link", "station-confirm-link", "go")

#: Whose it is, where an address names something else than a case: it is `own` for these people and for nobody else.
OWNERS: dict[str, frozenset[str]] = {
    **{f"complaints:{name}": frozenset({"holder of the draft"}) for name in _FILING},
    "oversight:view": _OFFICE,
    "complaints:enterprise-export": _ASKER | _MANAGERS,
    "complaints:enterprise-export-decide": _MANAGERS,
    "complaints:enterprise-export-link": _ASKER,
    "complaints:enterprise-export-file": _ASKER,
    **{f"complaints:enterprise-measure{page}": _BRANCH for page in ("", "-approval", "-performed")},
    **{f"complaints:enterprise-round-trip{page}": _ASKER for page in ("", "-decide", "-results")},
    **{f"complaints:authority-platform{page}": _OFFICE for page in ("-file", "-decide", "-results")},
    "complaints:authority-export": _OFFICE_ASKER | _HEAD,
    "complaints:authority-export-decide": _HEAD,
    "complaints:authority-export-link": _OFFICE_ASKER,
    "complaints:authority-export-file": _OFFICE_ASKER,
    "accounts:factor-remove": frozenset({"consumer"}),
    "complaints:enterprise-token": frozenset({"manager headquarters"}),
    **{f"complaints:enterprise-{name}": frozenset({"manager headquarters"}) for name in ("webhook", "webhook-message")},
    **{f"complaints:enterprise-{name}": _WHOLE for name in ("tokens", "token-new", "webhooks", "webhook-new")},
    # Every branch answers with the same templates.
    "complaints:enterprise-template": _MANAGERS | {"manager sibling", "manager below"},
    "enterprises:enterprise-team-member": _MANAGERS,
    "enterprises:enterprise-team-revoke": _MANAGERS,
    "complaints:enterprise-rule": _MANAGERS,
    "enterprises:enterprise-leave-cancel": _MANAGERS | {"handler own"},
    "enterprises:authority-leave-cancel": _HEAD | _OFFICE_ASKER,
    "enterprises:authority-team-member": _HEAD,
    "enterprises:authority-team-revoke": _HEAD,
    "routing:enterprise-change": _MANAGERS,
    # Every officer there and of the city above; its head decides, whoever asked for it takes it back.
    "complaints:authority-law-change": _OFFICE | _ABOVE,
    "complaints:authority-law-decide": _HEAD | {"approver at above"},
    "complaints:authority-law-drop": _OFFICE_ASKER | _HEAD | {"authority_handler at above", "approver at above"},
    # A report is read there and above, written by its own authority, decided by a head of either.
    "oversight:authority-report": _OFFICE_AND_ABOVE,
    "oversight:authority-report-edit": frozenset({"authority_handler at own", "approver at own", "analyst at own"}),
    "oversight:authority-report-decide": frozenset({"approver at own", "approver at above"}),
    # What is published is everybody's.
    **{
        f"oversight:open-{name}": frozenset()
        for name in ("report", "report-print", "report-table", "data-set", "data-file")
    },
    "routing:authority-change": _OFFICE,
    "complaints:authority-violation": _OFFICE,
    "routing:authority-change-decide": _HEAD,
    # A rule is read wherever it may apply, its change only where it lies within.
    "routing:authority-routing-rule": _RULED,
    **{f"routing:authority-routing-{name}": _OFFICE_AND_ABOVE for name in ("change", "try", "dismiss")},
    **{f"routing:authority-routing-{name}": _OFFICE_ASKER for name in ("edit", "file")},
    "routing:authority-routing-decide": frozenset({"approver at own", "approver at above"}),
    **dict.fromkeys(("enterprises:invitation-link", *(f"complaints:{name}" for name in _LINKS)), frozenset()),
    **{f"complaints:station{page}": _CLERK for page in _STATION},
    "complaints:authority-station-end": _HEAD,
    **{f"complaints:authority-station{page}": _OFFICE_AND_ABOVE for page in ("", "-table")},
    "complaints:authority-body-end": _HEAD,
    **{f"complaints:authority-enrolment{name}": _OFFICE for name in ("", "-licence", "-paper")},
    "complaints:authority-enrolment-decide": _OFFICE,
    "complaints:authority-enterprise-standing": _HEAD,
    "complaints:authority-enterprise-invite": _HEAD,
    "complaints:authority-enterprise-filing": _OFFICE,
    **{f"complaints:enterprise-{name}": _WHOLE for name in ("enrolment", "filing")},
    "oversight:enterprise-reply": _WHOLE,
    **{
        f"oversight:{name}": _OFFICE_AND_ABOVE
        for name in ("hot-spot", "guidance", "warning", "guidance-new", "warning-new")
    },
    # Guidance is the whole enterprise's.
    "oversight:enterprise-guidance": frozenset(
        f"{role} {place}"
        for role in ("manager", "handler", "reviewer")
        for place in ("own", "top", "headquarters", "sibling", "below")
    ),
}


def make(world: World) -> None:
    """Everything that OWNERS speaks of; its name in the address goes to ``world.things``."""
    family = world.target
    handler, manager = family.staff["handler", "own"], family.staff["manager", "headquarters"]
    clerk, head = world.officers["authority_handler", "own"], world.officers["approver", "own"]
    for side, user, actor in (
        ("enterprise", handler.user, staff_member(handler)),
        ("authority", clerk.user, officer([clerk])),
    ):
        assert isinstance(user, User)
        wanted = [column.code for column in columns.offered(side, with_personal=True)]
        how = {"query": "", "form": "csv", "purpose": "核对", "language": world.language, "now": world.now}
        world.things[f"{side} export"] = lifecycle.ask(user=user, actor=actor, wanted=wanted, **how).mark
    assert isinstance(handler.user, User)
    case = family.case("negotiating")
    world.things["oversight view"] = str(
        OversightView.objects.create(
            key=uuid.UUID(int=0x0F16),
            authority_id=clerk.authority_id,
            made_by=clerk.user,
            made_at=world.now,
            name="本月",
            page="dashboard",
            query="period=month",
        ).key
    )
    picks = [Pick(case.pk, case.number)]
    measure = sending.make(title="统一退还", picks=picks, left_out=[], actor=staff_member(handler), now=world.now)
    world.things["measure"] = str(measure.public_id)
    file = {"form": "csv", "digest": "0" * 64, "state": "checked", "asked_at": world.now}
    world.things["round trip"] = RoundTrip.objects.create(
        mark="T261126-ABCDEFGH",
        asked_by=handler.user,
        enterprise_id=handler.enterprise_id,
        file_name="待办.csv",
        **file,
    ).mark
    endpoint, _secret = endpoints.make(
        user=manager.user,
        actor=staff_member(manager),
        url="https://example.com/hook",
        description="",
        steps=[],
        now=world.now,
    )
    world.things["platform file"] = PlatformFile.objects.create(
        mark="P261126-ABCDEFGH", asked_by=clerk.user, authority_id=clerk.authority_id, file_name="回执.csv", **file
    ).mark
    world.things["webhook"] = str(endpoint.public_id)
    endpoints.test(endpoint, now=world.now)
    world.things["webhook message"] = endpoint.deliveries.get().webhook_id
    template = answer_templates.make(staff=manager, name="多扣费全退", body="已退还{金额}。", now=world.now)
    world.things["template"] = str(template.pk)
    today = world.now.date()
    for side, one, colleague, reach, role in (
        ("enterprise", family.staff["manager", "own"], family.staff["reviewer", "own"], enterprise_reach, "handler"),
        ("authority", head, world.officers["analyst", "own"], authority_reach, "analyst"),
    ):
        assert isinstance(one, Staff | Officer)
        user = one.user
        assert isinstance(user, User)
        world.things[f"{side} member"] = str(colleague.pk)
        contact = parse_contact(f"new.{side}@example.com")
        assert contact is not None
        by = TeamActor(user=user, reach=reach(user.pk, on=today), now=world.now)
        place = "https://example.com/"
        invitation = team.invite(contact, post_of(one), role, by=by, place=place, language=world.language)
        world.things[f"{side} invitation"] = str(invitation.pk)
    post = StationStaff.objects.select_related("station").get(user=world.person("station clerk").user)
    world.things["station staff"], world.things["service station"] = str(post.pk), str(post.station_id)
    world.things["body"] = str(
        MediationBody.objects.create(
            name="消费者委员会",
            kind="association",
            legal_basis="消费者权益保护法第三十六条",
            authority=head.authority,
            region=head.authority.region,
        ).pk
    )
    entry = StationEntry(station=post.station, by=post.user, at=world.now, problem="开胶", how="repair")
    entry.category, entry.phone = "goods.clothing", "+8613900000066"
    stations.write_down(entry, language=world.language, place="https://example.com")
    world.things["station entry"] = str(entry.pk)
    change = changing.draft(
        "area-add",
        {"branch": family.branches["own"].pk, "region": family.county.region_id},
        enterprise=family.enterprise,
        branch_ids=None,
        on_day=today,
        why="机构调整",
        by=User.objects.get(pk=manager.user_id),
        now=world.now,
        today=today,
    )
    DirectoryChange.objects.filter(pk=change.pk).update(preview_wanted_at=None)
    changing.file(change, by=change.made_by, now=world.now, today=today)
    world.things["change"] = str(change.pk)
    _rules(world)
    world.things["violation"] = str(Matter.objects.get(complaint=case, kind="report").pk)
    drafted = law.draft_policy(
        by=world.officers["authority_handler", "own"].user,
        authority=family.county,
        region=family.county.region,
        name="acceptance",
        number=1,
        unit="WD",
        starts_on=today + timedelta(days=30),
        legal_basis="本地规定",
        why="更快受理",
        now=world.now,
    )
    LawChange.objects.filter(pk=drafted.pk).update(state="tried", tried_at=world.now)
    world.things["law change"] = drafted.mark
    _reports(world)
    _enrolment(world, manager=manager)
    local = family.staff["manager", "own"]
    by = TeamActor(user=local.user, reach=enterprise_reach(local.user_id, on=today), now=world.now)
    world.things["assignment rule"] = str(organising.add_rule(post_of(local), category="", handler=None, by=by).pk)
    user = User.objects.get(pk=clerk.user_id)
    officers = TeamActor(user=user, reach=authority_reach(user.pk, on=today), now=world.now)
    days = today + timedelta(days=300), today + timedelta(days=301)
    for name, who, actor in (("leave", handler, by), ("officer leave", clerk, officers)):
        world.things[name] = str(organising.enter_leave(who, *days, deputy=None, by=actor).pk)
    _hot_spot(world)
    _tokens(world)


def _hot_spot(world: World) -> None:
    """A hot spot of the county of family A, guidance of its enterprise, and a warning that is public."""
    family, today = world.target, world.now.date()
    clerk, head = world.officers["authority_handler", "own"].user, world.officers["approver", "own"].user
    assert isinstance(clerk, User) and isinstance(head, User)  # noqa: PT018
    region = family.county.region
    numbers = {"observed": 40, "expected": 10, "usual": [10] * 8, "chance": 1e-6, "restless": 1.25, "detectable": 2.1}
    numbers |= {"rate": 0.001, "method": 1, "found_at": world.now}
    days = {"kind": "week", "first": today - timedelta(days=6), "last": today}
    spot = HotSpot.objects.create(
        region=region, place=region.pk, facet="p:telecom.fees.unexplained_charge", **days, **numbers
    )
    guidance = guiding.open_guidance(
        spot.pk,
        enterprise_id=family.enterprise.pk,
        authority_id=family.county.pk,
        causes="账单没有列明",
        first=guiding.WantedMeasure(what="逐项列明收费", responsible="客服部负责人", due_on=today + timedelta(days=20)),
        by=clerk,
        now=world.now,
    )
    guiding.send(guidance.pk, by=clerk, now=world.now)
    shown = warning.draft(spot.pk, authority_id=family.county.pk, by=clerk, now=world.now)
    warning.propose(shown.pk, by=clerk, now=world.now)
    warning.approve(shown.pk, by=head, now=world.now)
    world.things |= {"hot spot": str(spot.pk), "guidance": str(guidance.pk), "warning": str(shown.pk)}


def _reports(world: World) -> None:
    """The open data of a month, a published report of it, and a draft of the month before."""
    drafter, head = world.officers["authority_handler", "own"].user, world.officers["approver", "own"].user
    assert isinstance(drafter, User) and isinstance(head, User)  # noqa: PT018
    county, month = world.target.county, world.now.date().replace(day=1)
    for name in ("published report", "report"):
        month = (month - timedelta(days=1)).replace(day=1)
        world.things["open data"] = str(issuing.issue(month, now=world.now))
        report = keeping.draft(authority=county, month=month, by=drafter, now=world.now)
        if name == "published report":
            keeping.submit(report)
            keeping.approve(report, by=head, heads=[county], text="", now=world.now)
            keeping.publish(report, now=world.now)
        world.things[name] = str(report.pk)


def _rules(world: World) -> None:
    """A rule of the county of family A, a draft beside it, and a lesson from its cases."""
    family, today = world.target, world.now.date()
    clerk, head = world.officers["authority_handler", "own"], world.officers["approver", "own"]
    region = family.county.region
    reach = rule_changing.Reach(((region.pk, region.last),))

    def drafted(named: str) -> RuleChange:
        own = {"priority": 50, "named": named, "region": region.pk, "target_enterprise": family.enterprise.pk}
        return rule_changing.draft(
            kind="set",
            rule=None,
            what=dict.fromkeys(rule_changing.COLUMNS) | own,
            starts_on=today,
            ends_on=None,
            why="x",
            why_en="",
            by=clerk.user,
            reach=reach,
            now=world.now,
            today=today,
        )

    change = drafted("甲")
    RuleTrial.objects.filter(pk=rule_changing.start_trial(change, days=1, by=clerk.user, now=world.now).pk).update(
        state="done"
    )
    rule_changing.file(change, by=clerk.user, reach=reach, now=world.now, today=today)
    rule_changing.decide(change, agrees=True, reason="", by=head.user, reach=reach, now=world.now, today=today)
    world.things["rule"] = change.final_code
    world.things["rule change"] = str(drafted("乙").pk)
    world.things["lesson"] = str(
        Lesson.objects.create(
            subject_kind="named",
            subject="丙",
            words="丙",
            region=region,
            target_enterprise=family.enterprise,
            agree=3,
            total=3,
            counted_at=world.now,
        ).pk
    )


def _enrolment(world: World, *, manager: Staff) -> None:
    """An application that lies with the county of family A, and what the enterprise of family A filed there."""
    family = world.target
    application = enrolling.begin("new.firm@example.com", language=world.language, now=world.now)
    place, uscc = family.county.region_id, "91350102MA88888889"
    wanted = enrolling.EnrolmentData(
        name="新企业", uscc=uscc, domicile_id=place, branch="客服部", place_id=place, areas=(place,)
    )
    world.things["application"] = str(enrolling.submit(application, wanted, now=world.now).pk)
    user = manager.user
    assert isinstance(user, User)
    filing = enrolled.file(family.enterprise, "licence", {"what": "名称变更"}, by=user, now=world.now)
    world.things["filing"] = str(filing.pk)


def _tokens(world: World) -> None:
    """A program for each person, issued for the job or the office; looking at contact data would be written down."""
    for person in world.people:
        if person.user is None:
            continue
        job = Staff.objects.filter(user=person.user).first()
        office = Officer.objects.filter(user=person.user).first()
        world.tokens[person.name] = issue(
            person.user,
            name="sweep",
            scopes=[scope for scope in SCOPES if scope != "contact:read"],
            now=world.now,
            expires_at=world.now + timedelta(days=1),
            enterprise_id=job.enterprise_id if job else None,
            authority_id=office.authority_id if office and not job else None,
        ).secret
    world.things["token"] = str(ApiToken.objects.get(user=world.target.staff["handler", "own"].user).pk)
    factor = SecondFactor.objects.create(
        user=world.target.consumer, kind="app", name="app", key=b"k" * 40, created_at=world.now
    )
    world.things["factor"] = str(factor.pk)
