"""Cursors: opaque, each good for its own list alone."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput
from gateway.web.paging import behind, cursor


@given(st.uuids())
def test_a_cursor_is_read_back_by_its_list_and_refused_by_another(key: UUID) -> None:
    assert behind("messages", cursor("messages", key), UUID) == key
    with pytest.raises(InvalidInput):
        behind("inbound", cursor("messages", key), UUID)


@given(st.integers(0, 2**63 - 1))
def test_numbers_too(key: int) -> None:
    assert behind("links", cursor("links", key), int) == key


@pytest.mark.parametrize("key", [-1, 2**63, 10**300])
def test_numbers_that_no_row_has_are_refused(key: int) -> None:
    with pytest.raises(InvalidInput):
        behind("links", cursor("links", key), int)


@given(st.text(max_size=200))
def test_whatever_else_is_refused_with_the_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        behind("messages", text, UUID)
    assert [one.field for one in refused.value.errors] == ["cursor"]
