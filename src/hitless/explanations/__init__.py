"""What happened, explained: the record that `hitless explain` makes of logs, captures and receipts.

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
)
from hitless.explanations.seen import (
    AcceptHole,
    ApplicationErrors,
    Captured,
    EndingCount,
    Group,
    Plot,
    PlotLine,
    Quote,
    ReceiptFound,
    Statement,
    TrafficCount,
)
from hitless.explanations.words import Counting, InputKind, Judgement, Role

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
    "Group",
    "InputKind",
    "InputRead",
    "Judgement",
    "NamedCause",
    "NotKnown",
    "Plot",
    "PlotLine",
    "Quote",
    "ReceiptFound",
    "Role",
    "Statement",
    "TrafficCount",
]
