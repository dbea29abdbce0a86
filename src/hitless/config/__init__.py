"""The HAProxy configuration as a lossless tree: parse, position, edit, typed view."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitless.config.build import build_model
    from hitless.config.files import read_files
    from hitless.config.hints import RequestHints, request_hints
    from hitless.config.mistakes import Mistake, known_mistakes
    from hitless.config.model import Model
    from hitless.config.tree import ConfigFile, Line, Section, parse

__all__ = [
    "ConfigFile",
    "Line",
    "Mistake",
    "Model",
    "RequestHints",
    "Section",
    "build_model",
    "known_mistakes",
    "parse",
    "read_files",
    "request_hints",
]

_PLACES = {
    "ConfigFile": "hitless.config.tree",
    "Line": "hitless.config.tree",
    "Mistake": "hitless.config.mistakes",
    "Model": "hitless.config.model",
    "RequestHints": "hitless.config.hints",
    "Section": "hitless.config.tree",
    "build_model": "hitless.config.build",
    "known_mistakes": "hitless.config.mistakes",
    "parse": "hitless.config.tree",
    "read_files": "hitless.config.files",
    "request_hints": "hitless.config.hints",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is: most who use one module need no other."""
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(_PLACES[name]), name)
