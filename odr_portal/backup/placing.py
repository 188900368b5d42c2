"""The files of an archive: first in a folder of their own, in their places by rename after everything was checked.

The folder lies in the one that it is for, so a rename never copies; what a killed restore left in it goes first."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from odr_portal.backup import archive
from odr_portal.backup.archive import CHUNK, EVIDENCE, FILES, Unusable
from web import private_files

STAGED = ".restoring"
_REPLACED = ".replaced"


@dataclass(slots=True)
class Staged:
    """``roots``: kind → the folder that the files are for; ``count``: how many there are."""

    roots: dict[str, Path]
    count: int = 0
    _moved: list[tuple[Path, Path]] = field(default_factory=list)
    _made: list[Path] = field(default_factory=list)

    def folder(self, kind: str) -> Path:
        """Where the files of a kind lie until they are promoted."""
        return self.roots[kind] / STAGED / kind

    def promote(self) -> None:
        """Each file by a rename into its place. One that lies there with other bytes gives way: the staged one is what
        the record was checked with. ``take_back`` undoes it."""
        for kind, root in self.roots.items():
            staged = self.folder(kind)
            for path in sorted(path for path in staged.rglob("*") if path.is_file()):
                place = root / path.relative_to(staged)
                self._make_folders(root, place.parent)
                if place.exists():
                    if _digest(place) == _digest(path):
                        continue
                    old = root / STAGED / _REPLACED / kind / path.relative_to(staged)
                    old.parent.mkdir(parents=True, exist_ok=True)
                    self._move(place, old)
                self._move(path, place)
        os.sync()

    def _move(self, path: Path, place: Path) -> None:
        path.rename(place)
        self._moved.append((path, place))

    def _make_folders(self, root: Path, folder: Path) -> None:
        if folder.is_dir():
            if not folder.resolve().is_relative_to(root.resolve()):
                raise Unusable(f"{folder} leads out of {root}: remove that link first.")
            return
        if folder != root:
            self._make_folders(root, folder.parent)
        private_files.folder(folder)
        self._made.append(folder)
        if folder != root:
            _give(folder, root)

    def take_back(self) -> None:
        """Every file that was promoted goes back, and every folder that was made for one is gone."""
        for path, place in reversed(self._moved):
            place.rename(path)
        for root in self.roots.values():
            shutil.rmtree(root / STAGED, ignore_errors=True)
        for folder in reversed(self._made):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


@contextmanager
def staged(path: Path, *, evidence: Path, files: Path, tell: Callable[[str, int], None]) -> Iterator[Staged]:
    """The files of the archive ``path`` beside their places; nothing of them is left when the block fails."""
    result = Staged({EVIDENCE: evidence, FILES: files})
    try:
        for kind, root in result.roots.items():
            _clear(root, kind)
            result._make_folders(root, root)
            result._make_folders(root, result.folder(kind))
        _write(path, result, tell)
        yield result
    except BaseException:
        result.take_back()
        raise
    for root in result.roots.values():
        shutil.rmtree(root / STAGED, ignore_errors=True)


def _clear(root: Path, kind: str) -> None:
    """What a killed restore left: files that had to give way go back, the rest goes."""
    old = root / STAGED / _REPLACED / kind
    for path in sorted(path for path in old.rglob("*") if path.is_file()):
        path.replace(root / path.relative_to(old))
    shutil.rmtree(root / STAGED, ignore_errors=True)


def _write(path: Path, result: Staged, tell: Callable[[str, int], None]) -> None:
    done = 0
    with path.open("rb") as file:
        for entry in archive.entries(file):
            kind, _, below = entry.name.partition("/")
            if kind not in result.roots:
                continue
            place = result.folder(kind) / below
            result._make_folders(result.roots[kind], place.parent)
            with os.fdopen(
                private_files.opened(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW), "wb"
            ) as written:
                for chunk in entry.chunks():
                    written.write(chunk)
                    done += len(chunk)
                    tell("Restoring the files", done)
            _give(place, result.roots[kind])
            result.count += 1


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _give(path: Path, root: Path) -> None:
    """Restored by an administrator, read by whoever serves pages: the folder says who that is."""
    if os.geteuid() == 0:
        owner = root.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
