"""The second wall: PostgreSQL shows each caller the rows of his own cases and no others (database/row_security.py).

One policy a database role on every table that hangs on a case. A table that names no policy for a role is empty for it;
rows of a case are written by the steps alone, but for what a person keeps for himself. FORCE, so that not even an owner
reads past them: portal_owner sees what the steps see because it is a member of that role (database/roles.py).

What a policy of the consumer's or the enterprise's asks of other tables is a function that says yes or no about one id;
PL/pgSQL keeps its plan, so it is planned once a connection and not with each statement. The functions run as the
owner, since a plan of the caller's would be made anew whenever another role is served, see nothing but the views of the
caller's own rows, and have their search_path pinned. The authority's policies ask tables themselves: it reads whole
tables, where a function would be called for each row.
"""

from django.db import migrations

CONSUMER, ENTERPRISE, AUTHORITY = "portal_consumer", "portal_enterprise", "portal_authority"
CALLERS = f"{CONSUMER}, {ENTERPRISE}, {AUTHORITY}"

# What the request has told (`set_config`); after it the setting is '', not null.
_USER = "nullif(current_setting('app.user', true), '')::bigint"
_ENTERPRISES = "nullif(current_setting('app.enterprises', true), '')::bigint[]"
_BRANCHES = "nullif(current_setting('app.branches', true), '')::bigint[]"
_STATIONS = "nullif(current_setting('app.stations', true), '')::bigint[]"
_SHOWN = "nullif(current_setting('app.shown', true), '')::text[]"
_DAY = "nullif(current_setting('app.day', true), '')::date"
_FIRST = "nullif(current_setting('app.first', true), '')::int"
_LAST = "nullif(current_setting('app.last', true), '')::int"
_REGIONS = "nullif(current_setting('app.regions', true), '')::int4multirange"


def _lies(region: str) -> str:
    """Integer comparisons are leakproof and can be estimated; only who holds several offices needs the list of them."""
    return f"(({region} >= {_FIRST} and {region} <= {_LAST}) or {region} <@ {_REGIONS})"


# One's own: as the person who complained, or with the token of the receipt, while the term of a representative runs; or
# as somebody who takes part. An array, so that it is asked once a statement and an index can answer it.
_OWN_ROW = (
    f"((c.consumer_id = {_USER} or c.tracking_digest = any({_SHOWN})) and coalesce(c.represented_until >= {_DAY}, true)"
    " or c.id = any(array(select p.complaint_id from own_part p)))"
)

# The caller's own, for policies that must not ask each other in a circle. The three run with the owner's rights and
# show nothing but rows of the context; no other view does. Without security_barrier, so that they are planned as one
# with what asks them: whoever could slip a function of his own into a statement could tell a context of his own as
# well.
VIEWS = [
    f"create view own_part as select p.complaint_id from complaints_participant p "
    f"where p.person_id = {_USER} and p.state = 'joined'",
    f"create view own_case as select c.id from complaints_complaint c where {_OWN_ROW}",
    f"""
create view own_engagement as
select e.id, e.complaint_id, e.enterprise_id, e.from_at, e.until_at,
       (select c.enterprise_id = e.enterprise_id from complaints_complaint c where c.id = e.complaint_id)
           as is_still_ours
from complaints_engagement e
where e.enterprise_id = any({_ENTERPRISES}) or e.branch_id = any({_BRANCHES})""",
    "revoke all on own_part, own_case, own_engagement from portal_app",
    f"grant select on own_part, own_case to {CALLERS}",
    f"grant select on own_engagement to {ENTERPRISE}",
]

_OF_CASE = "exists (select from public.own_engagement e where e.complaint_id = of_case{more})"
#: Name → arguments → the condition; `of_case` is the id of a case.
YES_OR_NO = {
    "is_own_case": ("of_case bigint", "exists (select from public.own_case c where c.id = of_case)"),
    "is_our_case": ("of_case bigint", _OF_CASE.format(more="") + " or public.is_own_case(of_case)"),
    "is_our_engagement": (
        "of_engagement bigint",
        "exists (select from public.own_engagement e where e.id = of_engagement)",
    ),
    "is_our_side": (
        "of_case bigint, of_enterprise bigint",
        _OF_CASE.format(more=" and e.enterprise_id = of_enterprise"),
    ),
    # While it was against us, or until it was given up.
    "is_in_our_time": (
        "of_case bigint, since timestamptz, happened timestamptz",
        _OF_CASE.format(
            more=" and since >= e.from_at and (e.until_at is null or happened <= e.until_at or e.is_still_ours)"
        ),
    ),
    "is_still_our_case": (
        "of_case bigint",
        _OF_CASE.format(more=" and (e.until_at is null or e.is_still_ours)") + " or public.is_own_case(of_case)",
    ),
    "is_our_entry": (
        "of_case bigint, of_sequence int",
        "exists (select from public.complaints_handlingstep s where s.complaint_id = of_case"
        " and s.sequence = of_sequence and s.audience = 'enterprise'"
        " and public.is_in_our_time(of_case, s.written_at, s.happened_at))",
    ),
}

_OWN, _OURS = "is_own_case({table}.complaint_id)", "is_our_case({table}.complaint_id)"
_OUR_ENGAGEMENT = "is_our_engagement({table}.engagement_id)"
_PARTIES = "{table}.audience = 'parties'"
_CASE = "exists (select from complaints_complaint c where c.id = {table}.complaint_id{more})"
_IN_SIGHT = _CASE.replace("{more}", "")
_IN_REGION = _CASE.replace("{more}", f" and {_lies('c.handling_region_id')}")
SEEN = {CONSUMER: _OWN, ENTERPRISE: _OURS, AUTHORITY: _IN_SIGHT}
#: For tables with an audience: the parties' for whoever sees the case, the authority's for the region's.
_BY_AUDIENCE = _CASE.replace(
    "{more}", f" and ({_PARTIES} or ({{table}}.audience = 'authority' and {_lies('c.handling_region_id')}))"
)
_HELD = f"{{table}}.enterprise_id = any({_ENTERPRISES}) or {{table}}.branch_id = any({_BRANCHES})"
# The same as parts of the statement that asks.
_OWN_BY_VIEW = "exists (select from own_case c where c.id = {table}.complaint_id)"
_ENGAGED = "exists (select from own_engagement e where e.complaint_id = {table}.complaint_id{more})"
_WITH_TOKEN = f"{{table}}.token_digest = any({_SHOWN})"
_TO_CONSUMER = f"({{table}}.to_consumer and {_OWN})"
_MINE, _OUR_SIDE = f"user_id = {_USER}", "is_our_side(complaint_id, enterprise_id)"
_ASKED = f"{{table}}.asked_by_id = {_USER} and {_IN_SIGHT}"


def _said_in_our_time(since: str, happened: str) -> str:
    return (
        f"({_PARTIES} and {_OURS}) or ({{table}}.audience = 'enterprise'"
        f" and is_in_our_time({{table}}.complaint_id, {{table}}.{since}, {{table}}.{happened}))"
    )


def everybody(condition: str) -> dict[str, str]:
    return dict.fromkeys((CONSUMER, ENTERPRISE, AUTHORITY), condition)


_OF_DOCUMENT = "exists (select from complaints_officialdocument d where d.id = {table}.document_id)"
#: Table → role → what it may read. An empty one is for the steps alone.
READ: dict[str, dict[str, str]] = {
    "complaint": {
        # A station sees of what it filed the row of the case and nothing that hangs on it.
        CONSUMER: _OWN_ROW + f" or (c.station_sees and c.station_id = any({_STATIONS}))",
        # What holds for most rows comes first: the rest is not looked at then.
        ENTERPRISE: f"{_HELD} or is_our_case(c.id)",
        AUTHORITY: f"{_lies('c.handling_region_id')} or {_OWN_ROW}",
    },
    "engagement": SEEN | {ENTERPRISE: f"{_HELD} or {_OWN}"},
    "demand": SEEN,
    "offer": SEEN | {ENTERPRISE: f"{_OUR_ENGAGEMENT} or {_OWN}"},
    "offeranswer": everybody("exists (select from complaints_offer o where o.id = {table}.offer_id)"),
    "obligation": SEEN | {ENTERPRISE: f"{_OUR_ENGAGEMENT} or ({{table}}.engagement_id is null and {_OURS}) or {_OWN}"},
    "contact": {ENTERPRISE: _OUR_ENGAGEMENT},
    "internalnote": {ENTERPRISE: _OUR_ENGAGEMENT},
    "matter": {
        CONSUMER: f"{_PARTIES} and {_OWN}",
        ENTERPRISE: _said_in_our_time("opened_at", "opened_at"),
        AUTHORITY: _BY_AUDIENCE,
    },
    # Clocks that would tell what only the authority knows are not there for the parties. Those of matters of the
    # authority alone (a lead, a quarrel about jurisdiction) have names of their own, so the matter need not be asked.
    "deadline": {
        CONSUMER: f"{{table}}.clock not in ('lead', 'jurisdiction', 'instruction') and {_OWN}",
        ENTERPRISE: f"{{table}}.clock not in ('lead', 'jurisdiction') and {_OURS}",
        AUTHORITY: _IN_SIGHT,
    },
    "reminder": {},
    "handlingstep": {
        CONSUMER: f"{_PARTIES} and {_OWN}",
        ENTERPRISE: _said_in_our_time("written_at", "happened_at"),
        AUTHORITY: _BY_AUDIENCE,
    },
    "personaltext": {
        CONSUMER: f"{_PARTIES} and {_OWN}",
        ENTERPRISE: f"({_PARTIES} and {_OURS}) or ({{table}}.audience = 'enterprise'"
        " and is_our_entry({table}.complaint_id, {table}.sequence))",
        AUTHORITY: _BY_AUDIENCE,
    },
    "sealedhead": {},
    "notice": {
        CONSUMER: f"{{table}}.addressee = 'consumer' and {_OWN}",
        ENTERPRISE: "({table}.addressee = 'enterprise' and {table}.audience in ('parties', 'enterprise')"
        " and is_our_side({table}.complaint_id, {table}.enterprise_id))"
        f" or ({{table}}.addressee = 'consumer' and {_OWN})",
        AUTHORITY: _BY_AUDIENCE,
    },
    "noticeorder": everybody("exists (select from complaints_notice n where n.id = {table}.notice_id)"),
    "consentrecord": SEEN,
    "webhookdelivery": {},
    "upload": {},
    "forwardingdecision": {AUTHORITY: _IN_REGION},
    "filingdraft": {},
    # Files that an enterprise attached to a concern are there for the authority alone.
    "evidence": {
        CONSUMER: f"{_PARTIES} and {_OWN}",
        ENTERPRISE: f"{_PARTIES} and is_still_our_case({{table}}.complaint_id)",
        AUTHORITY: _BY_AUDIENCE,
    },
    # While it is against us: of a case that was given up, nobody may try phone numbers.
    "persondigest": {
        ENTERPRISE: _ENGAGED.replace("{more}", " and (e.until_at is null or e.is_still_ours)"),
        AUTHORITY: _IN_SIGHT,
    },
    # Somebody who joined sees the whole case; who was only asked sees the own row, by the link.
    "participant": {
        CONSUMER: f"{_OWN_BY_VIEW} or {_WITH_TOKEN}",
        ENTERPRISE: f"{_ENGAGED.replace('{more}', '')} or {_OWN_BY_VIEW} or {_WITH_TOKEN}",
        AUTHORITY: f"{_IN_SIGHT} or {_WITH_TOKEN}",
    },
    "dossier": everybody(_ASKED),
    # Why it came to a complaint, as the enterprise tagged it; nobody else reads it, the authority neither.
    "rootcause": {ENTERPRISE: _OUR_ENGAGEMENT},
    # Colleagues see who has a case open, so a row of reading is shown to the enterprise; an offer half written is not.
    "reading": {ENTERPRISE: _OUR_SIDE},
    "offerdraft": {ENTERPRISE: f"{_MINE} and {_OUR_SIDE}"},
    # A party sees what is addressed to it; an authority what lies in its region, and of its own numbers at least that
    # they were given, wherever the case lies now.
    "officialdocument": {
        CONSUMER: _TO_CONSUMER,
        ENTERPRISE: f"({{table}}.to_enterprise and {_OUR_ENGAGEMENT}) or {_TO_CONSUMER}",
        AUTHORITY: _CASE.replace("{more}", f" and ({_PARTIES} or {_lies('c.handling_region_id')})")
        + " or exists (select from authorities_authority a"
        f" where a.id = {{table}}.authority_id and {_lies('a.region_id')})",
    },
    # Whoever reads the document reads its words, but an authority only while the case lies in its region.
    "documentversion": everybody(_OF_DOCUMENT) | {AUTHORITY: f"{_OF_DOCUMENT} and {_IN_SIGHT}"},
    "laweffect": {AUTHORITY: _IN_SIGHT},
    "callback": {AUTHORITY: _IN_SIGHT},
    "callbackseed": {},
    # Who follows the link may be signed in as anybody.
    "answerlink": everybody(_WITH_TOKEN) | {AUTHORITY: f"{_IN_SIGHT} or {_WITH_TOKEN}"},
    "casewords": {},
}

# A complaint that is still being written belongs to whoever holds its key or proved the phone, whatever else he is.
_OF_DRAFT = (
    "{table}.draft_id is not null and exists (select from complaints_filingdraft d where d.id = {table}.draft_id)"
)
WRITE = {
    "webhookdelivery": "exists (select from enterprises_webhookendpoint w where w.id = {table}.endpoint_id"
    f" and (w.enterprise_id = any({_ENTERPRISES}) or exists (select from enterprises_branch b"
    f" where b.enterprise_id = w.enterprise_id and b.id = any({_BRANCHES}))))",
    "upload": f"({{table}}.user_id = {_USER} or ({_OF_DRAFT}))",
    "filingdraft": f"({{table}}.owner_id = {_USER} or {{table}}.key_digest = any({_SHOWN}))",
    "evidence": _OF_DRAFT,
}
#: What somebody keeps for himself: a dossier he asked for, how far he read, an offer half written.
KEPT = [
    *(
        f"create policy {side}_asks on complaints_dossier for insert to portal_{side}"
        f" with check ({_ASKED.replace('{table}', 'complaints_dossier')})"
        for side in ("consumer", "enterprise", "authority")
    ),
    *(
        statement
        for table, doing in {"complaints_reading": "reads", "complaints_offerdraft": "drafts"}.items()
        for statement in (
            f"create policy enterprise_{doing} on {table} for insert to {ENTERPRISE}"
            f" with check ({_MINE} and {_OUR_SIDE})",
            f"create policy enterprise_{doing}_on on {table} for update to {ENTERPRISE}"
            f" using ({_MINE}) with check ({_MINE} and {_OUR_SIDE})",
        )
    ),
    f"create policy enterprise_forgets on complaints_offerdraft for delete to {ENTERPRISE} using ({_MINE})",
]

_ROLES_THERE = f"""
do $$ begin
    if (select count(*) from pg_roles
        where rolname in ('{CONSUMER}', '{ENTERPRISE}', '{AUTHORITY}', 'portal_steps')) < 4
       or not pg_has_role('portal_steps', 'usage') then
        raise exception 'roles of the database are missing: %',
            'let an administrator run what `manage.py database_roles` prints, then migrate again';
    end if;
end $$"""


def statements() -> list[str]:
    made = [_ROLES_THERE, *VIEWS]
    for name, (arguments, condition) in YES_OR_NO.items():
        made += [
            f"create function {name}({arguments}) returns boolean language plpgsql stable parallel safe"
            f" security definer set search_path = pg_catalog as $$ begin return {condition}; end $$",
            f"revoke execute on function {name} from public, portal_app",
            f"grant execute on function {name} to {CONSUMER}, {ENTERPRISE}",
        ]
    for name, readers in READ.items():
        table = f"complaints_{name}"
        made += [
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy steps on {table} to portal_steps using (true) with check (true)",
        ]
        for role, condition in readers.items():
            condition = condition.replace("{table}", table)
            if name == "complaint":
                # A policy cannot give its own table a short name.
                condition = condition.replace("c.", f"{table}.")
            policy = role.removeprefix("portal_")
            made.append(f"create policy {policy} on {table} for select to {role} using ({condition})")
        if name in WRITE:
            condition = WRITE[name].replace("{table}", table)
            made.append(f"create policy unfiled on {table} to {CALLERS} using ({condition}) with check ({condition})")
    return [*made, *KEPT]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0003_append_only")]

    operations = [migrations.RunSQL(statements())]
