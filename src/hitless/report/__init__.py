"""Renderers of a bundle: text, JSON, JUnit, Markdown, HTML."""
