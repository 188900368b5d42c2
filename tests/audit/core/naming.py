"""All numbers of one scope and period, by the name under which they are compared."""

from typing import Any

from tests.audit.core import last_day
from tests.audit.core.counting import RESULTS, World, quantile, within

#: What counts for the success rate; withdrawn and returned stand apart.
JUDGED = ("settled", "unconfirmed", "settled_elsewhere", "failed")


def figures(world: World) -> dict[str, Any]:
    """What an authority sees of a scope."""
    settled, on_time, wrong = world.settled(), world.on_time(), world.misroutes()
    kept, mediated, reviews = world.kept(), world.mediated(), world.reviews()
    minutes, accepted, handled = world.response_lengths(), world.acceptance_lengths(), world.handling_lengths()
    result: dict[str, Any] = {
        "received": world.received(),
        "closed": len(world.closed()),
        **{f"settled.{name}": settled[name] for name in (*RESULTS, "let_rest", "in_part")},
        "settled.upper": settled["settled"] + settled["unconfirmed"],
        "settled.whole": sum(settled[name] for name in JUDGED),
        **{f"on_time.{name}": n for name, n in on_time.items()},
        "on_time.whole": on_time["in_time"] + on_time["late"] + on_time["open_overdue"],
        "first_response": len(minutes["minutes"]),
        "acceptance": len(accepted),
        "handling_time": len(handled["wd"]),
        **{f"kept.{name}": n for name, n in kept.items()},
        **{f"mediated.{name}": n for name, n in mediated.items()},
        **{f"review_on_time.{name}": n for name, n in reviews.items()},
        "misrouted.whole": wrong["ended"],
        "misrouted": wrong["misrouted"],
        **{f"mended.{name}": wrong[name] for name in ("in_time", "late", "waiting")},
        "recovered": world.recovered(),
    }
    for unit, days in handled.items():
        result[f"handling_time.{unit}_mean"] = sum(days) / len(days) if days else None
    for name, values in (
        *(
            (f"first_response.{unit}", values)
            for unit, values in (("minutes", minutes["minutes"]), ("wd", minutes["days"]))
        ),
        ("acceptance.minutes", accepted),
        *((f"handling_time.{unit}", values) for unit, values in handled.items()),
    ):
        result[f"{name}_median"] = quantile(values, 0.5) if values else None
        result[f"{name}_p90"] = float(within(values, 0.9)) if values else None
    return result


def further(world: World) -> dict[str, Any]:
    """Marks and shares that the comparison of places and periods shows beside these."""
    marks, settled = world.marks(), world.settled()
    own, offers = last_day.answered(world), last_day.offered(world)
    return {
        "last_day.part": len(own[1]),
        "last_day.whole": len(own[0]),
        "last_offer.part": len(offers[1]),
        "last_offer.whole": len(offers[0]),
        "rating": len(marks),
        "rating.marks": sum(marks),
        "first_settled.part": settled["settled"],
        "first_settled.whole": world.received(),
        "withdrawn.part": settled["withdrawn"],
        "withdrawn.whole": len(world.ended()),
        "again.part": world.again(),
        "again.whole": len(world.delivered()),
    }


def headlines(world: World) -> dict[str, Any]:
    """The few that stand in a line of a table."""
    settled, on_time = world.settled(), world.on_time()
    return {
        **world.open_now(),
        "received": world.received(),
        "settled": settled["settled"],
        "settled.upper": settled["settled"] + settled["unconfirmed"],
        "settled.whole": sum(settled[name] for name in JUDGED),
        "in_time": on_time["in_time"],
        "on_time.whole": on_time["in_time"] + on_time["late"] + on_time["open_overdue"],
    }


def mirror(world: World) -> dict[str, Any]:
    """What an enterprise sees of itself."""
    own, offers = last_day.answered(world), last_day.offered(world)
    settled, on_time = world.settled(), world.on_time()
    return {
        "delivered": len(world.delivered()),
        **{result: settled[result] for result in (*RESULTS, "let_rest")},
        "in_time": on_time["in_time"],
        "ended_late": on_time["late"],
        "open_late": on_time["open_overdue"],
        "responded": len(world.first_responses()),
        "unanswered": len(world.unanswered()),
        "again": world.again(),
        "ended": len(world.ended()),
        "offered": len(offers[0]),
        "offered_last_day": len(offers[1]),
        "answered": len(own[0]),
        "ended_last_day": len(own[1]),
        **{f"promises_{name}": n for name, n in world.kept().items() if name != "due"},
        "untagged": sum(stage.row.pk not in world.book.rows.causes for stage in world.ended()),
        **{f"kept.{name}": n for name, n in world.kept().items()},
    }
