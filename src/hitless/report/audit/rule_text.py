"""What reports say of a rule: its documentation as plain data, given by whoever knows the rules."""

import re

import msgspec

from hitless.findings import Severity
from hitless.records import Record

__all__ = ["RULES_URL", "RuleText", "rule_url"]

RULES_URL = "https://hitless.readthedocs.io/en/latest/rules/"
"""Where docs/rules/ is published: one page for each code. The only place that says so."""

_WHY = "Why it drops connections"
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`“(])")
_SENTENCES_SHOWN = 2


class RuleText(Record, frozen=True):
    """One rule, as far as a report shows it."""

    code: str
    name: str
    severity: Severity
    summary: str
    family: str = ""
    """The family in words: "Clients are reset although everything was done right"."""
    versions: str = ""
    title: str = ""
    sections: dict[str, str] = msgspec.field(default_factory=dict)
    """The documentation's text (Markdown) by heading, in order."""
    host_wide: bool = False
    """The rule is about the host, and so applied once, not for each instance."""

    @property
    def why(self) -> str:
        """The first sentences of why it drops connections."""
        paragraph = self.sections.get(_WHY, "").split("\n\n", 1)[0]
        return " ".join(_SENTENCE.split(" ".join(paragraph.split()))[:_SENTENCES_SHOWN])


def rule_url(code: str) -> str:
    """Return the address of a rule's page."""
    return f"{RULES_URL}{code}/"
