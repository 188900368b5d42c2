"""PostgreSQL expects a thousand rows of a function that gives several, so it read every person of the portal to find
the one of a session. Both functions give at most one.
"""

from django.db import migrations

_FUNCTIONS = ("kept_session(text, timestamptz)", "person_of_session(text, timestamptz)")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_person_of_session")]

    operations = [migrations.RunSQL([f"alter function {function} rows 1" for function in _FUNCTIONS])]
