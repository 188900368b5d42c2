"""Where settings come from beside the environment: a file with lines NAME=VALUE, the one that PORTAL_SETTINGS names,
else the one that `make run` leaves behind (.local/environment), so that `manage.py` finds the local services by itself.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class OddValue(SystemExit):
    """A setting that cannot be meant; the sentence is all the reader needs."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{name}={value!r} is not usable: {wanted}")


def local_folder() -> Path:
    return Path(os.environ.get("ODR_LOCAL") or ROOT / ".local")


def read() -> dict[str, str]:
    """Lines NAME=VALUE; the value may stand between double quotes. A remark is a line that begins with #."""
    if "pytest" in sys.modules:
        # A test must not depend on what somebody runs beside it.
        return {}
    named = os.environ.get("PORTAL_SETTINGS", "")
    place = Path(named) if named else local_folder() / "environment"
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        if named:
            raise OddValue("PORTAL_SETTINGS", named, "this file cannot be read.") from None
        return {}
    return parsed(lines, str(place))


def parsed(lines: list[str], place: str) -> dict[str, str]:
    """The values of such lines. Raises OddValue where a line is none of them."""
    result = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        name, equals, value = line.partition("=")
        if not line or line.startswith("#"):
            continue
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise OddValue(place, line.partition("=")[0], f"line {number} is not NAME=VALUE.")
        result[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return result
