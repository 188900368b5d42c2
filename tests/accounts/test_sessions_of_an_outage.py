"""A session that cannot be saved because the database is away is no session that somebody ended."""

from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection

from accounts.sign_in.sessions import SessionStore, stored_key
from database import roles
from tests.server import DATABASE

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_save_that_the_database_breaks_off_says_so_instead_of_calling_the_session_deleted(
    postgres_server: Any,
) -> None:
    session = SessionStore()
    session["seen"] = 1
    session.create()
    with closing(psycopg2.connect(postgres_server.dsn(user=roles.OWNER, database=DATABASE))) as other:
        other.cursor().execute(
            "select 1 from accounts_browsersession where session_key = %s for update", [stored_key(session.session_key)]
        )
        with connection.cursor() as cursor:
            cursor.execute("set statement_timeout = '200ms'")
        try:
            with pytest.raises(OperationalError):
                session.save()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("reset statement_timeout")
