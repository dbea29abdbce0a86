"""`hitless report BUNDLE`: draw a proof again, on any machine."""

from __future__ import annotations

from pathlib import Path

import click

from hitless.cli.output import FORMATS, STDOUT, write_result, write_text

__all__ = ["command"]


@click.command("report")
@click.argument("bundle", type=click.Path())
@click.option(
    "--format", "output_format", type=click.Choice([*FORMATS, "html"]), default="text", show_default=True
)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="The file to write, - for standard output  [default: -; html: BUNDLE.html]",
)
def command(bundle: str, output_format: str, output: str | None) -> None:
    """Draw the report of the proof in the directory BUNDLE. The verdict stands as it was judged."""
    if output_format == "html":
        _write_html(bundle, output or f"{bundle.rstrip('/')}.html")
        return
    from hitless.report.bundle import read_result

    write_result(read_result(Path(bundle)), output_format, bundle=bundle, target=output or STDOUT)


def _write_html(bundle: str, target: str) -> None:
    from hitless.report.bundle import render_bundle_html

    write_text(render_bundle_html(Path(bundle)), target)
    if target != STDOUT:
        write_text(f"{target}\n")
