"""Write docs/causes.md from `hitless.causes`, or check that it is current (--check)."""

import sys
from itertools import groupby
from pathlib import Path

from hitless.causes import CAUSES, UNEXPLAINED, Cause

PAGE = Path(__file__).resolve().parent.parent / "docs" / "causes.md"

FAMILIES = {
    "1": "The reload is not graceful",
    "2": "The old process does not die in peace",
    "3": "The socket file",
    "4": "The new process cannot bind",
    "5": "Clients are reset although everything was done right",
    "6": "Automation races the reload",
    "7": "Nobody can tell afterwards",
    "8": "State that does not survive",
}

BEGINNING = f"""\
# The causes of dropped connections

<!-- Written by scripts/causes_page.py from src/hitless/causes.py; change it there. -->

Each victim of a reload that `hitless prove` finds gets one of these causes, with the evidence for it. `{UNEXPLAINED}`
is an honest cause, too: the client was hurt, and nothing that was observed says why. It fails the verdict.

A code does not change its meaning. The first digit is the family.
"""


def family_of(cause: Cause) -> str:
    """Return the digit after "HL"."""
    return cause.code.removeprefix("HL")[0]


def render() -> str:
    """Return the whole page."""
    parts = [BEGINNING]
    for family, causes in groupby(sorted(CAUSES.values(), key=lambda cause: cause.code), family_of):
        parts.append(f"## HL{family}xx · {FAMILIES[family]}\n")
        parts.extend(section(cause) for cause in causes)
    return "\n".join(parts)


def section(cause: Cause) -> str:
    """Return the part about one cause."""
    lines = [
        f"### {cause.code} {cause.name}",
        "",
        f"{sentence(cause.summary)}",
        "",
        f"**Why.** {sentence(cause.why)}",
        "",
    ]
    lines.append(f"**Fix.** {sentence(cause.fix)}")
    if cause.keyword:
        lines.append(f"\nIn the configuration: `{cause.keyword}` in `{cause.section}`.")
    return "\n".join([*lines, ""])


def sentence(text: str) -> str:
    """Return a phrase as a sentence; a phrase that begins with a keyword keeps its first letter."""
    word = text.split(" ", 1)[0]
    first = text[0] if "-" in word or word == "option" else text[0].upper()
    return f"{first}{text[1:]}{'' if text.endswith('.') else '.'}"


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is current."""
    if arguments == ["--check"]:
        current = PAGE.exists() and PAGE.read_text() == render()
        print(
            "docs/causes.md is current"
            if current
            else "docs/causes.md is not current: python scripts/causes_page.py"
        )
        return 0 if current else 1
    PAGE.write_text(render())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
