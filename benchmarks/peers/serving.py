"""A product in a process of its own that does one job after another when it is told to, and says what each cost.

Each line asked is JSON ``{"do": name, …}``, each line answered is JSON. Only the standard library: the product
beside ours runs in an environment of its own.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]


class Product(Protocol):
    def fill(self, count: int) -> None:
        """The table holds so many cases afterwards."""

    def prepare_due(self, count: int) -> None:
        """The table holds so many cases afterwards that can be made due."""

    def ready(self, job: str, calls: int) -> Any:
        """What so many calls of a job need beforehand; not timed."""

    def work(self, job: str, given: Any) -> None:
        """One call of a job; ends with an exception where the answer is not what it should be."""

    def backend(self) -> int:
        """Process id of the PostgreSQL backend of this process."""

    def made_due(self, count: int) -> None:
        """So many cases are due from now on, and no other ones."""

    def escalate(self, part: str) -> None:
        """What is due is escalated: "all", or "first" and "second" where two work at once."""

    def escalated(self) -> list[int]:
        """How often each of the cases that were made due last has been escalated since."""


def serve(product: Product) -> None:
    # What a product prints goes elsewhere.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        match asked.pop("do"):
            case "time":
                answer: Any = timed(product, **asked)
            case "escalate":
                begun = spent(product)
                product.escalate(**asked)
                answer = between(begun, spent(product), 1)
            case "fill" | "prepare_due" | "made_due" | "escalated" as name:
                answer = getattr(product, name)(**asked)
            case other:
                raise SystemExit(f"there is no {other}")
        print(json.dumps(answer), file=answers, flush=True)


def spent(product: Product) -> tuple[float, float, float]:
    """Seconds so far: clock, CPU of this process, CPU of its backend."""
    nanoseconds = int(Path(f"/proc/{product.backend()}/schedstat").read_text().split()[0])
    return time.perf_counter(), time.process_time(), nanoseconds / 1e9


def between(begun: Sequence[float], ended: Sequence[float], calls: int) -> dict[str, float]:
    """Milliseconds a call."""
    clock, process, database = ((after - before) / calls * 1000 for before, after in zip(begun, ended, strict=True))
    return {"clock": clock, "process": process, "database": database, "cpu": process + database}


def timed(product: Product, job: str, calls: int) -> dict[str, float]:
    given = product.ready(job, calls)
    begun = spent(product)
    for _ in range(calls):
        product.work(job, given)
    return between(begun, spent(product), calls)


class Told:
    """The other end of `serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def send(self, do: str, **named: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **named}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended before it answered")
        return json.loads(line)

    def ask(self, do: str, **named: Any) -> Any:
        self.send(do, **named)
        return self.answer()


@contextlib.contextmanager
def started(python: Path | str, module: str, *arguments: str) -> Iterator[Told]:
    """A product that can be told what to do; it ends with this context."""
    process = subprocess.Popen(
        [str(python), "-m", module, *arguments], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Told(process)
    finally:
        # It ends by itself when nobody can ask any more.
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
