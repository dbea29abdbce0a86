"""Captures, read for the connections that were hurt, and for what they have in common with logs."""

from collections.abc import Sequence

from hitless.captured import CapturedConnection
from hitless.explain.analysis.captured import CaptureEvidence
from hitless.explain.captures.endpoints import parse_listeners
from hitless.explain.captures.read import CaptureReader
from hitless.explain.inputs.unpacked import open_unpacked
from hitless.explain.sources.standard_input import name_of

__all__ = ["read_captures"]


def read_captures(paths: Sequence[str], listeners: Sequence[str]) -> CaptureEvidence:
    """Return what captures show; several are taken in the order given, as files of one capture.

    Raises: EvidenceError if one cannot be read or is none; UsageError for a listener that is no endpoint.
    """
    reader = CaptureReader(parse_listeners(listeners))
    evidence = CaptureEvidence()
    for path in paths:
        with open_unpacked(path) as stream:
            for found in reader.read(stream, name_of(path)):
                evidence.take(found)
    for found in reader.finish():
        if isinstance(found, CapturedConnection) or found.refused:
            evidence.take(found)
    evidence.totals = reader.totals()
    return evidence
