"""python -m tests.cluster.people COUNT: people who complain, and a token for a program of each; prints the tokens."""

import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from accounts.sign_in.contacts import Contact, user_for  # noqa: E402
from enterprises.programs.tokens import issue  # noqa: E402

SCOPES = ["cases:read", "cases:write", "files:read", "files:write"]
for number in range(int(sys.argv[1])):
    user = user_for(Contact("sms", f"+861380000010{number}"), name=f"陈试{'甲乙丙丁戊己'[number % 6]}")
    now = timezone.now()
    print(issue(user, name="cluster", scopes=SCOPES, now=now, expires_at=now + timedelta(days=2)).secret)
