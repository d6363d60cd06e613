"""jgd lecture: the demonstrations of the lectures, computed anew."""

from pathlib import Path
from typing import Annotated

import typer

import jgd
from jgd.cli import console

LIST = "list"


def command(
    name: Annotated[str, typer.Argument(help="A lecture's name; `list` shows them all.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the text and the pictures here; pictures need matplotlib.")
    ] = None,
) -> None:
    """Redo a lecture: its tables with their digits, and its pictures with --out. `jgd lecture list` has the names.

    In Python it is `print(jgd.lectures.give(NAME))`.
    """
    if name == LIST:
        rows = [[each, lecture.title, " ".join(lecture.ids)] for each, lecture in jgd.lectures.registry.items()]
        console.print_table(["lecture", "what it shows", "statements"], rows)
        return
    jgd.use_program_cache()
    lecture = jgd.lectures.give(name)
    console.print_line(str(lecture))
    if out is None:
        if lecture.pictures:
            console.print_line(f"\npictures with --out DIR: {', '.join(lecture.pictures)}")
        return
    for path in lecture.save(out):
        console.print_line(f"wrote {path}")
