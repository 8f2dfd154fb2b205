"""The measurements of tests.benchmarks.extract, each with its baseline in the same function."""

import contextlib
import csv
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from data.emotions import EMOTIONS
from data.files import publish
from data.files.cache import open_cache
from data.files.shards import Shards
from data.readers import registry
from data.runtime.device import choose_device, choose_precision
from data.runtime.machine import available_cpus
from data.sample import Listing
from extract.crops import aligned_cache
from extract.crops.cropping import Crop, ImageOutcome, Rule
from extract.crops.stored import StoredCrops
from extract.faces.alignment import ALIGNMENT_VERSION
from extract.features import extraction, feature_cache
from extract.features.frozen import FeatureSettings, Networks
from extract.network import backbone, checkpoint
from extract.network.inference import BATCH, Predictor
from extract.network.precision import PRECISIONS
from tests.benchmarks import bare
from tests.places import ROOT

DETECTOR = Rule()
META = {
    "task": "emotion",
    "settings": {},
    "image_size": 224,
    "emotions": list(EMOTIONS),
    "alignment_version": ALIGNMENT_VERSION,
    "toy": False,
    "domains": {"benchmark": {}},
    "code_version": "",
    "versions": {},
}


class Faces:
    """Photographs of one or more tables under one root, and what the measurements share."""

    def __init__(self, manifests: list[Path], count: int | None, folder: Path):
        listings = [registry.read("manifest", None, manifest=manifest) for manifest in manifests]
        listed = [sample for listing in listings for sample in listing.samples]
        samples = [replace(sample, split="train") for sample in listed if not sample.left_out]
        kept = np.linspace(0, len(samples) - 1, count or len(samples)).astype(int)
        samples = tuple(replace(samples[index], row=row) for row, index in enumerate(kept))
        self.listing, self.folder = replace(listings[0], samples=samples, notes=()), folder

    def data(self) -> list[bytes]:
        """The encoded photographs, in memory."""
        return [(self.listing.root / sample.path).read_bytes() for sample in self.listing.samples]

    def aligned(self) -> Path:
        """The path of the aligned cache, made where it is not there."""
        path = self.folder / "aligned.h5"
        if not path.exists():
            aligned_cache.align(self.listing, path, rule=DETECTOR, workers=available_cpus())
        return path

    def checkpoint(self, size: int = 224) -> Path:
        """The path of an untrained network; one for 224 pixels has batch statistics of these faces."""
        path = self.folder / f"{size}.pt"
        if not path.exists():
            network = backbone.make("emotion", dropout=0.0, init="scratch", seed=0)
            if size == 224:
                source = StoredCrops(self.aligned(), "train", size)
                with torch.no_grad():
                    for start in range(0, min(len(source), 96), 32):
                        rows = range(start, min(start + 32, len(source)))
                        network.train()(backbone.normalise(stacked(source, rows)))
            checkpoint.save(path, network.eval(), {**META, "image_size": size})
        return path


def stacked(source: StoredCrops, rows: range) -> torch.Tensor:
    """(n, S, S, 3) uint8 of some crops."""
    return torch.from_numpy(np.stack([source.pixels(row) for row in rows]))


def alignment(faces: Faces) -> dict:
    """`extract align` and the bare loop, one process each and two of each."""
    data, count = faces.data(), len(faces.listing.samples)
    first_try, _ = bare.align_all(data, tries="first")
    alone, _ = bare.align_all(data)
    one = seconds_of_align(faces, 1)
    two, side_by_side = seconds_of_align(faces, 2), two_bare(faces)
    return {
        "images": count,
        "bare_align_rate": count / alone,
        "align_rate": count / one,
        "align_share": alone / one,
        "align_share_first_try": first_try / one,
        "align_two_workers_rate": count / two,
        "align_two_workers_share": side_by_side / two,
    }


def seconds_of_align(faces: Faces, workers: int) -> float:
    """Wall seconds of an alignment from start to finish."""
    path = faces.folder / f"{workers}.h5"
    begun = time.perf_counter()
    aligned_cache.align(faces.listing, path, rule=DETECTOR, workers=workers)
    return time.perf_counter() - begun


def two_bare(faces: Faces) -> float:
    """Wall seconds of two bare processes that share the images."""
    paths = [sample.path for sample in faces.listing.samples]
    command = [sys.executable, "-m", "tests.benchmarks.bare", faces.listing.root]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(2)]
    for number, process in enumerate(running):
        process.stdin.write("\n".join(paths[number::2]))
        process.stdin.close()
    times = [list(map(float, process.stdout.read().split())) for process in running]
    for process in running:
        process.wait()
    return max(end for _, end in times) - min(start for start, _ in times)


def network(faces: Faces) -> dict:
    """Plain ResNet-18, the project's network on pixels in memory, and the same from the aligned cache."""
    device, precision = torch.device("cpu"), choose_precision(torch.device("cpu"))
    made = checkpoint.load(faces.checkpoint(), "emotion")
    source = StoredCrops(faces.aligned(), "train", 224)
    pixels = stacked(source, range(32))
    images = backbone.normalise(pixels)
    plain = bare.resnet18(made.network)
    plain_rate = bare.rate(plain, images.contiguous())
    bare_rate = rate_in_memory(made, pixels.numpy(), device, precision)
    with torch.inference_mode():
        expected = plain(images.contiguous())
        found, _ = backbone.Frozen(made.network, device, PRECISIONS[precision])(images)
    error = ((found - expected).norm(dim=1) / expected.norm(dim=1)).max().item()
    cached = rate_from_cache(faces, made, choose_device(), precision)
    return {
        "precision": precision,
        "plain_network_rate": plain_rate,
        "network_rate": bare_rate,
        "network_speedup": bare_rate / plain_rate,
        "network_error": error,
        "cached_rate": cached,
        "cached_share": cached / rate_in_memory(made, pixels.numpy(), device, precision),
    }


def rate_in_memory(
    made: checkpoint.Checkpoint, pixels: np.ndarray, device: torch.device, precision: str, seconds: float = 10.0
) -> float:
    """Images a second of the project's network over one and the same batch of uint8 pixels."""
    predictor = Predictor([made.network], device, precision)
    begun = time.perf_counter()

    def until_time_is_up():
        while time.perf_counter() - begun < seconds:
            yield None

    count = sum(
        len(pixels) for _ in predictor.over(until_time_is_up(), lambda piece, room: pixels[: BATCH[device.type]])
    )
    return count / (time.perf_counter() - begun)


def rate_from_cache(faces: Faces, made: checkpoint.Checkpoint, device: torch.device, precision: str) -> float:
    """Crops a second of `extract run` from aligned crops."""
    begun, settings = time.perf_counter(), FeatureSettings(device, precision)
    extraction.run(faces.aligned(), faces.folder / "cached.h5", networks=Networks(made), settings=settings)
    seconds = time.perf_counter() - begun
    with open_cache(faces.aligned(), "aligned") as file:
        return len(file["train/row"]) / seconds


def whole_run(faces: Faces) -> dict:
    """The command from photographs to features, by its own CPU and wall seconds, beside those of the bare stages."""
    data = faces.data()
    _, align_cpu = bare.align_all(data)
    made = checkpoint.load(faces.checkpoint(), "emotion")
    with open_cache(faces.aligned(), "aligned") as file:
        count = len(file["train/row"])
    pixels = stacked(StoredCrops(faces.aligned(), "train", 224), range(32)).numpy()
    device = torch.device("cpu")
    precision = choose_precision(device)
    begun, cpu = time.perf_counter(), time.process_time()
    rate = rate_in_memory(made, pixels, device, precision)
    network_cpu = count * (time.process_time() - cpu) / (rate * (time.perf_counter() - begun))
    wall, used, _ = command(faces, "run", faces.listing, "whole")
    return {
        "run_rate": len(data) / wall,
        "run_wall_seconds": wall,
        "run_cpu_seconds": used,
        "bare_cpu_seconds": align_cpu + network_cpu,
        "cpu_overhead": used / (align_cpu + network_cpu),
        "cores_busy": used / wall / available_cpus(),
        "durability_share": durability(faces, made),
    }


# A process that a large one starts inherits its peak of memory. So each writes its own peak, as the kernel knows it.
COMMAND = """
import atexit, os
from pathlib import Path
from extract.cli import main

def report():
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    Path(os.environ["PEAK"]).write_text(peak.split()[1])

atexit.register(report)
main()
"""


def command(faces: Faces, name: str, listing: Listing, folder: str, *options: str) -> tuple[float, float, int]:
    """(wall seconds, CPU seconds of all its processes, peak bytes of the first) of an `extract` command."""
    workdir = faces.folder / folder
    (workdir / "checkpoints").mkdir(parents=True, exist_ok=True)
    size = 32 if "--landmarks" in options else 224
    (workdir / "checkpoints" / "emotion.pt").write_bytes(faces.checkpoint(size).read_bytes())
    table = workdir / "table.csv"
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "emotion", "split"))
        writer.writerows((sample.path, "", sample.split) for sample in listing.samples)
    source = {"--workdir": workdir, "--dataset": "manifest", "--manifest": table, "--root": listing.root, "--name": "x"}
    arguments = [str(word) for option in source.items() for word in option]
    started = [sys.executable, "-c", COMMAND, name, *arguments, *options]
    environment = {**os.environ, "PEAK": str(workdir / "peak")}
    begun = time.perf_counter()
    process = subprocess.Popen(started, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"extract {name} failed")
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, int((workdir / "peak").read_text()) * 1024


def durability(faces: Faces, made: checkpoint.Checkpoint) -> float:
    """Share of the time that goes into keeping what was computed, and into keeping workers apart.

    It is counted as if it never overlapped with other work."""
    device, synced = torch.device("cpu"), Clock(publish.os, "fsync")
    begun, cpu = time.perf_counter(), time.process_time()
    with synced:
        aligned_cache.align(faces.listing, faces.folder / "kept_a.h5", rule=DETECTOR, workers=available_cpus())
    kept = time.process_time() - cpu + synced.seconds
    published, packed = Clock(Shards, "publish"), Clock(feature_cache, "pack")
    with published, packed:
        aligned, target = faces.folder / "kept_a.h5", faces.folder / "kept_f.h5"
        settings = FeatureSettings(device, choose_precision(device))
        extraction.run(aligned, target, networks=Networks(made), settings=settings)
    return (kept + published.seconds + packed.seconds) / (time.perf_counter() - begun)


class Clock(contextlib.AbstractContextManager):
    """Adds up the seconds spent in calls of one function."""

    def __init__(self, owner: object, name: str):
        self.owner, self.name, self.plain, self.seconds = owner, name, getattr(owner, name), 0.0

    def __enter__(self):
        def timed(*arguments, **options):
            begun = time.perf_counter()
            try:
                return self.plain(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - begun

        setattr(self.owner, self.name, timed)
        return self

    def __exit__(self, *failure):
        setattr(self.owner, self.name, self.plain)


def memory(faces: Faces) -> dict:
    """Peak of the process that leads, of align and of run, over the images once and ten times.

    Without detection and at 32 pixels."""
    found = {}
    for name in ("align", "run"):
        _, _, once = command(faces, name, faces.listing, "memory_1", "--landmarks", "none")
        _, _, ten_times = command(faces, name, repeated(faces.listing, 10), "memory_10", "--landmarks", "none")
        found |= {f"memory_mib_{name}": once / 2**20, f"memory_growth_{name}": ten_times / once}
    return {**found, "memory_growth": max(found["memory_growth_align"], found["memory_growth_run"])}


def repeated(listing: Listing, times: int) -> Listing:
    """The listing with every image so many times."""
    return replace(listing, samples=listing.samples * times)


SHARDS, LIST = 281, 287_651  # AffectNet's
RESUME = """
import os, sys, time
from pathlib import Path

def first(rows, text=""):
    if text:
        print(time.perf_counter() - begun, flush=True)
        os._exit(0)

if __name__ == "__main__":  # workers import this script too, and should import as little as those of the command
    import torch
    from extract.network import checkpoint
    from extract.crops import aligned_cache
    from extract.features import feature_cache, extraction
    from extract.crops.cropping import Rule
    from extract.options import listing_of

    folder, what = Path(sys.argv[1]), sys.argv[2]
    begun = time.perf_counter()
    if what == "align":
        listing = listing_of(folder, "manifest", Path(sys.argv[3]), folder / "list.csv", "x")
        aligned_cache.align(listing, folder / "a.h5", rule=Rule(landmarks="none"), workers=2, progress=first)
    else:
        networks = feature_cache.Networks(checkpoint.load(folder / "emotion.pt", "emotion"))
        settings = feature_cache.FeatureSettings(torch.device("cpu"), "float32")
        extraction.run(folder / "a.h5", folder / "f.h5", networks=networks, settings=settings, progress=first)
"""


def resume(faces: Faces) -> dict:
    """Seconds to the first image of the last shard of a list as long as AffectNet's."""
    folder = faces.folder / "resume"
    folder.mkdir()
    sample = faces.listing.samples[0]
    with open(folder / "list.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "emotion", "split"))
        writer.writerows([(sample.path, "neutral", "train")] * LIST)
    listing = registry.read("manifest", faces.listing.root, manifest=folder / "list.csv")
    script = folder / "resume_script.py"
    script.write_text(RESUME)
    alignment = all_but_one(listing, folder / "a.h5")
    found = {"resume_seconds": timed_script(script, folder, "align", listing.root)}
    alignment.finish(2, aligned_cache.ALONE, lambda rows, text="": None)
    (folder / "emotion.pt").write_bytes(faces.checkpoint(32).read_bytes())
    all_features_but_one(folder)
    return {**found, "resume_seconds_run": timed_script(script, folder, "run")}


def timed_script(script: Path, *arguments: object) -> float:
    """The seconds that a script prints."""
    started = [sys.executable, script, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(started, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(found.stdout)


def all_but_one(listing: Listing, target: Path) -> aligned_cache.AlignedCache:
    """An AlignedCache of which every shard but the last is there, with the same crop for every image."""
    alignment = aligned_cache.AlignedCache(listing, target, Rule(landmarks="none"))
    with alignment.held(aligned_cache.ALONE):
        jpeg = aligned_cache.outcome(listing.samples[0], listing.root, alignment.rule, alignment.detector).crops[0].jpeg
        outcome = ImageOutcome("ok", crops=(Crop(jpeg, "given"),))
        for number, (_, samples) in enumerate(alignment.plan[:-1]):
            alignment.shards.publish(number, aligned_cache.shard_arrays(samples, [outcome] * len(samples)))
    return alignment


def all_features_but_one(folder: Path) -> None:
    """Publish every shard but the last of a feature cache, of zeros."""
    settings = FeatureSettings(torch.device("cpu"), "float32")
    networks = Networks(checkpoint.load(folder / "emotion.pt", "emotion"))
    with open_cache(folder / "a.h5", "aligned") as file:
        source = extraction.FinishedCrops(file)
        made = feature_cache.FeatureCache(source, folder / "f.h5", networks, settings)
        with made.held(aligned_cache.ALONE, source.digest):
            for number in range(SHARDS - 1):
                loaded = source.load(number)
                arrays = {name: loaded[name] for name in feature_cache.LABELS}
                arrays["feature"] = np.zeros((source.size(number), 1, 512), np.float16)
                made.shards.publish(number, arrays, source=source.content(number))
