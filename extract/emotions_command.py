"""The command `extract emotions`: photographs, folders and videos to one table, with nothing else to be named."""

import re
from pathlib import Path

import click

from data.runtime.commands import expected_failures
from data.runtime.failures import Refused
from data.runtime.progress import bar, counted, say


class Seconds(click.ParamType):
    """A time such as 0.2 or 0.2s."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds. Fails for what is no such time."""
        if isinstance(value, float):
            return value
        if not re.fullmatch(r"\d{1,6}(\.\d{0,6})?s?|\.\d{1,6}s?", str(value).strip()):
            self.fail(f"{value!r} is no time, expected seconds such as 0.2 or 0.2s", param, ctx)
        return float(str(value).strip().removesuffix("s"))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FILE.onnx|WORKDIR",
    help="A file of `embed export`, or a working folder with checkpoints and results.  [default: the model that comes "
    "with the project]",
)
@click.option(
    "--classifier",
    metavar="NAME",
    help="Data set whose classifier answers.  [default: the one that the model has first]",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="FILE.csv, FILE.jsonl or FILE.parquet, which takes pyarrow.  [default: a table on the screen]",
)
@click.option(
    "--every",
    type=Seconds(),
    default=0.2,
    show_default=True,
    help="Of a video, seconds between the frames that are looked at; 0 for all.",
)
@click.option(
    "--smooth",
    type=Seconds(),
    default=0.0,
    show_default=True,
    help="Of a video, seconds after which what was said of a person counts e times less; 0 for none.",
)
@expected_failures
def emotions(paths, model, classifier, output, every, smooth):
    """Faces, emotions and coordinates in photographs, folders and videos.

    One row for each face, and one for a picture without."""
    from data.runtime.machine import available_cpus
    from extract.emotions.answers import answers, columns
    from extract.emotions.pictures import files_of, seen_files
    from extract.emotions.said import classifier_place, model_of
    from extract.emotions.screen_table import ScreenTable
    from extract.emotions.written_table import ending_of, written
    from extract.faces import detectors

    if output:
        ending_of(output)
    model = model_of(model, available_cpus())
    place = classifier_place(model, classifier)
    files, notes = files_of(paths)
    for note in notes:
        say(note)
    if not files:
        raise Refused(f"no photograph and no video in {', '.join(map(str, paths))}; name a file, or another folder")
    detector = detectors.detector_named(detectors.DEFAULT)
    found = answers(seen_files(files, detector, model.size, every), model, place, smooth)
    with bar(len(files), "looking", quiet=not output) as update:
        answered = Counted(found, files, update)
        if output:
            written(output, columns(model), lambda write: [write(rows) for _, rows in answered])
        else:
            timed = any(file.video for file in files)
            _show(ScreenTable(model.emotions, model.axes, [file.name for file in files], timed=timed), answered)
    say(f"{'TOY DATA: ' if model.toy else ''}{answered.summary()}; by the classifier of {model.classifiers[place]}")
    if output:
        click.echo(output)
    if not answered.read:
        raise Refused("nothing of it could be read; the notes in the table say why")


def _show(screen, answered):
    for line in screen.head():
        click.echo(line)
    for seen, rows in answered:
        for line in screen.lines(seen, rows):
            click.echo(line)


class Counted:
    """The answers as they pass, and what they were."""

    def __init__(self, found, files, update):
        self._found, self._update = found, update
        self._last, self.read, self.faces, self.unreadable = None, 0, 0, 0
        self._files = len(files)

    def __iter__(self):
        for seen, rows in self._found:
            self._count(seen)
            yield seen, rows

    def _count(self, seen):
        if seen.path != self._last and self._last is not None:
            self._update(1)
        self._last = seen.path
        self.unreadable += bool(seen.note)
        self.read += not seen.note
        self.faces += len(seen.faces)
        if seen.time is not None:
            self._update(0, f"{seen.path} {seen.time:.1f} s")

    def summary(self) -> str:
        """What was found, in one line."""
        unreadable = f", {self.unreadable:,} of them not to be read" if self.unreadable else ""
        found = f"{counted(self.faces, 'face')} in {counted(self.read, 'picture')} of {counted(self._files, 'file')}"
        return f"{found}{unreadable}"
