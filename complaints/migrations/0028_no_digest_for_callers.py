"""No caller reads the digest of a link, a draft or a token, what people are found by, or under what tries are counted
(database/columns.py). Functions of the database look for them, for a word that the portal signs for this session.

`show_secret` says besides which rows carry the digest that was shown; of cases, which have no index for it, whether the
one with the number in the same word does. `opened_by` is the same for whoever reads the columns.

`rows_alike` gives the ids of rows that have one of these digests or that of one of these rows, of whatever case: row
security decides which of them a query shows. `digests_of` gives digests of rows, `tries_of` how often something was
tried since then, and when first, of the newest tries.

Wrong tries at following a case are counted as all others are. Callers read and add tries, and delete or change none.
"""

from django.db import migrations

_TOLD = (
    "((select true where (current_user = 'portal_owner' or current_user ="
    " split_part(current_setting('backtrace_functions'), ',', 1))) is not null)"
)
_TOLD_TO_STEPS = (
    "(nullif((current_user = 'portal_owner' or current_user ="
    " split_part(current_setting('backtrace_functions'), ',', 1)), false) is not null)"
)
_ROLES = "portal_consumer, portal_enterprise, portal_authority"
_MUST_BE_SIGNED = """
    if public.is_signed(said, mac, '{kind}') is not true then
        raise exception 'this word is not signed for this database' using errcode = '28000',
            hint = 'the keys of database and portal differ: run manage.py migrate with the SECRET_KEY of the portal';
    end if;"""
#: Name → arguments → what it gives, and how.
_OPENED = "table (participant bigint, link bigint, draft uuid, of_case bigint)"
_OPENED_BY = f"""
create function opened_by(shown text, asked text) returns {_OPENED}
language sql stable set search_path = pg_catalog as $$
    select (select p.id from public.complaints_participant p where p.token_digest = shown and shown <> ''),
        (select l.id from public.complaints_answerlink l where l.token_digest = shown),
        (select d.id from public.complaints_filingdraft d where d.key_digest = shown),
        (select c.id from public.complaints_complaint c where c.number = asked and c.tracking_digest = shown
            and shown <> '')
$$"""
_SHOW_SECRET = f"""
create function show_secret(said text, mac text) returns {_OPENED}
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    parts text[] := string_to_array(current_setting('backtrace_functions'), ',');
    digests text[];
begin
    if public.is_signed(said, mac, 'shown') is not true or cardinality(parts) < 11 then
        raise exception 'this word is not signed for this database' using errcode = '28000';
    end if;
    digests := coalesce(nullif(translate(parts[9], 'XZBE_', '{{}}[),'), '')::text[], '{{}}')
        || split_part(said, '|', 4);
    parts[9] := translate(digests::text, '{{}}[),', 'XZBE_');
    perform set_config('backtrace_functions', array_to_string(parts, ','), true);
    return query select * from public.opened_by(split_part(said, '|', 4), split_part(said, '|', 5));
end $$"""
_ROWS_ALIKE = f"""
create function rows_alike(said text, mac text, alike bigint[], digests bytea[]) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog as $$
begin{_MUST_BE_SIGNED.format(kind="digests")}
    return array(select d.id from public.complaints_persondigest d where d.digest = any(digests
        || array(select a.digest from public.complaints_persondigest a where a.id = any(alike))));
end $$"""
_DIGESTS_OF = f"""
create function digests_of(said text, mac text, wanted bigint[]) returns table (id bigint, digest bytea)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin{_MUST_BE_SIGNED.format(kind="digests")}
    return query select d.id, d.digest from public.complaints_persondigest d where d.id = any(wanted);
end $$"""
_TRIES_OF = f"""
create function tries_of(said text, mac text, of_kind text, who text, since timestamptz, most integer)
returns table (n bigint, oldest timestamptz)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin{_MUST_BE_SIGNED.format(kind="tries")}
    return query select count(*), min(newest.at) from (
        select t.at from public.accounts_countedtry t
        where t.kind = of_kind and t.who_digest = who and t.at > since order by t.at desc limit most) newest;
end $$"""
_FUNCTIONS = ("opened_by", "show_secret", "rows_alike", "digests_of", "tries_of")
#: Table → what a caller does there.
_TABLES = {"accounts_countedtry": ("select", "insert"), "accounts_decisionpart": ("all",)}


def _policy(table: str, action: str) -> str:
    using = f" using ({_TOLD})" if action != "insert" else ""
    check = f" with check ({_TOLD})" if action != "select" else ""
    return f"create policy callers_{action} on {table} for {action} to {_ROLES}{using}{check}"


class Migration(migrations.Migration):
    dependencies = [("complaints", "0027_identity_papers"), ("accounts", "0012_second_phones")]

    operations = [
        migrations.RunSQL(
            [
                "drop function show_secret(text, text)",
                *(_OPENED_BY, _SHOW_SECRET, _ROWS_ALIKE, _DIGESTS_OF, _TRIES_OF),
                *(
                    f"revoke execute on function {name} from public; grant execute on function {name} to portal_app"
                    for name in _FUNCTIONS
                ),
                *(
                    statement
                    for table, actions in _TABLES.items()
                    for statement in (
                        f"alter table {table} enable row level security",
                        f"alter table {table} force row level security",
                        f"create policy steps on {table} to portal_steps"
                        f" using ({_TOLD_TO_STEPS}) with check ({_TOLD_TO_STEPS})",
                        *(_policy(table, action) for action in actions),
                    )
                ),
            ]
        ),
        migrations.DeleteModel("TrackingTry"),
    ]
