"""The second walls: what the database itself refuses to hold twice. No fault shows them while the first wall stands."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import UniqueConstraint

WALLS = {
    ("accounts", "IdempotencyKey"): {"actor", "key"},
    ("complaints", "HandlingStep"): {"complaint", "audience", "sequence"},
    ("complaints", "Notice"): {"complaint", "audience", "sequence", "addressee", "channel", "user"},
    ("complaints", "Reminder"): {"deadline", "mark"},
    ("complaints", "Deadline"): {"complaint", "clock", "obligation", "matter"},
    ("complaints", "SealedHead"): {"seal", "complaint_id", "audience"},
}


@pytest.mark.django_db
@pytest.mark.parametrize(("app", "model"), WALLS)
def test_the_database_refuses_a_second_one(app: str, model: str) -> None:
    options = apps.get_model(app, model)._meta
    names = {rule.name: set(rule.fields) for rule in options.constraints if isinstance(rule, UniqueConstraint)}
    wanted = [name for name, fields in names.items() if fields == WALLS[app, model]]
    assert wanted, names
    with connection.cursor() as cursor:
        standing = connection.introspection.get_constraints(cursor, options.db_table)
    assert all(standing[name]["unique"] for name in wanted)
