"""What an enterprise may change of its own entry: each kind, what it needs, what stands against it, what it writes.

A kind is judged anew each time, under a lock that `changing` holds. Rows are dated, never deleted.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db.models import Model, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.models import Authority, Region
from authorities.periods import DatedRow, holds_on
from enterprises.directory.exchange import CATEGORY
from enterprises.directory.spelling import fold_name
from enterprises.models import Branch, BranchAuthority, Enterprise, SearchName, ServiceArea
from web.errors import Refusal
from web.languages import named

DAY = timedelta(days=1)


class ChangeRefused(Refusal):
    """A change that cannot be made; ``field`` of the form if it is one's."""

    def __init__(self, code: str, reason: str, *, field: str = "") -> None:
        super().__init__(code, reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What is wanted of one enterprise, as of the day on which it is judged."""

    enterprise: Enterprise
    what: Mapping[str, Any]
    on_day: date
    today: date

    @property
    def start(self) -> date:
        """The first day of what begins: never before the decision."""
        return max(self.on_day, self.today)

    def text(self, name: str) -> str:
        return str(self.what.get(name) or "")

    def pk(self, name: str) -> int:
        """The id of that row; 0, which no row has, where none is named."""
        return int(self.what.get(name) or 0)

    def branch(self, name: str = "branch", *, on: date) -> Branch:
        """A branch of this enterprise that lives on that day. Raises ChangeRefused by its name."""
        row = Branch.objects.filter(enterprise=self.enterprise, pk=self.pk(name)).first()
        if row is None:
            raise ChangeRefused("no_branch", _("这个企业没有这个分支机构"), field=name)
        if not row.holds(on):
            raise ChangeRefused(
                "branch_ended",
                _("%(branch)s在%(day)s不存在，不能办理。") % {"branch": named(row), "day": on.isoformat()},
                field=name,
            )
        return row


class Kind:
    """One kind of change. ``row``: the table that it is about; ``day``: what its day means (from, last, fact, "")."""

    code: ClassVar[str]
    title: ClassVar[str | Promise]
    #: What of it is asked on the form, in this order.
    fields: ClassVar[tuple[str, ...]] = ()
    row: ClassVar[type[Model] | None] = None
    day: ClassVar[str] = "from"
    #: Of the whole enterprise, so for those who lead it; else of a branch and those above it.
    is_whole: ClassVar[bool] = False
    #: It moves cases, so the authority that enrolled the enterprise decides.
    needs_approval: ClassVar[bool] = True
    #: Which names of rows that stand it changes.
    names: ClassVar[tuple[str, ...]] = ()

    def about(self, row: Any) -> dict[str, Any]:
        """What the change keeps of the row it is about."""
        return {"branch": row.pk} if isinstance(row, Branch) else {}

    def branch_id(self, what: Mapping[str, Any]) -> int | None:
        """In whose part of the tree it lies; None: the whole enterprise."""
        return None if self.is_whole else what.get("branch")

    def first_day(self, wish: ChangeRequest) -> date:
        """The first day on which it makes a difference."""
        if self.day == "last":
            return wish.start + DAY
        return wish.start if self.day == "from" else wish.today

    def judge(self, wish: ChangeRequest) -> None:
        """Raises ChangeRefused where it cannot be written."""
        raise NotImplementedError

    def write(self, wish: ChangeRequest) -> None:
        """Write what was judged; the caller holds the lock and rewrites the names to be searched."""
        raise NotImplementedError

    def enterprise_ids(self, wish: ChangeRequest) -> set[int]:
        """Whose cases it may move: of those who answer for these names today."""
        return {wish.enterprise.pk}


REGISTERED = (SearchName.Kind.LEGAL, SearchName.Kind.CODE, SearchName.Kind.BRANCH)


def free_name(
    wish: ChangeRequest, name: str, *, field: str, longest: int = 200, kinds: Collection[SearchName.Kind] = REGISTERED
) -> None:
    """What somebody else is called, by a name of these kinds, is not to be taken. Raises ChangeRefused."""
    if not name or len(name) > longest or "\0" in name:
        raise ChangeRefused("bad_name", _("请写名称，最多%(n)s个字") % {"n": longest}, field=field)
    taken = (
        SearchName.objects.filter(folded=fold_name(name), kind__in=kinds)
        .exclude(enterprise=wish.enterprise)
        .select_related("enterprise")
        .first()
    )
    if taken is not None:
        raise ChangeRefused(
            "name_taken",
            _("“%(name)s”是%(enterprise)s的名称") % {"name": name, "enterprise": named(taken.enterprise)},
            field=field,
        )


def last_day(row: DatedRow, wish: ChangeRequest, name: str) -> None:
    """Whether a dated row can end on the day wished. Raises ChangeRefused by the name of what it is."""
    last = wish.start
    if row.ends_on is not None and row.ends_on <= last:
        raise ChangeRefused(
            "ended", _("%(name)s已于%(day)s终止") % {"name": name, "day": row.ends_on.isoformat()}, field="on_day"
        )
    if row.starts_on is not None and row.starts_on > last:
        raise ChangeRefused(
            "not_begun",
            _("%(name)s从%(day)s起才有效") % {"name": name, "day": row.starts_on.isoformat()},
            field="on_day",
        )


def known_category(category: str) -> None:
    if category and (len(category) > 60 or not CATEGORY.fullmatch(category)):
        raise ChangeRefused("bad_category", _("类别代码由小写字母、数字、点组成"), field="category")


def overlapping(start: date) -> Q:
    """Rows that hold on that day or begin after it."""
    return Q(ends_on=None) | Q(ends_on__gte=start)


class BranchAdd(Kind):
    code, title = "branch-add", gettext_lazy("增设分支机构")
    fields = ("name", "name_en", "region")
    row = Branch

    def judge(self, wish: ChangeRequest) -> None:
        free_name(wish, wish.text("name"), field="name")
        if wish.text("name_en"):
            free_name(wish, wish.text("name_en"), field="name_en")
        if wish.what.get("branch"):
            wish.branch(on=wish.start)
        if Branch.objects.filter(enterprise=wish.enterprise, name=wish.text("name")).exists():
            raise ChangeRefused("branch_known", _("已经有（或有过）叫这个名称的分支机构"), field="name")
        if wish.what.get("region") and not Region.objects.filter(pk=wish.what["region"]).exists():
            raise ChangeRefused("no_region", _("没有这个地区"), field="region")

    def write(self, wish: ChangeRequest) -> None:
        Branch.objects.create(
            enterprise=wish.enterprise,
            parent_id=wish.what.get("branch"),
            name=wish.text("name"),
            name_en=wish.text("name_en"),
            place_id=wish.what.get("region"),
            starts_on=wish.start,
        )


class BranchEnd(Kind):
    code, title, day = "branch-end", gettext_lazy("终止分支机构"), "last"
    row = Branch

    def judge(self, wish: ChangeRequest) -> None:
        branch = wish.branch(on=wish.today)
        last_day(branch, wish, named(branch))
        below = branch.children.filter(holds_on(wish.start + DAY)).first()
        if below is not None:
            raise ChangeRefused(
                "has_branches", _("%(branch)s还在它下面：请先终止它，或改变它的上级") % {"branch": named(below)}
            )

    def write(self, wish: ChangeRequest) -> None:
        Branch.objects.filter(pk=wish.what["branch"]).update(ends_on=wish.start)


class BranchMove(Kind):
    code, title, day = "branch-move", gettext_lazy("改变上级分支机构"), ""
    fields = ("parent",)
    row = Branch

    def judge(self, wish: ChangeRequest) -> None:
        branch = wish.branch(on=wish.today)
        parent = wish.branch("parent", on=wish.today) if wish.what.get("parent") else None
        if branch.parent_id == (parent.pk if parent else None):
            raise ChangeRefused("same_parent", _("它的上级已经是这一个"), field="parent")
        parents = dict(Branch.objects.filter(enterprise=wish.enterprise).values_list("pk", "parent_id"))
        above, seen = parent.pk if parent else None, set[int]()
        while above is not None and above not in seen:
            if above == branch.pk:
                raise ChangeRefused("circle", _("上级分支机构绕成了圈"), field="parent")
            seen.add(above)
            above = parents.get(above)

    def write(self, wish: ChangeRequest) -> None:
        Branch.objects.filter(pk=wish.what["branch"]).update(parent_id=wish.what.get("parent"))


class AreaAdd(Kind):
    code, title = "area-add", gettext_lazy("增加服务区域")
    fields = ("region", "category")
    row = Branch

    def judge(self, wish: ChangeRequest) -> None:
        branch = wish.branch(on=wish.start)
        known_category(wish.text("category"))
        if not Region.objects.filter(pk=wish.pk("region")).exists():
            raise ChangeRefused("no_region", _("没有这个地区"), field="region")
        same = branch.areas.filter(
            overlapping(wish.start), region_id=wish.what["region"], category=wish.text("category")
        )
        if same.exists():
            raise ChangeRefused(
                "area_known", _("%(branch)s已经服务这个地区") % {"branch": named(branch)}, field="region"
            )

    def write(self, wish: ChangeRequest) -> None:
        category = wish.text("category")
        ServiceArea.objects.create(
            branch_id=wish.what["branch"], region_id=wish.what["region"], category=category, starts_on=wish.start
        )


class AreaEnd(Kind):
    code, title, day = "area-end", gettext_lazy("终止服务区域"), "last"
    row = ServiceArea

    def about(self, row: Any) -> dict[str, Any]:
        return {"area": row.pk, "branch": row.branch_id, "region": row.region_id, "category": row.category}

    def judge(self, wish: ChangeRequest) -> None:
        area = self._area(wish)
        if area is None:
            raise ChangeRefused("no_area", _("没有这个服务区域"))
        last_day(area, wish, named(area.region))

    def write(self, wish: ChangeRequest) -> None:
        ServiceArea.objects.filter(pk=wish.what["area"]).update(ends_on=wish.start)

    def _area(self, wish: ChangeRequest) -> ServiceArea | None:
        return (
            ServiceArea.objects.filter(pk=wish.pk("area"), branch__enterprise=wish.enterprise)
            .select_related("region")
            .first()
        )


class DutySet(Kind):
    code, title = "duty-set", gettext_lazy("改变接收未和解案件的监管部门")
    fields = ("authority",)
    row = Branch

    def judge(self, wish: ChangeRequest) -> None:
        branch = wish.branch(on=wish.start)
        authority = Authority.objects.filter(pk=wish.pk("authority")).first()
        if authority is None or not authority.has_power:
            raise ChangeRefused("no_authority", _("没有这个部门，或者它没有处理权限"), field="authority")
        if branch.authorities.filter(holds_on(wish.start), authority=authority).exists():
            raise ChangeRefused("same_authority", _("已经由这个部门接收"), field="authority")
        if branch.authorities.filter(starts_on__gte=wish.start).exists():
            raise ChangeRefused("later_authority", _("这一天或以后已有登记的改变"), field="on_day")

    def write(self, wish: ChangeRequest) -> None:
        BranchAuthority.objects.filter(overlapping(wish.start), branch_id=wish.what["branch"]).update(
            ends_on=wish.start - DAY
        )
        BranchAuthority.objects.create(
            branch_id=wish.what["branch"], authority_id=wish.what["authority"], starts_on=wish.start
        )
