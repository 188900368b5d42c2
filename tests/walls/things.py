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
from oversight.hot_spots import campaign, guiding, warning
from oversight.models import Campaign, HotSpot, OversightView
from oversight.open_data import issuing
from oversight.remedies import affected, remedying
from oversight.reports import keeping
from routing.models import Lesson, RuleChange, RuleTrial
from routing.rule_desk import rule_changing
from tests.walls.world import World


def _each(roles: str, *places: str) -> frozenset[str]:
    return frozenset(f"{role} {place}" for role in roles.split() for place in places)


_SIDE, _OFFICES = "manager handler reviewer", "intake authority_handler approver analyst"
#: Managers who reach what happens in the branch.
_MANAGERS = _each("manager", "own", "top", "headquarters")
#: Managers of a whole enterprise, each of the own one.
_WHOLE = _each("manager", "headquarters", "of another enterprise", "of the former enterprise")
_ASKER, _OFFICE_ASKER, _HEAD = (
    frozenset({name}) for name in ("handler own", "authority_handler at own", "approver at own")
)
#: Everybody in the county's own office; and of the city above.
_OFFICE = _each(_OFFICES, "at own")
_OFFICE_AND_ABOVE = _each(_OFFICES, "at own", "at above")
_HEADS = _each("approver", "at own", "at above")
_NOBODY = frozenset[str]()
#: Whose it is, where an address names something else than a case: it is `own` for these people and for nobody else.
_OWNERS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"holder of the draft"}),
        "complaints:file-",
        "step story heard guide region respondents elsewhere evidence upload upload-part upload-finish upload-cancel"
        " evidence-original evidence-thumbnail",
    ),
    (_ASKER | _MANAGERS, "complaints:enterprise-", "export"),
    (_ASKER, "complaints:enterprise-", "export-link export-file round-trip round-trip-decide round-trip-results"),
    (_MANAGERS, "complaints:enterprise-", "export-decide rule"),
    # Whose sight reaches the branch in which something was made.
    (_each(_SIDE, "own", "top", "headquarters"), "complaints:enterprise-measure", " -approval -performed"),
    (_each("manager", "headquarters"), "complaints:enterprise-", "token webhook webhook-message"),
    (_WHOLE, "complaints:enterprise-", "tokens token-new looks webhooks webhook-new enrolment filing"),
    (_WHOLE, "oversight:", "enterprise-reply perfunctory-reply own-goals"),
    # Every branch answers with the same templates.
    (_MANAGERS | _each("manager", "sibling", "below"), "complaints:", "enterprise-template"),
    (_MANAGERS, "enterprises:enterprise-", "team-member team-revoke"),
    (_MANAGERS, "routing:", "enterprise-change"),
    (_MANAGERS | _ASKER, "enterprises:", "enterprise-leave-cancel"),
    (frozenset({"consumer"}), "accounts:", "factor-remove"),
    (_OFFICE_ASKER | _HEAD, "complaints:authority-", "export"),
    (_OFFICE_ASKER, "complaints:authority-", "export-link export-file"),
    (_HEAD, "complaints:authority-", "export-decide station-end body-end enterprise-standing enterprise-invite"),
    (_HEAD, "enterprises:authority-", "team-member team-revoke"),
    (_OFFICE_ASKER | _HEAD, "enterprises:", "authority-leave-cancel"),
    (_HEAD, "routing:", "authority-change-decide"),
    (_OFFICE, "complaints:authority-", "platform-file platform-decide platform-results violation enterprise-filing"),
    (_OFFICE, "complaints:authority-enrolment", " -licence -paper -decide"),
    (_OFFICE, "oversight:", "view"),
    (_OFFICE, "routing:", "authority-change"),
    # Every officer there and of the city above; its head decides, whoever asked for it takes it back.
    (_OFFICE_AND_ABOVE, "complaints:authority-", "law-change station station-table"),
    (_HEADS, "complaints:authority-", "law-decide"),
    (_each("authority_handler approver", "at own", "at above"), "complaints:authority-", "law-drop"),
    # A report is read there and above, written by its own authority, decided by a head of either.
    (
        _OFFICE_AND_ABOVE,
        "oversight:",
        "authority-report hot-spot guidance guidance-file warning guidance-new warning-new campaign campaign-minutes"
        " remedy",
    ),
    (_each("authority_handler approver analyst", "at own"), "oversight:", "authority-report-edit"),
    (_HEADS, "oversight:", "authority-report-decide"),
    # What is published is everybody's; a link is whoever's who holds it, and nobody's by being somebody.
    (_NOBODY, "oversight:open-", "report report-print report-table data-set data-file"),
    (_NOBODY, "complaints:", "slip join-link answer-link mediate-link station-confirm-link go"),
    (_NOBODY, "enterprises:", "invitation-link"),
    (_NOBODY, "accounts:", "undo"),
    # A rule is read wherever it may apply: offices around the county, and in it; its change only where it lies within.
    (_each(_OFFICES, "at own", "at above", "at office"), "routing:authority-routing-", "rule"),
    (_OFFICE_AND_ABOVE, "routing:authority-routing-", "change try dismiss"),
    (_OFFICE_ASKER, "routing:authority-routing-", "edit file"),
    (_HEADS, "routing:authority-routing-", "decide"),
    (frozenset({"station clerk"}), "complaints:station", " -file -cases -log -log-new -log-entry -poster -poster-file"),
    # Guidance is the whole enterprise's.
    (
        _each(_SIDE, "own", "top", "headquarters", "sibling", "below"),
        "oversight:",
        "enterprise-guidance enterprise-guidance-file",
    ),
    (_each(_SIDE, "own", "top", "headquarters", "sibling", "below"), "oversight:", "enterprise-remedy"),
    (_each(_SIDE, "own", "top", "headquarters", "sibling", "below"), "oversight:", "enterprise-minutes"),
)
OWNERS = {begins + name: whose for whose, begins, names in _OWNERS for name in names.split(" ")}


def make(world: World) -> None:
    """Everything that OWNERS speaks of; its name in the address goes to ``world.things``."""
    family, things, now, today = world.target, world.things, world.now, world.now.date()
    handler, manager = family.staff["handler", "own"], family.staff["manager", "headquarters"]
    clerk, head = world.officers["authority_handler", "own"], world.officers["approver", "own"]
    for side, user, actor in (
        ("enterprise", handler.user, staff_member(handler)),
        ("authority", clerk.user, officer([clerk])),
    ):
        wanted = [column.code for column in columns.offered(side, with_personal=True)]
        how = {"query": "", "form": "csv", "purpose": "核对", "language": world.language, "now": now}
        things[f"{side} export"] = lifecycle.ask(user=user, actor=actor, wanted=wanted, **how).mark
    case = family.case("negotiating")
    made = {"key": uuid.UUID(int=0x0F16), "authority_id": clerk.authority_id, "made_by": clerk.user, "made_at": now}
    view = OversightView.objects.create(name="本月", page="dashboard", query="period=month", **made)
    things["oversight view"] = str(view.key)
    picks = [Pick(case.pk, case.number)]
    measure = sending.make(title="统一退还", picks=picks, left_out=[], actor=staff_member(handler), now=now)
    things["measure"] = str(measure.public_id)
    file = {"form": "csv", "digest": "0" * 64, "state": "checked", "asked_at": now}
    firm = {"mark": "T261126-ABCDEFGH", "asked_by": handler.user, "enterprise_id": handler.enterprise_id}
    things["round trip"] = RoundTrip.objects.create(file_name="待办.csv", **firm, **file).mark
    office = {"mark": "P261126-ABCDEFGH", "asked_by": clerk.user, "authority_id": clerk.authority_id}
    things["platform file"] = PlatformFile.objects.create(file_name="回执.csv", **office, **file).mark
    how = {"url": "https://example.com/hook", "description": "", "steps": [], "now": now}
    endpoint, _secret = endpoints.make(user=manager.user, actor=staff_member(manager), **how)
    things["webhook"] = str(endpoint.public_id)
    endpoints.test(endpoint, now=now)
    things["webhook message"] = endpoint.deliveries.get().webhook_id
    says = answer_templates.Says(body="已退还{金额}。", verdict="grant", days=4)
    template = answer_templates.make(staff=manager, name="多扣费全退", says=says, now=now)
    things["template"] = str(template.pk)
    for side, one, colleague, reach, role in (
        ("enterprise", family.staff["manager", "own"], family.staff["reviewer", "own"], enterprise_reach, "handler"),
        ("authority", head, world.officers["analyst", "own"], authority_reach, "analyst"),
    ):
        things[f"{side} member"] = str(colleague.pk)
        contact = parse_contact(f"new.{side}@example.com")
        by = TeamActor(user=one.user, reach=reach(one.user_id, on=today), now=now)
        place = "https://example.com/"
        invitation = team.invite(contact, post_of(one), role, by=by, place=place, language=world.language)
        things[f"{side} invitation"] = str(invitation.pk)
    post = StationStaff.objects.select_related("station").get(user=world.person("station clerk").user)
    things["station staff"], things["service station"] = str(post.pk), str(post.station_id)
    place = {"authority": head.authority, "region": head.authority.region}
    what = {"name": "消费者委员会", "kind": "association", "legal_basis": "消费者权益保护法第三十六条"}
    things["body"] = str(MediationBody.objects.create(**what, **place).pk)
    entry = StationEntry(station=post.station, by=post.user, at=now, problem="开胶", how="repair")
    entry.category, entry.phone = "goods.clothing", "+8613900000066"
    stations.write_down(entry, language=world.language, place="https://example.com")
    things["station entry"] = str(entry.pk)
    area = {"branch": family.branches["own"].pk, "region": family.county.region_id}
    when = {"on_day": today, "now": now, "today": today}
    whose = {"enterprise": family.enterprise, "branch_ids": None, "by": User.objects.get(pk=manager.user_id)}
    change = changing.draft("area-add", area, why="机构调整", **whose, **when)
    DirectoryChange.objects.filter(pk=change.pk).update(preview_wanted_at=None)
    changing.file(change, by=change.made_by, now=now, today=today)
    things["change"] = str(change.pk)
    _rules(world)
    things["violation"] = str(Matter.objects.get(complaint=case, kind="report").pk)
    what = {"name": "acceptance", "number": 1, "unit": "WD", "starts_on": today + timedelta(days=30)}
    why = {"legal_basis": "本地规定", "why": "更快受理"}
    drafted = law.draft_policy(
        by=clerk.user, authority=family.county, region=family.county.region, now=now, **what, **why
    )
    LawChange.objects.filter(pk=drafted.pk).update(state="tried", tried_at=now)
    things["law change"] = drafted.mark
    _reports(world)
    _enrolment(world, manager=manager)
    local = family.staff["manager", "own"]
    by = TeamActor(user=local.user, reach=enterprise_reach(local.user_id, on=today), now=now)
    things["assignment rule"] = str(organising.add_rule(post_of(local), category="", handler=None, by=by).pk)
    user = User.objects.get(pk=clerk.user_id)
    officers = TeamActor(user=user, reach=authority_reach(user.pk, on=today), now=now)
    days = today + timedelta(days=300), today + timedelta(days=301)
    for name, who, actor in (("leave", handler, by), ("officer leave", clerk, officers)):
        things[name] = str(organising.enter_leave(who, *days, deputy=None, by=actor).pk)
    _hot_spot(world)
    _tokens(world)


def _hot_spot(world: World) -> None:
    """A hot spot of the county of family A, guidance of its enterprise, and a warning that is public."""
    family, today = world.target, world.now.date()
    clerk, head = world.officers["authority_handler", "own"].user, world.officers["approver", "own"].user
    region = family.county.region
    numbers = {"observed": 40, "expected": 10, "usual": [10] * 8, "chance": 1e-6, "restless": 1.25, "detectable": 2.1}
    numbers |= {"rate": 0.001, "method": 1, "found_at": world.now}
    days = {"kind": "week", "first": today - timedelta(days=6), "last": today}
    facet = "p:telecom.fees.unexplained_charge"
    spot = HotSpot.objects.create(region=region, place=region.pk, facet=facet, **days, **numbers)
    first = guiding.WantedMeasure(what="逐项列明收费", responsible="客服部负责人", due_on=today + timedelta(days=20))
    whose = {"enterprise_id": family.enterprise.pk, "authority_id": family.county.pk}
    guidance = guiding.open_guidance(spot.pk, causes="账单没有列明", first=first, by=clerk, now=world.now, **whose)
    guiding.send(guidance.pk, by=clerk, now=world.now)
    shown = warning.draft(spot.pk, authority_id=family.county.pk, by=clerk, now=world.now)
    warning.propose(shown.pk, by=clerk, now=world.now)
    warning.approve(shown.pk, by=head, now=world.now)
    world.things |= {"hot spot": str(spot.pk), "guidance": str(guidance.pk), "warning": str(shown.pk)}
    _campaign(world)
    _remedy(world, spot)


def _remedy(world: World, spot: HotSpot) -> None:
    """A remedy of the enterprise of family A, demanded by its county, with a list, that is public."""
    family, today = world.target, world.now.date()
    clerk, head = world.officers["authority_handler", "own"].user, world.officers["approver", "own"].user
    firm, county = family.enterprise.pk, family.county
    by, firms = {"by": clerk, "now": world.now}, {"by": family.staff["manager", "own"].user, "now": world.now}
    source = remedying.Source(spot=spot, problem="telecom.fees.unexplained_charge")
    days = {"first": today - timedelta(days=60), "last": today}
    whose = {"enterprise_id": firm, "authority_id": county.pk, "region_id": county.region_id}
    made = remedying.demand(source, cause="账单没有列明", **whose, **days, **by)
    remedying.propose(made.pk, affected="被多扣费的用户", how="全部退还", due_on=today + timedelta(days=20), **firms)
    remedying.agree(made.pk, seen=remedying.mark_of(made), **by)
    counts = {"population": 3, "remedied": 2, "unreachable": 1, "declined": 0, "money": None}
    texts = {"evidence": "退费清单", "explained": "停机", "why_moved": ""}
    remedying.report(made.pk, remedying.Reported(**counts, **texts), **firms)
    lines = [affected.Line(n, f"+8613900000{n:03}", True, n < 3) for n in (1, 2, 3)]
    remedying.take_list(made.pk, lines, **firms)
    remedying.ask_to_publish(made.pk, **by)
    remedying.publish(made.pk, by=head, now=world.now)
    world.things["remedy"] = str(made.pk)


def _campaign(world: World) -> None:
    """A campaign of the county of family A that is public."""
    family, today = world.target, world.now.date()
    clerk, head = world.officers["authority_handler", "own"].user, world.officers["approver", "own"].user
    firm, county = family.enterprise.pk, family.county
    own = {"sector": "", "problem": "", "chose_first": today - timedelta(days=56), "chose_last": today}
    begun = Campaign.objects.create(
        authority=county,
        region=county.region,
        title="宽带降诉",
        why="x",
        figures=[[firm, 9, 9]],
        opened_by=clerk,
        opened_at=world.now,
        **own,
    )
    by = {"by": clerk, "now": world.now}
    campaign.call(begun.pk, firms=[firm], meets_on=today, where="局里", **by)
    first = guiding.WantedMeasure(what="三日内修好", responsible="网络部负责人", due_on=today + timedelta(days=40))
    guiding.add_measure(begun.guidances.get().pk, first, **by)
    campaign.meet(begun.pk, met_on=today, firms=[firm], attended="县局", minutes="都答应了。", **by)
    campaign.ask_to_publish(begun.pk, **by)
    campaign.publish(begun.pk, by=head, now=world.now)
    world.things |= {"campaign": str(begun.pk), "guidance of the campaign": str(begun.guidances.get().pk)}


def _reports(world: World) -> None:
    """The open data of a month, a published report of it, and a draft of the month before."""
    drafter, head = world.officers["authority_handler", "own"].user, world.officers["approver", "own"].user
    county, month = world.target.county, world.now.date().replace(day=1)
    for name in ("published report", "report"):
        month = (month - timedelta(days=1)).replace(day=1)
        world.things["open data"] = str(issuing.issue(month, now=world.now))
        report = keeping.draft(authority=county, month=month, by=drafter, now=world.now)
        if name == "published report":
            keeping.submit(report)
            keeping.approve(report, by=head, heads=[county], text="", now=world.now)
            keeping.publish(report, now=world.now)
            keeping.sweep_prints(now=world.now)
        world.things[name] = str(report.pk)


def _rules(world: World) -> None:
    """A rule of the county of family A, a draft beside it, and a lesson from its cases."""
    family, today = world.target, world.now.date()
    clerk, head = world.officers["authority_handler", "own"], world.officers["approver", "own"]
    region = family.county.region
    reach = rule_changing.Reach(((region.pk, region.last),))

    def drafted(named: str) -> RuleChange:
        own = {"priority": 50, "named": named, "region": region.pk, "target_enterprise": family.enterprise.pk}
        what, why = dict.fromkeys(rule_changing.COLUMNS) | own, {"why": "x", "why_en": ""}
        when = {"starts_on": today, "ends_on": None, "now": world.now, "today": today}
        return rule_changing.draft(kind="set", rule=None, what=what, by=clerk.user, reach=reach, **why, **when)

    change = drafted("甲")
    trial = rule_changing.start_trial(change, days=1, by=clerk.user, now=world.now)
    RuleTrial.objects.filter(pk=trial.pk).update(state="done")
    rule_changing.file(change, by=clerk.user, reach=reach, now=world.now, today=today)
    rule_changing.decide(change, agrees=True, reason="", by=head.user, reach=reach, now=world.now, today=today)
    world.things["rule"] = change.final_code
    world.things["rule change"] = str(drafted("乙").pk)
    subject = {"subject_kind": "named", "subject": "丙", "words": "丙", "region": region}
    counts = {"agree": 3, "total": 3, "counted_at": world.now}
    lesson = Lesson.objects.create(target_enterprise=family.enterprise, **subject, **counts)
    world.things["lesson"] = str(lesson.pk)


def _enrolment(world: World, *, manager: Staff) -> None:
    """An application that lies with the county of family A, and what the enterprise of family A filed there."""
    family = world.target
    application = enrolling.begin("new.firm@example.com", language=world.language, now=world.now)
    place, uscc = family.county.region_id, "91350102MA88888889"
    places = {"domicile_id": place, "place_id": place, "areas": (place,)}
    wanted = enrolling.EnrolmentData(name="新企业", uscc=uscc, branch="客服部", **places)
    world.things["application"] = str(enrolling.submit(application, wanted, now=world.now).pk)
    filing = enrolled.file(family.enterprise, "licence", {"what": "名称变更"}, by=manager.user, now=world.now)
    world.things["filing"] = str(filing.pk)


def _tokens(world: World) -> None:
    """A program for each person, issued for the job or the office; looking at contact data would be written down."""
    for person in world.people:
        if person.user is None:
            continue
        job = Staff.objects.filter(user=person.user).first()
        office = Officer.objects.filter(user=person.user).first()
        whose = {"enterprise_id": job and job.enterprise_id}
        whose["authority_id"] = office.authority_id if office and not job else None
        scopes, until = [scope for scope in SCOPES if scope != "contact:read"], world.now + timedelta(days=1)
        token = issue(person.user, name="sweep", scopes=scopes, now=world.now, expires_at=until, **whose)
        world.tokens[person.name] = token.secret
    world.things["token"] = str(ApiToken.objects.get(user=world.target.staff["handler", "own"].user).pk)
    app = {"kind": "app", "name": "app", "key": b"k" * 40, "created_at": world.now}
    factor = SecondFactor.objects.create(user=world.target.consumer, **app)
    world.things["factor"] = str(factor.pk)
