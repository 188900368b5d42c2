"""What each step takes, read from the signature of its verb, so that no list can grow old.

A field of the body is an argument of the verb; there is no other, so nobody sets a
status, an owner or a date that the verb does not ask for.
"""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from rest_framework import serializers

from api import exact
from complaints import wording
from complaints.casefile.case_file import CaseFile
from complaints.handling import MOVES
from complaints.handling.transition.two_persons import GUARDED, PROPOSED
from complaints.parties.actors import Actor
from complaints.procedure.workflow import TABLE, Role

MOST_ROWS = 100
#: What the page or the API itself supplies: why a case went where, and of which measure an offer is, which only sending
#: one may say.
_SUPPLIED = {"because", "measure_id", "missing"}
#: Steps that a person takes, in the order of the table; filing has a call of its own, who was only asked to take part
#: has a link and no program, and a number is proven by a code that somebody types.
STEPS: tuple[str, ...] = tuple(
    step
    for step, row in TABLE.items()
    if step in MOVES and step != "prove_contact" and row.by not in (frozenset({Role.SYSTEM}), frozenset({Role.PARTY}))
)


@cache
def input_of(step: str) -> type[serializers.Serializer[Any]]:
    """The serializer of the body of ``step``."""
    name = "".join(word.title() for word in step.split("_")) + "Input"
    if step == "propose":
        fields: dict[str, Any] = {
            "step": exact.Choice(choices=(*GUARDED, *PROPOSED)),
            "input": serializers.DictField(required=False, default=dict),
        }
    else:
        hints, parameters = typing.get_type_hints(MOVES[step]), inspect.signature(MOVES[step]).parameters
        fields = {
            argument: _field(hints[argument], parameter.default)
            for argument, parameter in parameters.items()
            if argument not in _SUPPLIED and hints[argument] not in (CaseFile, Actor)
        }
    description = inspect.getdoc(MOVES[step]) or wording.label(step, kind="step")
    made = type(name, (serializers.Serializer,), {**fields, "__doc__": description})
    return typing.cast("type[serializers.Serializer[Any]]", made)


def _field(kind: Any, default: Any) -> serializers.Field[Any, Any, Any, Any]:
    options: dict[str, Any] = {}
    if default is not inspect.Parameter.empty:
        options = {"required": False, "default": default}
    kinds = (
        typing.get_args(kind)
        if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
        else (kind,)
    )
    if type(None) in kinds:
        options["allow_null"] = True
    wanted = {one for one in kinds if one is not type(None)}
    if wanted in ({date, str}, {date}):
        return exact.Day(**options)
    if wanted in ({Decimal, str}, {Decimal}):
        return exact.Money(**options)
    if wanted == {datetime, str}:
        return exact.Moment(**options)
    (single,) = wanted
    return _single(single, options)


def _single(kind: Any, options: dict[str, Any]) -> serializers.Field[Any, Any, Any, Any]:
    simple: dict[Any, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
        bool: exact.YesNo,
        int: exact.Whole,
        datetime: exact.Moment,
        UUID: serializers.UUIDField,
    }
    if kind is str:
        return exact.Text(allow_blank=True, **options)
    if kind in simple:
        return simple[kind](**options)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (dict, Mapping) or (inspect.isclass(origin) and issubclass(origin, Mapping)):
        return serializers.DictField(child=_field(inner[1], inspect.Parameter.empty), **options)
    if origin in (tuple, list) or (inspect.isclass(origin) and issubclass(origin, Sequence)):
        of: Any = inner[0]
        child = _row(of)() if hasattr(of, "__dataclass_fields__") else _field(of, inspect.Parameter.empty)
        if isinstance(child, serializers.Serializer):
            return exact.rows(type(child), max_length=MOST_ROWS, **options)  # type: ignore[no-any-return]
        return serializers.ListField(child=child, max_length=MOST_ROWS, **options)
    raise TypeError(f"no field is known for {kind}")


@cache
def _row(kind: Any) -> type[serializers.Serializer[Any]]:
    hints = typing.get_type_hints(kind)
    fields = {
        f.name: _field(hints[f.name], inspect.Parameter.empty if f.default is dataclasses.MISSING else f.default)
        for f in dataclasses.fields(kind)
    }
    made = type(f"{kind.__name__}Input", (serializers.Serializer,), {**fields, "__doc__": inspect.getdoc(kind)})
    return typing.cast("type[serializers.Serializer[Any]]", made)


__all__ = ["STEPS", "input_of"]
