import os
import sys
import time

import pytest

from hitless.control.command import Completed, decode, run_bounded
from hitless.control.errors import CouldNotAsk


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_both_outputs_and_the_status_are_returned() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert run_bounded(python(code), timeout_s=60) == Completed(3, "out\n", "err\n")


def test_nothing_waits_on_stdin() -> None:
    assert (
        run_bounded(
            python("print(repr(input.__name__ and __import__('sys').stdin.read()))"), timeout_s=60
        ).stdout
        == "''\n"
    )


def test_the_environment_is_the_one_given() -> None:
    code = "import os; print(os.environ.get('HOME'), os.environ['X'])"
    assert run_bounded(python(code), timeout_s=60, environment={"X": "1"}).stdout == "None 1\n"


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(60)", "import os,time; os.close(1); os.close(2); time.sleep(60)"]
)
def test_a_program_that_does_not_end_is_stopped(code: str) -> None:
    begin = time.monotonic()
    with pytest.raises(CouldNotAsk, match=r"did not end within 0\.5 s"):
        run_bounded(python(code), timeout_s=0.5)
    assert time.monotonic() - begin < 30


def test_a_program_that_says_too_much_is_stopped() -> None:
    with pytest.raises(CouldNotAsk, match="more than 1000 bytes"):
        run_bounded(["/bin/cat", "/dev/zero"], timeout_s=60, limit_bytes=1000)


def test_a_program_that_trickles_does_not_outlive_its_deadline() -> None:
    code = "import time\nwhile True: print('x', flush=True); time.sleep(0.01)"
    with pytest.raises(CouldNotAsk, match="did not end"):
        run_bounded(python(code), timeout_s=1.0)


def test_a_program_that_is_not_there_is_the_callers_matter() -> None:
    with pytest.raises(FileNotFoundError):
        run_bounded(["/nonexistent/program"], timeout_s=1)


def test_foreign_bytes_stay_readable() -> None:
    assert decode(b"caf\xe9 \xc3\xa9") == "caf\\xe9 é"


def test_a_program_has_what_it_is_given() -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    try:
        look = [sys.executable, "-c", f"import os; print(os.fstat({read_end}).st_ino)"]
        done = run_bounded(look, timeout_s=60, descriptors=(read_end,))
        assert int(done.stdout) == os.fstat(read_end).st_ino
        assert "Bad file descriptor" in run_bounded(look, timeout_s=60).stderr
    finally:
        os.close(read_end)
