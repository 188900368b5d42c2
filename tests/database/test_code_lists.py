"""Lists of codes: each stands once in a file, its table says the same, every column that holds a code points at it."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import RoleCode
from accounts.roles import Role
from complaints.models import Category, CauseKind, Complaint, Demand, DemandKind, HandlingStep, ProblemKind
from complaints.models.code_lists import LISTS, rows
from complaints.procedure.categories import CAUSES, DEMAND_BY_CODE, OBJECT_LABELS, PROBLEM_LABELS
from database.code_lists import ListedCode, fill
from enterprises.models import AssignmentRule, Staff
from tests import given
from tests.cast import World
from tests.server import as_owner

pytestmark = pytest.mark.django_db
#: table.column → the list that it points at.
HELD = {
    "complaints_complaint.object_category": "complaints_category",
    "complaints_complaint.problem_category": "complaints_problemkind",
    "complaints_demand.kind": "complaints_demandkind",
    "complaints_handlingstep.actor_role": "accounts_rolecode",
    "complaints_rootcause.cause": "complaints_causekind",
    "complaints_stationentry.category": "complaints_category",
    "accounts_administrator.kind": "accounts_rolecode",
    "authorities_officer.role": "accounts_rolecode",
    "enterprises_assignmentrule.category": "complaints_problemkind",
    "enterprises_invitation.role": "accounts_rolecode",
    "enterprises_leagueline.main_sector": "complaints_category",
    "enterprises_leagueline.sector": "complaints_category",
    "enterprises_publishedfigure.category": "complaints_problemkind",
    "enterprises_staff.role": "accounts_rolecode",
    "enterprises_stationstaff.role": "accounts_rolecode",
    "oversight_campaign.problem": "complaints_problemkind",
    "oversight_campaign.sector": "complaints_category",
    "oversight_remedy.problem": "complaints_problemkind",
    "oversight_remedy.sector": "complaints_category",
}
#: Columns of the same names that hold no code of a list: why not.
HOLD_NONE = {
    "enterprises_servicearea.category": "a category, a problem or how their codes begin",
    "enterprises_brandholding.category": "the same",
    "routing_routingrule.category": "the same",
    "routing_lesson.category": "the same",
    "enterprises_answertemplate.problem": "a kind of problem, those under it too, or empty for all",
    "complaints_platformline.problem": "what is wrong with a line, in words",
    "complaints_roundtriprow.problem": "the same",
    "oversight_remedy.cause": "what went wrong, in words",
    "oversight_tally.problem": "counted from cases, whose columns point at the lists",
}
NAMES = ("object_category", "problem_category", "category", "problem", "cause", "actor_role", "role", "sector")


def test_each_table_says_what_its_file_says() -> None:
    for name in LISTS:
        model = apps.get_model("complaints", name)
        assert list(model.objects.order_by("position").values("code", "sector", "is_active")) == rows(name)
    assert set(Category.objects.values_list("code", flat=True)) == {"", *OBJECT_LABELS}
    assert set(ProblemKind.objects.values_list("code", flat=True)) == {"", *PROBLEM_LABELS}
    assert set(DemandKind.objects.values_list("code", flat=True)) == set(DEMAND_BY_CODE)
    assert set(CauseKind.objects.values_list("code", flat=True)) == set(CAUSES)
    posts = {role.post for role in Role if role.post}
    assert set(RoleCode.objects.values_list("code", flat=True)) == {*map(str, Role), *posts}
    telecom = set(ProblemKind.objects.filter(sector="telecom").values_list("code", flat=True))
    assert telecom == {code for code in PROBLEM_LABELS if code.startswith("telecom.")}


def test_every_column_that_holds_a_code_points_at_its_list() -> None:
    lists = [model._meta.db_table for model in apps.get_models() if issubclass(model, ListedCode)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select conrelid::regclass || '.' || attname, confrelid::regclass::text from pg_constraint"
            " join pg_attribute on attrelid = conrelid and attnum = any(conkey)"
            " where contype = 'f' and convalidated and confrelid::regclass::text = any(%s)",
            [lists],
        )
        assert dict(cursor.fetchall()) == HELD
        cursor.execute(
            "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public'"
            " and column_name = any(%s) and data_type = 'character varying' and table_name <> all(%s)",
            [list(NAMES), lists],
        )
        named = {name for (name,) in cursor.fetchall()}
    assert named - HELD.keys() - HOLD_NONE.keys() == set(), "a foreign key in a migration, or a reason above"


def _changed(change: Callable[..., Any], **values: Any) -> None:
    """At the end of a transaction."""
    with transaction.atomic():
        change(**values)
        connection.check_constraints()


def test_a_code_that_no_list_has_is_refused_by_the_database(world: World) -> None:
    given.filed(world)
    entry = HandlingStep.objects.order_by("-pk")[0]
    entry.pk, entry.sequence, entry.actor_role = None, 99, "boss"
    rule = AssignmentRule(enterprise=world.mobile, category="telecom", position=1, made_by=world.ming)
    rule.made_at = given.WEDNESDAY
    for change, values in (
        (Complaint.objects.update, {"object_category": "service.telecoms"}),
        (Complaint.objects.update, {"problem_category": "telecom.fees"}),
        (Demand.objects.update, {"kind": "refunds"}),
        (Staff.objects.filter(pk=world.ming_staff.pk).update, {"role": "boss"}),
        (entry.save, {"force_insert": True}),
        (rule.save, {}),
    ):
        with pytest.raises(IntegrityError, match="is_listed"):
            _changed(change, **values)


@pytest.mark.django_db(transaction=True)
def test_a_code_in_use_is_switched_off_and_never_deleted_and_one_of_an_earlier_list_is_no_longer_offered(
    world: World,
) -> None:
    case = given.filed(world)
    code = case.problem_category
    with as_owner():
        with pytest.raises(IntegrityError, match="is_listed"):
            ProblemKind.objects.filter(code=code).delete()
        fill(ProblemKind, [row for row in rows("ProblemKind") if row["code"] != code], using="default")
        assert not ProblemKind.objects.get(code=code).is_active
        fill(ProblemKind, rows("ProblemKind"), using="default")
    assert ProblemKind.objects.get(code=code).is_active
    assert list(ProblemKind.objects.values("code", "sector", "is_active")) == rows("ProblemKind")
    migration = import_module("complaints.migrations.0007_code_lists")
    key = "complaints_complaint_problem_category_is_listed"
    (there,) = (statement for statement in migration.foreign_keys() if key in statement)
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"alter table complaints_complaint drop constraint {key}")
        cursor.execute("update complaints_complaint set problem_category = 'telecom.pagers' where id = %s", [case.pk])
        migration.fill_them(apps, connection.schema_editor())
        cursor.execute(there)
        cursor.execute("set constraints all immediate")
        row = ProblemKind.objects.get(code="telecom.pagers")
        offered = ProblemKind.objects.filter(is_active=True).count()
        assert (row.is_active, row.sector, offered) == (False, "", len(PROBLEM_LABELS))
        transaction.set_rollback(True)


def test_the_portal_changes_no_list() -> None:
    for model in (model for model in apps.get_models() if issubclass(model, ListedCode)):
        last = model.objects.filter(code=model.objects.order_by("-position")[0].code)
        for change, values in (
            (last.update, {"is_active": False}),
            (last.delete, {}),
            (model.objects.create, {"code": "made_up", "position": 999}),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                change(**values)
