from msgspec.structs import replace

from hitless.explain.analysis.receipts import join_receipts, started_ns
from hitless.logged import ChangeKind
from hitless.reloads import ReloadOutcome
from tests.explain.analysis.views import AT, SECOND, change
from tests.reload.made_receipts import make_full


def test_a_receipt_is_joined_to_the_reload_of_its_time() -> None:
    receipt = make_full(0, outcome=ReloadOutcome.TAKEN_OVER)
    near = change(at=replace(AT, t_ns=started_ns(receipt) + SECOND), new_pids=(receipt.new_pid,))
    far = change(at=replace(AT, t_ns=started_ns(receipt) + 500 * SECOND), new_pids=(999_999,))
    changes, found = join_receipts([near, far], [receipt])
    assert changes == (near, far)
    assert found[0].id == receipt.id
    assert found.keys() == {0}


def test_one_that_no_log_shows_is_a_change_of_its_own() -> None:
    receipts = [make_full(n, outcome=outcome) for n, outcome in enumerate(ReloadOutcome)]
    changes, found = join_receipts([], receipts)
    kinds = [c.kind for c in changes]
    assert kinds.count(ChangeKind.RELOAD) == 3
    assert kinds.count(ChangeKind.FAILED_RELOAD) == 3
    assert len(found) == 6
    assert all("receipt alone" in c.notes[0] for c in changes)
