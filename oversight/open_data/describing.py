"""The issued data described for others: how a version is cited, schema.org for search engines, DCAT-AP for catalogues.

Nothing is told of a set but what its rows say. Addresses are whole: ``place`` is where the portal stands, without a
slash at the end. Sources: schema.org/Dataset, DCAT-AP 3.0 (terms in JSON-LD), GB/T 7714-2015 for the citation.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from oversight.models import DataFile, DataSet
from oversight.open_data.files import LICENCE, not_told
from web.languages import languages

TITLE = gettext_lazy("消费纠纷在线和解公开数据")
#: Search engines take a description of a data set from 50 characters on.
ABOUT = gettext_lazy(
    "每月的投诉数字，按地区、类别和企业，有CSV和JSON两种格式；以后更正的另出一版，旧版的网址不变。不含个人信息。投诉不等于违法。"
)
PUBLISHER = gettext_lazy("12315 在线和解")
KEYWORDS = (gettext_lazy("消费投诉"), gettext_lazy("在线和解"), gettext_lazy("市场监管"))
#: Terms of closed lists that catalogues share; names, never called.
_EU = "http://publications.europa.eu/resource/authority/"
_IN_HTML = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}

Described = dict[str, Any]


def script_of(described: Described) -> SafeString:
    """JSON-LD as it may stand in a script element of a page: no browser runs it, and nothing in it ends the element."""
    return mark_safe(json.dumps(described, ensure_ascii=False).translate(_IN_HTML))  # noqa: S308 - escaped here


def address_of(data_set: DataSet, place: str, name: str = "") -> str:
    """Of a version, or of a file of it: it never changes and never means another version."""
    if name:
        return place + reverse("oversight:open-data-file", args=[str(data_set), name])
    return place + reverse("oversight:open-data-set", args=[str(data_set)])


def citation(data_set: DataSet, place: str) -> str:
    """One line for a list of references, with the address of this version."""
    return _("%(who)s. %(title)s：%(month)s，第%(n)s版[DS/OL]. (%(day)s). %(url)s") % {
        "who": PUBLISHER,
        "title": TITLE,
        "month": f"{data_set.month:%Y-%m}",
        "n": data_set.version,
        "day": f"{localdate(data_set.made_at):%Y-%m-%d}",
        "url": address_of(data_set, place),
    }


def about(data_set: DataSet) -> str:
    """What it is, and of which places it tells nothing."""
    return " ".join(filter(None, (str(ABOUT), not_told(data_set.finest))))


def last_day(data_set: DataSet) -> date:
    """Of its month."""
    return (data_set.month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def dataset(data_set: DataSet, files: Sequence[DataFile], place: str) -> Described:
    """schema.org/Dataset of one version, in the reader's language."""
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": address_of(data_set, place),
        "url": address_of(data_set, place),
        "name": f"{TITLE} {data_set.month:%Y-%m}",
        "description": about(data_set),
        "version": str(data_set.version),
        "datePublished": f"{localdate(data_set.made_at):%Y-%m-%d}",
        "temporalCoverage": f"{data_set.month:%Y-%m-%d}/{last_day(data_set):%Y-%m-%d}",
        "spatialCoverage": "CN",
        "isAccessibleForFree": True,
        "license": LICENCE["path"],
        "citation": citation(data_set, place),
        "creator": _publisher(place),
        "keywords": [str(word) for word in KEYWORDS],
        "includedInDataCatalog": {"@type": "DataCatalog", "url": place + reverse("oversight:open-data")},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.name,
                "contentUrl": address_of(data_set, place, file.name),
                "encodingFormat": _media_type(file),
                "contentSize": f"{file.size} B",
                "sha256": file.sha256,
            }
            for file in files
        ],
    }


def data_catalogue(sets: Sequence[DataSet], place: str) -> Described:
    """schema.org/DataCatalog of the page that lists them."""
    return {
        "@context": "https://schema.org",
        "@type": "DataCatalog",
        "@id": place + reverse("oversight:open-data"),
        "url": place + reverse("oversight:open-data"),
        "name": str(TITLE),
        "description": str(ABOUT),
        "license": LICENCE["path"],
        "creator": _publisher(place),
        "dataset": [
            {
                "@type": "Dataset",
                "@id": address_of(one, place),
                "url": address_of(one, place),
                "name": f"{TITLE} {one.month:%Y-%m}",
                "description": about(one),
                "version": str(one.version),
                "license": LICENCE["path"],
                "creator": _publisher(place),
            }
            for one in sets
        ],
    }


def _publisher(place: str) -> Described:
    return {"@type": "Organization", "name": str(PUBLISHER), "url": f"{place}/"}


def _media_type(file: DataFile) -> str:
    return file.media_type.partition(";")[0]


def _in_each(text: str | Promise, more: str = "") -> list[Described]:
    """The same text in each language."""
    result = []
    for language in languages():
        with override(language.code):
            result.append({"@language": language.tag, "@value": f"{text}{more}"})
    return result


_CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def dcat(sets: Sequence[DataSet], files: Mapping[int, Sequence[DataFile]], place: str) -> Described:
    """A catalogue by DCAT-AP as JSON-LD: the newest version of each month, ``files`` by the id of the set."""
    agent = {"@id": f"{place}/#publisher", "@type": "foaf:Agent", "foaf:name": _in_each(PUBLISHER)}
    results: Described = {
        "@context": dict(_CONTEXT),
        "@id": place + reverse("oversight:open-data"),
        "@type": "dcat:Catalog",
        "dct:title": _in_each(TITLE),
        "dct:description": _in_each(ABOUT),
        "dct:publisher": agent,
        "dct:license": {"@id": LICENCE["path"]},
        "dct:language": [{"@id": f"{_EU}language/{code}"} for code in ("ZHO", "ENG")],
        "foaf:homepage": {"@id": f"{place}/"},
        "dcat:dataset": [_dcat_of(one, files.get(one.pk, ()), agent, place) for one in sets],
        "dcat:service": {
            "@id": f"{place}{reverse('oversight:open-api')}",
            "@type": "dcat:DataService",
            "dct:title": _in_each(TITLE, " API"),
            "dcat:endpointURL": {"@id": f"{place}{reverse('oversight:open-api')}"},
            "dcat:endpointDescription": {"@id": f"{place}{reverse('oversight:open-api-schema')}"},
            "dct:license": {"@id": LICENCE["path"]},
            "dct:accessRights": {"@id": f"{_EU}access-right/PUBLIC"},
            "dcat:servesDataset": [{"@id": address_of(one, place)} for one in sets],
        },
    }
    if sets:
        results["dct:modified"] = _moment(max(sets, key=lambda one: one.made_at))
    return results


def _moment(data_set: DataSet) -> Described:
    return {"@type": "xsd:dateTime", "@value": data_set.made_at.isoformat()}


def _dcat_of(data_set: DataSet, files: Sequence[DataFile], agent: Described, place: str) -> Described:
    return {
        "@id": address_of(data_set, place),
        "@type": "dcat:Dataset",
        "dct:title": _in_each(TITLE, f" {data_set.month:%Y-%m}"),
        "dct:description": _in_each(lazy(about, str)(data_set)),
        "dct:identifier": str(data_set),
        "dcat:version": str(data_set.version),
        "dct:issued": _moment(data_set),
        "dct:publisher": {"@id": agent["@id"]},
        "dct:accessRights": {"@id": f"{_EU}access-right/PUBLIC"},
        "dct:accrualPeriodicity": {"@id": f"{_EU}frequency/MONTHLY"},
        "dct:spatial": {"@id": f"{_EU}country/CHN"},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": f"{data_set.month:%Y-%m-%d}"},
            "dcat:endDate": {"@type": "xsd:date", "@value": f"{last_day(data_set):%Y-%m-%d}"},
        },
        "dcat:landingPage": {"@id": address_of(data_set, place)},
        "dcat:keyword": [text for word in KEYWORDS for text in _in_each(word)],
        "dcat:distribution": [
            {
                "@id": address_of(data_set, place, file.name),
                "@type": "dcat:Distribution",
                "dct:title": file.name,
                "dcat:accessURL": {"@id": address_of(data_set, place, file.name)},
                "dcat:downloadURL": {"@id": address_of(data_set, place, file.name)},
                "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{_media_type(file)}"},
                "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file.size)},
                "dct:license": {"@id": LICENCE["path"]},
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
                },
            }
            for file in files
        ],
    }
