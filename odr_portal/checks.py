"""Configuration mistakes found by `manage.py check`, before they are met by people.

An address that permissions.csv does not know must not go live.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError, connections
from django.urls import URLPattern, URLResolver, get_resolver

from access.permissions import OddPermissions, permission_rows
from database import id_ranges, rights, roles


def routes(
    patterns: Sequence[Any] | None = None, namespace: str = "", path: str = "/"
) -> Iterator[tuple[str, str, Any]]:
    """(name with namespace, path pattern, view) of every address of the URLconf."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry.url_patterns, inner, path + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield (f"{namespace}{entry.name}" if entry.name else ""), path + str(entry.pattern), entry.callback


def every_view_has_a_row(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each named address stands in permissions.csv and each row names an address that exists."""
    # Only where it is asked for: a missing row must stop a release, not the next migration.
    if getattr(settings, "COMMAND", "") != "check":
        return []
    try:
        known = {row.resource for row in permission_rows()}
    except OddPermissions as problem:
        return [Error(str(problem), id="odr_portal.E003")]
    results: list[CheckMessage] = []
    names: set[str] = set()
    for name, path, _view in routes():
        if not name:
            results.append(Error(f"{path} has no name.", id="odr_portal.E001"))
            continue
        names.add(name)
        if name not in known:
            results.append(
                Error(
                    f"{name} ({path}) does not stand in permissions.csv.",
                    hint="Add a row: who may call it, and what a stranger gets.",
                    id="odr_portal.E001",
                )
            )
    results += [
        Error(f"permissions.csv names {name}, which is no address.", id="odr_portal.E002")
        for name in sorted(known - names)
    ]
    return results


def the_document_key_can_be_used(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """For `watch`, which needs it, and for `check` where one is set. No error: the record is sealed without it."""
    command = getattr(settings, "COMMAND", "")
    if not (command == "watch" or (command == "check" and settings.DOCUMENT_KEY_FILE)):
        return []
    from complaints.documents import signing

    try:
        signing.document_key()
    except signing.NoDocumentKey as problem:
        return [Warning(str(problem), hint="docs/how-to/dossiers.md says how to make one.", id="odr_portal.W001")]
    return []


def _checked(databases: Iterable[str] | None) -> list[Any]:
    """Connections to what `check --database` names; none for other commands: the owner's `migrate` checks as well."""
    return [connections[alias] for alias in databases or ()] if getattr(settings, "COMMAND", "") == "check" else []


_HINT = "Let an administrator run what `manage.py database_roles` prints, and sign in as portal_web."


def the_database_user_is_under_row_security(
    app_configs: Any, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """`check --database default`: who serves pages owns nothing, is under row security, and can become each caller."""
    results: list[CheckMessage] = []
    for line in _checked(databases):
        try:
            with line.cursor() as cursor:
                cursor.execute(_LOGIN, {"roles": [*roles.CALLERS, roles.STEPS]})
                user, passes, owns, inherits, missing = cursor.fetchone() or ("", True, 0, [], [])
        except DatabaseError as problem:
            # A login whose role is missing does not even come in.
            told = " ".join(str(problem).split())[:300]
            results.append(Error(f"The database cannot be asked: {told}", hint=_HINT, id="odr_portal.E007"))
            continue
        wrong = []
        if passes:
            wrong.append("is superuser or passes row-level security")
        if owns:
            wrong.append(f"owns {owns} tables")
        if inherits:
            wrong.append(f"sees cases as {', '.join(inherits)} without saying so")
        if missing:
            wrong.append(f"cannot become {', '.join(missing)}")
        if user == roles.WEB:
            wider = rights.wider(line, user)
            results += [Error(f"In the database {one}.", hint=_HINT, id="odr_portal.E006") for one in wider]
        if wrong:
            results.append(Error(f"The database user {user} {' and '.join(wrong)}.", hint=_HINT, id="odr_portal.E004"))
    return results


def ids_begin_at_the_province(
    app_configs: Any, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """`check --database default`: new ids lie in the range of PROVINCE."""
    results: list[CheckMessage] = []
    for line in _checked(databases):
        try:
            names = id_ranges.elsewhere(line, settings.PROVINCE)
        except DatabaseError:
            # The check before says so.
            continue
        if names:
            told = f"PROVINCE is {settings.PROVINCE}, and ids of {len(names)} tables begin elsewhere ({names[0]} …)."
            results.append(Error(told, hint="Run manage.py migrate with this PROVINCE.", id="odr_portal.E015"))
    return results


_LOGIN = """
select session_user::text,
       (select rolsuper or rolbypassrls from pg_roles where rolname = session_user),
       (select count(*) from pg_class c where pg_get_userbyid(relowner) = session_user
        and relnamespace = 'public'::regnamespace and relkind in ('r', 'p')),
       array(select rolname::text from pg_roles where rolname = any(%(roles)s)
             and pg_has_role(session_user, oid, 'usage') order by 1),
       array(select name from unnest(%(roles)s) as asked (name) where not exists (
             select from pg_roles where rolname = name and pg_has_role(session_user, oid, 'set')) order by 1)"""
