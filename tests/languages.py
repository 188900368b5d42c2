"""One call in a language."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.utils import translation

P = ParamSpec("P")
T = TypeVar("T")


def in_language(language: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``call`` gives while ``language`` is active."""
    with translation.override(language):
        return call(*args, **kwargs)
