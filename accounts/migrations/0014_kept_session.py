"""The session of a browser by the digest of its cookie, for the message that begins a transaction behind a pooler
(database/sessions.py): there no word can be signed yet, as nobody knows which session of the server it is.

Without a word it gives one row, for a digest that nobody guesses and no caller reads (database/columns.py). What lets
somebody in is the cookie, which does not follow from it; what the session knows is sealed. Callers may not ask.
"""

from django.db import migrations

_KEPT_SESSION = """
create function kept_session(digest text, moment timestamptz) returns setof accounts_browsersession
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    return query select s.* from public.accounts_browsersession s
        where s.session_key = digest and s.expire_date > moment;
end $$"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_pictures_of_letters")]

    operations = [
        migrations.RunSQL(
            [
                _KEPT_SESSION,
                "revoke execute on function kept_session from public, portal_app",
                "grant execute on function kept_session to portal_web, portal_steps",
            ]
        )
    ]
