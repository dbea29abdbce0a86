"""The HAProxy configuration as a lossless tree: parse, position, edit, typed view."""

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
