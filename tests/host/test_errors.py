import errno
import os

import pytest

from hitless.host.errors import Denied, Gone, HostError, Unsupported, translated


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOENT, Gone),
        (errno.ENOTDIR, Gone),
        (errno.ESRCH, Gone),
        (errno.EACCES, Denied),
        (errno.EPERM, Denied),
        (errno.ELOOP, HostError),
        (errno.EIO, HostError),
        (errno.ENOSYS, Unsupported),
    ],
)
def test_each_error_of_the_kernel_becomes_one_of_ours(number: int, expected: type[HostError]) -> None:
    with pytest.raises(HostError) as caught, translated("x is gone", "x cannot be read"):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is expected
    assert caught.value.message.startswith("x is gone" if expected is Gone else "x cannot be read: ")


def test_a_path_that_no_kernel_takes_is_an_error_of_ours() -> None:
    with pytest.raises(HostError, match="null"), translated("x is gone", "x cannot be read"):
        os.stat("a\0b")  # noqa: PTH116 - what HostRoot does
