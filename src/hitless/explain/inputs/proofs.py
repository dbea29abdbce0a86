"""Proofs as inputs: the bundle that `hitless prove` left, or its document (`--format json`, `verdict.json`)."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hitless.errors import EvidenceError
from hitless.evidence.bundle import Bundle
from hitless.explain.analysis.proofs import Proof
from hitless.explain.inputs.unpacked import open_unpacked
from hitless.explain.sources.standard_input import name_of
from hitless.units import NANOSECONDS_PER_MILLISECOND
from hitless.verdict import SCHEMA, ProofResult

__all__ = ["read_proofs"]

_LIMIT_BYTES = 64 * 1024 * 1024


def read_proofs(paths: Sequence[str]) -> tuple[Proof, ...]:
    """Return the proofs at these paths.

    Raises: EvidenceError if one cannot be read, is of another schema, or does not say when it was.
    """
    return tuple(_of_bundle(path) if Path(path).is_dir() else _of_document(path) for path in paths)


def _of_bundle(path: str) -> Proof:
    bundle = Bundle.open(Path(path))
    result = bundle.verdict(ProofResult)
    error_ns = max(bundle.meta.clock_error_ns, NANOSECONDS_PER_MILLISECOND)
    return Proof(path, result, bundle.meta.realtime_of(result.origin_ns), error_ns)


def _of_document(path: str) -> Proof:
    name = name_of(path)
    with open_unpacked(path) as stream:
        try:
            data = stream.read(_LIMIT_BYTES + 1)
        except (OSError, EOFError) as error:
            raise EvidenceError(f"{name} cannot be read: {error}.") from error
    if len(data) > _LIMIT_BYTES:
        raise EvidenceError(f"{name} has more than the {_LIMIT_BYTES} bytes that are read.")
    try:
        result = msgspec.json.decode(data, type=ProofResult)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{name} is no document of `hitless prove`: {error}.") from error
    if result.schema != SCHEMA:
        raise EvidenceError(
            f"{name}: a proof of schema {result.schema}; this version reads schema {SCHEMA}.",
            hint="Read it with the version of hitless that wrote it.",
        )
    if not result.origin_realtime_ns:
        raise EvidenceError(f"{name} does not say when it was.", hint="Name the bundle's directory instead.")
    return Proof(name, result, result.origin_realtime_ns, NANOSECONDS_PER_MILLISECOND)
