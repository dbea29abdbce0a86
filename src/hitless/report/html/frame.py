"""The frame of every page: one file that needs nothing but itself, in which only its own script can run.

The content security policy names that script by its hash, or allows none: text that slipped into the page could not
execute, load or send anything (CSP Level 3, section 2.3.1).
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from hitless.report.html.markup import Markup, raw, tag

__all__ = ["document", "read_asset"]


def document(title: str, main: Markup, footer: Markup, *, style: str, script: str = "") -> str:
    """Return the page. `style` and `script` are texts of this package."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", raw(style)),
    )
    body = tag("body", main, footer, tag("script", raw(script)) if script else "")
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def read_asset(name: str) -> str:
    """Return a style sheet or a script of this package."""
    return resources.files("hitless.report").joinpath("assets", name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if script else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
