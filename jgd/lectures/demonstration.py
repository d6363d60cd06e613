"""What a lecture leaves: text, tables with their numbers, pictures that are drawn when somebody asks for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import jax
import numpy as np

from jgd.core import checks, notebook
from jgd.core.text import align_columns

DIGITS = ".10g"  # of a number whose column names no format


@dataclass(frozen=True)
class Table:
    """Columns of numbers or words under their headings.

    Attributes:
        columns: {heading: values}, all equally many, the numbers unrounded.
        formats: {heading: format}, Python's, of the columns that aren't printed to ten digits.
        title: Above it; "" for none.
    """

    columns: Mapping[str, Any]
    formats: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """What is printed: the headings, then row by row."""
        columns = [
            [name, *(_cell(value, self.formats.get(name)) for value in values)] for name, values in self.columns.items()
        ]
        return list(zip(*columns, strict=True))

    def __str__(self) -> str:
        numbers = {i for i, values in enumerate(self.columns.values()) if not any(isinstance(v, str) for v in values)}
        lines = align_columns(self.cells, right=numbers)
        rule = "-" * max(map(len, lines))
        return "\n".join([*([self.title] if self.title else []), lines[0], rule, *lines[1:]])

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: the table."""
        headings, *rows = self.cells
        return notebook.table(headings, rows, self.title)


def _cell(value: Any, spec: str | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    whole = isinstance(value, int | np.integer)
    return format(value, "d" if whole and spec is None else spec or DIGITS)


Part: TypeAlias = str | Table
Pictures: TypeAlias = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True)
class Demonstration:
    """A lecture redone. Printed, it is its text with its tables.

    Attributes:
        name: The lecture's.
        title: What it shows.
        parts: Paragraphs and tables, in order.
        pictures: {name: a function that draws and returns matplotlib's Axes}; `draw` calls one.
    """

    name: str
    title: str
    parts: tuple[Part, ...]
    pictures: Pictures

    @property
    def tables(self) -> list[Table]:
        """The tables alone."""
        return [part for part in self.parts if isinstance(part, Table)]

    def draw(self, picture: str) -> Any:
        """Draws one of the pictures, in float64 as the numbers are.

        Args:
            picture: A name of `pictures`.

        Returns:
            matplotlib's Axes, or an array of them.

        Raises:
            JgdValueError: There is no such picture.
            ImportError: matplotlib is not installed.
        """
        checks.choice("picture", picture, self.pictures)
        with jax.enable_x64(True):
            return self.pictures[picture]()

    def save(self, directory: str | Path) -> list[Path]:
        """Writes NAME.txt and the pictures as NAME-PICTURE.png.

        Args:
            directory: Made where there is none; files of these names are replaced.

        Returns:
            The files.

        Raises:
            JgdValueError: No directory can be there.
            ImportError: matplotlib is not installed.
        """
        folder = checks.path("directory", directory)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = [folder / f"{self.name}.txt"]
            files[0].write_text(f"{self}\n", encoding="utf-8")
        except OSError as error:
            raise checks.JgdValueError(
                f"directory must be one that can be written, got {checks.shown(str(directory))}: {error}",
                argument="directory",
            ) from error
        for picture in self.pictures:
            figure = np.ravel(np.asarray(self.draw(picture), object))[0].figure
            files.append(folder / f"{self.name}-{picture}.png")
            figure.savefig(files[-1], dpi=150)
            _close(figure)
        return files

    def __str__(self) -> str:
        return "\n\n".join([f"{self.title}\n{'=' * len(self.title)}", *map(str, self.parts)])

    def __repr__(self) -> str:
        return f"Demonstration({self.name!r}, {len(self.parts)} parts, pictures: {', '.join(self.pictures) or 'none'})"

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: the text with its tables. The pictures are drawn by `draw`."""
        text = lambda part: f'<p style="white-space: pre-wrap">{notebook.escaped(part)}</p>'
        parts = [part._repr_html_() if isinstance(part, Table) else text(part) for part in self.parts]
        return f"<h3>{notebook.escaped(self.title)}</h3>{''.join(parts)}"


def _close(figure: Any) -> None:
    from matplotlib import pyplot

    pyplot.close(figure)
