import pytest

from hitless.explain.analysis.unknowns import find_blind_spots, find_unknowns
from hitless.explanations import Captured, ReceiptFound
from hitless.logged import Blind, ChangeKind
from tests.explain.analysis.views import view


@pytest.mark.parametrize("spot", Blind)
def test_each_blind_spot_has_a_line_that_ends_it(spot: Blind) -> None:
    (missing,) = find_blind_spots([spot])
    assert missing.what
    assert missing.line
    assert missing.where


def test_resets_are_unknown_until_something_saw_them() -> None:
    assert find_unknowns(view())
    assert not find_unknowns(view(captured=Captured()))
    receipt = ReceiptFound(id="", outcome="", reason="", requester="", mechanism="", resets_to_clients=0)
    assert not find_unknowns(view(receipt=receipt))
    assert not find_unknowns(view(ChangeKind.START))
