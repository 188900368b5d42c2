"""Prepared queries: a queryset whose statement is built once and prepared in each connection.

Between two calls only values change. Whatever changes the words of a statement (another filter, a list
of another length, unless it is one array: `__any_of`) is a statement of its own. Django puts a query together anew each
time, and PostgreSQL plans it anew, with the policies of every table in it; for the page of a case both cost more than
reading the rows.

PostgreSQL keeps the plan for the connection, one a database role: it plans again by itself when a table, a policy or
the role has changed, so nothing here decides who sees what.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.signals import post_init, pre_init
from psycopg2.errors import DuplicatePreparedStatement
from psycopg2.extensions import UNICODE, AsIs, string_types

from database import roles, row_security, sessions

Row = TypeVar("Row", bound=models.Model)
Value = int | str | date | datetime | UUID | list[int] | list[str] | list[UUID] | list[bytes]

#: What stands in for the nth value while the words are made; nothing that a query says by itself looks like it.
_STAND_INS: dict[type, Callable[[int], Value]] = {
    # No smaller than a column of four bytes holds: Django leaves out what such a column could not be.
    int: lambda nth: -2_147_483_648 + nth,
    str: lambda nth: f"\x01{nth}\x01",
    date: lambda nth: date.min + timedelta(days=nth),
    datetime: lambda nth: datetime.min.replace(tzinfo=UTC) + timedelta(days=nth),
    UUID: lambda nth: UUID(int=nth + 1),
    list: lambda nth: [-2_147_483_648 + nth],
}
#: The driver reads the name of each column of an answer, for longer than the value that stands there: a row with more
#: columns than these (a case and whoever has to do with it has two hundred) comes as one.
_WIDE = 40
_NOT_PREPARED = "26000"
#: Behind a pooler: what each session of the servers has, the oldest first, and of how many that is remembered.
_prepared_in: dict[sessions.Session, set[str]] = {}
_SESSIONS = 2000
#: What each connection has prepared, by its own (psycopg2) self: it goes when that goes. And how often statements were
#: taken out of it.
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
_taken_out: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


@models.Field.register_lookup
@models.ForeignKey.register_lookup
class AnyOf(models.Lookup):  # type: ignore[type-arg]
    """``filter(pk__any_of=ids)``: ids (or texts, keys, digests) of whatever number as one value, or as an expression
    that gives an array.

    Not "in": that is a join, which is put off where a row comes with many others, and a table is read from end to end.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, values = self.process_lhs(compiler, connection)
        if hasattr(self.rhs, "as_sql"):
            array, more = self.process_rhs(compiler, connection)
            return f"{column} = any({array})", (*values, *more)
        # Of the column's own type, or the widest of its kind.
        kind = self.lhs.output_field.rel_db_type(connection)
        kind = "bigint" if kind.endswith("int") or kind == "integer" else "text" if kind.startswith("varchar") else kind
        return f"{column} = any(%s::{kind}[])", (*values, self.rhs)


class Statement:
    """One statement by its words and values, prepared in each connection where it is asked."""

    def __init__(self, sql: str, values: Sequence[Any], stand_ins: Sequence[Value], *, about: str = "") -> None:
        self.sql = sql
        # For whoever looks at what the server is doing, where the words are not to be seen.
        self.execute = f"/* {about} */ execute" if about else "execute"
        # The values that never change stay words, so that an index with a condition is found.
        self.values = [AsIs(f"${result}") if (result := _place_of(value, stand_ins)) else value for value in values]
        # The same in every process, and nobody without our key can say it: a statement of that name that somebody else
        # prepared in this session would run in the next request.
        words = repr((sql, [str(value) for value in self.values])).encode()
        self.name = f"q_{hmac.digest(settings.SECRET_KEY.encode(), words, 'sha256').hex()[:32]}"
        self.call = f"({', '.join(['%s'] * len(stand_ins))})" if stand_ins else ""

    def ask(self, values: Sequence[Value]) -> list[tuple[Any, ...]]:
        """The rows as tuples."""
        with connection.cursor() as cursor:
            return self.ask_by(cursor, values)

    def ask_by(self, cursor: Any, values: Sequence[Value]) -> list[tuple[Any, ...]]:
        """The same by a cursor that the caller holds."""
        self.run_by(cursor, values)
        return list(cursor.fetchall())

    def run_by(self, cursor: Any, values: Sequence[Value]) -> None:
        """What gives no rows, or leaves them to the cursor."""
        run_all(cursor, [(self, values)])

    def called_by(self, cursor: Any) -> str:
        prepared = self._prepared_there(cursor) if settings.DATABASE_POOLED else self._prepared_in(cursor.cursor)
        return f"{self.execute} {prepared}{self.call}"

    def _prepared_in(self, cursor: Any) -> str:
        name = f"{self.name}_{row_security.caller() or 'nobody'}"
        if taken_out := _taken_out.get(cursor.connection):
            name += f"_{taken_out}"
        known = _prepared.setdefault(cursor.connection, set())
        if name not in known:
            cursor.execute(f"prepare {name} as ".encode() + cursor.mogrify(self.sql, self.values))
            known.add(name)
        return name

    def _prepared_there(self, cursor: Any) -> str:
        """In the session that is lent to this transaction, by this process or, under the same name, by another."""
        sessions.begin(connection)
        line = cursor.cursor.connection
        session = sessions.lent(line)
        assert session is not None  # noqa: S101
        name = f"{self.name}_{row_security.caller() or 'nobody'}"
        known = _prepared_in.get(session)
        if known is None:
            while len(_prepared_in) >= _SESSIONS:
                _prepared_in.pop(next(iter(_prepared_in)), None)
            known = _prepared_in.setdefault(session, set())
        if name not in known:
            with line.cursor() as preparing:
                preparing.execute("savepoint preparing")
                try:
                    preparing.execute(f"prepare {name} as ".encode() + preparing.mogrify(self.sql, self.values))
                except DuplicatePreparedStatement:
                    preparing.execute("rollback to savepoint preparing")
                preparing.execute("release savepoint preparing")
            known.add(name)
        return name


def run_all(cursor: Any, calls: Sequence[tuple[Statement, Sequence[Value]]]) -> None:
    """Statements one after the other in one round trip; what the last one gives is left to the cursor."""
    if settings.DATABASE_POOLED and not connection.in_atomic_block:
        # To prepare and to ask are two statements, and must meet one session.
        with transaction.atomic(savepoint=False):
            return run_all(cursor, calls)
    line, words = cursor.cursor.connection, "; ".join([statement.called_by(cursor) for statement, _values in calls])
    try:
        cursor.execute(words, [value for _statement, values in calls for value in values] or None)
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", "") == _NOT_PREPARED:
            # Taken out of this session, maybe with all others: prepared anew by other names, as some may be there.
            _prepared[line], _taken_out[line] = set(), _taken_out.get(line, 0) + 1
            if (session := sessions.lent(line)) is not None:
                _prepared_in.pop(session, None)
        raise


def statement_of(sql: str, *, about: str) -> Statement:
    """A statement of our own words with ``%s`` for each value; what type a value has must stand there."""
    places = [_STAND_INS[str](nth) for nth in range(sql.count("%s"))]
    return Statement(sql, places, places, about=about)


class PreparedQuery(Generic[Row]):
    """A queryset asked again and again: ``PreparedQuery(lambda case: Demand.objects.filter(complaint_id=case), int)``.

    ``build`` is called once, with stand-ins of these types; ``prefetch_related`` and ``values`` are not for it."""

    def __init__(self, build: Callable[..., models.QuerySet[Row]], *types: type) -> None:
        self.build, self.types = build, types
        # For callers, and for everybody else: callers do not read all columns.
        self._plans: dict[bool, _Plan[Row]] = {}
        self._lock = Lock()

    def __call__(self, *values: Value) -> list[Row]:
        return self.plan().rows(values)

    def plan(self) -> _Plan[Row]:
        """The statement, put together when it is first needed."""
        plan = self._plans.get(whose := row_security.caller() in roles.CALLERS)
        if plan is None:
            with self._lock:
                plan = self._plans.get(whose) or self._plans.setdefault(whose, self._made())
        return plan

    def _made(self) -> _Plan[Row]:
        return _Plan(self.build, self.types)

    def first(self, *values: Value) -> Row | None:
        """For a query that ends with one row (`[:1]`)."""
        return next(iter(self(*values)), None)


class PreparedValues(PreparedQuery[Any]):
    """A query that ends with ``values_list`` or ``values``: tuples of what the driver reads, for columns that Django
    converts no further. ``build`` may give words that such a query stands in, and their values, instead of it."""

    def _made(self) -> Any:
        stand_ins = _stand_ins(self.types)
        query: Any = self.build(*stand_ins)
        sql, given = query if isinstance(query, tuple) else query.query.sql_with_params()
        return SimpleNamespace(statement=Statement(sql, given, stand_ins))

    def __call__(self, *values: Value) -> list[tuple[Any, ...]]:
        return self.plan().statement.ask(values)


class PreparedTuples(PreparedQuery[Any]):
    """What a function of the database gives, as tuples of ``width`` columns, for a `CombinedQuery`. ``build`` gives our
    own words with ``%s`` for each value, and the values."""

    def __init__(self, build: Callable[..., tuple[str, Sequence[Any]]], width: int, *types: type) -> None:
        super().__init__(build, *types)  # type: ignore[arg-type]
        self.width = width

    def _made(self) -> Any:
        stand_ins = _stand_ins(self.types)
        sql, values = self.build(*stand_ins)
        return SimpleNamespace(sql=sql, values=values, stand_ins=stand_ins, width=self.width, row=tuple)


class CombinedQuery:
    """Prepared queries about the same values as one statement: ``CombinedQuery(a, b)(case)`` gives the rows of each.

    A query that takes fewer values is asked about the first of them. What each may see and in which order it stands is
    said by its own words; here they only share a journey.
    """

    def __init__(self, *parts: PreparedQuery[Any]) -> None:
        self.parts, self.types = parts, max((part.types for part in parts), key=len)
        if any(part.types != self.types[: len(part.types)] for part in parts):
            raise TypeError("Each of these queries begins with the same values.")
        self._joints: dict[bool, _Joint] = {}
        self._lock = Lock()

    def __call__(self, *values: Value) -> list[list[Any]]:
        joint = self._joints.get(whose := row_security.caller() in roles.CALLERS)
        if joint is None:
            with self._lock:
                joint = self._joints.get(whose) or self._joints.setdefault(whose, self._made())
        return joint.rows(values)

    def _made(self) -> _Joint:
        return _Joint([one.plan() for one in self.parts], _stand_ins(self.types))


class _Joint:
    """Rows of several shapes in one answer: which query, and the columns as an array of texts.

    A text is what the server sends for a value of any type, so the driver's own readers make of it what they make of
    the column. The union keeps the order of its parts and within them: the policies' functions are not for parallel
    use.
    """

    def __init__(self, plans: Sequence[_Plan[Any]], stand_ins: Sequence[Value]) -> None:
        self.plans, self.readers = plans, [_readers(plan) for plan in plans]
        self.statement = Statement(
            " union all ".join(_as_texts(place, plan) for place, plan in enumerate(plans)),
            [value for plan in plans for value in plan.values],
            stand_ins,
        )

    def rows(self, values: Sequence[Value]) -> list[list[Any]]:
        results: list[list[Any]] = [[] for _ in self.plans]
        parts = [
            (plan.row, readers, rows.append)
            for plan, readers, rows in zip(self.plans, self.readers, results, strict=True)
        ]
        with connection.cursor() as wrapper:
            cursor = wrapper.cursor
            for place, columns in self.statement.ask_by(wrapper, values):
                row_of, readers, add = parts[place]
                for column, read in readers:
                    if columns[column] is not None:
                        columns[column] = read(columns[column], cursor)
                add(row_of(columns))
        return results


def _as_texts(place: int, plan: _Plan[Any]) -> str:
    names = [f"c{number}" for number in range(plan.width)]
    texts = ", ".join(f"{name}::text" for name in names)
    return f"select {place}, array[{texts}] from ({plan.sql}) as part ({', '.join(names)})"  # noqa: S608 - words that Django made


def _readers(plan: _Plan[Any]) -> list[tuple[int, Any]]:
    """How the driver reads each column that is more than a text: (column, reader). Asks once what the columns are."""
    with connection.cursor() as wrapper:
        cursor = wrapper.cursor
        # What will change is nothing yet: a list of stand-ins is not of every type.
        values = [None if _place_of(value, plan.stand_ins) else value for value in plan.values]
        # With what stands around each statement (behind a pooler it says who asks), and noted down by nobody.
        CursorWrapper.execute(wrapper, f"select * from ({plan.sql}) as part limit 0", values)  # noqa: S608 - the same
        known = {**string_types, **cursor.connection.string_types}
        results = [(place, known.get(column.type_code)) for place, column in enumerate(cursor.description)]
    return [(place, read) for place, read in results if read is not None and read is not UNICODE]


def _stand_ins(types: Sequence[type]) -> list[Value]:
    return [_STAND_INS[kind](nth) for nth, kind in enumerate(types)]


class _Plan(Generic[Row]):
    """The statement of a queryset and how its columns become rows, as `ModelIterable` does it."""

    def __init__(self, build: Callable[..., models.QuerySet[Row]], types: Sequence[type]) -> None:
        self.stand_ins = stand_ins = _stand_ins(types)
        query: Any = build(*stand_ins)
        if query._prefetch_related_lookups or query._fields is not None:
            raise TypeError("Only rows are kept: prefetch after asking, and ask for values by a cursor.")
        compiler = query.query.get_compiler(connection=connection)
        self.sql, self.values = compiler.as_sql()
        select = compiler.select
        self.width = len(select)
        self.converters = [
            (place, *how)
            for place, how in compiler.get_converters([one[0] for one in select[: compiler.col_count]]).items()
        ]
        self.shape: _Shape[Row] = _Shape(compiler.klass_info, select)
        self.annotated = list((compiler.annotation_col_map or {}).items())
        self.statement = Statement(self.sql, self.values, stand_ins)
        self.joint = _Joint([self], stand_ins) if self.width > _WIDE else None

    def rows(self, values: Sequence[Value]) -> list[Row]:
        if self.joint is not None:
            return self.joint.rows(values)[0]
        return [self.row(list(result)) for result in self.statement.ask(values)]

    def row(self, columns: list[Any]) -> Row:
        """A row of the model from its columns as the driver read them."""
        for place, converters, expression in self.converters:
            for convert in converters:
                columns[place] = convert(columns[place], expression, connection)
        row = self.shape.row(columns)
        for name, place in self.annotated:
            setattr(row, name, columns[place])
        return row


class _Shape(Generic[Row]):
    """A stretch of columns as a row of a model, and the rows that come with it.

    The same as the model's own ``from_db``, column by column, for models that do no more there than Django does; of
    fifty rows a page that was a tenth.
    """

    def __init__(self, known: Any, select: Any) -> None:
        fields = known["select_fields"]
        self.model, self.first, self.end = known["model"], fields[0], fields[-1] + 1
        self.names = [one[0].target.attname for one in select[self.first : self.end]]
        # Asked once: the connection is looked up for each thread anew.
        self.alias = connection.alias
        self.key = self.first + self.names.index(self.model._meta.pk_fields[0].attname)
        # What a column's own descriptor makes of its value (sealed texts) is left to it; keys of other rows are values.
        self.described = [
            name
            for name in self.names
            if hasattr(kind := getattr(self.model, name), "__set__")
            and not isinstance(kind, ForeignKeyDeferredAttribute)
        ]
        self.related = [
            (_Shape[Any](one, select), one["local_setter"], one["remote_setter"])
            for one in known.get("related_klass_infos", [])
        ]
        if (
            known.get("from_parent")
            or self.model.__init__ is not models.Model.__init__
            or pre_init.has_listeners(self.model)
            or post_init.has_listeners(self.model)
        ):
            raise TypeError(f"{self.model.__name__} does more with a row than to hold it.")

    def row(self, columns: list[Any]) -> Row:
        row: Row = self.model.__new__(self.model)
        row._state = state = ModelState()
        state.adding, state.db = False, self.alias
        row.__dict__.update(zip(self.names, columns[self.first : self.end], strict=True))
        for name in self.described:
            setattr(row, name, row.__dict__[name])
        for shape, own, others in self.related:
            result = None if columns[shape.key] is None else shape.row(columns)
            own(row, result)
            if result is not None:
                others(result, row)
        return row


def _place_of(value: Any, stand_ins: Sequence[Value]) -> int:
    """Which of the values stands here, counted from one; 0 for what never changes."""
    return next((nth for nth, one in enumerate(stand_ins, 1) if type(one) is type(value) and one == value), 0)
