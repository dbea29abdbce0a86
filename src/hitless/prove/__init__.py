"""Compose sandbox, load, reload and evidence into a verdict."""
