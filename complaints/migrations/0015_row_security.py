"""The second wall: PostgreSQL shows each caller the rows of his own cases and no others (database/row_security.py).

One policy a database role on every table that hangs on a case. A table that names no policy for a role is empty for it;
rows of a case are written by the steps alone. FORCE, so that not even an owner reads past them: portal_owner sees what
the steps see because it is a member of that role (database/roles.py).
"""

from django.db import migrations

CONSUMER, ENTERPRISE, AUTHORITY = "portal_consumer", "portal_enterprise", "portal_authority"

# What the request has told (`set_config`); after it the setting is '', not null.
_USER = "nullif(current_setting('app.user', true), '')::bigint"
_ENTERPRISES = "nullif(current_setting('app.enterprises', true), '')::bigint[]"
_BRANCHES = "nullif(current_setting('app.branches', true), '')::bigint[]"
_SHOWN = "nullif(current_setting('app.shown', true), '')::text[]"
_FIRST = "nullif(current_setting('app.first', true), '')::int"
_LAST = "nullif(current_setting('app.last', true), '')::int"
_REGIONS = "nullif(current_setting('app.regions', true), '')::int4multirange"

# One's own: as the person who complained, or with the token of the receipt.
OWN = f"(c.consumer_id = {_USER} or c.tracking_digest = any({_SHOWN}))"
# Integer comparisons are leakproof and can be estimated; only who holds several offices needs the list of them.
IN_REGION = (f"((c.handling_region_id >= {_FIRST} and c.handling_region_id <= {_LAST})"
             f" or c.handling_region_id <@ {_REGIONS})")
# Each side by the shortest way: what stands here is planned anew with every statement.
OWN_CASE = "exists (select from own_case c where c.id = {table}.complaint_id)"
OUR_CASE = f"(exists (select from own_engagement e where e.complaint_id = {{table}}.complaint_id) or {OWN_CASE})"
_CASE = "exists (select from complaints_complaint c where c.id = {table}.complaint_id{more})"
IN_SIGHT = _CASE.replace("{more}", "")
SEEN_IN_REGION = _CASE.replace("{more}", f" and {IN_REGION}")
SEEN = {CONSUMER: OWN_CASE, ENTERPRISE: OUR_CASE, AUTHORITY: IN_SIGHT}
#: For tables with an audience: the parties' for whoever sees the case, the authority's for the region's.
_BY_AUDIENCE = _CASE.replace(
    "{more}", " and ({table}.audience = 'parties' or ({table}.audience = 'authority' and " + IN_REGION + "))")
_OURS = "exists (select from own_engagement e where e.id = {table}.engagement_id)"
#: While it is still against us, or until it was given up.
_IN_OUR_TIME = ("exists (select from own_engagement e where e.complaint_id = {{table}}.complaint_id"
                " and {{table}}.{since} >= e.from_at"
                " and (e.until_at is null or {{table}}.{happened} <= e.until_at or e.is_still_ours))")

# The caller's own, for policies that must not ask each other in a circle. The three run with the owner's rights and show
# nothing but rows of the context; no other view does. Without security_barrier, so that they are planned as one with
# what asks them: whoever could slip a function of his own into a statement could tell a context of his own as well.
VIEWS = [
    f"""
create view own_case as select c.id from complaints_complaint c where {OWN}""",
    "revoke all on own_case from portal_app",
    f"grant select on own_case to {CONSUMER}, {ENTERPRISE}, {AUTHORITY}",
    f"""
create view own_engagement as
select e.id, e.complaint_id, e.enterprise_id, e.from_at, e.until_at,
       (select c.enterprise_id = e.enterprise_id from complaints_complaint c where c.id = e.complaint_id)
           as is_still_ours
from complaints_engagement e
where e.enterprise_id = any({_ENTERPRISES}) or e.branch_id = any({_BRANCHES})""",
    "revoke all on own_engagement from portal_app",
    f"grant select on own_engagement to {ENTERPRISE}",
    f"""
create view own_entry as
select s.complaint_id, s.sequence from complaints_handlingstep s
where s.audience = 'enterprise' and {_IN_OUR_TIME.format(since="written_at", happened="happened_at").format(table="s")}""",
    "revoke all on own_entry from portal_app",
    f"grant select on own_entry to {ENTERPRISE}",
]


def everybody(condition: str) -> dict[str, str]:
    return dict.fromkeys((CONSUMER, ENTERPRISE, AUTHORITY), condition)


def _parties(role: str) -> str:
    return f"{{table}}.audience = 'parties' and {SEEN[role]}"


def _known_clocks(hidden: str, role: str) -> str:
    """Clocks that would tell what only the authority knows are not there for the parties. Those of matters of the
    authority alone (a lead, a quarrel about jurisdiction) have names of their own, so the matter need not be asked."""
    return f"{{table}}.clock not in ({hidden}) and {SEEN[role]}"


#: Table → role → what it may read.
READ: dict[str, dict[str, str]] = {
    "complaint": {
        CONSUMER: OWN,
        # What holds for most rows comes first: the rest is not looked at then.
        ENTERPRISE: f"c.enterprise_id = any({_ENTERPRISES}) or c.branch_id = any({_BRANCHES}) or {OWN}"
                    " or exists (select from own_engagement e where e.complaint_id = c.id)",
        AUTHORITY: f"{IN_REGION} or {OWN}",
    },
    "engagement": {
        **SEEN,
        ENTERPRISE: f"{{table}}.enterprise_id = any({_ENTERPRISES}) or {{table}}.branch_id = any({_BRANCHES})"
                    f" or {OWN_CASE}",
    },
    "demand": SEEN,
    "offer": SEEN | {ENTERPRISE: f"{_OURS} or {OWN_CASE}"},
    "offeranswer": everybody("exists (select from complaints_offer o where o.id = {table}.offer_id)"),
    "obligation": SEEN | {ENTERPRISE: f"{_OURS} or ({{table}}.engagement_id is null and {OUR_CASE}) or {OWN_CASE}"},
    "contact": {ENTERPRISE: _OURS},
    "internalnote": {ENTERPRISE: _OURS},
    "matter": {
        CONSUMER: _parties(CONSUMER), AUTHORITY: _BY_AUDIENCE,
        ENTERPRISE: f"({_parties(ENTERPRISE)})"
                    f" or ({{table}}.audience = 'enterprise' and "
                    f"{_IN_OUR_TIME.format(since='opened_at', happened='opened_at')})",
    },
    "deadline": {
        CONSUMER: _known_clocks("'lead', 'jurisdiction', 'instruction'", CONSUMER),
        ENTERPRISE: _known_clocks("'lead', 'jurisdiction'", ENTERPRISE),
        AUTHORITY: IN_SIGHT,
    },
    "reminder": {},
    "handlingstep": {
        CONSUMER: _parties(CONSUMER), AUTHORITY: _BY_AUDIENCE,
        ENTERPRISE: f"({_parties(ENTERPRISE)}) or ({{table}}.audience = 'enterprise' and "
                    f"{_IN_OUR_TIME.format(since='written_at', happened='happened_at')})",
    },
    "personaltext": {
        CONSUMER: _parties(CONSUMER), AUTHORITY: _BY_AUDIENCE,
        ENTERPRISE: f"({_parties(ENTERPRISE)}) or ({{table}}.audience = 'enterprise' and exists ("
                    "select from own_entry s where s.complaint_id = {table}.complaint_id"
                    " and s.sequence = {table}.sequence))",
    },
    "sealedhead": {},
    "notice": {
        CONSUMER: f"{{table}}.addressee = 'consumer' and {OWN_CASE}", AUTHORITY: _BY_AUDIENCE,
        ENTERPRISE: "({table}.addressee = 'enterprise' and {table}.audience in ('parties', 'enterprise') and exists ("
                    "select from own_engagement e where e.complaint_id = {table}.complaint_id"
                    " and e.enterprise_id = {table}.enterprise_id))"
                    f" or ({{table}}.addressee = 'consumer' and {OWN_CASE})",
    },
    "noticeorder": everybody("exists (select from complaints_notice n where n.id = {table}.notice_id)"),
    "countdelta": {},
    "consentrecord": SEEN,
    "webhookdelivery": {},
    "upload": {},
    "forwardingdecision": {AUTHORITY: SEEN_IN_REGION},
    "filingdraft": {},
    "evidence": {
        **SEEN,
        ENTERPRISE: f"{OWN_CASE} or exists (select from own_engagement e where e.complaint_id = {{table}}.complaint_id"
                    " and (e.until_at is null or e.is_still_ours))",
    },
}

# A complaint that is still being written belongs to whoever holds its key or proved the phone, whatever else he is.
_DRAFT = f"({{table}}.owner_id = {_USER} or {{table}}.key_digest = any({_SHOWN}))"
_OF_DRAFT = "exists (select from complaints_filingdraft d where d.id = {table}.draft_id)"
_DELIVERY = (
    "exists (select from enterprises_webhookendpoint w where w.id = {table}.endpoint_id"
    f" and (w.enterprise_id = any({_ENTERPRISES}) or exists (select from enterprises_branch b"
    f" where b.enterprise_id = w.enterprise_id and b.id = any({_BRANCHES}))))")
_ARRIVING = f"({{table}}.user_id = {_USER} or ({{table}}.draft_id is not null and {_OF_DRAFT}))"
WRITE = {"webhookdelivery": _DELIVERY, "upload": _ARRIVING, "filingdraft": _DRAFT, "evidence": f"{{table}}.draft_id is not null and {_OF_DRAFT}"}

_ROLES_THERE = f"""
do $$ begin
    if (select count(*) from pg_roles
        where rolname in ('{CONSUMER}', '{ENTERPRISE}', '{AUTHORITY}', 'portal_steps')) < 4
       or not pg_has_role('portal_steps', 'usage') then
        raise exception 'roles of the database are missing: let an administrator run what `manage.py database_roles` prints, then migrate again';
    end if;
end $$"""


def statements() -> tuple[list[str], list[str]]:
    made, undone = [_ROLES_THERE, *VIEWS], []
    for name, readers in READ.items():
        table = f"complaints_{name}"
        made += [f"alter table {table} enable row level security", f"alter table {table} force row level security",
                 f"create policy steps on {table} to portal_steps using (true) with check (true)"]
        undone += [f"drop policy steps on {table}"]
        for role, condition in readers.items():
            policy = role.removeprefix("portal_")
            # A policy cannot give its own table a short name.
            condition = condition.replace("{table}", table).replace("c.", f"{table}.") if name == "complaint" \
                else condition.replace("{table}", table)
            made.append(f"create policy {policy} on {table} for select to {role} using ({condition})")
            undone.append(f"drop policy {policy} on {table}")
        if name in WRITE:
            condition = WRITE[name].replace("{table}", table)
            made.append(f"create policy unfiled on {table} to {CONSUMER}, {ENTERPRISE}, {AUTHORITY} "
                        f"using ({condition}) with check ({condition})")
            undone.append(f"drop policy unfiled on {table}")
        undone += [f"alter table {table} no force row level security",
                   f"alter table {table} disable row level security"]
    return made, [*undone, "drop view own_entry", "drop view own_engagement", "drop view own_case"]


MADE, UNDONE = statements()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0014_sealed_texts")]

    operations = [migrations.RunSQL(MADE, UNDONE)]
