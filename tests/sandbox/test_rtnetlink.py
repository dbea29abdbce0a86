import errno
import struct

import pytest

from hitless.sandbox.rtnetlink import _parse_acknowledgement


def _acknowledgement(number: int, *, kind: int = 2, sequence: int = 1) -> bytes:
    return struct.pack("=IHHII", 36, kind, 0, sequence, 0) + struct.pack("=i", -number) + bytes(16)


def test_success_is_zero() -> None:
    assert _parse_acknowledgement(_acknowledgement(0)) == 0


def test_the_kernels_errno_is_returned() -> None:
    assert _parse_acknowledgement(_acknowledgement(errno.EEXIST)) == errno.EEXIST


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0" * 8, _acknowledgement(0, kind=3), _acknowledgement(0, sequence=2), _acknowledgement(0)[:17]],
)
def test_anything_else_is_a_bad_message(answer: bytes) -> None:
    assert _parse_acknowledgement(answer) == errno.EBADMSG
