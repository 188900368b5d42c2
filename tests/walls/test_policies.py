"""The policies of row-level security as PostgreSQL keeps and plans them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from database import columns, roles
from tests.cast import World
from tests.walls.conftest import ask, seeing_as, told_alone

pytestmark = pytest.mark.django_db

#: How the database tells that a role was told for this transaction, or is the owner.
TOLD = (
    "((CURRENT_USER = 'portal_owner'::name) OR (CURRENT_USER ="
    " split_part(current_setting('backtrace_functions'::text), ','::text, 1)))"
)


def test_T06_one_simple_policy_a_role_and_none_for_whoever_logs_in() -> None:
    policies = ask(
        "select polrelid::regclass::text, polname, polcmd::text, polpermissive, "
        "array(select rolname from pg_roles where oid = any(polroles)) from pg_policy"
    )
    assert {role for *_, named in policies for role in named} == {*roles.CALLERS, roles.STEPS}
    # Each begins by asking that its role was told, and not taken by a statement; callers once a statement.
    conditions = ask(
        "select polrelid::regclass::text, polname, unnest(array_remove(array[pg_get_expr(polqual, polrelid),"
        " pg_get_expr(polwithcheck, polrelid)], null)) from pg_policy"
    )
    said = [(table, name, re.sub(r"( AS bool)?\s+", " ", condition)) for table, name, condition in conditions]
    of_steps, once = f"(NULLIF({TOLD}, false) IS NOT NULL)", f"(( SELECT true WHERE {TOLD}) IS NOT NULL)"
    assert [
        (table, name)
        for table, name, text in said
        for begin in [of_steps if name == "steps" else once]
        if text != begin and not text.startswith(f"({begin} AND ")
    ] == []
    assert not [row for row in conditions if "'app." in row[2]]
    reading = [(table, role) for table, name, command, _, named in policies if command == "r" for role in named]
    assert len(reading) == len(set(reading))
    # Callers write drafts and what is on its way into them, ask for dossiers, remember what they read, and write
    # nothing of a case. Tables beside cases with columns that are withheld ask for the role alone.
    of_cases = ("complaint", "participant", "answerlink", "filingdraft", "persondigest")
    # Who is on a list of affected the steps alone read.
    assert columns.WITHHELD.keys() - told_alone() == {
        *(f"complaints_{name}" for name in of_cases),
        "oversight_remedylist",
    }
    assert told_alone() <= columns.WITHHELD.keys()
    writing = {table for table, _, command, _, named in policies if command != "r" and named != [roles.STEPS]}
    writing -= told_alone()
    theirs = ("filingdraft", "evidence", "upload", "webhookdelivery", "dossier", "reading", "offerdraft")
    assert writing == {f"complaints_{name}" for name in theirs}


def test_T06_what_a_policy_asks_of_the_request_is_asked_once_a_statement(world: World) -> None:
    """And not once a row: no scan has it in its filter, but of rows that a view shows, which runs as the owner. Offices
    read through whole tables, so of them all of it but first and last region, by which the planner estimates."""
    guarded = [name for (name,) in ask("select relname from pg_class where relrowsecurity order by 1")]
    for user, path, asked_a_row in (
        (world.chen, "/cases/", re.compile("CURRENT_USER")),
        (world.ming, "/enterprise/queue/", re.compile("CURRENT_USER")),
        (world.rui, "/authority/", re.compile(r"CURRENT_USER|backtrace_functions'::text\), ','::text, (?![67]\))")),
    ):
        with seeing_as(user, path=path):
            plans = {name: ask(f"explain (format json) select from {name}")[0][0] for name in guarded}
        of_views = f"(NULLIF({TOLD}, false) IS NOT NULL)"
        filters = {
            name: [one for one in _filters(plan[0]["Plan"]) if of_views not in one] for name, plan in plans.items()
        }
        assert [(name, one) for name, found in filters.items() for one in found if asked_a_row.search(one)] == []
        assert any("InitPlan" in one for one in filters["complaints_complaint"])


def test_the_planner_expects_as_many_rows_for_the_steps_as_there_are(superuser_connection: Any) -> None:
    """Or else it compares each entry with each leaf, where it thinks there is one, and a page of many entries ends with
    its time."""
    explain = "explain (format json) select from {}"
    for name in ("complaint", "handlingstep", "deadline", "leaf", "engagement", "notice"):
        table = f"complaints_{name}"
        with superuser_connection.cursor() as cursor:
            cursor.execute(explain.format(table))
            whole = cursor.fetchone()[0][0]["Plan"]["Plan Rows"]
        expected = ask(explain.format(table))[0][0][0]["Plan"]["Plan Rows"]
        assert whole > 0
        assert expected >= 0.9 * whole, table


def _filters(plan: dict[str, Any]) -> Iterator[str]:
    """What is asked for each row, by this plan and all below."""
    yield from (plan[name] for name in ("Filter", "Join Filter") if name in plan)
    for below in plan.get("Plans", []):
        yield from _filters(below)
