"""One direction of flow: which room may import which, read from the source; and stage two without stage one's
packages."""

import ast
import subprocess
import sys

import pytest

from tests.places import ROOT

OUTSIDE = {
    "data": {"numpy", "h5py", "filelock", "torch", "click", "onnx", "pandas", "pyarrow"},
    "extract": {"data", "numpy", "h5py", "torch", "torchvision", "cv2", "dlib", "click", "onnx", "onnxruntime"}
    | {"pandas", "pyarrow"},
    "embed": {"data", "numpy", "torch", "click", "onnx", "pandas", "scipy", "sklearn"},
    "evaluate": {"data", "numpy", "scipy", "sklearn", "matplotlib", "jinja2", "click"},
}
ONLY_IN = {
    "dlib": {"extract/faces/dlib_models.py"},
    "torchvision": {"extract/network/trunk.py"},
    "PIL": set(),
    "onnx": {
        "data/exported_model.py",
        "extract/network/onnx_graph.py",
        "extract/network/quantization.py",
        "extract/features/exported_networks.py",
        "embed/exported/head_graph.py",
    },
    "onnxruntime": {"extract/network/quantization.py", "extract/emotions/exported_file.py"},
    "pyarrow": {
        "data/frames/named_columns.py",
        "data/frames/parquet_features.py",
        "data/frames/text_rows.py",
        "extract/emotions/written_table.py",
    },
}

# Rooms (sub-folders) and single modules of each stage, the lowest first: a room may import itself and whatever stands
# before its own line, never its neighbours on that line.
LAYERS = {
    "data": [
        {"emotions", "names", "networks", "groups", "canonical", "architecture"},
        {"sample", "metrics", "heads", "coverage"},
        {"runtime"},
        {"readers", "files"},
        {"exported_model", "shipped_model", "frames"},
    ],
    "extract": [
        {"workers", "threads", "stage_times"},
        {"images"},
        {"faces"},
        {"crops", "network"},
        {"training", "features", "audit", "toy"},
        {"info", "options", "emotions"},
        {"training_recipe", "emotions_command", "file_commands"},
        {"stages"},
        {"cli"},
    ],
    "embed": [
        {"settings", "sizes"},
        {"training_options"},
        {"rows", "plan"},
        {"heads", "fresh_runs"},
        {"strength"},
        {"sweep", "apply", "fitted"},
        {"study", "exported", "estimators"},
        {"head_commands"},
        {"cli"},
    ],
    "evaluate": [
        {"reference", "representations", "records", "samples"},
        {"statistics"},
        {"tables", "figures"},
        {"page", "comparison_files"},
        {"traces"},
        {"cli"},
    ],
}
MOST_MODULES = 12


def imported(source):
    """Dotted names of everything that a module imports, wherever in it; `from a.b import c` gives a.b.c."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(stage):
    """(dotted name, source) of every module of a stage, package files apart."""
    for path in sorted((ROOT / stage).rglob("*.py")):
        if path.stem != "__init__":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text(encoding="utf-8")


def upward(name, source):
    """Imports of a module that its room may not have, as text."""
    stage, room = name.split(".")[:2]
    level = {each: number for number, layer in enumerate(LAYERS[stage]) for each in layer}
    for target in imported(source):
        if target.split(".")[0] == stage and target.count("."):
            other = target.split(".")[1]
            if other != room and level[other] >= level[room]:
                yield f"{name} imports {target}"


@pytest.mark.parametrize("stage", sorted(LAYERS))
def test_rooms_import_downward(stage):
    assert not [wrong for name, source in modules(stage) for wrong in upward(name, source)]


@pytest.mark.parametrize("stage", sorted(LAYERS))
def test_every_room_has_its_layer(stage):
    assert {name.split(".")[1] for name, _ in modules(stage)} == set().union(*LAYERS[stage])


def test_a_broken_direction_is_found():
    lazily = "def f():\n    from extract.training.step import Step\n"
    assert list(upward("extract.network.backbone", lazily)) == [
        "extract.network.backbone imports extract.training.step.Step"
    ]
    assert list(upward("extract.crops.stored", "from extract.network import backbone\n"))  # neighbours on one line
    assert not list(upward("extract.training.step", "from extract.network import backbone\n"))


@pytest.mark.parametrize("stage", sorted(LAYERS))
def test_stages_import_only_what_the_design_allows(stage):
    allowed = OUTSIDE[stage] | {stage} | set(sys.stdlib_module_names)
    assert not {
        f"{name} imports {target}"
        for name, source in modules(stage)
        for target in imported(source)
        if target.split(".")[0] not in allowed
    }


def test_a_forbidden_import_is_found():
    assert "torchvision.models.resnet18" in set(imported("def f():\n    from torchvision.models import resnet18\n"))
    assert "extract" not in OUTSIDE["embed"] and "embed" not in OUTSIDE["evaluate"]


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_heavy_packages_are_imported_in_one_file(package):
    found = {
        name.replace(".", "/") + ".py"
        for stage in LAYERS
        for name, source in modules(stage)
        if package in {target.split(".")[0] for target in imported(source)}
    }
    assert found == ONLY_IN[package]


def test_data_knows_torch_and_click_in_its_runtime_alone():
    users = {
        name for name, source in modules("data") if {"torch", "click"} & {x.split(".")[0] for x in imported(source)}
    }
    assert users and all(name.startswith("data.runtime.") for name in users)


def test_what_reads_data_needs_neither_torch_nor_click():
    code = "import sys, importlib\n"
    code += "".join(f"importlib.import_module({name!r})\n" for name, _ in modules("data"))
    code += "print(sorted({'torch', 'click'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def opened_by(source):
    """How often a module calls h5py.File itself."""
    calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return calls.count("h5py.File")


def test_hdf5_is_opened_in_one_module():
    """There it is opened without a lock, and what cannot be read is not called damaged."""
    users = {name for stage in LAYERS for name, source in modules(stage) if opened_by(source)}
    assert users == {"data.files.hdf5"} and opened_by("with h5py.File(path) as file:\n    pass\n") == 1


@pytest.mark.parametrize(
    "folder",
    sorted(str(path.parent.relative_to(ROOT)) for stage in LAYERS for path in (ROOT / stage).rglob("__init__.py")),
)
def test_no_room_is_crowded(folder):
    inside = [path for path in (ROOT / folder).glob("*.py") if path.stem != "__init__"]
    assert len(inside) <= MOST_MODULES and not (ROOT / folder / "__init__.py").read_text()


def test_no_two_modules_have_one_name():
    """`cli` stands for its stage; any other name says by itself which file is meant."""
    names = [name.rsplit(".", 1)[-1] for stage in LAYERS for name, _ in modules(stage)]
    assert {name for name in names if names.count(name) > 1} == {"cli"}


@pytest.mark.parametrize("stage", ["embed", "evaluate"])
def test_stage_two_starts_where_stage_one_is_not_installed(stage):
    code = "import sys, importlib\n"
    code += "sys.modules.update(dict.fromkeys(('cv2', 'dlib', 'torchvision', 'PIL', 'extract', 'onnx')))\n"
    code += "".join(f"importlib.import_module({name!r})\n" for name, _ in modules(stage))
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("command", ["extract.cli", "embed.cli", "evaluate.cli"])
def test_the_version_is_said_by_every_command(command):
    found = subprocess.run([sys.executable, "-m", command, "--version"], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout.startswith("cake-emotion ") and found.returncode == 0, found.stderr


@pytest.mark.parametrize("command", ["extract.cli", "embed.cli", "evaluate.cli"])
def test_help_needs_no_heavy_import(command):
    heavy = {"torch", "cv2", "dlib", "numpy", "h5py", "scipy", "sklearn", "matplotlib", "onnx"}
    code = f"import sys, {command}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
