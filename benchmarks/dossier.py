"""What the paper of a dossier costs, beside bare typst on the same pages.

`python -m benchmarks.dossier`: a case of sixty steps, read under the sight of its consumer, composed, set and signed
(PAdES); then the whole build: the same, the proof under a checkpoint, and the ZIP with its signed manifest. Floor:
typst alone on the finished data, fonts looked through already, as in a worker that has set a paper before.
"""

import io
import json
import sys
import tempfile
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
    with ground.database("benchmark_dossier") as base, tempfile.NamedTemporaryFile("w", suffix=".pem") as key_file:
        ground.set_up(base)
        import typst
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from django.conf import settings

        from complaints.documents import printing, signing
        from complaints.dossier import packing, papers, proving
        from complaints.dossier.gathering import gather
        from complaints.handling.steps import consumer
        from complaints.models import Dossier
        from complaints.parties import actors
        from complaints.record import checkpoints

        pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
        case = pattern.file()
        pattern.negotiate(case)
        while case.last_sequence < STEPS:
            pattern.take(case, consumer.add_statement(text=SAID), actors.consumer(pattern.chen))
        key_file.write(signing.fresh("Benchmark", now=pattern.now))
        key_file.flush()
        settings.DOCUMENT_KEY_FILE = key_file.name
        proving.certified(signing.document_key(), now=pattern.now)
        checkpoints.seal(now=pattern.now, key=Ed25519PrivateKey.generate())
        dossier = Dossier(
            complaint=case, asked_by=pattern.chen, side="consumer", site="https://example.org", asked_at=pattern.now
        )

        def paper() -> dict[str, Any]:
            return papers.dossier_paper(gather(dossier, now=pattern.now), proof=None, site=dossier.site)

        def ours() -> bytes:
            return signing.sign_pdf(printing.typeset(paper(), at=pattern.now))

        document = {"document": json.dumps(paper(), ensure_ascii=False)}
        source, fonts = printing.PAPER.read_bytes(), printing.fonts()

        def bare() -> Any:
            compiler = typst.Compiler(source, font_paths=fonts, ignore_system_fonts=True)
            return compiler.compile(format="pdf", timestamp=0, sys_inputs=document)

        def whole() -> None:
            gathered, key = gather(dossier, now=pattern.now), signing.document_key()
            proof = proving.proof_of(case, erased=(), key=key)
            made = printing.typeset(papers.dossier_paper(gathered, proof=proof, site=dossier.site), at=pattern.now)
            named = {"dossier.pdf": signing.sign_pdf(made)}
            packing.pack(io.BytesIO(), gathered, proof=proof, papers=named, at=pattern.now, key=key, each=lambda: None)

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
            what=f"paper of {STEPS} entries, read, set and signed",
            unit="ms",
            floor_is="ms, bare typst",
            goal=("≤", 3.3),
        ),
        compared(
            times["whole"],
            times["bare"],
            benchmark="dossier",
            what="the same, its proof and its ZIP",
            unit="ms",
            floor_is="ms, bare typst",
            goal=("≤", 3.3),
        ),
    ]


if __name__ == "__main__":
    sys.exit(publish("dossier", measure(quick=arguments(__doc__).quick)))
