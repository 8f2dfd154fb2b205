"""Commands called as in a terminal, within this process."""

import click
from click.testing import CliRunner, Result


def call(command: click.Command, *arguments: object) -> Result:
    """What a command did with these words."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def fine(command: click.Command, *arguments: object) -> Result:
    """The same, of a command that must end well."""
    result = call(command, *arguments)
    assert result.exit_code == 0, result.output
    return result
