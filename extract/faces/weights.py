"""Files of weights: where they lie, and whether they are those that were measured."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from data.runtime.failures import Refused


@dataclass(frozen=True)
class Weights:
    """One file, inside an installed package or wherever `file` says. The package itself is never imported."""

    file: str
    sha256: str
    package: str = ""  # which `file` is inside of
    requirement: str = ""  # what pip is told to bring it

    def path(self) -> Path:
        """Where the file lies. Raises FileNotFoundError; Refused where it is another than expected."""
        path = self._folder() / self.file
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing{self._advice()}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise Refused(f"{path} has another sha256 than {self.sha256[:12]}..., which is expected{self._advice()}")
        return path

    def _folder(self):
        if not self.package:
            return Path()
        found = importlib.util.find_spec(self.package)
        if found is None:
            raise FileNotFoundError(f"{self.package} is missing, which brings {Path(self.file).name}{self._advice()}")
        return Path(found.submodule_search_locations[0])

    def _advice(self):
        return f"; pip install '{self.requirement}'" if self.requirement else ""
