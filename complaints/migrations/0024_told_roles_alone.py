"""Tables with columns that no caller reads (database/columns.py) show their rows to roles that were told alone.

The login that serves pages and a role that a statement took see none of them. What is asked before a request has said
for whom it works, and after its transaction, works as the steps by a signed word (database/row_security.py).

`keys_of` gives the wrapped keys of people, which no caller reads, to whoever shows such a word: every page with names
asks for some. For a caller it hides the keys that are restricted.

What lets somebody in is written by the steps alone; of an account, pages write the name, the language and the last
sign-in (database/writing.py).
"""

from django.db import migrations

_TOLD = "(current_user = 'portal_owner' or current_user = split_part(current_setting('backtrace_functions'), ',', 1))"
_ROLES = "portal_consumer, portal_enterprise, portal_authority"
_TABLES = (
    *("accounts_user", "accounts_housephone", "accounts_personkey", "accounts_secondfactor", "accounts_browsersession"),
    *("accounts_openedlink", "accounts_signincode", "accounts_recoverycode", "accounts_accountchange"),
    *("accounts_idempotencykey", "enterprises_enrolmentapplication", "enterprises_apitoken", "enterprises_invitation"),
    *("complaints_export", "complaints_stationentry"),
)
_OF_AN_ACCOUNT = (
    "INSERT OR DELETE OR UPDATE OF password, email, email_index, phone, phone_index, own_phone, own_phone_index,"
    " is_active, is_demo, person_key, contact_changed_at, tag"
)
_LET_IN = (
    *("accounts_secondfactor", "accounts_recoverycode", "accounts_signincode", "accounts_browsersession"),
    *("accounts_openedlink", "accounts_accountchange", "accounts_housephone"),
    *("enterprises_apitoken", "enterprises_invitation"),
)
_KEYS_OF = """
create function keys_of(said text, mac text, persons uuid[])
returns table (person uuid, wrapped bytea, is_restricted boolean)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if public.is_signed(said, mac, 'keys') is not true then
        raise exception 'this word is not signed for this database' using errcode = '28000',
            hint = 'the keys of database and portal differ: run manage.py migrate with the SECRET_KEY of the portal';
    end if;
    return query select k.person, k.wrapped, k.restricted_at is not null from public.accounts_personkey k
        where k.person = any(persons) and k.destroyed_at is null and (k.restricted_at is null
            or split_part(current_setting('backtrace_functions'), ',', 1)
                not in ('portal_consumer', 'portal_enterprise', 'portal_authority'));
end $$"""


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0023_heard_answers"),
        ("accounts", "0011_persons"),
        ("enterprises", "0006_spelled_names"),
        ("oversight", "0010_steps_alone"),
    ]

    operations = [
        migrations.RunSQL(
            [
                _KEYS_OF,
                "revoke execute on function keys_of from public; grant execute on function keys_of to portal_app",
                "drop trigger only_steps_write on accounts_user",
                f"create trigger only_steps_write after {_OF_AN_ACCOUNT} on accounts_user"
                " for each statement execute function only_steps_write()",
                *(
                    f"create trigger only_steps_write after insert or delete or update on {table}"
                    " for each statement execute function only_steps_write()"
                    for table in _LET_IN
                ),
                *(
                    statement
                    for table in _TABLES
                    for statement in (
                        f"alter table {table} enable row level security",
                        f"alter table {table} force row level security",
                        f"create policy steps on {table} to portal_steps using ({_TOLD}) with check ({_TOLD})",
                        f"create policy callers on {table} to {_ROLES} using ({_TOLD}) with check ({_TOLD})",
                    )
                ),
            ]
        )
    ]
