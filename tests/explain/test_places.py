import gzip
from pathlib import Path

import pytest

from hitless.explain.places import read_places, read_raw
from hitless.explain.scan.run import scan_logs
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import read_entries
from hitless.logged import LinePlace, Traffic
from tests.explain.made import OPTIONS, lines


@pytest.mark.parametrize("name", ["a.log", "a.log.gz"])
def test_raw_lines_of_entries(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    written = list(lines(200))
    data = b"".join(written)
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with open_logs([str(path)], OPTIONS) as logs:
        places = [entry.place for entry in read_entries(logs)]
        chosen = [places[150], places[3], places[199]]
        raw = read_raw(logs, chosen)
        assert [raw[place] for place in chosen] == [written[n].rstrip() for n in (150, 3, 199)]
        beyond = LinePlace(source=0, offset=10**9, size_bytes=5)
        unknown = LinePlace(source=7, offset=0, size_bytes=5)
        assert read_raw(logs, [beyond, unknown]) == {beyond: b"", unknown: b""}


@pytest.mark.parametrize("name", ["a.log", "a.log.gz"])
def test_lines_that_a_scan_has_counted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = b"".join(lines(700))
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with open_logs([str(path)], OPTIONS) as logs:
        census = scan_logs(logs)
        found = list(read_places(logs, census.trouble.tolist()))
    assert len(found) == census.trouble_lines == 100
    assert all(isinstance(e, Traffic) and (e.status, e.termination) == (503, "SC--") for e in found)
