from hitless.explain.analysis.joined import join_all
from hitless.explain.analysis.proofs import find_proven
from hitless.logged import ChangeKind
from tests.explain.analysis.test_proofs import hurt, proof
from tests.explain.analysis.views import change
from tests.reload.made_receipts import make_full


def test_receipts_keep_their_changes_where_reloads_of_proofs_come_between() -> None:
    receipt = make_full(0)
    proven = find_proven([proof(hurt())])
    joined = join_all([change(ChangeKind.STOP)], [receipt], proven)
    assert len(joined.changes) == 4
    (index,) = joined.receipts
    assert joined.receipts[index].id == receipt.id
    assert joined.changes[index].new_pids == (receipt.new_pid,)
    assert {joined.changes[n].new_pids for n in joined.proven} == {(101,), (102,)}
    times = [one.at.t_ns for one in joined.changes]
    assert times == sorted(times)
