"""Reads a TOML file key by key, so that whatever is misspelt, missing or of another type is told by file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Built = TypeVar("Built")


class TomlProblem(Exception):
    """A TOML file cannot be used; says which file, which key and why."""


class TomlTable:
    """One table of a file. Each key is taken once; `done` refuses what was left over."""

    def __init__(self, name: str, raw: dict[str, Any], *, where: str = "", problem: type[TomlProblem] = TomlProblem):
        self.name, self.where, self.raw, self.problem = name, where, dict(raw), problem

    @classmethod
    def of_file(cls, path: Path, *, problem: type[TomlProblem] = TomlProblem) -> TomlTable:
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise problem(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise problem(f"{path.name}: {error}") from error
        return cls(path.name, raw, problem=problem)

    def fail(self, key: str, reason: str) -> TomlProblem:
        return self.problem(f"{self.name}: {self.where}{key}: {reason}")

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        value = self.raw.pop(key, default)
        if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise self.fail(key, f"must be a {kind.__name__}")
        return value

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        value: str = self.take(key, str, default)
        if needed and not value.strip():
            raise self.fail(key, "is missing")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.take(key, list, [])
        if not all(isinstance(one, str) for one in value):
            raise self.fail(key, "must be a list of texts")
        return tuple(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        return bool(self.take(key, bool, default))

    def table(self, key: str) -> TomlTable:
        return self._inner(key, self.take(key, dict, {}))

    def tables(self, key: str) -> list[TomlTable]:
        """The tables of a list, `key[0]` the first."""
        value = self.take(key, list, [])
        if not all(isinstance(one, dict) for one in value):
            raise self.fail(key, "must be a list of tables")
        return [self._inner(f"{key}[{number}]", one) for number, one in enumerate(value)]

    def each(self, key: str, build: Callable[[TomlTable], Built]) -> tuple[Built, ...]:
        """What ``build`` makes of each table of a list; nothing of one may be left over."""
        made = []
        for one in self.tables(key):
            made.append(build(one))
            one.done()
        return tuple(made)

    def done(self) -> None:
        if self.raw:
            raise self.fail(next(iter(self.raw)), "is not known here")

    def _inner(self, key: str, raw: dict[str, Any]) -> TomlTable:
        return TomlTable(self.name, raw, where=f"{self.where}{key}.", problem=self.problem)
