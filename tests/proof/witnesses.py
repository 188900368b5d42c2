"""The witness of one file, and one that answers over HTTP while a test lasts."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from complaints.record import notes
from complaints.record.notes import SIGNS, NoteKey, Witness

PROGRAM = Path(__file__).parents[2] / "docs" / "verify" / "witness.py"


def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("witness_of_a_test", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


WITNESS = program()


@contextmanager
def witness(folder: Path, key: Any, *, origin: str, name: str = "council.example/witness") -> Iterator[Witness]:
    """A witness that knows this key of a record, as the portal's settings name it."""
    if not (folder / "key").exists():
        WITNESS.new(folder, name)
        with (folder / "records").open("a") as file:
            file.write(f"{NoteKey(origin, SIGNS, notes.raw_key(key)).text}\n")
    made = WITNESS.Witness(folder)
    server = WITNESS.server_of(made, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        text = WITNESS.key_text(made.name, WITNESS.WITNESS, made.raw)
        yield Witness(notes.parse_key(text), f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
