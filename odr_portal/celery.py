"""The worker's Celery app. A task is a nudge; the truth is in the rows.

Losing every message costs time, never a case: the sweeps find the rows again. The web process never imports the
broker, so it never waits for one.
"""

from functools import partial
from typing import Any

from celery import Celery, Task
from celery.signals import task_prerun, worker_init
from django.db import close_old_connections

from odr_portal.ticks import CONFIGURATION
from web.telemetry import counts


class Guarded(Task):  # type: ignore[type-arg]
    """A task that the clock guard lets run; else it does nothing and is ticked again. A tick carries its trace."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        # By the time a worker runs a task the apps are loaded; here they are not yet.
        from odr_portal.clock_guard import run

        name = self.name.rpartition(".")[2]
        carried = self.request.get("traceparent")
        return run(
            name.partition("_")[2] or name,
            partial(super().__call__, *args, **options),
            parent={"traceparent": carried} if carried else None,
        )


@worker_init.connect
def _worker_may_start(**_: Any) -> None:
    from accounts.demo import refuse_to_start
    from odr_portal.processes import forking, separation

    separation.refuse_to_start("worker")
    refuse_to_start()
    counts.begin("worker")
    forking.prepare()


@task_prerun.connect
def _with_a_connection_that_works(sender: Any, **_: Any) -> None:
    """It is kept from task to task as from request to request, and looked at before it is used again."""
    if not sender.request.is_eager:
        close_old_connections()


#: Celery itself closes the connection after so many tasks; by then the process is exchanged.
_TASKS = {"CELERY_DB_REUSE_MAX": CONFIGURATION["worker_max_tasks_per_child"]}
app = Celery("odr_portal", task_cls=Guarded, changes={**CONFIGURATION, **_TASKS})
app.autodiscover_tasks(["complaints", "routing", "oversight", "odr_portal"])
