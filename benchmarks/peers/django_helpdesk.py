"""django-helpdesk, told what to do by `benchmarks.peers`: its own pages through all middleware, without a network.

Run by the Python of its own environment; argument: the address of its database. Its settings are those of its
documentation for a plain installation: teams and attachments off, mail rendered by its own templates and thrown away.
"""

import re
import sys
from typing import Any
from urllib.parse import urlparse

from benchmarks.peers import serving

#: As many as there are provinces.
QUEUES = 31
STAFF = 20
STATEMENT = "9月起每个月账单多出一项“智家体验包”，我没有开通过。打过两次客服电话，到现在没有结果，要求退还多扣的费用。"
#: Like `benchmarks.world.cases`: three years, three of a hundred open, one of 2,999 about glazed ware.
TICKETS = """
insert into helpdesk_ticket (title, queue_id, created, modified, submitter_email, assigned_to_id, status, on_hold,
    description, resolution, priority, due_date, secret_key)
select '试验商品' || n %% 30 || case when n %% 2999 = 0 then '琉璃' else '' end,
       (select min(id) from helpdesk_queue) + (n::bigint * 7919) %% {queues}, at, at, 'chen' || n || '@example.com',
       case when n %% 10 = 0 then null else (select min(id) from auth_user) + (n::bigint * 104729) %% {staff} end,
       case when n > {count} * 0.97 then 1 else 4 end, false, %s,
       case when n > {count} * 0.97 then null else '退款' end,
       3, at + interval '20 days', md5(n::text)
from (select n, now() - ({count} - n) * (1095.75 * interval '1 day' / {count}) as at
      from generate_series({first} + 1, {count}) n) one
"""
FOLLOW_UPS = """
insert into helpdesk_followup (ticket_id, date, title, comment, public, user_id, new_status, message_id, time_spent,
    email_recipients)
select t.id, t.created, case s when 1 then 'Ticket Opened Via Web' else 'Assigned' end,
       case s when 1 then t.description else '' end, true, t.assigned_to_id, null, '', null, '[]'
from helpdesk_ticket t cross join generate_series(1, 2) s where t.id > {last}
"""
DUE = {"first": "due1", "second": "due2"}
DUE_TICKETS = """
insert into helpdesk_ticket (title, queue_id, created, modified, submitter_email, assigned_to_id, status, on_hold,
    description, priority, due_date, secret_key)
select '试验商品', (select id from helpdesk_queue where slug = (array{queues})[1 + n %% 2]),
       now() - interval '30 days', now() - interval '30 days', 'chen' || n || '@example.com',
       (select min(id) from auth_user) + n %% {staff}, 1, false, %s, 3, now() - interval '10 days', md5('due' || n)
from generate_series(1, {count}) n
"""


def set_up(address: str) -> None:
    import django
    from django.conf import settings

    parts = urlparse(address)
    settings.configure(
        SECRET_KEY="a-key-of-the-benchmark-that-signs-nothing-else",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="benchmarks.peers.django_helpdesk_urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.sites",
            "django.contrib.humanize",
            "django.contrib.staticfiles",
            "helpdesk",
            "rest_framework",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.lstrip("/"),
                "USER": parts.username,
                "HOST": parts.query.removeprefix("host="),
                "CONN_MAX_AGE": 60,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SITE_ID=1,
        USE_TZ=True,
        TIME_ZONE="Asia/Shanghai",
        STATIC_URL="/static/",
        LOGIN_URL="/login/",
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        LOGGING={"version": 1, "disable_existing_loggers": True},
    )
    django.setup()


class Helpdesk:
    def __init__(self, address: str) -> None:
        set_up(address)
        self.count = 0

    def prepare(self) -> None:
        """Tables, letters, queues and staff."""
        from django.contrib.auth import get_user_model
        from django.core.management import call_command
        from helpdesk.models import Queue

        call_command("migrate", verbosity=0)
        call_command("loaddata", "emailtemplate.json", verbosity=0)
        for number in range(STAFF):
            get_user_model().objects.create_superuser(f"staff{number}", f"staff{number}@example.com", "a")
        call_command("create_usersettings")
        for number in range(QUEUES):
            Queue.objects.create(title=f"省{number}", slug=f"p{number}", allow_public_submission=True)

    def fill(self, count: int) -> None:
        from django.contrib.auth import get_user_model
        from django.db import connection
        from django.db.models import Max
        from django.test import Client
        from helpdesk.models import FollowUp, Ticket

        if not self.count:
            self.prepare()
        last = Ticket.objects.aggregate(last=Max("pk"))["last"] or 0
        labels = {"queues": QUEUES, "staff": STAFF, "count": count, "first": self.count, "last": last}
        with connection.cursor() as cursor:
            cursor.execute(TICKETS.format(**labels), [STATEMENT])
            cursor.execute(FOLLOW_UPS.format(**labels))
            cursor.execute("vacuum analyze")
        self.count = count
        # As many entries as the settled case of the portal has that is opened beside it.
        self.ticket = Ticket.objects.filter(status=4).order_by("-pk").first()
        for text in ("接受", "联系", "提出方案", "同意", "完成")[: 7 - self.ticket.followup_set.count()]:
            FollowUp.objects.create(ticket=self.ticket, title=text, comment=text, public=True)
        self.browser = Client(SERVER_NAME="localhost")
        self.browser.force_login(get_user_model().objects.get(username="staff1"))
        self.person = Client(SERVER_NAME="localhost")
        self.person.force_login(get_user_model().objects.create_user(f"chen{count}", "chen@example.com", "a"))
        self.queue = self.ticket.queue_id
        self.rows = {job: self._rows(path) for job, path in LISTS.items()}

    def _rows(self, path: str) -> str:
        """What the page of a list asks for its rows."""
        address = re.search(rb"/datatables_ticket_list/[\w+/=]+", self.get(path).content)
        if address is None:
            raise SystemExit(f"{path} asks for no rows")
        return f"{address[0].decode()}?draw=1&start=0&length=25"

    def get(self, path: str) -> Any:
        answer = self.browser.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
        return answer

    def ready(self, job: str, calls: int) -> Any:
        return {
            "open a case": f"/tickets/{self.ticket.pk}/",
            "dashboard": "/dashboard/",
            "report": "/reports/queuemonth/",
        }.get(job)

    def work(self, job: str, given: Any) -> None:
        if job == "file":
            typed = {"queue": self.queue, "title": "千兆宽带", "body": STATEMENT, "priority": "3"}
            answer = self.person.post("/tickets/submit/", typed | {"submitter_email": "chen@example.com"})
            if answer.status_code != 302 or not answer["Location"].startswith("/view/?ticket="):
                raise SystemExit(f"django-helpdesk answers {answer.status_code} to a filing")
        elif job in LISTS:
            self.get(LISTS[job])
            rows = self.get(self.rows[job]).json()
            if not rows["data"]:
                raise SystemExit(f"{job} shows nothing")
        else:
            self.get(given)

    def backend(self) -> int:
        from django.db import connection

        connection.ensure_connection()
        return int(connection.connection.info.backend_pid)

    def prepare_due(self, count: int) -> None:
        self.fill(count)

    def made_due(self, count: int) -> None:
        """Half of them in each of two queues that escalate after 14 days, as no other queue does."""
        from django.db import connection
        from django.utils import timezone
        from helpdesk.models import Queue, Ticket

        if not Queue.objects.filter(slug__in=DUE.values()).exists():
            for slug in DUE.values():
                Queue.objects.create(title=slug, slug=slug, escalate_days=14)
            with connection.cursor() as cursor:
                cursor.execute(DUE_TICKETS.format(staff=STAFF, count=count, queues=list(DUE.values())), [STATEMENT])
        Ticket.objects.filter(queue__slug__in=DUE.values()).update(priority=3, last_escalation=None)
        self.due_at = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze helpdesk_ticket, helpdesk_followup, helpdesk_ticketchange")

    def escalate(self, part: str) -> None:
        from django.core.management import call_command

        call_command("escalate_tickets", **({} if part == "all" else {"queues": [DUE[part]]}))

    def escalated(self) -> list[int]:
        """By its own notes: two workers that lower the same priority leave it as one does."""
        from django.db.models import Count, Q
        from helpdesk.models import Ticket

        noted = Count("followup", filter=Q(followup__title="Ticket Escalated", followup__date__gte=self.due_at))
        due = Ticket.objects.filter(queue__slug__in=DUE.values()).annotate(noted=noted)
        return list(due.values_list("noted", flat=True))


LISTS = {"list": "/tickets/", "search": "/tickets/?q=琉璃"}


if __name__ == "__main__":
    serving.serve(Helpdesk(sys.argv[1]))
