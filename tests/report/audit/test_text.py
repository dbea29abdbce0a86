"""What a person at a terminal reads."""

import re

import pytest

from hitless.findings import Place, Severity
from hitless.report.audit.text import render
from hitless.report.plain import cells, neutralise
from tests.report.audit.synthetic import HOSTILE, RULES, finding, make, make_full, make_hostile

WIDTHS = (40, 60, 80, 110)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("make_result", [make, make_full, make_hostile])
def test_no_line_is_wider_than_the_terminal(width: int, make_result: object) -> None:
    assert callable(make_result)
    for line in render(make_result(), RULES, width=width).splitlines():
        if line.strip() == neutralise(HOSTILE):
            continue  # a command to copy, which is never broken
        assert cells(line) <= width, line


def test_hostile_text_cannot_command_the_terminal() -> None:
    text = render(make_hostile(), RULES, width=80)
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)
    assert "\\x1b]0;owned" in text


def test_the_place_is_shown_as_compilers_do() -> None:
    lines = render(make_full(), RULES).splitlines()
    at = next(n for n, line in enumerate(lines) if "haproxy.cfg:3:5: " in line)
    assert lines[at + 1].strip() == "3 |     expose-fd listeners  # why"
    assert lines[at + 2].index("^") == lines[at + 1].index("expose-fd")
    assert lines[at + 2].count("~") == len("expose-fd") - 1


def test_it_says_why_how_known_what_it_costs_and_what_to_do() -> None:
    text = " ".join(render(make_full(), RULES, width=110).split())
    for part in (
        "First sentence. Second one of 2.4 is here.",
        "seen uses `it` [/etc/haproxy/haproxy.cfg:3]",
        "price a",
        "fix move `it` (`hitless fix` makes it)",
        "- expose-fd listeners",
        "+ stats socket /s expose-fd listeners",
        "+ KillMode=mixed",
        "+ net.ipv4.tcp_migrate_req = 1",
        "run systemctl daemon-reload",
        "more hitless rule HL109",
        "fix set it (for a person to do)",
        "suppressed HL501",
        "we know [/etc/haproxy/haproxy.cfg:3]",
        "not checked without the systemd unit: HL203",
        "not seen /proc/12/fd: Permission denied",
        "1 ERROR, 1 NOTE (1 suppressed · 4 rules, 1 not checked)",
        "haproxy.service · haproxy 2.8.25 · master-worker · listening sockets",
    ):
        assert part in text
    assert "Third." not in text


def test_the_worst_comes_first_and_each_rule_once() -> None:
    result = make(finding("HL121"), finding("HL501"), finding("HL109"), finding("HL501", message="again"))
    heads = re.findall(r"^  ([A-Z]+)  (HL\d+)", render(result, RULES), re.MULTILINE)
    assert heads == [("ERROR", "HL109"), ("WARNING", "HL501"), ("NOTE", "HL121")]
    assert render(result, RULES).count("First sentence") == 3


def test_many_places_of_one_rule_are_listed_all_and_shown_a_few() -> None:
    many = [
        finding(place=Place(file="/a.cfg", line=n, column=1, length=3, text="bind")) for n in range(1, 41)
    ]
    text = render(make(*many), RULES)
    assert text.count("^~~") == 5
    assert all(f"/a.cfg:{n}:1:" in text for n in range(1, 41))
    assert "35 more places" in text


def test_nothing_found_says_what_was_looked_at() -> None:
    text = render(make(), RULES)
    assert text.startswith("  NOTHING FOUND   (4 rules checked)\n")
    assert "haproxy.service · haproxy 2.8.25" in text


def test_nothing_examined_is_not_called_clean() -> None:
    assert render(make(instances=0), RULES).startswith("  NOTHING COULD BE EXAMINED")


def test_sixty_instances_have_a_short_head_and_named_findings() -> None:
    text = render(make(finding(instance="haproxy@7.service"), instances=60), RULES)
    assert "60 instances · haproxy 2.8.25" in text
    assert "and 56 more" in text
    assert "(haproxy@7.service)" in " ".join(text.split())
    assert len(text.splitlines()) < 25


def test_colour_takes_no_room() -> None:
    result = make_full()
    coloured = render(result, RULES, width=70, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(result, RULES, width=70)
    assert coloured != render(result, RULES, width=70)


def test_a_milder_finding_among_worse_ones_says_so() -> None:
    result = make(finding("HL109"), finding("HL109", severity=Severity.NOTE, message="other"))
    assert "note: /etc/haproxy/haproxy.cfg:3:5: other" in render(result, RULES)
