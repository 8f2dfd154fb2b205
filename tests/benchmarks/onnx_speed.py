"""What the file of `extract export` takes for one face on one thread, beside torch on the same crops in the same run.

    python -m tests.benchmarks.onnx_speed [--sizes 112 224] [--seconds 4]

ResNet-18 with random weights, which take as long as trained ones; in float32, and as the file of --quantize in 8-bit
integers; one crop at a time and in batches of 16. The programs take turns, and the least of their times counts. Last,
the size of the files."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from extract.network import backbone
from extract.network.onnx_graph import CropNetworks, onnx_graph
from extract.network.quantization import quantized

BATCHES = (1, 16)
FILE = "file, float32"


def frozen_torch(network: backbone.Backbone) -> Callable:
    """Crops (n, S, S, 3) uint8 -> features, as `extract run --precision float32` takes them."""
    frozen = backbone.Frozen(network, torch.device("cpu"), torch.float32)
    return lambda crops: frozen(backbone.normalise(torch.from_numpy(crops)))[0].numpy()


def eager_torch(network: backbone.Backbone) -> Callable:
    """The same by the network as it was trained: batch normalisation of its own, plain memory."""
    network = network.eval().to(memory_format=torch.contiguous_format)

    @torch.inference_mode()
    def features(crops):
        return network.trunk(backbone.normalise(torch.from_numpy(crops)).contiguous()).numpy()

    return features


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """A file in ONNX Runtime, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def exported(path: Path) -> Callable:
    """The same by the file."""
    session = session_of(path)
    return lambda crops: session.run(["features"], {"crop": crops})[0]


def least(programs: dict, crops: np.ndarray, seconds: float) -> dict:
    """Name of each program -> ms a crop, the least of many turns."""
    found = {name: [] for name in programs}
    until = time.perf_counter() + seconds * len(programs)
    while time.perf_counter() < until or not all(map(len, found.values())):
        for name, program in programs.items():
            begun = time.perf_counter()
            program(crops)
            found[name].append(time.perf_counter() - begun)
    return {name: min(times) / len(crops) * 1000 for name, times in found.items()}


def programs_of(size: int, folder: Path) -> dict:
    """Name -> program; those in float32 agree."""
    network = backbone.make("emotion", dropout=0.0, init="scratch", seed=0).eval()
    crops = np.random.default_rng(0).integers(0, 256, (8, size, size, 3), np.uint8)
    graph = onnx_graph(CropNetworks(network), size)
    plain, int8 = folder / f"float32 at {size} px", folder / f"int8 at {size} px"
    plain.write_bytes(graph.SerializeToString())
    int8.write_bytes(quantized(graph, crops).SerializeToString())
    programs = {FILE: exported(plain), "torch, folded": frozen_torch(network), "torch, eager": eager_torch(network)}
    expected, *others = (program(crops) for program in programs.values())
    assert all(np.abs(other - expected).max() < 1e-3 for other in others)
    return {**programs, "file, int8": exported(int8)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[112, 224])
    parser.add_argument("--seconds", type=float, default=4.0, help="For each program, size and batch.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'px':>4} {'batch':>5}  {'':<13} {'ms a face':>9} {'beside the file':>16}")
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            programs = programs_of(size, Path(folder))
            for batch in BATCHES:
                crops = np.random.default_rng(1).integers(0, 256, (batch, size, size, 3), np.uint8)
                found = least(programs, crops, options.seconds)
                for name, ms in found.items():
                    print(f"{size:>4} {batch:>5}  {name:<13} {ms:>9.2f} {ms / found[FILE]:>16.2f}")
        for path in sorted(Path(folder).iterdir()):
            print(f"{path.name}: {path.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
