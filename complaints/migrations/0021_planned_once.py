"""The second wall at a lower price: what a policy asks of other tables is planned once a connection, not with each statement.

The conditions are those of 0015 and 0020 in what they let pass. Each `exists` of the consumer's and the
enterprise's policies becomes a function that says yes or no about one id; PL/pgSQL keeps its plan. They run as the owner,
since a plan of the caller's would be made anew whenever another role is served, see nothing but the views of the
caller's own rows, and have their search_path pinned. `tell_who_calls` is what database/row_security.py asks first; it runs as
whoever asks. The authority's policies stay: it reads whole tables, where a function would be called for each row.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("complaints.migrations.0015_row_security")
PARTICIPANTS = import_module("complaints.migrations.0020_participants")
CONSUMER, ENTERPRISE = BEFORE.CONSUMER, BEFORE.ENTERPRISE

_OF_CASE = "exists (select from public.own_engagement e where e.complaint_id = of_case{more})"
#: Name → arguments → the condition; `of_case` is the id of a case.
YES_OR_NO = {
    "is_own_case": ("of_case bigint", "exists (select from public.own_case c where c.id = of_case)"),
    "is_our_case": ("of_case bigint", _OF_CASE.format(more="") + " or public.is_own_case(of_case)"),
    "is_our_engagement": (
        "of_engagement bigint", "exists (select from public.own_engagement e where e.id = of_engagement)"),
    "is_our_side": ("of_case bigint, of_enterprise bigint", _OF_CASE.format(more=" and e.enterprise_id = of_enterprise")),
    "is_in_our_time": (
        "of_case bigint, since timestamptz, happened timestamptz",
        _OF_CASE.format(more=" and since >= e.from_at"
                             " and (e.until_at is null or happened <= e.until_at or e.is_still_ours)")),
    "is_still_our_case": (
        "of_case bigint",
        _OF_CASE.format(more=" and (e.until_at is null or e.is_still_ours)") + " or public.is_own_case(of_case)"),
    "is_our_entry": (
        "of_case bigint, of_sequence int",
        "exists (select from public.complaints_handlingstep s where s.complaint_id = of_case and s.sequence = of_sequence"
        " and s.audience = 'enterprise' and public.is_in_our_time(of_case, s.written_at, s.happened_at))"),
}

_OWN, _OURS = "is_own_case({table}.complaint_id)", "is_our_case({table}.complaint_id)"
_OUR_OFFER = "is_our_engagement({table}.engagement_id)"


def _said_in_our_time(since: str, happened: str) -> str:
    return (f"({{table}}.audience = 'parties' and {_OURS}) or ({{table}}.audience = 'enterprise'"
            f" and is_in_our_time({{table}}.complaint_id, {{table}}.{since}, {{table}}.{happened}))")


#: Table → role → what it may read, as in 0015.
READ: dict[str, dict[str, str]] = {
    "complaint": {
        ENTERPRISE: f"{{table}}.enterprise_id = any({BEFORE._ENTERPRISES}) or {{table}}.branch_id = any({BEFORE._BRANCHES})"
                    " or is_our_case({table}.id)",
    },
    "engagement": {
        CONSUMER: _OWN,
        ENTERPRISE: f"{{table}}.enterprise_id = any({BEFORE._ENTERPRISES}) or {{table}}.branch_id = any({BEFORE._BRANCHES})"
                    f" or {_OWN}",
    },
    "demand": {CONSUMER: _OWN, ENTERPRISE: _OURS},
    "offer": {CONSUMER: _OWN, ENTERPRISE: f"{_OUR_OFFER} or {_OWN}"},
    "obligation": {
        CONSUMER: _OWN, ENTERPRISE: f"{_OUR_OFFER} or ({{table}}.engagement_id is null and {_OURS}) or {_OWN}"},
    "contact": {ENTERPRISE: _OUR_OFFER},
    "internalnote": {ENTERPRISE: _OUR_OFFER},
    "matter": {
        CONSUMER: f"{{table}}.audience = 'parties' and {_OWN}", ENTERPRISE: _said_in_our_time("opened_at", "opened_at")},
    "deadline": {
        CONSUMER: f"{{table}}.clock not in ('lead', 'jurisdiction', 'instruction') and {_OWN}",
        ENTERPRISE: f"{{table}}.clock not in ('lead', 'jurisdiction') and {_OURS}",
    },
    "handlingstep": {
        CONSUMER: f"{{table}}.audience = 'parties' and {_OWN}",
        ENTERPRISE: _said_in_our_time("written_at", "happened_at"),
    },
    "personaltext": {
        CONSUMER: f"{{table}}.audience = 'parties' and {_OWN}",
        ENTERPRISE: f"({{table}}.audience = 'parties' and {_OURS}) or ({{table}}.audience = 'enterprise'"
                    " and is_our_entry({table}.complaint_id, {table}.sequence))",
    },
    "notice": {
        CONSUMER: f"{{table}}.addressee = 'consumer' and {_OWN}",
        ENTERPRISE: "({table}.addressee = 'enterprise' and {table}.audience in ('parties', 'enterprise')"
                    " and is_our_side({table}.complaint_id, {table}.enterprise_id))"
                    f" or ({{table}}.addressee = 'consumer' and {_OWN})",
    },
    "consentrecord": {CONSUMER: _OWN, ENTERPRISE: _OURS},
    "evidence": {CONSUMER: _OWN, ENTERPRISE: "is_still_our_case({table}.complaint_id)"},
}

def statements() -> tuple[list[str], list[str]]:
    made: list[str] = []
    undone: list[str] = []
    for name, (arguments, condition) in YES_OR_NO.items():
        made += [
            f"create function {name}({arguments}) returns boolean language plpgsql stable parallel safe security definer"
            f" set search_path = pg_catalog as $$ begin return {condition}; end $$",
            f"revoke execute on function {name} from public, portal_app",
            f"grant execute on function {name} to {CONSUMER}, {ENTERPRISE}",
        ]
        undone.append(f"drop function {name}")
    for name, readers in READ.items():
        table = f"complaints_{name}"
        for role, condition in readers.items():
            policy, old = role.removeprefix("portal_"), BEFORE.READ[name][role]
            if name == "complaint":
                # Who takes part had been let in since.
                old = (f"{{table}}.enterprise_id = any({BEFORE._ENTERPRISES}) or {{table}}.branch_id = any({BEFORE._BRANCHES})"
                       f" or {(PARTICIPANTS._OWN + PARTICIPANTS._ENGAGED).replace('c.', '{table}.')}")
            made.append(f"alter policy {policy} on {table} using ({condition.replace('{table}', table)})")
            undone.insert(0, f"alter policy {policy} on {table} using ({old.replace('{table}', table)})")
    # Nobody asks it any more; its function does what it did.
    made.append("drop view own_entry")
    undone = [*BEFORE.VIEWS[-3:], *undone]
    return made, undone


MADE, UNDONE = statements()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0020_participants")]

    operations = [migrations.RunSQL(MADE, UNDONE)]
