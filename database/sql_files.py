"""Statements that stand in a file of SQL beside their module, each under a line ``-- name: …``."""

import re
from pathlib import Path
from string import Template


def read_sql(module: str, **names: object) -> dict[str, str]:
    """The statements of the file beside ``module`` (its ``__file__``), by name.

    ``$name`` stands for one of ``names`` or for an earlier statement; what is in braces is left to ``str.format``.
    """
    text = Path(module).with_suffix(".sql").read_text(encoding="utf-8")
    _head, *parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    result: dict[str, str] = {}
    for name, statement in zip(parts[::2], parts[1::2], strict=True):
        result[name] = Template(statement.strip()).safe_substitute({**names, **result})
    return result
