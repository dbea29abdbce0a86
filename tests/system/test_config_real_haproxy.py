"""The configuration reader beside a real HAProxy: its words, its refusals, its view of what is bound."""

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from hitless.config import known_mistakes, options, parse
from hitless.config.conditions import ConditionError, Facts, decide
from hitless.config.tokenise import tokenise
from hitless.control.binary import read_binary
from tests.config.test_mistakes import CASES
from tests.system.conftest import require

pytestmark = pytest.mark.system

ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "A": "va lue", "B": " one  two three "}
PIECES = [
    *(
        b"a",
        b"b c",
        b" ",
        b"  ",
        b"\t",
        b'"',
        b"'",
        b"\\",
        b"\\ ",
        b"\\x41",
        b"\\n",
        b"#",
        b"$A",
        b"${A}",
        b"=",
        b"{",
    ),
    *(
        b'"${B[*]}"',
        b'"$A"',
        b'"${N-d e}"',
        b'"${N[*]-d e f}"',
        b'"${.FILE}"',
        b"\r",
        b" \r x",
        b"\xe9",
        b"\x0b",
        b"}",
    ),
    *(b'"a b"', b"'x $A'", b'""', b'\\"', b"\\'", b"\\#", b"\\$A", b'"\\$A"', b"-", b"\\x00"),
]


def run(haproxy: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [haproxy, "-c", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, timeout=30)


def test_words_are_those_that_haproxy_dumps(embedded_haproxy: str, tmp_path: Path) -> None:
    file = tmp_path / "words.cfg"
    variables = {name.encode(): value.encode() for name, value in ENVIRONMENT.items()} | {
        b".FILE": bytes(file)
    }
    chance = random.Random(2800)
    lines = [b"w" + b"".join(chance.choices(PIECES, k=chance.randint(1, 9))) for _ in range(3000)]
    tokens = {line: tokenise(line, variables) for line in lines if b"\\x00" not in line}
    accepted = {line: t.words for line, t in tokens.items() if not t.problem}
    file.write_bytes(b"".join(line + b"\n" for line in accepted))
    dump = run(embedded_haproxy, "-dC", "-f", str(file)).stdout
    expected = b"".join(
        b"\t" + b"".join(word + b" " for word in words) + b"\n" for words in accepted.values()
    )
    assert len(accepted) > 1000
    assert dump[: len(expected)] == expected


def test_what_we_find_broken_haproxy_refuses(embedded_haproxy: str, tmp_path: Path) -> None:
    variables = {name.encode(): value.encode() for name, value in ENVIRONMENT.items()} | {b".FILE": b"x"}
    chance = random.Random(28)
    lines = [b"w" + b"".join(chance.choices(PIECES, k=chance.randint(1, 9))) for _ in range(300)]
    broken = {line: t.problem for line in lines if (t := tokenise(line, variables)).problem}
    assert len(broken) > 20
    for number, (line, problem) in enumerate(list(broken.items())[:20]):
        file = tmp_path / f"{number}.cfg"
        file.write_bytes(line + b"\n")
        messages = run(embedded_haproxy, "-f", str(file)).stderr.decode(errors="replace")
        assert problem.split(" in environment")[0] in messages, line


@pytest.mark.parametrize(("text", "line", "right_form"), CASES)
def test_haproxy_refuses_each_known_mistake(
    embedded_haproxy: str, tmp_path: Path, text: str, line: int, right_form: str
) -> None:
    file = tmp_path / "h.cfg"
    file.write_text(text)
    done = run(embedded_haproxy, "-f", str(file))
    assert done.returncode == 1
    assert f"h.cfg:{line}]".encode() in done.stderr, right_form


def test_haproxy_accepts_the_right_forms(embedded_haproxy: str, tmp_path: Path) -> None:
    """All right forms in one configuration, each in the section that the message names."""
    sections: dict[str, list[str]] = {
        "global": [],
        "defaults": ["mode http"],
        "frontend f": [],
        "backend b": [],
    }
    for text, _, right_form in CASES:
        (mistake,) = known_mistakes([parse(text.encode())])
        if not right_form:
            continue
        first = right_form.split()[0]
        place = {
            "bind": "frontend f",
            "server": "backend b",
            "option": "defaults",
            "timeout": "defaults",
        }.get(first)
        if place is None:
            place = "frontend f" if first.startswith("http-") else "global"
        assert place != "global" or "`global`" in mistake.message
        line = right_form.replace("NAME", "X-Name").replace("VALUE", "value").replace("ADDRESS:PORT", ":8081")
        sections[place].append(line)
    file = tmp_path / "h.cfg"
    text = "".join(
        f"{head}\n" + "".join(f"    {line}\n" for line in lines) for head, lines in sections.items()
    )
    file.write_text(text)
    done = run(embedded_haproxy, "-f", str(file))
    assert b"ALERT" not in done.stderr, done.stderr.decode()
    assert done.returncode == 0


def test_every_keyword_of_bind_and_server_is_known(embedded_haproxy: str) -> None:
    """Each takes as many words as HAProxy says (`-dKcfg` prints "+1" behind those with a word)."""
    listing = run(embedded_haproxy, "-dKcfg", "-q", "-f", "/dev/null").stdout.decode()
    tables = {
        "bind <addr>": (options._BIND_WITH_VALUE, options._BIND_FLAGS),
        "server <name> <addr>": (options._SERVER_WITH_VALUE, options._SERVER_FLAGS),
    }
    keywords = re.findall(
        r"^\t(bind <addr>|server <name> <addr>) (?:ssl )?([a-z0-9-]+)( \+-?\d)?$", listing, re.MULTILINE
    )
    require(len(keywords) > 100, "this HAProxy lists no keywords")
    for head, keyword, takes in keywords:
        with_value, flags = tables[head]
        # -dKcfg says that `usesrc` takes none: it is part of `source` and takes the next word.
        expected = with_value if takes or keyword == "usesrc" else flags
        assert keyword in expected, f"{head} {keyword}{takes}"


ATOMS = [
    *(
        "1",
        "0",
        "-3",
        "0x10",
        "",
        "abc",
        "!1",
        "! 0",
        "(1)",
        "((0))",
        "(1",
        "1x",
        "1 1",
        "streq(a",
        "streq(a)",
    ),
    *(
        "defined(HOME)",
        "defined(NOPE)",
        "defined( HOME)",
        "streq(a,a)",
        "streq(a, a)",
        "streq(a,b)",
        "streq(,)",
    ),
    *(
        "strneq(a,b)",
        "strstr(abc,b)",
        "streq(\"a b\",'a b')",
        "feature(OPENSSL)",
        "feature(NOPE)",
        "enabled(X)",
    ),
    *("version_atleast(2.8)", "version_before(2.8)", "version_atleast(2.6-dev3)", "enabled(EPOLL)"),
]


def test_conditions_are_decided_as_haproxy_decides_them(embedded_haproxy: str) -> None:
    program = read_binary(embedded_haproxy)
    facts = Facts({b"HOME": b"/root"}, program.version, program.features)
    chosen = random.Random(3)
    joined = [
        f"{chosen.choice(('', '!'))}{chosen.choice(ATOMS)}{between}{chosen.choice(ATOMS)}"
        for between in (" || ", " && ", "||", "&&", " ")
        for _ in range(20)
    ]
    for text in (*ATOMS, *joined):
        asked = subprocess.run(
            [embedded_haproxy, "-cc", text],
            env={"HOME": "/root"},
            capture_output=True,
            timeout=30,
            check=False,
        )
        refused = b"[ALERT]" in asked.stdout + asked.stderr
        theirs = "refused" if refused else str(asked.returncode == 0)
        try:
            ours = str(decide(text, facts))
        except ConditionError:
            ours = "refused"
        assert ours == theirs, text
