"""Where the checkout lies, and beside it the photographs that some tests use; these skip where there are none."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
FACES = SHARED / "faces"
FER2013 = SHARED / "fer2013"
