"""From what the kernel said and how far the attempt had come to the one outcome it ends in. Pure."""

from enum import IntEnum
from errno import ECONNABORTED, ECONNRESET, EPIPE, EPROTO, ETIMEDOUT

from hitless.attempts import FLAG_FIN_SEEN, FLAG_IDEMPOTENT, FLAG_NOT_PROCESSED, FLAG_RETRY, FLAG_REUSED
from hitless.records import Outcome

__all__ = ["FIN", "Phase", "classify_answer", "classify_loss", "is_cut_off", "is_repeatable"]

FIN = 0
"""In place of an errno: the server closed its side in order."""

_RESETS = frozenset({ECONNRESET, EPIPE, ECONNABORTED})


class Phase(IntEnum):
    """How far an attempt had come when its connection was lost or its time was up."""

    CONNECTING = 0
    """Nothing could be sent yet."""
    HANDSHAKE = 1
    """TCP is up, TLS is not."""
    SENDING = 2
    """Part of the request's body is on its way (upload)."""
    WAITING = 3
    """The request is sent, no byte of the answer has come."""
    READING = 4
    """The answer has begun and is not complete."""


def classify_loss(phase: Phase, errno: int, *, reused: bool, long_lived: bool) -> Outcome:
    """Return the outcome of an attempt that lost its connection (`errno`, or FIN) or its patience (ETIMEDOUT).

    `long_lived`: the exchange is a session (tunnel, WebSocket, download) whose loss cuts more than one answer.
    """
    if phase is Phase.CONNECTING:
        return _classify_connect(errno)
    if phase is Phase.HANDSHAKE:
        return Outcome.TLS_FAILED
    if errno in {ETIMEDOUT, EPROTO}:
        return Outcome.RESPONSE_TIMEOUT if errno == ETIMEDOUT else Outcome.PROTOCOL_ERROR
    return _classify_exchange(phase, errno, reused=reused, long_lived=long_lived)


def _classify_exchange(phase: Phase, errno: int, *, reused: bool, long_lived: bool) -> Outcome:
    if phase is Phase.SENDING or (long_lived and (reused or phase is Phase.READING)):
        return Outcome.STREAM_CUT
    if phase is Phase.READING:
        return Outcome.TRUNCATED
    if reused:
        return Outcome.STALE_REUSE
    return Outcome.EMPTY_REPLY if errno == FIN else Outcome.RESET_BEFORE_RESPONSE


def _classify_connect(errno: int) -> Outcome:
    if errno == ETIMEDOUT:
        return Outcome.CONNECT_TIMEOUT
    if errno in _RESETS:
        return Outcome.CONNECT_RESET
    # ECONNREFUSED, and what says the same in other words: no such socket file, no route, unreachable.
    return Outcome.REFUSED


def classify_answer(status: int, elapsed_ns: int, slow_ns: int) -> Outcome:
    """Return the outcome of an attempt that was answered in full. A `status` of 0 is an answer without one."""
    if status >= 500:
        return Outcome.HTTP_5XX
    return Outcome.SLOW if elapsed_ns > slow_ns else Outcome.OK


def is_repeatable(outcome: Outcome, flags: int) -> bool:
    """Return whether a polite or a retrying client would have got through where the naive one failed.

    Only such attempts are sent again: a refused connection would be refused again. A request that may not be repeated
    is sent again only where it cannot have been processed: the server's FIN had come before it was sent, or HTTP/2 said
    so.
    """
    if flags & FLAG_RETRY:
        return False
    if flags & FLAG_NOT_PROCESSED:
        return True
    lost_on_reuse = outcome in {Outcome.STALE_REUSE, Outcome.GOAWAY_LOST} and bool(flags & FLAG_REUSED)
    return lost_on_reuse and bool(flags & (FLAG_IDEMPOTENT | FLAG_FIN_SEEN))


def is_cut_off(outcome: Outcome, flags: int, *, long_lived: bool) -> bool:
    """Return whether the client got nothing and has no pooled connection to blame: it is to try again soon."""
    if outcome in {Outcome.OK, Outcome.SLOW, Outcome.HTTP_5XX}:
        return False
    return long_lived or not flags & FLAG_REUSED
