from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.network import format_port_list, read_sysctls, write_sysctls


def _tree(root: Path, **values: str) -> Path:
    for name, value in values.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
    return root


def test_reads_what_exists_with_single_blanks(tmp_path: Path) -> None:
    root = _tree(tmp_path, net__ipv4__tcp_rmem="4096\t131072\t33554432\n")
    assert read_sysctls(["net.ipv4.tcp_rmem", "net.ipv6.gone"], root=root) == {
        "net.ipv4.tcp_rmem": "4096 131072 33554432"
    }


def test_writes_and_says_what_was_refused(tmp_path: Path) -> None:
    root = _tree(tmp_path, net__core__somaxconn="1")
    refused = write_sysctls({"net.core.somaxconn": "7", "net.ipv4.gone.deeper": "1"}, root=root)
    assert (root / "net/core/somaxconn").read_text() == "7"
    assert list(refused) == ["net.ipv4.gone.deeper"]


def test_ports_are_written_as_ranges() -> None:
    assert format_port_list([8001, 80, 8000, 8002, 80]) == "80,8000-8002"
    assert format_port_list([]) == ""


@given(st.sets(st.integers(1, 65535), max_size=60))
def test_the_ranges_hold_exactly_the_ports(ports: set[int]) -> None:
    held: set[int] = set()
    for part in filter(None, format_port_list(ports).split(",")):
        low, _, high = part.partition("-")
        held |= set(range(int(low), int(high or low) + 1))
    assert held == ports
