"""Headquarters sees all; a branch sees itself and what lies below."""

import pytest

from enterprises.models import Branch, Enterprise, Staff
from enterprises.team.staffing import branch_ids_seen_by, branch_subtree, branches_above

pytestmark = pytest.mark.django_db


def test_a_branch_sees_itself_and_below_but_no_sibling(django_assert_num_queries: object) -> None:
    enterprise = Enterprise.objects.create(name="某通信")
    city = Branch.objects.create(enterprise=enterprise, name="市")
    county = Branch.objects.create(enterprise=enterprise, name="县", parent=city)
    shop = Branch.objects.create(enterprise=enterprise, name="店", parent=county)
    other = Branch.objects.create(enterprise=enterprise, name="另一县", parent=city)
    assert branch_ids_seen_by(Staff(enterprise=enterprise, branch=None)) is None
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert branch_ids_seen_by(Staff(enterprise=enterprise, branch=county)) == [county.pk, shop.pk]
    assert branch_subtree([city.pk]) == [city.pk, county.pk, shop.pk, other.pk]
    assert (branch_subtree([]), branches_above(shop)) == ([], [county.pk, city.pk])


def test_a_circle_in_the_tree_ends(django_assert_num_queries: object) -> None:
    enterprise = Enterprise.objects.create(name="某通信")
    one = Branch.objects.create(enterprise=enterprise, name="一")
    two = Branch.objects.create(enterprise=enterprise, name="二", parent=one)
    Branch.objects.filter(pk=one.pk).update(parent=two)
    assert branch_subtree([one.pk]) == [one.pk, two.pk]
