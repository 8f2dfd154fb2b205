"""One direction of flow: which folder may import what, read from the source; and stage two without stage one's packages."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"data", "extract", "embed", "evaluate"}
ALLOWED = {
    "data": {"numpy", "h5py"},
    "extract": {"data", "extract", "numpy", "h5py", "torch", "torchvision", "cv2", "dlib", "click"},
    "embed": {"data", "embed", "numpy", "torch", "click"},
    "evaluate": {"data", "evaluate", "numpy", "scipy", "sklearn", "matplotlib", "click"},
}
ONLY_IN = {"dlib": {"extract/detect.py"}, "torchvision": {"extract/backbone.py"}, "PIL": set()}


def imports(source):
    """Top-level names of everything a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", sorted(OURS))
def test_folders_import_only_what_the_design_allows(folder):
    allowed = ALLOWED[folder] | {folder} | set(sys.stdlib_module_names)
    wrong = {f"{path.relative_to(ROOT)} imports {name}" for path in files(folder)
             for name in imports(path.read_text(encoding="utf-8")) if name not in allowed}
    assert not wrong


def test_the_walk_would_see_a_forbidden_import():
    assert "torchvision" in set(imports("def f():\n    from torchvision.models import resnet18\n"))
    assert "extract" not in ALLOWED["embed"] and "embed" not in ALLOWED["evaluate"]


@pytest.mark.parametrize("name", sorted(ONLY_IN))
def test_heavy_packages_are_imported_in_one_file(name):
    found = {str(path.relative_to(ROOT)) for folder in OURS for path in files(folder)
             if name in imports(path.read_text(encoding="utf-8"))}
    assert found == ONLY_IN[name]


@pytest.mark.parametrize("command", ["embed.cli", "evaluate.cli"])
def test_stage_two_starts_where_stage_one_is_not_installed(command):
    code = f"""
import sys
for name in ("cv2", "dlib", "torchvision", "PIL", "extract"):
    sys.modules[name] = None
import importlib, {command}
for name in {[path.stem for path in files(command.split(".")[0]) if path.stem != "__init__"]}:
    importlib.import_module("{command.split(".")[0]}." + name)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("command", ["extract.cli", "embed.cli", "evaluate.cli"])
def test_help_needs_no_heavy_import(command):
    code = f"import sys, {command}; print(sorted({{'torch', 'cv2', 'dlib', 'numpy', 'h5py', 'scipy', 'sklearn', 'matplotlib'}} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_package_files_are_empty():
    assert all(not (ROOT / folder / "__init__.py").read_text() for folder in OURS)
