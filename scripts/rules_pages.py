"""Write docs/rules/ and docs/causes-to-rules.md from the rules, or check that they are current (--check)."""

import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from hitless.audit.table import FAMILIES
from hitless.causes import CAUSES
from hitless.cli.rule_texts import rule_names, whole_text
from hitless.report.audit.rule_list import render_markdown as render_list
from hitless.report.audit.rule_page import render_markdown as render_page
from hitless.report.audit.rule_text import RuleText

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
TABLE = Path(__file__).with_name("causes_to_rules.toml")
WRITTEN = "<!-- Written by scripts/rules_pages.py from {}; change it there. -->"

CAUSES_INTRODUCTION = """\
What goes wrong when HAProxy reloads, family by family, and the rules of `hitless audit` that find it. Causes that
`hitless prove` attributes the losses of clients to are in [causes.md](causes.md)."""

Causes = Mapping[str, Mapping[str, list[str]]]
"""By family ("HL1") the causes in words, each with the codes of its rules."""


def read_causes(path: Path = TABLE) -> Causes:
    """Return the table of causes."""
    table: Causes = tomllib.loads(path.read_text())
    return table


def problems(causes: Causes, codes: Iterable[str]) -> list[str]:
    """Return what does not fit between causes and rules, one sentence each."""
    known = set(codes)
    named = {code for family in causes.values() for rules in family.values() for code in rules}
    found = [f"{TABLE.name}: there is no rule {code}" for code in sorted(named - known)]
    found += [f"{TABLE.name}: the rule {code} belongs to no cause" for code in sorted(known - named)]
    found += [
        f"{TABLE.name}: no rule finds “{cause}”"
        for family in causes.values()
        for cause, rules in family.items()
        if not rules
    ]
    found += [
        f"{TABLE.name}: no family HL{digit}" for digit in sorted(FAMILIES) if not causes.get(f"HL{digit}")
    ]
    return found


def pages(rules: list[RuleText], causes: Causes) -> dict[Path, str]:
    """Return all pages by their path below docs/."""
    written = {Path("rules") / f"{rule.code}.md": rule_page(rule) for rule in rules}
    written[Path("rules/README.md")] = index(rules)
    written[Path("causes-to-rules.md")] = causes_page(causes, {rule.code: rule.name for rule in rules})
    return written


def rule_page(rule: RuleText) -> str:
    """Return the page of one rule."""
    source = WRITTEN.format("the rule's docstring in src/hitless/audit/rules/")
    cause = CAUSES.get(rule.code)
    beside = (
        f"\n`hitless prove` names this cause, too, where clients were hurt by it:"
        f" [{rule.code}](../causes.md#{rule.code.lower()}-{cause.name}).\n"
        if cause
        else ""
    )
    family = f"[HL{rule.code[2]}xx · {rule.family}](README.md)"
    return f"# {rule.code} {rule.name}\n\n{source}\n\n{family}\n\n{render_page(rule)}{beside}"


def index(rules: list[RuleText]) -> str:
    """Return the list of all rules by family."""
    return f"""\
# The rules of `hitless audit`

{WRITTEN.format("src/hitless/audit/rules/")}

{len(rules)} rules in eight families. `hitless rules` prints this list, `hitless rule CODE` a rule's page. A code does
not change its meaning. *error* drops connections now or at the next reload, or is refused by HAProxy; *warning* drops
them under load, with some clients, or after another fault; *note* is a price to know or a choice to make. A finding may
be more or less severe than its rule usually is, when the evidence says so.

{render_list(rules, FAMILIES)}"""


def causes_page(causes: Causes, names: Mapping[str, str]) -> str:
    """Return the table from each cause to its rules."""
    parts = [
        "# From cause to rules",
        WRITTEN.format("scripts/causes_to_rules.toml"),
        CAUSES_INTRODUCTION,
    ]
    for digit, family in FAMILIES.items():
        rows = [
            f"| {cause} | {' · '.join(f'[{code}](rules/{code}.md) {names[code]}' for code in codes)} |"
            for cause, codes in causes[f"HL{digit}"].items()
        ]
        parts.append(
            "\n".join((f"## HL{digit}xx · {family}", "", "| cause | rules |", "| --- | --- |", *rows))
        )
    return "\n\n".join(parts) + "\n"


def differences(written: Mapping[Path, str], docs: Path) -> list[str]:
    """Return the pages that are missing, not current, or of no rule any more."""
    found = [
        f"docs/{name} is not current: python scripts/rules_pages.py"
        for name, text in written.items()
        if not (docs / name).is_file() or (docs / name).read_text() != text
    ]
    return found + [f"docs/{name} is of no rule" for name in _strays(written, docs)]


def _strays(written: Mapping[Path, str], docs: Path) -> list[Path]:
    there = (path.relative_to(docs) for path in sorted((docs / "rules").glob("*.md")))
    return [name for name in there if name not in written]


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say whether they are current."""
    names, causes = rule_names(), read_causes()
    found = problems(causes, names)
    if not found:
        written = pages([whole_text(code) for code in names], causes)
        if arguments == ["--check"]:
            found = differences(written, DOCS)
        else:
            write(written, DOCS)
    print("\n".join(found) or "the rules' pages are current")
    return 1 if found else 0


def write(written: Mapping[Path, str], docs: Path) -> None:
    """Write all pages, and take away those of rules that are gone."""
    (docs / "rules").mkdir(exist_ok=True)
    for name in _strays(written, docs):
        (docs / name).unlink()
    for name, text in written.items():
        (docs / name).write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
