"""The database of the tests is the one the portal asks for."""

import psycopg2
import pytest
from django.db import connection


@pytest.mark.django_db
def test_text_is_compared_by_code_point_in_utf8() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select datlocprovider, datlocale from pg_database where datname = current_database()")
        assert cursor.fetchone() == ("b", "C.UTF-8")


@pytest.mark.django_db
def test_pages_are_served_by_a_user_who_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select session_user, current_user")
        assert cursor.fetchone() == ("portal_web", "portal_steps")
        cursor.execute("select count(*) from pg_tables where tableowner in (session_user, current_user)")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_an_administrator_may_look_in(superuser_connection: "psycopg2.extensions.connection") -> None:
    with superuser_connection.cursor() as cursor:
        cursor.execute("select count(*) from django_migrations")
        assert cursor.fetchone()[0] > 0
