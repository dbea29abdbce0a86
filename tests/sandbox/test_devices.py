from pathlib import Path

import pytest

from hitless.sandbox.devices import make_devices


def test_a_directory_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="/does/not/exist"):
        make_devices("/does/not/exist")
    assert not Path("/does/not/exist").exists()
