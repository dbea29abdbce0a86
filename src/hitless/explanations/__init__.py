"""What happened, explained: the record that `hitless explain` makes of logs, captures, receipts and proofs.

Times are CLOCK_REALTIME in nanoseconds since 1970 UTC; durations have their unit in the name. Counts of what was logged
are exact; what is only likely, or computed, is named so.
"""

from hitless.explanations.answer import (
    EXPLANATION_FORMAT,
    ClockOffset,
    ExplainedEvent,
    Explanation,
    InputRead,
    NamedCause,
    NotKnown,
    ZoneChange,
)
from hitless.explanations.seen import (
    AcceptHole,
    ApplicationErrors,
    Captured,
    EndingCount,
    Fault,
    Group,
    Plot,
    PlotLine,
    ProofFound,
    Quote,
    ReceiptFound,
    Statement,
    TrafficCount,
)
from hitless.explanations.words import Counting, FaultKind, InputKind, Judgement, Role

__all__ = [
    "EXPLANATION_FORMAT",
    "AcceptHole",
    "ApplicationErrors",
    "Captured",
    "ClockOffset",
    "Counting",
    "EndingCount",
    "ExplainedEvent",
    "Explanation",
    "Fault",
    "FaultKind",
    "Group",
    "InputKind",
    "InputRead",
    "Judgement",
    "NamedCause",
    "NotKnown",
    "Plot",
    "PlotLine",
    "ProofFound",
    "Quote",
    "ReceiptFound",
    "Role",
    "Statement",
    "TrafficCount",
    "ZoneChange",
]
