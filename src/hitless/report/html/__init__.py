"""The report as one offline HTML file: `render_html`."""

from hitless.report.html.page import render_html

__all__ = ["render_html"]
