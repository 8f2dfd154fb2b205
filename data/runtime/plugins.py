"""Modules of a user's own, which make a reader, a detector, a family of heads or a column of the results known."""

import importlib
import os

from data.runtime.failures import Refused

VARIABLE = "CAKE_PLUGINS"


def load() -> None:
    """Import the modules that CAKE_PLUGINS names, separated by commas; processes that are started here inherit it.

    Raises Refused for one that cannot be imported."""
    for name in os.environ.get(VARIABLE, "").split(","):
        if name.strip():
            _load(name.strip())


def _load(name):
    try:
        importlib.import_module(name)
    except Exception as error:  # a user's code raises what it likes
        raise Refused(
            f"{VARIABLE} names {name}, which cannot be imported ({type(error).__name__}: {error}); its folder must be "
            f"in PYTHONPATH, and python -c 'import {name}' must work"
        ) from error
