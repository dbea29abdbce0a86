from pathlib import Path

from hitless.explain.quoting import quote
from hitless.explain.sources.log_set import open_logs
from hitless.logged import LinePlace
from tests.explain.stories import READ


def test_lines_are_read_again_and_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"first \xff\n" + b"B" * 5000 + b"\n")
    with open_logs([str(path)], READ) as logs:
        first, long, gone = quote(
            logs, [LinePlace(source=0, offset=at, size_bytes=0) for at in (0, 8, 99_999)]
        )
    assert first.text == "first \\xff"
    assert (first.source, first.offset) == (str(path), 0)
    assert len(long.text) == 1000
    assert gone.text == ""
