"""Kinds of change that are about the whole enterprise: brands, other names, who answers after whom; names in English.

As in change_kinds. What belongs to another enterprise is never written, except that it is succeeded.
"""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enterprises.directory import change_kinds
from enterprises.models import Alias, Branch, Brand, BrandHolding, Enterprise, SearchName, Succession
from web.languages import named


class BrandAdd(change_kinds.Kind):
    code, title, is_whole = "brand-add", gettext_lazy("增加品牌"), True
    fields = ("name", "name_en", "category")

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        change_kinds.free_name(wish, wish.text("name"), field="name", longest=80)
        if wish.text("name_en"):
            change_kinds.free_name(wish, wish.text("name_en"), field="name_en", longest=80)
        change_kinds.known_category(wish.text("category"))
        held = BrandHolding.objects.filter(
            change_kinds.overlapping(wish.start),
            brand__name=wish.text("name"),
            enterprise=wish.enterprise,
            category=wish.text("category"),
        )
        if held.exists():
            raise change_kinds.ChangeRefused("brand_held", _("这个品牌已经由本企业负责"), field="name")

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        brand, _made = Brand.objects.get_or_create(name=wish.text("name"), defaults={"name_en": wish.text("name_en")})
        BrandHolding.objects.create(
            brand=brand, enterprise=wish.enterprise, category=wish.text("category"), starts_on=wish.start
        )


class BrandEnd(change_kinds.Kind):
    code, title, day, is_whole = "brand-end", gettext_lazy("不再负责品牌"), "last", True
    row = BrandHolding

    def about(self, row: Any) -> dict[str, Any]:
        return {"holding": row.pk, "name": row.brand.name, "category": row.category}

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        held = (
            BrandHolding.objects.filter(pk=wish.pk("holding"), enterprise=wish.enterprise)
            .select_related("brand")
            .first()
        )
        if held is None:
            raise change_kinds.ChangeRefused("no_brand", _("本企业没有这个品牌"))
        change_kinds.last_day(held, wish, named(held.brand))

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        BrandHolding.objects.filter(pk=wish.what["holding"]).update(ends_on=wish.start)


class AliasAdd(change_kinds.Kind):
    code, title, is_whole = "alias-add", gettext_lazy("增加别称"), True
    fields = ("name",)
    kind = Alias.Kind.ALIAS

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        change_kinds.free_name(wish, wish.text("name"), field="name")
        same = Alias.objects.filter(
            change_kinds.overlapping(wish.start), enterprise=wish.enterprise, name=wish.text("name"), kind=self.kind
        )
        if same.exists():
            raise change_kinds.ChangeRefused("alias_known", _("这个名称已经登记"), field="name")

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        Alias.objects.create(enterprise=wish.enterprise, name=wish.text("name"), kind=self.kind, starts_on=wish.start)


class FormerAdd(AliasAdd):
    code, title, day = "former-add", gettext_lazy("登记曾用名"), "fact"
    kind = Alias.Kind.FORMER

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        change_kinds.free_name(wish, wish.text("name"), field="name")
        if Alias.objects.filter(enterprise=wish.enterprise, name=wish.text("name"), kind=self.kind).exists():
            raise change_kinds.ChangeRefused("alias_known", _("这个名称已经登记"), field="name")
        if wish.on_day > wish.today:
            raise change_kinds.ChangeRefused("future", _("曾用名的最后一天不能晚于今天"), field="on_day")

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        Alias.objects.create(enterprise=wish.enterprise, name=wish.text("name"), kind=self.kind, ends_on=wish.on_day)


class AliasEnd(change_kinds.Kind):
    code, title, day, is_whole = "alias-end", gettext_lazy("终止别称"), "last", True
    row = Alias

    def about(self, row: Any) -> dict[str, Any]:
        return {"alias": row.pk, "name": row.name}

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        alias = Alias.objects.filter(pk=wish.pk("alias"), enterprise=wish.enterprise, kind=Alias.Kind.ALIAS).first()
        if alias is None:
            raise change_kinds.ChangeRefused("no_alias", _("本企业没有这个别称"))
        change_kinds.last_day(alias, wish, alias.name)

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        Alias.objects.filter(pk=wish.what["alias"]).update(ends_on=wish.start)


class SuccessorAdd(change_kinds.Kind):
    """Another entity answers for this one. Its day is a fact of the register and may be past."""

    code, title, day, is_whole = "successor-add", gettext_lazy("由别家企业承继本企业"), "fact", True
    fields = ("enterprise",)

    def pair(self, wish: change_kinds.ChangeRequest, other: Enterprise) -> tuple[int, int]:
        return wish.enterprise.pk, other.pk

    def first_day(self, wish: change_kinds.ChangeRequest) -> date:
        return wish.start

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        other = self._other(wish)
        old, new = self.pair(wish, other)
        if Succession.objects.filter(predecessor_id=old, successor_id=new).exists():
            raise change_kinds.ChangeRefused("succession_known", _("这个承继已经登记"), field="enterprise")
        fresh, seen = {new}, {new}
        while fresh:
            fresh = (
                set(Succession.objects.filter(predecessor_id__in=fresh).values_list("successor_id", flat=True)) - seen
            )
            seen |= fresh
        if old in seen:
            raise change_kinds.ChangeRefused(
                "circle", _("承继绕成了圈：%(enterprise)s") % {"enterprise": named(other)}, field="enterprise"
            )

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        old, new = self.pair(wish, self._other(wish))
        Succession.objects.create(predecessor_id=old, successor_id=new, on_day=wish.on_day)

    def _other(self, wish: change_kinds.ChangeRequest) -> Enterprise:
        other = Enterprise.objects.filter(pk=wish.pk("enterprise")).exclude(pk=wish.enterprise.pk).first()
        if other is None:
            raise change_kinds.ChangeRefused("no_enterprise", _("没有这个企业"), field="enterprise")
        return other


class PredecessorAdd(SuccessorAdd):
    """This entity answers for another. One that still works here says so itself."""

    code, title = "predecessor-add", gettext_lazy("本企业承继别家企业")

    def pair(self, wish: change_kinds.ChangeRequest, other: Enterprise) -> tuple[int, int]:
        return other.pk, wish.enterprise.pk

    def enterprise_ids(self, wish: change_kinds.ChangeRequest) -> set[int]:
        return {wish.enterprise.pk, int(wish.what["enterprise"])}

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        other = self._other(wish)
        if other.enrolment in (Enterprise.Enrolment.ENROLLED, Enterprise.Enrolment.SUSPENDED):
            raise change_kinds.ChangeRefused(
                "says_itself",
                _("%(enterprise)s仍是在线和解企业，须由它自己提出") % {"enterprise": named(other)},
                field="enterprise",
            )
        super().judge(wish)


class EnglishName(change_kinds.Kind):
    """How it is called in English: written at once and kept; nobody else's name."""

    code, title, day, needs_approval = "english-name", gettext_lazy("修改英文名称"), "", False
    fields = names = ("name_en",)
    row = Branch

    def judge(self, wish: change_kinds.ChangeRequest) -> None:
        # Nobody is asked before it counts, so a brand or an alias of somebody else is not to be had this way either.
        change_kinds.free_name(wish, wish.text("name_en"), field="name_en", kinds=tuple(SearchName.Kind))
        if not wish.text("name_en").isascii():
            raise change_kinds.ChangeRefused("not_english", _("英文名称只用英文字母、数字和标点"), field="name_en")
        if wish.what.get("branch"):
            wish.branch(on=wish.today)

    def write(self, wish: change_kinds.ChangeRequest) -> None:
        rows: Any = Enterprise.objects.filter(pk=wish.enterprise.pk)
        if wish.what.get("branch"):
            rows = Branch.objects.filter(pk=wish.what["branch"], enterprise=wish.enterprise)
        rows.update(name_en=wish.text("name_en"))


KINDS: dict[str, change_kinds.Kind] = {
    kind.code: kind
    for kind in (
        change_kinds.BranchAdd(),
        change_kinds.BranchEnd(),
        change_kinds.BranchMove(),
        change_kinds.AreaAdd(),
        change_kinds.AreaEnd(),
        change_kinds.DutySet(),
        BrandAdd(),
        BrandEnd(),
        AliasAdd(),
        FormerAdd(),
        AliasEnd(),
        SuccessorAdd(),
        PredecessorAdd(),
        EnglishName(),
    )
}
