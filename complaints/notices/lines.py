"""Lines to the mail server and to the gateway: threads that hand letters over, and touch no row.

A channel has one line until it has taken or refused a letter, then LINES. A letter waits for the one before it of the
same case on its channel. A channel that is slow or away holds its own letters alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from complaints.notices.channels import MAIL, SMS, Channels, open_channels
from complaints.notices.channels.letter import Bounced, Letter, ServerAway

#: Letters that one channel hands over at a time: 40 a second to a server that takes 200 ms.
LINES = 8
#: So many in a row, and the server is left alone until the next sweep; a time-out counts as all of them.
AWAY_AFTER = 3
#: Seconds after which new letters are looked for while all lines are busy.
LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A letter for a line. ``cases`` that it is about; ``ended`` is told what went wrong, or None; ``given_back``: it
    was not begun.
    """

    channel: str
    letter: Letter
    address: str
    cases: frozenset[int]
    ended: Callable[[Exception | None], None]
    given_back: Callable[[], None]


class Lines:
    """As a context: however it is left, every letter that was begun has ended and the others are given back."""

    def __init__(self, channels: Channels, *, now: datetime) -> None:
        self.now = now
        self._waiting: dict[str, deque[Waiting]] = defaultdict(deque)
        self._busy: dict[Future[None], tuple[Waiting, Channels]] = {}
        self._idle = [channels]
        self._stack = ExitStack()
        self._answers: set[str] = set()
        self._failed_in_a_row: Counter[str] = Counter()

    def __enter__(self) -> Lines:
        threads = ThreadPoolExecutor(LINES * len((MAIL, SMS)), thread_name_prefix="notice")
        self._threads = self._stack.enter_context(threads)
        return self

    def __exit__(self, *told: object) -> None:
        self.stop()
        while self.wait():
            pass
        self._stack.close()

    @property
    def away(self) -> list[str]:
        return [name for name, times in self._failed_in_a_row.items() if times >= AWAY_AFTER]

    @property
    def supplied(self) -> list[str]:
        """Channels that need no more letters now."""
        return [*self.away, *(name for name, ones in self._waiting.items() if ones)]

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, letters: Iterable[Waiting]) -> None:
        for one in letters:
            self._waiting[one.channel].append(one)

    def begin(self) -> None:
        """Hand over what may go now; what waits for a server that is away is given back."""
        for name in self.away:
            self._give_back(self._waiting[name])
        for name, ones in self._waiting.items():
            self._begin(name, ones)

    def stop(self) -> None:
        """Begin nothing more."""
        for ones in self._waiting.values():
            self._give_back(ones)

    def wait(self) -> bool:
        """Until a letter has ended, at most LOOK_EVERY; False when none is on its way."""
        if not self._busy:
            return False
        done, _others = wait(self._busy, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
        for call in done:
            one, line = self._busy.pop(call)
            self._idle.append(line)
            self._end(one, call.exception())
        return True

    def _begin(self, name: str, ones: deque[Waiting]) -> None:
        ours = [one for one, _line in self._busy.values() if one.channel == name]
        free = (LINES if name in self._answers else 1) - len(ours)
        held = {case for one in ours for case in one.cases}
        kept: list[Waiting] = []
        while ones and free > 0:
            one = ones.popleft()
            if held & one.cases:
                kept.append(one)
            else:
                line = self._line()
                self._busy[self._threads.submit(line.send, name, one.letter, one.address)] = (one, line)
                free -= 1
            held |= one.cases
        ones.extendleft(reversed(kept))

    def _line(self) -> Channels:
        return self._idle.pop() if self._idle else self._stack.enter_context(open_channels(now=self.now))

    def _end(self, one: Waiting, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, Exception):
            raise error
        if isinstance(error, ServerAway):
            self._answers.discard(one.channel)
            self._failed_in_a_row[one.channel] += AWAY_AFTER if error.code == "timeout" else 1
        elif error is None or isinstance(error, Bounced):
            self._answers.add(one.channel)
            self._failed_in_a_row[one.channel] = 0
        one.ended(error)

    def _give_back(self, ones: deque[Waiting]) -> None:
        while ones:
            ones.popleft().given_back()
