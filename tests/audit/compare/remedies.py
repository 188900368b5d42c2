"""What is said of each remedy: its list, sample and complainants counted anew, its public page as everybody reads it;
and of each campaign what chose it, and the figures of its undertakings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from accounts.keys import sealed_fields
from complaints.models import PersonalText
from complaints.procedure.categories import QUESTIONS
from oversight.hot_spots import campaign_counts, campaign_forms
from oversight.hot_spots.campaign_counts import Cell
from oversight.models import Campaign, Guidance, GuidanceMeasure, HotSpotAction, RemedySample
from oversight.models import Remedy as OfPortal
from oversight.remedies import verifying
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit
from tests.audit.core import remedies as core
from tests.audit.core.record import DAY, local
from tests.audit.core.rows import Case

#: Two ways of finding the same limit.
APART = 1e-6
#: What people are found by.
KINDS = ("consumer_phone", "consumer_order_no", *(one.text_kind for one in QUESTIONS if one.is_identifier))


def compared(audit: Audit) -> Pairs:
    with connection.cursor() as cursor:
        every = core.read(cursor)
    for remedy in audit.some(every):
        yield from _of_remedy(audit, remedy)
    for campaign in audit.some(list(Campaign.objects.order_by("pk"))):
        yield from _of_campaign(audit, campaign)


def _of_remedy(audit: Audit, remedy: core.Remedy) -> Pairs:
    row, told = remedy.row, OfPortal.objects.get(pk=remedy.row.pk)
    about = (f"remedy {row.pk}", f"{row.first}–{row.last}")
    for one in remedy.reports:
        is_right = one.remedied + one.unreachable + one.declined <= one.population
        yield Pair("remedy: no more than are affected", *about, is_right, True)
    if remedy.has_list:
        counts = (len(remedy.lines), sum(line.is_remedied for line in remedy.lines))
        yield Pair("remedy: lines of its list", *about, (row.listed, row.listed_remedied), counts)
    else:
        yield Pair("remedy: lines of a list that is gone", *about, 0, len(remedy.lines))
    samples = RemedySample.objects.filter(remedy=row.pk).order_by("pk")
    for sample, own in zip(samples, remedy.samples, strict=True):
        is_there = remedy.has_list and own.listed_at == row.listed_at
        yield Pair("remedy: sample", *about, core.is_well_drawn(own, remedy.lines if is_there else None), True)
        limit = core.least_share(len(own.lines), len(own.bad), own.whole)
        yield Pair("remedy: lower limit", *about, verifying.limit_of(sample), limit, APART)
    if row.compared_at is not None:
        yield from _of_complainants(audit, remedy, told, about)
    if row.state == "running":
        yield Pair("remedy: may be verified", *about, not verifying.missing_of(told), core.may_be_verified(remedy))
    elif row.state == "verified":
        yield Pair("remedy: was verified rightly", *about, True, core.may_be_verified(remedy))
    yield from _page_of(remedy, about)


def _of_complainants(audit: Audit, remedy: core.Remedy, told: OfPortal, about: tuple[str, str]) -> Pairs:
    row, cases = remedy.row, core.cases_of(audit.rows, remedy.row)
    # What came in meanwhile, or went elsewhere, moves a number by as many cases at the most.
    moved = core.moved_since(audit.rows.cases.values(), row.compared_at)
    then = [case for case in cases if case.entries and case.entries[0].written_at <= row.compared_at]
    people, listed = core.on_the_list(remedy, numbers_of(then), lambda text: sealed_fields.digests_of("affected", text))
    pairs = [("complaints", row.complaints, len(then)), ("complainants", row.complainants, people)]
    if remedy.has_list:
        pairs.append(("complainants on the list", row.complainants_listed, listed))
    for name, portal, anew in pairs:
        is_moved = 0 < abs(portal - anew) <= moved
        yield Pair(f"remedy: {name}", *about, portal, portal if is_moved else anew)
    found = verifying.completeness_of(told)
    assert found is not None
    low, high = core.between(row.complainants_listed, row.complainants)
    yield Pair("remedy: share on the list, low", *about, found.interval[0], low, APART)
    yield Pair("remedy: share on the list, high", *about, found.interval[1], high, APART)
    is_refuted = bool(row.complainants) and high < core.WANTED
    yield Pair("remedy: list refuted", *about, found.is_refuted, is_refuted)
    if is_refuted and high:
        yield Pair("remedy: affected at least", *about, found.least_population, int(row.listed / high))


def numbers_of(cases: Iterable[Case]) -> Mapping[int, Mapping[str, str]]:
    """The numbers of each case by kind, opened with the keys of the portal."""
    ids = [case.row.pk for case in cases]
    texts = list(PersonalText.objects.filter(complaint_id__in=ids, audience="parties", kind__in=KINDS))
    sealed_fields.load_for(texts)
    result: dict[int, dict[str, str]] = {pk: {} for pk in ids}
    for text in texts:
        result[text.complaint_id][text.kind] = text.text or ""
    return result


def _page_of(remedy: core.Remedy, about: tuple[str, str]) -> Pairs:
    row = remedy.row
    cache.clear()
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"]):
        answer = Client().get(f"/open/remedies/{row.pk}/", secure=True)
    is_public = row.publicity in ("published", "withdrawn")
    yield Pair("remedy: public page", *about, answer.status_code, 200 if is_public else 404)
    if row.publicity != "published" or answer.status_code != 200:
        return
    page = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    text = re.sub(r"\s+", "", unescape(re.sub(r"<[^>]*>", " ", page)))
    if remedy.reports:
        said = remedy.reports[-1]
        words = f"影响{said.population:,}人，已补救{said.remedied:,}人"
        yield Pair("remedy page: affected and remedied", *about, words in text, True)
    looked = [sample for sample in remedy.samples if sample.checked_at is not None]
    if looked and len(looked[-1].lines) < looked[-1].whole:
        sample = looked[-1]
        limit = int(100 * core.least_share(len(sample.lines), len(sample.bad), sample.whole) + 1e-9)
        shown = re.search(r"抽查(\d+)人.*?至少(\d+)%属实", text)
        counted = (str(len(sample.lines)), str(limit))
        yield Pair("remedy page: sample and lower limit", *about, shown and shown.groups(), counted)
    share = re.search(r"投诉者(\d+)%在名单里（(\d+)%–(\d+)%）", text)
    if row.compared_at is None or row.complainants < 30:
        yield Pair("remedy page: share of under thirty", *about, share is not None, False)
    else:
        low, high = core.between(row.complainants_listed, row.complainants)
        own = tuple(str(round(100 * one)) for one in (row.complainants_listed / row.complainants, low, high))
        yield Pair("remedy page: complainants on the list", *about, share and share.groups(), own)


# --- campaigns --------------------------------------------------------------------------------------------------------


def _of_campaign(audit: Audit, campaign: Campaign) -> Pairs:
    about = (f"campaign {campaign.pk}", f"{campaign.chose_first}–{campaign.chose_last}")
    moved = core.moved_since(audit.rows.cases.values(), campaign.opened_at)

    def asked(firm: int) -> core.Undertaken:
        return core.Undertaken(firm, campaign.region_id, campaign.sector, campaign.problem)

    for firm, chose, before in campaign.figures:
        first, last = campaign.chose_first, campaign.chose_last
        spans = ((chose, first, last), (before, first - 182 * DAY, first - DAY))
        for name, (told, begin, end) in zip(("chose it", "before"), spans, strict=True):
            anew = core.received(audit.book, asked(firm), begin, end)
            same = told if 0 < abs(told - anew) <= moved else anew
            yield Pair(f"campaign: complaints that {name} of {firm}", *about, told, same)
    measures = list(GuidanceMeasure.objects.filter(guidance__campaign=campaign).select_related("guidance"))
    for measure in measures:
        if measure.figure and campaign.called_on is not None:
            scope = (f"campaign {campaign.pk}, {measure.guidance.enterprise_id}, {measure.number}", measure.figure)
            yield from _of_undertaking(audit, campaign, measure, asked(measure.guidance.enterprise_id), scope)
    yield from _headline_of(campaign, audit, about)


def _of_undertaking(
    audit: Audit, campaign: Campaign, measure: GuidanceMeasure, asked: core.Undertaken, about: tuple[str, str]
) -> Pairs:
    called, figure = campaign.called_on, measure.figure
    assert called is not None
    value, n = campaign_counts.baseline_of(campaign, asked.firm, figure)
    pair = core.pair_of(audit.book, figure, asked, called - 91 * DAY, called - DAY)
    yield Pair("undertaking: baseline", *about, value, core.value_of(figure, pair, 91))
    yield Pair("undertaking: of so many", *about, n, sum(pair))
    if measure.counted_to is None:
        return
    days = core.days_counted(called, measure.counted_to)
    if days is None:
        yield Pair("undertaking: counted of too few days", *about, measure.counted, None)
        return
    pair = core.pair_of(audit.book, figure, asked, *days)
    now, n = campaign_counts.value_between(Cell.of(campaign), asked.firm, figure, *days)
    anew = core.value_of(figure, pair, (days[1] - days[0]).days + 1)
    yield Pair("undertaking: value today", *about, now, anew)
    yield Pair("undertaking: of so many today", *about, n, sum(pair))
    # What was kept moves no more; the cases may have.
    if (measure.counted, measure.counted_n) == (now, n):
        yield Pair("undertaking: kept value", *about, measure.counted, anew)
    if measure.told_to == measure.counted_to:
        yield Pair("undertaking: tenths told", *about, measure.told, _tenths(measure))


def _tenths(measure: GuidanceMeasure) -> int | None:
    """Whole tenths of the way, of thirty cases or more on either side; none of a way that leads nowhere."""
    start, end, at = measure.baseline, measure.target, measure.counted
    few = (measure.baseline_n or 0) < 30 or (measure.figure != "received" and (measure.counted_n or 0) < 30)
    if start is None or end is None or at is None or start == end or few:
        return None
    done = sum((at - start) / (end - start) >= tenth / 10 - 1e-9 for tenth in range(1, 11))
    return int(done)


def _headline_of(campaign: Campaign, audit: Audit, about: tuple[str, str]) -> Pairs:
    """How many undertakings are done and late, by the rows and by the deeds."""
    as_of = local(campaign.judged_at).date() if campaign.judged_at else audit.today
    guidances = Guidance.objects.filter(campaign=campaign).prefetch_related("measures")
    shown = [one for guidance in guidances for one in campaign_forms.undertakings_of(guidance, today=as_of)]
    said = tuple(map(int, re.findall(r"\d+", campaign_forms.headline(shown, today=as_of))))
    with connection.cursor() as cursor:
        cursor.execute(
            """select count(*), count(*) filter (where m.state = 'done'),
                count(*) filter (where m.state <> 'done' and m.due_on < %s)
            from oversight_guidancemeasure m join oversight_guidance g on g.id = m.guidance_id
            where g.campaign_id = %s""",
            [as_of, campaign.pk],
        )
        yield Pair("campaign: undertakings, done, late", *about, said, cursor.fetchone())
    done = {(one["row"].guidance_id, one["row"].number) for one in shown if one["row"].state == "done"}
    kinds = (HotSpotAction.Kind.REPORTED, HotSpotAction.Kind.COUNTED)
    deeds = HotSpotAction.objects.filter(guidance__campaign=campaign, kind__in=kinds)
    noted = set(deeds.values_list("guidance", "measure"))
    yield Pair("campaign: done without a deed", *about, done - noted, set())
