"""Who may do what is said once: a right that changes in its one line is followed by pages, API, permissions and docs.

And no other file lists roles: it asks for a right of accounts/roles.py or for a step of the table.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from access import permissions
from access.permissions import GROUPS, ROLES, names_of, permission_rows, rows_of
from accounts.roles import ACTING_OFFICERS, GIVES, Right, Role
from authorities.models import Officer
from complaints.management.commands import write_lifecycle
from complaints.models import Complaint
from complaints.procedure.workflow import TABLE
from odr_portal.management.commands import write_permissions
from tests import APPS, PATIENCE, ROOT
from tests.api.conftest import program
from tests.cast import World
from tests.complaints.pages.at_the_authority import S, case_at, key, workspace

__all__ = ["program"]
#: Roles that somebody can be given.
POSTS = frozenset(role for role in Role if role.post)


@pytest.fixture
def read_anew() -> Iterator[None]:
    """The file is read once a process; a test that changes what its words stand for has it read again."""
    forget()
    yield
    forget()


def forget() -> None:
    permission_rows.cache_clear()
    rows_of.cache_clear()


def may_assign(world: World, analyst: Officer, case: Complaint, program: object) -> dict[str, bool]:
    """Whether each of those who follow the table lets an analyst give a case to somebody."""
    client, to, page = workspace(analyst.user), str(world.head_officer.pk), f"/authority/cases/{case.number}/"
    called = program(analyst.user, place="authority").post(  # type: ignore[operator]
        f"/complaints/{case.number}/steps/assign_officer/", {"officer_id": world.rui_officer.pk}
    )
    sent = client.post("/authority/team/assign/", {"to": to, "case": [case.number]} | key())
    return {
        "button of the case": f"{page}assign-officer/" in client.get(page).content.decode(),
        "link of the list": "/authority/team/assign/" in client.get("/authority/team/").content.decode(),
        "page": sent.status_code == 200 and Complaint.objects.get(pk=case.pk).officer_id == world.head_officer.pk,
        "API": called.status_code == 200,
        "gate": permissions.allows("complaints:authority-team-assign", "POST", frozenset({"analyst"})),
        "docs/permissions.md": "analyst" in _who_assigns(write_permissions.permissions_page()),
        "docs/lifecycle.md": "analyst" in write_lifecycle.lifecycle().split("| `assign_officer` |")[1].split("\n")[0],
    }


def _who_assigns(page: str) -> list[str]:
    """The columns with a word in the line of the page that gives cases to somebody."""
    lines = page.split("\n")
    head = next(line for line in lines if line.startswith("| address |")).split("|")
    cells = next(line for line in lines if "`/authority/team/assign/`" in line).split("|")
    return [name.strip() for name, cell in zip(head, cells, strict=True) if cell.strip() == "own"]


def test_who_takes_a_step_is_changed_in_its_line_of_the_table(
    world: World, program: object, read_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyst = Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    case = case_at(world, S.REVIEW)
    assert not any(may_assign(world, analyst, case, program).values())
    row = TABLE["assign_officer"]
    monkeypatch.setitem(TABLE, "assign_officer", replace(row, by=row.by | {Role.ANALYST}))
    forget()
    result = may_assign(world, analyst, case, program)
    assert all(result.values()), result


#: One more role of an enterprise, in five lines of accounts/roles.py: behind what the other stands.
DEPUTY = (
    ('    REVIEWER = "reviewer", "enterprise", "reviewer"\n', '    DEPUTY = "deputy", "enterprise", "deputy"\n'),
    ('(Role.MANAGER, "own"): (', "Role.DEPUTY, "),
    ('    Role.REVIEWER: pgettext_lazy("role", "企业审核"),\n', '    Role.DEPUTY: _("企业副管理员"),\n'),
    ('    Role.REVIEWER: _("审核"),\n', '    Role.DEPUTY: _("副管理员"),\n'),
    ("CASE_STAFF = MANAGERS | {Role.HANDLER", ", Role.DEPUTY"),
)
#: Run with the changed file in the place of the real one, before anything has read it.
ASKING = """
import sys, types
module = types.ModuleType("accounts.roles")
sys.modules["accounts.roles"] = module
exec(compile(sys.stdin.read(), "accounts/roles.py", "exec"), module.__dict__)
import django
django.setup()
from access.permissions import actions_for
from accounts.models import User
from accounts.roles import Right, Role
from complaints import handling
from complaints.management.commands.write_lifecycle import lifecycle
from complaints.models import Complaint
from complaints.parties.actors import staff_member
from complaints.wording import label
from enterprises.models import Enterprise, Staff
from enterprises.team.rights import given
from odr_portal.management.commands.write_permissions import permissions_page
job = Staff(user=User(name="副"), enterprise=Enterprise(pk=7), role="deputy")
actor = staff_member(job)
case = Complaint(status="negotiating", enterprise_id=7)
pages = {page: actions_for("complaints:enterprise-" + page, frozenset({"deputy"})) for page in
         ("offer", "measure-new", "measure-approval", "template-new")}
docs = permissions_page().split("\\n")
print({
    "role": actor.role == "deputy",
    "words": (label("deputy", kind="role"), job.get_role_display()) == ("企业副管理员", "副管理员"),
    "button": "make_offer" in handling.allowed_steps(case, actor),
    "no button of a head": "approve" not in handling.allowed_steps(case, actor),
    "right": actor.may(Right.MAKE_MEASURE) and not actor.may(Right.LEAD_ENTERPRISE),
    "gate": [sorted(pages[page]) for page in pages] == [["GET", "POST"], ["GET", "POST"], ["GET"], []],
    "giving": "deputy" in given(Role.MANAGER, "own"),
    "docs/permissions.md": "| deputy | enterprise | manager (own) |" in docs,
    "its column": any(line.startswith("| address |") and " deputy " in line for line in docs),
    "docs/lifecycle.md": "manager, handler, deputy" in lifecycle(),
})
"""


def test_a_role_is_added_in_one_file() -> None:
    text = (ROOT / "accounts/roles.py").read_text(encoding="utf-8")
    for before, deputy in DEPUTY:
        assert text.count(before) == 1, before
        text = text.replace(before, before + deputy)
    env = os.environ | {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "odr_portal.settings"}
    command, more = [sys.executable, "-W", "ignore", "-c", ASKING], {"capture_output": True, "text": True}
    done = subprocess.run(command, cwd=ROOT, input=text, env=env, timeout=PATIENCE, **more)
    assert done.returncode == 0, done.stderr
    result = ast.literal_eval(done.stdout)
    assert all(result.values()), result


def test_each_word_has_one_meaning_each_right_one_side_and_each_role_a_giver_and_a_page() -> None:
    texts = [*ROLES, *GROUPS, *Right, *TABLE]
    assert len(texts) == len(set(texts))
    for right in Right:
        assert len({role.side for role in right.roles}) == 1, right
        assert right.roles <= POSTS, right
    assert {role for given in GIVES.values() for role in given} == POSTS
    for role in POSTS:
        assert any(row.roles & names_of([role]) for row in permission_rows()), role


def test_no_other_file_lists_roles() -> None:
    """One role may be named where a rule is about it alone; who may do something is never typed twice."""
    results = []
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        if {"demo", "migrations"} & set(path.parts) or path == ROOT / "accounts/roles.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Set, ast.Tuple, ast.List)) and len([e for e in node.elts if _is_post(e)]) > 1:
                results.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not results


def _is_post(node: ast.expr) -> bool:
    """Role.HANDLER, Role.OFFICER.post, R.HANDLER; "authority_handler" and its like."""
    if isinstance(node, ast.Constant):
        return node.value in {name for role in ACTING_OFFICERS for name in (role, role.known_as)}
    return isinstance(node, ast.Attribute) and node.attr in {role.name for role in POSTS}
