"""Short ways from configuration text to the typed view."""

import textwrap

from hitless.config import Model, build_model, parse


def model_of(text: str, **environment: str) -> Model:
    """Return the model of a configuration without anything HAProxy-specific in its environment."""
    file = parse(textwrap.dedent(text).lstrip("\n").encode(), filename="h.cfg")
    return build_model([file], environment=environment)
