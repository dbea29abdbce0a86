"""The changes that logs show, with the receipts and the reloads of proofs that are about them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hitless.explain.analysis.proofs import ProvenReload, join_proofs
from hitless.explain.analysis.receipts import join_receipts
from hitless.explanations import ReceiptFound
from hitless.logged import Change
from hitless.reloads import Receipt

__all__ = ["Joined", "join_all"]


@dataclass(frozen=True, slots=True)
class Joined:
    """Changes in order of time, and what else is known of them, by index."""

    changes: tuple[Change, ...]
    receipts: Mapping[int, ReceiptFound]
    proven: Mapping[int, ProvenReload]


def join_all(
    changes: Sequence[Change], receipts: Iterable[Receipt], proven: Iterable[ProvenReload]
) -> Joined:
    """Return the changes of logs, receipts and proofs, those alike joined."""
    with_receipts, of_receipt = join_receipts(changes, receipts)
    merged, of_proof = join_proofs(with_receipts, proven)
    places = {id(change): index for index, change in enumerate(merged)}
    return Joined(
        changes=merged,
        receipts={places[id(with_receipts[index])]: found for index, found in of_receipt.items()},
        proven=of_proof,
    )
