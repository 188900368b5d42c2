"""A picture of what a job costs at so many cases, from the figures of `make bench-peers`.

`python -m benchmarks.peers.growth [RESULT.json …]`: takes the portal's milliseconds of CPU out of the files of runs
into docs/growth.json, and draws docs/growth.svg from there. Both axes are logarithmic: a flat line costs the same at
any number of cases, one as steep as the dashed one costs ten times as much at ten times as many.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

DATA, PICTURE = ROOT / "docs" / "growth.json", ROOT / "docs" / "growth.svg"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 780, 420, 70, 160, 40, 50
COLOURS = ("#1b5e9b", "#b3441e", "#2d7a3a", "#7a3d94", "#8a6d00", "#444444", "#a01c5a", "#00707a")


def taken(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Which machines, and for each job (cases, milliseconds) by the number of cases."""
    jobs: dict[str, list[tuple[int, float]]] = {}
    for figure in (figure for result in results for figure in result["figures"]):
        if "ours" not in figure["more"]:
            continue
        job, _, cases = figure["what"].rpartition(", ")
        count = int(cases.removesuffix(" cases").replace(",", ""))
        jobs.setdefault(job, []).append((count, round(figure["value"], 2)))
    several = {job: sorted(points) for job, points in jobs.items() if len(points) > 1}
    told = ("at", "cores", "load_before", "load_after")
    return {"runs": [{name: one["machine"][name] for name in told} for one in results], "jobs": several}


def drawn(data: dict[str, Any]) -> str:
    """The picture as SVG."""
    points = [point for line in data["jobs"].values() for point in line]
    cases, costs = [one for one, _ in points], [cost for _, cost in points]
    first, last = math.log10(min(cases)), math.log10(max(cases))
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))

    def x(count: float) -> float:
        return round(LEFT + (math.log10(count) - first) / (last - first) * (WIDTH - LEFT - RIGHT), 1)

    def y(cost: float) -> float:
        return round(HEIGHT - BOTTOM - (math.log10(cost) - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12" role="img">',
        "<title>Milliseconds of CPU a job, by the number of cases</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20">ms of CPU, process and PostgreSQL (both axes logarithmic)</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4}" text-anchor="end">{10**power:g}</text>')
    for count in sorted(set(cases)):
        at = x(count)
        parts.append(f'<line x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{count:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 10}" text-anchor="middle">cases</text>')
    # As steep as what costs ten times as much at ten times as many.
    end = min(10**last, 10 ** (first + high - low))
    steep = f'x1="{x(10**first)}" y1="{y(10**low)}" x2="{x(end)}" y2="{y(10**low * end / 10**first)}"'
    parts.append(f'<line {steep} stroke="#999" stroke-dasharray="5 4"/>')
    names: list[float] = []
    ordered = sorted(data["jobs"].items(), key=lambda one: -one[1][-1][1])
    for (job, line), colour in zip(ordered, COLOURS, strict=False):
        path = " ".join(f"{x(count)},{y(cost)}" for count, cost in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(count)}" cy="{y(cost)}" r="3" fill="{colour}"/>' for count, cost in line]
        # Names that would stand on each other are moved down.
        names.append(max(y(line[-1][1]) + 4, names[-1] + 15 if names else 0))
        text = f"{job}, {line[-1][1]:.3g} ms"
        parts.append(f'<text x="{x(line[-1][0]) + 8}" y="{names[-1]}" fill="{colour}">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    if len(sys.argv) > 1:
        data = taken([json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]])
        DATA.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    PICTURE.write_text(drawn(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
