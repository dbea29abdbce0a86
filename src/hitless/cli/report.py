"""`hitless report BUNDLE`: draw a proof again, on any machine."""

from __future__ import annotations

from pathlib import Path

import click

from hitless.cli.output import FORMATS, write_result

__all__ = ["command"]


@click.command("report")
@click.argument("bundle", type=click.Path())
@click.option(
    "--format", "output_format", type=click.Choice([*FORMATS, "html"]), default="text", show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(), help="The file to write (html: default BUNDLE.html; - for stdout)."
)
def command(bundle: str, output_format: str, output: str | None) -> None:
    """Draw the report of the proof in the directory BUNDLE. The verdict stands as it was judged."""
    if output_format == "html":
        _write_html(bundle, output)
        return
    from hitless.report.bundle import read_result

    write_result(read_result(Path(bundle)), output_format, bundle=bundle)


def _write_html(bundle: str, output: str | None) -> None:
    from hitless.report.bundle import render_bundle_html

    page = render_bundle_html(Path(bundle))
    target = output or f"{bundle.rstrip('/')}.html"
    if target == "-":
        click.echo(page, nl=False)
        return
    with click.open_file(target, "w", encoding="utf-8", atomic=True) as file:
        file.write(page)
    click.echo(target)
