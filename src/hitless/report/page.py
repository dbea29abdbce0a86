"""A page of text for a terminal: lines of bounded width, styled only where that is wanted."""

from hitless.report.plain import cells, neutralise, wrap

__all__ = ["Page"]

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Page:
    """Lines of at most `width` characters; styles go around words and take no room."""

    def __init__(self, width: int, *, colour: bool) -> None:
        self.width = width
        self._colour = colour
        self._lines: list[str] = []

    def paint(self, text: str, *styles: str) -> str:
        """Return the text with styles around it."""
        if not self._colour or not styles:
            return text
        return f"\x1b[{';'.join(_SGR[style] for style in styles)}m{text}\x1b[0m"

    def blank(self) -> None:
        """Write an empty line, unless the page is empty or ends with one."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def hanging(self, label: str, text: str, *, indent: int, label_styles: tuple[str, ...] = (),
                styles: tuple[str, ...] = ()) -> None:  # fmt: skip
        """Write `label` and, beside it, a text whose further lines start where the first does."""
        first, *rest = wrap(neutralise(text), self.width - indent - cells(label))
        self._lines.append(" " * indent + self.paint(label, *label_styles) + self.paint(first, *styles))
        margin = " " * (indent + cells(label))
        self._lines.extend(margin + self.paint(line, *styles) for line in rest)

    def row(self, columns: list[tuple[str, tuple[str, ...]]], *, indent: int, hang: int) -> None:
        """Write columns on one line, three blanks apart; what does not fit goes below, from column `hang`."""
        line, used = " " * indent, indent
        fresh = True
        for text, styles in columns:
            for number, part in enumerate(wrap(neutralise(text), self.width - hang)):
                gap = 0 if fresh else 3
                if not fresh and (number or used + gap + cells(part) > self.width):
                    self._lines.append(line)
                    line, used, gap = " " * hang, hang, 0
                line += " " * gap + self.paint(part, *styles)
                used += gap + cells(part)
                fresh = False
        self._lines.append(line)

    def command(self, label: str, text: str, *, indent: int) -> None:
        """Write a command to copy: never broken, below its label where it does not fit beside it."""
        command = neutralise(text)
        if indent + cells(label) + cells(command) > self.width:
            self._lines.append(" " * indent + self.paint(label.rstrip(), "dim"))
            self._lines.append(" " * 2 * indent + command)
        else:
            self._lines.append(" " * indent + self.paint(label, "dim") + command)

    def line(self, text: str = "", *, indent: int = 0, styles: tuple[str, ...] = ()) -> None:
        """Write a harmless line as it is."""
        self._lines.append((" " * indent + self.paint(text, *styles)).rstrip())

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"
