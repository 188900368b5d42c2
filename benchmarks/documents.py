"""What an official document costs as PDF, beside bare typst on the same page.

`python -m benchmarks.documents`: a refusal that was issued, its frozen words opened, put on paper with the digest of
its entry and the code to check it. Floor: typst alone on the finished data, fonts looked through already, as in a
worker that has set a paper before.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from accounts.roles import Role
from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell
from benchmarks.world.patterns import Pattern


def measure(*, quick: bool) -> list[Figure]:
    rounds = 15 if quick else 41
    with ground.database("benchmark_documents") as base:
        ground.set_up(base)
        import typst

        from accounts.models import User
        from authorities.models import Authority, Officer, Policy
        from complaints.documents import printing
        from complaints.documents import printing as setting
        from complaints.handling.steps import authority
        from complaints.models import DocumentVersion
        from complaints.parties import actors

        Policy.objects.filter(name__startswith="two_persons.").update(number=0)
        pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
        case = pattern.file()
        pattern.negotiate(case)
        office = Authority.objects.get(pk=case.handling_authority_id)
        officer = actors.officer(
            [
                Officer.objects.create(
                    user=User.objects.create(email="officer@example.org", name="瑞试"),
                    authority=office,
                    role=Role.OFFICER.post,
                )
            ]
        )
        pattern.take(case, authority.recall(text="由本局办理。"), officer)
        pattern.take(
            case,
            authority.refuse(
                ground="outside_duty",
                body="12300",
                facts="资费争议由电信主管部门处理，投诉人也没有提供与本经营者的合同。",
            ),
            officer,
        )

        def ours() -> bytes:
            return printing.print_of(DocumentVersion.objects.select_related("document", "complaint").latest("pk"))

        kept: dict[str, Any] = {}
        with mock.patch.object(setting, "pdf", lambda document, *, at, template: kept.update(document) or b""):
            ours()
        data = {"document": json.dumps(kept, ensure_ascii=False)}
        source, fonts = printing.TEMPLATE.read_bytes(), setting.fonts()

        def bare() -> Any:
            compiler = typst.Compiler(source, font_paths=fonts, ignore_system_fonts=True)
            return compiler.compile(format="pdf", timestamp=0, sys_inputs=data)

        tell(f"documents: {len(ours()) / 1000:.0f} kB")
        bare()
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        work: dict[str, Callable[[], object]] = {"ours": ours, "bare": bare}
        for _ in range(rounds):
            for name, one in work.items():
                begun = perf_counter()
                one()
                times[name].append((perf_counter() - begun) * 1000)
    return [
        compared(
            times["ours"],
            times["bare"],
            benchmark="documents",
            what="a refusal, opened, composed and set",
            unit="ms",
            floor_is="ms, bare typst",
            goal=("≤", 3),
        )
    ]


if __name__ == "__main__":
    sys.exit(publish("documents", measure(quick=arguments(__doc__).quick)))
