"""The HAProxy configuration as a lossless tree: parse, position, edit, typed view."""

from hitless.config.build import build_model
from hitless.config.files import read_files
from hitless.config.model import Model
from hitless.config.tree import ConfigFile, parse

__all__ = ["ConfigFile", "Model", "build_model", "parse", "read_files"]
