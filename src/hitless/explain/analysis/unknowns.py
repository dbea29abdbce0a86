"""What the inputs at hand cannot show about an event, and the one line that would make it known. Pure."""

from collections.abc import Iterable

from hitless.explain.analysis.view import View
from hitless.explanations import NotKnown
from hitless.logged import Blind, ChangeKind

__all__ = ["find_blind_spots", "find_unknowns"]

_LINES = {
    Blind.NO_PID: NotKnown(
        what="which process, old or new, a line is of",
        line="log /dev/log len 8192 format rfc3164 local0",
        where="global",
    ),
    Blind.NO_ACCEPT_DATE: NotKnown(
        what="when connections began: seconds in which none was taken cannot be found",
        line="option httplog",
        where="defaults",
    ),
    Blind.NO_TERMINATION: NotKnown(
        what="who ended each connection, and in which phase", line="option httplog", where="defaults"
    ),
    Blind.NO_OWN_MESSAGES: NotKnown(
        what="when an old process was told to stop, and what it still had at its hard stop",
        line="log /dev/log len 8192 local0 info",
        where="global",
    ),
    Blind.NO_MASTER_MESSAGES: NotKnown(
        what="reloads that HAProxy refused: the master says so on stderr alone, which the journal keeps",
        line="journalctl -u haproxy -o json --since … > haproxy.journal, given beside the log",
        where="shell",
    ),
    Blind.NO_TRAFFIC: NotKnown(
        what="what clients got: no line is about traffic", line="option httplog", where="defaults"
    ),
    Blind.COARSE_TIME: NotKnown(
        what="the order of what happened within a second",
        line='module(load="builtin:omfile" template="RSYSLOG_FileFormat")',
        where="rsyslog",
    ),
}
_RESETS = NotKnown(
    what="connections that were reset or refused before HAProxy took them, and idle ones closed under their clients: "
    "neither leaves a line in a log",
    line="hitless reload (its receipt has the kernel's resets), or tcpdump -i any -s 200 -w reload.pcap 'tcp port 443'",
    where="shell",
)
_OF_CLIENTS = frozenset(
    {
        ChangeKind.RELOAD,
        ChangeKind.REPLACED,
        ChangeKind.RESTART,
        ChangeKind.FAILED_RELOAD,
        ChangeKind.HARD_STOP,
    }
)


def find_unknowns(view: View) -> tuple[NotKnown, ...]:
    """Return what stays unknown of one event, beyond what all events of these inputs share."""
    measured = view.proof is not None and view.proof.is_complete
    measured |= view.receipt is not None and view.receipt.resets_to_clients is not None
    if view.change.kind not in _OF_CLIENTS or view.captured is not None or measured:
        return ()
    return (_RESETS,)


def find_blind_spots(blind: Iterable[Blind]) -> tuple[NotKnown, ...]:
    """Return what these inputs cannot show of any event."""
    return tuple(_LINES[spot] for spot in blind)
