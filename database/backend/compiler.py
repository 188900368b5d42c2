"""How queries become statements: as in Django, but whole rows that are read for a caller come without what is withheld
from callers. Those fields are deferred; reading one of them then raises `Withheld`, and while the steps work it is
loaded as any other that was deferred."""

from typing import Any

from django.db.backends.postgresql.compiler import (  # type: ignore[import-untyped]
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)
from django.db.backends.postgresql.compiler import SQLCompiler as PostgresCompiler

from database import columns, roles, row_security

__all__ = ["SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler"]


class Withheld(RuntimeError):
    """A page reads, as whoever calls, what callers may not read."""

    def __init__(self, model: Any, names: Any) -> None:
        super().__init__(
            f"{', '.join(sorted(names))} of {model.__name__} is withheld from callers (database/columns.py):"
            " read the row as the steps."
        )


class SQLCompiler(PostgresCompiler):  # type: ignore[misc]
    def get_default_columns(self, select_mask: Any, start_alias: Any = None, opts: Any = None, **options: Any) -> Any:
        result = super().get_default_columns(select_mask, start_alias, opts, **options)
        of = opts or self.query.get_meta()
        withheld = columns.of(of.db_table) if of is not None and row_security.caller() in roles.CALLERS else ()
        if not withheld:
            return result
        named, is_deferred = self.query.deferred_loading
        if opts is None and not is_deferred and (asked := {*named} & {*withheld}):
            raise Withheld(of.model, asked)
        if of.pk.column in withheld:
            raise Withheld(of.model, [of.pk.attname])
        return [column for column in result if column.target.column not in withheld]
