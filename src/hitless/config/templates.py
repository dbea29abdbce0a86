"""Lines of a template that nobody has rendered yet: Jinja2 and Go (`{{ … }}`, `{% … %}`), ERB (`<%= … %>`).

HAProxy refuses them; what they will say is not known, so that nothing is to be said of their names and addresses.
"""

import re
from collections.abc import Iterable

__all__ = ["is_template"]

# `%{+X}o`, `%[…]` and JSON in a log format are HAProxy's own and no template.
_MARK = re.compile(r"\{\{|\{%[-+]?(?:$|(?:if|for|set|else|elif|end\w*|include|raw)$)|<%[=#-]?$")


def is_template(words: Iterable[str]) -> bool:
    """Return whether words of a line come from a template's own syntax."""
    return any(_MARK.search(word) for word in words)
