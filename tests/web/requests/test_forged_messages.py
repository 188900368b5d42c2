"""Who gets at the broker can make a worker look at its rows sooner, and nothing else."""

import inspect

import pytest
from django.db import connection

from complaints.procedure.workflow import Status
from odr_portal.celery import app
from tests.cast import World
from tests.given import a_complaint

OURS = ("complaints.", "routing.", "oversight.", "enterprises.", "odr_portal.")


def ours() -> dict[str, object]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if name.startswith(OURS)}


def test_T90_no_task_takes_an_argument_so_no_message_can_name_a_case() -> None:
    assert len(ours()) >= 5
    for name, task in ours().items():
        assert not inspect.signature(task.run).parameters, name  # type: ignore[attr-defined]
    assert app.conf.accept_content == ["json"]


def fingerprint() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select md5(coalesce(string_agg(c::text, '|' order by id), '')) from complaints_complaint c")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_T17_T90_a_forged_message_changes_no_case(world: World) -> None:
    a_complaint(world, status=Status.NEGOTIATING)
    before = fingerprint()
    for task in ours().values():
        for arguments in ([1], ["1 or 1=1"], [{"complaint": 1}], [10**9, "close"]):
            with pytest.raises(TypeError):
                task.apply(args=arguments, throw=True)  # type: ignore[attr-defined]
    assert fingerprint() == before
