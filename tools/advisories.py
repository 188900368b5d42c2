"""Holds the pinned packages against a list of known vulnerabilities in the format of OSV, without any network.

    python tools/advisories.py LIST LOCK …

LIST is a zip with a JSON file an advisory, as https://osv.dev hands out for PyPI (all.zip), a folder of such files, or
one JSON file with an advisory or a list of them. Exit code 0: none known; 1: some, each named; 2: the list cannot be
used.
Format: https://ossf.github.io/osv-schema/, evaluation of ranges as described there.
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)
#: A list that is older knows nothing of what was found since.
OLD = timedelta(days=30)


class UnusableList(Exception):
    """One sentence that says what is wrong with the file."""


def pins(lock: Path) -> dict[str, str]:
    """Canonical name → exact version."""
    found = PIN.finditer(lock.read_text(encoding="utf-8"))
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found}


def advisories(place: Path) -> Iterator[dict[str, Any]]:
    """Raises UnusableList."""
    try:
        for content in _contents(place):
            read = json.loads(content)
            yield from read if isinstance(read, list) else [read]
    except (OSError, ValueError, zipfile.BadZipFile) as wrong:
        raise UnusableList(f"{place} is no list of advisories in the format of OSV: {wrong}") from None


def _contents(place: Path) -> Iterator[bytes]:
    if place.is_dir():
        yield from (file.read_bytes() for file in sorted(place.rglob("*.json")))
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            yield from (archive.read(name) for name in sorted(archive.namelist()) if name.endswith(".json"))
    else:
        yield place.read_bytes()


def _version(text: str) -> Version:
    try:
        return Version("0") if text == "0" else Version(text)
    except InvalidVersion:
        # Of before versions had one form: older than all that have it.
        return Version("0")


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Whether this version is named, or lies in one of the ranges."""
    if version in affected.get("versions", ()):
        return True
    ours = _version(version)
    for span in affected.get("ranges", ()):
        if span.get("type") != "ECOSYSTEM":
            continue
        is_in = False
        for event in sorted(span.get("events", ()), key=lambda one: _version(next(iter(one.values())))):
            (kind, at) = next(iter(event.items()))
            if kind == "introduced" and ours >= _version(at):
                is_in = True
            elif (kind == "fixed" and ours >= _version(at)) or (kind == "last_affected" and ours > _version(at)):
                is_in = False
        if is_in:
            return True
    return False


def main(place: Path, locks: list[Path]) -> int:
    pinned = {name: version for lock in locks for name, version in pins(lock).items()}
    newest, count, found = "", 0, set()
    for one in advisories(place):
        if not isinstance(one, dict) or "id" not in one or "affected" not in one:
            raise UnusableList(f"{place} is no list of advisories in the format of OSV.")
        count += 1
        newest = max(newest, str(one.get("modified", "")))
        if one.get("withdrawn"):
            continue
        for affected in one["affected"]:
            package = affected.get("package", {})
            name = canonicalize_name(package.get("name", ""))
            if package.get("ecosystem") == "PyPI" and name in pinned and is_affected(pinned[name], affected):
                found.add(f"{name} {pinned[name]}: {one['id']} {one.get('summary', '')}".rstrip())
    if not count or not newest:
        raise UnusableList(f"{place} holds no advisory.")
    age = datetime.now(UTC) - datetime.fromisoformat(newest[:10]).replace(tzinfo=UTC)
    print("\n".join(sorted(found)) or "Advisories: none known", end=" ")
    print(f"(of {count} in the list, the newest of {newest[:10]}; {len(pinned)} packages)")
    if age > OLD:
        print(f"Advisories: the list is {age.days} days old and knows nothing of what was found since.")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    try:
        sys.exit(main(Path(sys.argv[1]), [Path(text) for text in sys.argv[2:]]))
    except UnusableList as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
