"""/oversight/system/: whether the portal works, for those who answer for a region; /metrics: for Prometheus.

Whoever neither shows the token nor asks from a listed address gets the 404 of an address that does not exist.
"""

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.desks.authority_workspace import Workspace, officer_page
from database.row_security import serving
from oversight.portal_state import signs
from oversight.portal_state.monitoring import may_read
from oversight.portal_state.signs import Signs
from oversight.portal_state.state import BEATS, QUEUES
from oversight.presenting import cards
from oversight.presenting.choosing import dashboard_page
from web.small_numbers import ENOUGH, share_text, too_few, wilson
from web.telemetry import counts


@officer_page("GET")
def system(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    around = dashboard_page(request, workspace, "system").around()
    return render(request, "oversight/system.html", around | shown(signs.read(now=workspace.now)))


def shown(result: Signs) -> dict[str, Any]:
    """What the template says of the signs."""
    return {
        "signs": result,
        "alarms": [signs.condition_text(code) for code in result.alarms],
        "groups": [
            (_("分送"), _routing(result)),
            (_("送达和期限"), _delivery(result)),
            (_("后台"), _sweeps(result)),
            (_("记录"), _record(result)),
            (_("备份"), _drill(result)),
            (_("日历和统计"), _counting(result)),
        ],
    }


def _line(title: str, value: str, beside: str = "", *, is_bad: bool = False) -> dict[str, Any]:
    return {"title": title, "value": value, "beside": beside, "is_bad": is_bad}


def _routing(result: Signs) -> list[dict[str, Any]]:
    routing = result.routing
    low, high = wilson(routing["routed"] - routing["misrouted"], routing["routed"])
    over = routing["mended"] + routing["mended_late"]
    return [
        _line(
            _("分送准确率（近30天）"),
            share_text(routing["routed"] - routing["misrouted"], routing["routed"]),
            _("共%(n)s件，95%%区间%(share)s") % {"n": f"{routing['routed']:,}", "share": cards.percents(low, high)}
            if routing["routed"] >= ENOUGH
            else too_few(routing["routed"]),
        ),
        _line(
            _("退回后在分送期限内改正"),
            share_text(routing["mended"], over),
            _("共%(n)s件，超时%(late)s，还在期限内%(waiting)s")
            % {"n": f"{over:,}", "late": routing["mended_late"], "waiting": routing["mended_waiting"]},
            is_bad=routing["mended_late"] > 0 and over >= ENOUGH,
        ),
    ]


def _delivery(result: Signs) -> list[dict[str, Any]]:
    late = result.lateness
    return [
        _line(
            _("通知送出"),
            share_text(result.notices_sent, result.notices_sent + result.notices_lost),
            _("共%(n)s条（最近%(most)s条以内）：送出%(sent)s，退信或无人可送%(lost)s")
            % {
                "n": f"{result.notices_sent + result.notices_lost:,}",
                "most": f"{signs.NEWEST:,}",
                "sent": result.notices_sent,
                "lost": result.notices_lost,
            },
        ),
        _line(
            _("送不到任何人的通知"),
            f"{result.set_aside:,}",
            _("需要人工处理") if result.set_aside else "",
            is_bad=result.set_aside > 0,
        ),
        _line(
            _("期限届满后写入的延迟"),
            _seconds(late.median) if late.n else cards.NOTHING,
            _("中位；最长%(most)s，共%(n)s次") % {"most": _seconds(late.most), "n": late.n}
            if late.n
            else _("最近没有届满的"),
        ),
    ]


def _seconds(value: float) -> str:
    if value < 120:
        return _("%(n)s秒") % {"n": round(value)}
    if value < 7200:
        minutes = round(value / 60)
        return ngettext("%(n)s分钟", "%(n)s分钟", minutes) % {"n": minutes}
    return _("%(n)s小时") % {"n": round(value / 3600)}


def _sweeps(result: Signs) -> list[dict[str, Any]]:
    stopped = "nobody_sweeps" in result.alarms
    lines = [
        _line(
            str(BEATS[name]),
            _("%(age)s前") % {"age": _seconds(result.beats[name].total_seconds())}
            if name in result.beats
            else _("没有报到过"),
            is_bad=stopped,
        )
        for name in ("beat", "watch")
    ]
    for name, queue in result.queues.items():
        lines.append(
            _line(
                str(QUEUES.get(name, name)),
                f"{queue.count:,}",
                _("最早的等了%(age)s") % {"age": _seconds(queue.age.total_seconds())} if queue.count else "",
                is_bad=f"wait_{name.replace(' ', '_')}" in result.alarms,
            )
        )
    return lines


def _record(result: Signs) -> list[dict[str, Any]]:
    proven = result.proven
    lines = (
        [_line(_("全部记录核对"), _("还没有核对过"))]
        if proven is None
        else [
            _line(
                _("全部记录核对"),
                _("没有断开") if proven.is_sound else _("有断开"),
                _("%(n)s条，%(age)s前")
                % {"n": f"{proven.counted:,}", "age": _seconds((result.at - proven.at).total_seconds())},
                is_bad=bool({"record_broken", "record_unproven"} & set(result.alarms)),
            )
        ]
    )
    seal = _("第%(n)s号") % {"n": result.seal_number} if result.seal_at else _("还没有封印")
    when = _("%(age)s前") % {"age": _seconds((result.at - result.seal_at).total_seconds())} if result.seal_at else ""
    return [
        *lines,
        _line(_("最新的检查点"), seal, when, is_bad="unsealed" in result.alarms),
        _line(_("之后还没有封印的"), f"{result.unsealed:,}"),
    ]


def _drill(result: Signs) -> list[dict[str, Any]]:
    """Of the last time that a backup was restored: what came of it, from what, how much, and how long it took."""
    drill = result.drill
    if drill is None:
        return [_line(_("恢复演练"), _("还没有演练过"), _("备份没有恢复过，就不知道能不能用"))]
    is_bad = bool({"drill_failed", "drill_old"} & set(result.alarms))
    ago = _("%(age)s前，用了%(seconds)s") % {
        "age": _seconds((result.at - drill.at).total_seconds()),
        "seconds": _seconds(drill.seconds),
    }
    lines = [_line(_("恢复演练"), str(drill.get_result_display()), ago, is_bad=is_bad)]
    if drill.backup:
        moment = f"{timezone.localtime(drill.as_of):%Y-%m-%d %H:%M:%S}" if drill.as_of else ""
        lines.append(_line(_("用的备份"), drill.backup, _("数据截至%(moment)s") % {"moment": moment} if moment else ""))
    if drill.rows:
        counted = _("%(cases)s件投诉，%(entries)s条记录") % {
            "cases": f"{drill.cases:,}",
            "entries": f"{drill.entries:,}",
        }
        lines.append(_line(_("恢复出来的行"), f"{drill.rows:,}", counted))
    return lines


def _counting(result: Signs) -> list[dict[str, Any]]:
    compared = (
        _("%(age)s前比对过") % {"age": _seconds((result.at - result.compared_at).total_seconds())}
        if result.compared_at
        else _("还没有比对过")
    )
    return [
        _line(
            _("工作日日历载入到"),
            str(result.calendar_until or cards.NOTHING),
            _("缺%(year)s年") % {"year": result.calendar_missing} if result.calendar_missing else "",
            is_bad=bool(result.calendar_missing),
        ),
        _line(_("还没有计入统计的步骤"), f"{result.uncounted:,}", is_bad="uncounted" in result.alarms),
        _line(_("统计和案件的差异"), f"{result.differences:,}", compared, is_bad=result.differences > 0),
    ]


TYPE = "text/plain; version=0.0.4; charset=utf-8"


@never_cache
@require_safe
@transaction.non_atomic_requests
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        raise Http404
    try:
        with serving(request):
            text = written(signs.read(now=timezone.now()))
    except DatabaseError:
        text = ""
    up = ["# HELP odr_database_up 1 where the database answered.", "# TYPE odr_database_up gauge"]
    up += [f"odr_database_up {bool(text):d}\n"]
    return HttpResponse("\n".join(up) + text + counts.told(), content_type=TYPE)


def written(result: Signs) -> str:
    """What stands in the database. Shares that nothing stands for are left out; ages are in seconds."""
    lines: list[str] = []
    for name, text, values in _measures(result):
        lines += [f"# HELP odr_{name} {text}", f"# TYPE odr_{name} gauge"]
        lines += [f"odr_{name}{label} {value:g}" for label, value in values]
    return "\n".join(lines) + "\n"


def _measures(result: Signs) -> Iterator[tuple[str, str, list[tuple[str, float]]]]:
    def one(value: float | None) -> list[tuple[str, float]]:
        return [] if value is None else [("", float(value))]

    def age(at: object) -> list[tuple[str, float]]:
        return one((result.at - at).total_seconds() if hasattr(at, "tzinfo") else None)  # type: ignore[operator]

    yield (
        "routing_precision",
        "Ended stages of 30 days that had come to the right enterprise at once, as a share.",
        one(result.precision),
    )
    yield (
        "routing_stages",
        "Ended stages of 30 days, of which some had been routed wrongly.",
        [(f'{{kind="{kind}"}}', float(n)) for kind, n in result.routing.items()],
    )
    yield "misroutes_mended_in_time", "Stages given back that went on in time, as a share.", one(result.mended_share)
    yield (
        "notices_delivered",
        "Of the newest notices that went out or were given up, the share that went out.",
        one(result.delivered_share),
    )
    yield "notices_set_aside", "Notices that reached nobody.", one(result.set_aside)
    yield (
        "clock_lateness_seconds",
        "How long after their moment the newest lapses were written.",
        (
            [('{quantile="0.5"}', result.lateness.median), ('{quantile="1"}', result.lateness.most)]
            if result.lateness.n
            else []
        ),
    )
    yield (
        "heartbeat_age_seconds",
        "Since a process was last heard of.",
        [(f'{{name="{name}"}}', gone.total_seconds()) for name, gone in sorted(result.beats.items())],
    )
    yield (
        "queue_length",
        "Rows that wait for a sweep.",
        [(f'{{queue="{name}"}}', float(queue.count)) for name, queue in result.queues.items()],
    )
    yield (
        "queue_age_seconds",
        "How long the oldest of them has waited.",
        [(f'{{queue="{name}"}}', queue.age.total_seconds()) for name, queue in result.queues.items()],
    )
    yield "seal_number", "Number of the newest checkpoint of the record.", one(result.seal_number)
    yield "seal_age_seconds", "Since the newest checkpoint was signed.", age(result.seal_at)
    yield "unsealed_entries", "Entries of cases that are under no checkpoint yet.", one(result.unsealed)
    if result.proven is not None:
        yield (
            "record_unbroken",
            "1 if the record was unbroken when it was last gone through as a whole.",
            one(result.proven.is_sound),
        )
        yield "record_proven_age_seconds", "Since it was gone through.", age(result.proven.at)
    if result.drill is not None:
        yield (
            "restore_drill_sound",
            "1 if the last backup that was restored beside the portal came back whole.",
            one(result.drill.result == "sound"),
        )
        yield "restore_drill_age_seconds", "Since it was restored.", age(result.drill.at)
        yield "restore_drill_duration_seconds", "How long that took.", one(result.drill.seconds)
    yield "calendar_known_until_year", "The last year whose working days are loaded.", one(result.calendar_until)
    yield "calendar_missing", "1 if a year ought to be loaded and is not.", one(1 if result.calendar_missing else 0)
    yield "uncounted_steps", "Steps that are not folded into the counters yet.", one(result.uncounted)
    yield "counter_differences", "What the last comparison of counters and cases found.", one(result.differences)
    yield "alarms", "Conditions that somebody must see to.", one(len(result.alarms))
    yield "alarm", "1 for each of them.", [(f'{{condition="{code}"}}', 1.0) for code in result.alarms]
