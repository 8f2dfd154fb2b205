"""What the file of `extract export` takes for one face on one thread, beside torch on the same crops in the same run.

    python -m tests.benchmarks.onnx_speed [--sizes 112 224] [--seconds 4]

ResNet-18 with random weights, which take as long as trained ones; all in float32, one crop at a time and in batches of
16. The programs take turns, and the least of their times counts. Beside them the size of the file."""

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

BATCHES = (1, 16)


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


def exported(path: Path) -> Callable:
    """The same by ONNX Runtime, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
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


def programs_of(size: int, folder: Path) -> tuple[dict, int]:
    """(name -> program, bytes of the file), which agree on a crop."""
    network = backbone.make("emotion", dropout=0.0, init="scratch", seed=0).eval()
    path = folder / f"{size}.onnx"
    path.write_bytes(onnx_graph(CropNetworks(network), size).SerializeToString())
    programs = {
        "ONNX Runtime": exported(path),
        "torch, folded": frozen_torch(network),
        "torch, eager": eager_torch(network),
    }
    crops = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)
    expected, *others = (program(crops) for program in programs.values())
    assert all(np.abs(other - expected).max() < 1e-3 for other in others)
    return programs, path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[112, 224])
    parser.add_argument("--seconds", type=float, default=4.0, help="For each program, size and batch.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'px':>4} {'batch':>5} {'file':>8}  {'':<14} {'ms a face':>9}  {'beside ONNX Runtime':>19}")
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            programs, file_bytes = programs_of(size, Path(folder))
            for batch in BATCHES:
                crops = np.random.default_rng(1).integers(0, 256, (batch, size, size, 3), np.uint8)
                found = least(programs, crops, options.seconds)
                for name, ms in found.items():
                    ratio = ms / found["ONNX Runtime"]
                    print(f"{size:>4} {batch:>5} {file_bytes / 2**20:>5.1f} MB  {name:<14} {ms:>9.2f}  {ratio:>19.2f}")


if __name__ == "__main__":
    main()
