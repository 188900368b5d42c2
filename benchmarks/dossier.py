"""What the paper of a dossier costs, beside bare typst on the same pages.

`python -m benchmarks.dossier`: a case of sixty steps, read under the sight of its consumer, composed and set. Floor:
typst alone on the finished data, fonts looked through already, as in a worker that has set a paper before. The whole
build (papers and ZIP) is given beside it, without a goal.
"""

import io
import json
import sys
from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell
from benchmarks.world.patterns import Pattern

STEPS = 60
SAID = "已收到您补充的账单和通话记录，正在核对九月以来的扣费明细，最迟明天下午给您答复。"


def measure(*, quick: bool) -> list[Figure]:
    rounds = 7 if quick else 21
    with ground.database("benchmark_dossier") as base:
        ground.set_up(base)
        import typst

        from complaints.documents import printing, signing
        from complaints.dossier import packing, papers
        from complaints.dossier.gathering import gather
        from complaints.handling.steps import consumer
        from complaints.models import Dossier
        from complaints.parties import actors

        pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
        case = pattern.file()
        pattern.negotiate(case)
        while case.last_sequence < STEPS:
            pattern.take(case, consumer.add_statement(text=SAID), actors.consumer(pattern.chen))
        dossier = Dossier(
            complaint=case, asked_by=pattern.chen, side="consumer", site="https://example.org", asked_at=pattern.now
        )

        def paper() -> dict[str, Any]:
            return papers.dossier_paper(gather(dossier, now=pattern.now), proof=None, site=dossier.site)

        def ours() -> bytes:
            return printing.typeset(paper(), at=pattern.now)

        document = {"document": json.dumps(paper(), ensure_ascii=False)}
        source, fonts = printing.PAPER.read_bytes(), printing.fonts()

        def bare() -> Any:
            compiler = typst.Compiler(source, font_paths=fonts, ignore_system_fonts=True)
            return compiler.compile(format="pdf", timestamp=0, sys_inputs=document)

        def whole() -> None:
            gathered = gather(dossier, now=pattern.now)
            made = printing.typeset(papers.dossier_paper(gathered, proof=None, site=dossier.site), at=pattern.now)
            made, key = signing.sign_pdf(made), signing.document_key()
            named = {"dossier.pdf": made}
            packing.pack(io.BytesIO(), gathered, proof=None, papers=named, at=pattern.now, key=key, each=lambda: None)

        tell(f"dossier: {case.last_sequence} entries, {len(ours()) / 1000:.0f} kB")
        bare(), whole()
        times: dict[str, list[float]] = {"ours": [], "bare": [], "whole": []}
        work: dict[str, Callable[[], object]] = {"ours": ours, "bare": bare, "whole": whole}
        for _ in range(rounds):
            for name, one in work.items():
                begun = perf_counter()
                one()
                times[name].append((perf_counter() - begun) * 1000)
    return [
        compared(
            times["ours"],
            times["bare"],
            benchmark="dossier",
            what=f"paper of {STEPS} entries, read and set",
            unit="ms",
            floor_is="ms, bare typst",
            goal=("≤", 3),
        ),
        compared(
            times["whole"],
            times["bare"],
            benchmark="dossier",
            what="the same and its ZIP",
            unit="ms",
            floor_is="ms, bare typst",
        ),
    ]


if __name__ == "__main__":
    sys.exit(publish("dossier", measure(quick=arguments(__doc__).quick)))
