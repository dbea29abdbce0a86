"""Where a holder is found: its directory and what is in it."""

import os

__all__ = ["DIRECTORY", "ask_path", "control_path", "default_directory"]

DIRECTORY = "/run/hitless/hold"


def default_directory() -> str:
    """Return where root's holder is; for others, a directory in that of their session."""
    if os.geteuid() == 0:
        return DIRECTORY
    return f"{os.environ.get('XDG_RUNTIME_DIR') or f'/run/user/{os.geteuid()}'}/hitless/hold"


def control_path(directory: str) -> str:
    """Return where a holder takes requests."""
    return f"{directory}/control.sock"


def ask_path(directory: str, name: str) -> str:
    """Return what `haproxy -x` is given for an instance."""
    return f"{directory}/{name}.sock"
