"""An upgrade needs no second command: what the code asks for stands there after ``migrate``, and nothing else
changes."""

import datetime as dt
from typing import Any

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate

from authorities.loading import DATA
from authorities.models import Policy
from authorities.tables import rows_of

pytestmark = pytest.mark.django_db
NAMES = {
    row["name"]
    for _line, row in rows_of(
        DATA / "policies.csv",
        required=("name",),
        optional=("region_code", "number", "unit", "starts_on", "ends_on", "version", "legal_basis"),
    )
}


def migrated(**options: Any) -> None:
    config = apps.get_app_config("authorities")
    post_migrate.send(sender=config, app_config=config, verbosity=0, interactive=False, using="default", **options)


def standing() -> list[tuple[Any, ...]]:
    return list(
        Policy.objects.order_by("name", "pk").values_list(
            "name", "region", "number", "unit", "version", "ends_on", "legal_basis"
        )
    )


def test_what_is_missing_is_added_and_what_stands_stays(directory: None) -> None:
    Policy.objects.filter(name__in=["escalation", "call_back_share", "platform_number", "head.refuse"]).delete()
    Policy.objects.filter(name="acceptance").update(number=1, legal_basis="局务会决定", ends_on=dt.date(2026, 12, 31))
    before = standing()
    migrated(plan=[], apps=apps)
    assert set(Policy.objects.values_list("name", flat=True)) == NAMES
    assert [row for row in standing() if row in before] == before
    added = Policy.objects.get(name="call_back_share")
    assert (added.number, added.unit, added.version, added.region, added.starts_on) == (5, "count", 1, None, None)
    assert "第二十六条" in added.legal_basis
    again = standing()
    migrated(plan=[], apps=apps)
    assert standing() == again


def test_an_emptied_database_stays_empty(directory: None) -> None:
    Policy.objects.all().delete()
    # As a flush says it.
    migrated()
    assert not Policy.objects.exists()
