"""Reloads of HAProxy that drop nothing, and proof of it."""

__version__ = "0.1.0"
