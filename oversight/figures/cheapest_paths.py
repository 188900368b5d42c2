"""The cells of a table moved at the least cost until rows and columns add up: minimum cost flow, by cheapest paths.

Pure. Source: Ahuja, Magnanti, Orlin, Network Flows (1993), chapter 9: successive shortest paths and primal-dual.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from oversight.figures.suppression import Key

#: A row (0) or a column (1).
Node = tuple[int, str]
#: To where, how long, which step of which cell.
_Edge = tuple[Node, float, tuple[str, str, int]]


@dataclass(slots=True)
class Graph:
    """Rows and columns of a table as nodes, its cells as edges: up from a row to a column, down from a column to a row.
    A path from a row that misses something, or a column that has too much, to a column that misses something, or a row
    that has too much, moves one each way.

    ``step``: what it costs to move a cell by one, up or down; ``move`` does it. ``in_rows``, ``in_columns``: how many
    are missing, less than none where there are too many; as many in the rows as in the columns.
    """

    step: Callable[[Key, int], float]
    move: Callable[[Key, int], None]
    rows: Sequence[str]
    columns: Sequence[str]
    in_rows: dict[str, int]
    in_columns: dict[str, int]

    def settle(self) -> None:
        """Move until nothing is missing."""
        while any(self.in_rows.values()) or any(self.in_columns.values()):
            self._take_cheapest()

    def _take_cheapest(self) -> None:
        """The paths of the least cost, all of them that are found: what is left costs more, or takes the same again.

        How far each node is from where a path begins is found once; a path of the least cost then goes along edges that
        are as long as its nodes are apart, also after other such paths were taken (primal-dual minimum cost flow).
        """
        far, begins = self._distances()
        ends = {(1, code) for code, n in self.in_columns.items() if n > 0}
        ends |= {(0, row) for row, n in self.in_rows.items() if n < 0}
        least, left, gone = min(far[end] for end in ends), dict[Node, Iterator[_Edge]](), set[Node]()
        for begin in begins:
            while self._misses(begin) and (path := self._path(begin, far, least, left, gone)):
                for row, code, by in path:
                    self.move((row, code), by)
                    self.in_rows[row] -= by
                    self.in_columns[code] -= by

    def _misses(self, node: Node) -> bool:
        """Whether a path begins here."""
        side, name = node
        return self.in_rows[name] > 0 if side == 0 else self.in_columns[name] < 0

    def _ends(self, node: Node) -> bool:
        side, name = node
        return self.in_columns[name] > 0 if side == 1 else self.in_rows[name] < 0

    def _edges(self, node: Node) -> Iterator[_Edge]:
        side, name = node
        for other in self.columns if side == 0 else self.rows:
            step = (name, other, 1) if side == 0 else (other, name, -1)
            yield (1 - side, other), self.step(step[:2], step[2]), step

    def _distances(self) -> tuple[dict[Node, float], list[Node]]:
        """How far each node is from the nearest where a path begins; those nodes."""
        begins: list[Node] = [(0, row) for row in self.rows] + [(1, code) for code in self.columns]
        begins = [node for node in begins if self._misses(node)]
        far: dict[Node, float] = defaultdict(lambda: float("inf"))
        far.update(dict.fromkeys(begins, 0.0))
        queue, waiting = deque(begins), set(begins)
        while queue:
            at = queue.popleft()
            waiting.discard(at)
            for to, length, _step in self._edges(at):
                if far[at] + length < far[to] - 1e-9:
                    far[to] = far[at] + length
                    if to not in waiting:
                        waiting.add(to)
                        queue.append(to)
        return far, begins

    def _path(
        self, begin: Node, far: Mapping[Node, float], least: float, left: dict[Node, Iterator[_Edge]], gone: set[Node]
    ) -> list[tuple[str, str, int]]:
        """Steps along edges as long as their nodes are apart; nothing where none leads to an end. ``left``: the edges
        of a node that no path was looked for along yet; ``gone``: nodes from which no path is left. Both are added to.
        """
        path: list[tuple[str, str, int]] = []
        stack, seen = [begin], {begin}
        while stack:
            at = stack[-1]
            if far[at] >= least - 1e-9 and self._ends(at):
                return path
            for to, length, step in left.setdefault(at, self._edges(at)):
                if to not in seen and to not in gone and abs(far[at] + length - far[to]) <= 1e-9:
                    seen.add(to)
                    stack.append(to)
                    path.append(step)
                    break
            else:
                gone.add(at)
                stack.pop()
                del path[-1:]
        return []
