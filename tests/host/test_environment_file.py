import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.host.environment_file import parse_environment_file


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (
            'CONFIG="/etc/haproxy/haproxy.cfg"\n# EXTRAOPTS="-de -m 16"\n',
            {"CONFIG": "/etc/haproxy/haproxy.cfg"},
        ),
        ("A=b c  \nB='x # y'\nC=1 # 2\n", {"A": "b c", "B": "x # y", "C": "1 # 2"}),
        ("export A=1\n;x=2\nB\nC=3", {"C": "3"}),
        ('A="a\\"b\\$c\\d"\nB=\'a\\b\'\nC=a\\ b\\\nd\n', {"A": 'a"b$c\\d', "B": "a\\b", "C": "a bd"}),
        ('A=\nB="x\ny"\r\nC=\'open', {"A": "", "B": "x\ny", "C": "open"}),
        ("A=x'y'\nB='x'y", {"A": "x'y'", "B": "xy"}),
    ],
)
def test_environment_files(text: str, variables: dict[str, str]) -> None:
    assert parse_environment_file(text) == variables


@given(st.text(alphabet="A=x'\"\\\n\r\t #;$\x00"))
def test_any_text(text: str) -> None:
    assert all(name.isidentifier() for name in parse_environment_file(text))


@pytest.mark.timeout(20)
def test_lines_of_megabytes() -> None:
    for text in ("x" * 2_000_000, "A='" + "\\\n" * 500_000, "a=\\\n" * 300_000, "A=" + "'" * 1_000_000):
        parse_environment_file(text)
