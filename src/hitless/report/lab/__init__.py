"""Renderers of what the lab found."""
