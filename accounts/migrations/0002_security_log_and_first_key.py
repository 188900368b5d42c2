"""The security log takes new lines only, for a year; and the key of the house, which seals what is no person's."""

from typing import Any

from django.db import migrations

from accounts.keys import keyring

SECURITY_LOG = [
    """
create function security_log_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at <= now() - interval '365 days' then
        return old;
    end if;
    raise exception 'the security log is append-only for a year: % is refused', tg_op;
end $$
""",
    "create trigger security_log_is_append_only before update or delete on accounts_securityevent "
    "for each row execute function security_log_is_kept()",
    "create trigger security_log_is_never_emptied before truncate on accounts_securityevent "
    "for each statement execute function security_log_is_kept()",
    "revoke update, truncate on accounts_securityevent from portal_app",
]


def make_the_key_of_the_house(apps: Any, schema_editor: Any) -> None:
    keyring.secrets_of([keyring.PORTAL], make=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_models")]

    operations = [migrations.RunSQL(SECURITY_LOG), migrations.RunPython(make_the_key_of_the_house)]
