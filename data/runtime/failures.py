"""What may go wrong with a user's files, settings and machine: raised on purpose, told in one line."""


class Refused(ValueError):
    """A failure that its user can mend: the message says what was found, what was expected, and what to do.

    The commands print it in one line, with exit code 1. Any other exception but an OSError is a fault of this
    project."""
