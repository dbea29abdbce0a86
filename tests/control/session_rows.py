"""Rows of `show sess` as real HAProxies wrote them, with the CLI's own among them."""

from pathlib import Path

_DIRECTORY = Path(__file__).parent / "sessions"

V2_2 = (_DIRECTORY / "show-sess-2.2.txt").read_text()
V2_6 = (_DIRECTORY / "show-sess-2.6.txt").read_text()
V2_8 = (_DIRECTORY / "show-sess-2.8.txt").read_text()
V3_2 = (_DIRECTORY / "show-sess-3.2.txt").read_text()
DETAIL_3_2 = (_DIRECTORY / "show-sess-id-3.2.txt").read_text()
DETAIL_2_2_TCP = (_DIRECTORY / "show-sess-id-2.2-tcp.txt").read_text()
