"""The whole project on a GPU, in one call: features, training at 224 pixels, and every integer of stage two.

    python -m tests.benchmarks.gpu [--card H200] [--seconds 20] [--only modelled measured]

"modelled" needs no GPU: it counts what the project launches, and says how long that would take on a card of stated
rates (tests/fake_gpu/device_model.py). "measured" is printed where there is a GPU, with its name. The line that is
slowest says what limits."""

import argparse
import contextlib
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from data.runtime.device import choose_device, feature_memory, use_own_cpus
from data.runtime.ranks import ALONE, own_cpus
from embed.heads.joined_blocks import KEPT, joined
from embed.heads.stacks import Factors, Stack
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings
from embed.sweep import Place, Request, sweep
from extract.crops.stored import pixels as decoded
from extract.faces.alignment import CROP_SIZE
from extract.network import backbone
from extract.network.inference import BATCH, Predictor
from extract.training.backbone_training import TrainingSettings
from extract.training.epochs import Epochs
from extract.training.step import Step
from extract.training.training_rows import TrainingRows
from tests.benchmarks import planted
from tests.fake_gpu import stage_one, stage_two
from tests.fake_gpu.device_model import CARDS, Card, seconds
from tests.fake_gpu.fake_device import FakeGpu
from tests.fake_gpu.launches import counted

SIZE, TRAINED = 224, 128  # pixels, rows of a batch: the defaults of `extract train`
PENALTY = 3e-4
LENGTHS = {"10 epochs of 4,096 rows": {"epochs": 10, "steps": 0, "largest_batch": 4096}, "the default length": {}}


def modelled(card: Card) -> Iterator[str]:
    """Lines of what the card would do by its stated rates."""
    products = ", ".join(f"{rate / 1e12:.0f} T operations/s in {name}" for name, rate in card.products.items())
    yield f"modelled {card.name}: {card.bandwidth / 1e12:.1f} TB/s, {products}, {card.convolutions / 1e12:.0f} T in"
    yield f"  convolutions, {card.link / 1e9:.0f} GB/s to main memory, {card.launch * 1e6:.0f} us of the host a launch"
    for networks in (1, 2):
        with FakeGpu() as gpu:
            logs = stage_one.inference(gpu, precision="bfloat16", size=SIZE, batches=8, networks=networks)
        took, busy = seconds(logs, card, "bfloat16")
        rate = 8 * BATCH["cuda"] / took
        yield f"  features, {networks} network(s), bfloat16: {rate:,.0f} images/s, card {busy / took:.0%} busy"
    with FakeGpu() as gpu:
        logs = stage_one.training(gpu, precision="bfloat16", batch=TRAINED, size=SIZE)
    for name, log in (("from main memory", logs[1]), ("from the card", logs[3])):
        took, busy = seconds([log], card, "bfloat16")
        yield f"  training, bfloat16, crops {name}: {TRAINED / took:,.0f} images/s, {counted(log)['launches']} launches"
    with stage_two.undrawn():
        for (name, length), precision in itertools.product(LENGTHS.items(), card.products):
            yield from every_integer(card, name, HeadSettings(penalty=PENALTY, precision=precision, **length))


def every_integer(card: Card, name: str, settings: HeadSettings) -> Iterator[str]:
    """The 10,240 heads of two families, k = 1 to 512, ten runs, in blocks as large as the card's memory holds."""
    plan = stage_two.every_integer()
    large = joined(plan, KEPT * card.memory, features=stage_two.F, domains=len(stage_two.ROWS))
    total, work, launches = 0.0, 0.0, 0
    for block in large:
        with FakeGpu() as gpu:
            log = stage_two.step(gpu, block, settings)
            steps = len(Batches(stage_two.corpus(), settings))
        took, busy = seconds([log], card, settings.precision)
        total, work, launches = total + steps * took, work + steps * busy, launches + counted(log)["launches"]
    heads = sum(map(len, large))
    least = steps * traffic(large) / card.bandwidth
    yield f"  every integer, {settings.precision}, {name}: {total:.0f} s, the card busy for {work / total:.0%}"
    yield f"    {heads:,} heads in {len(large)} block(s), {steps:,} steps of {launches:,} launches; weights and the"
    yield f"    moments of Adam, read and written however it is done: {least:.0f} s"


def traffic(plan: list) -> float:
    """Bytes that Adam moves in a step however it is written: weights and two moments, read and written."""
    stacks = (Stack((head,), stage_two.F) for block in plan for head in block)
    return 24 * sum(Factors.size(stack, len(stage_two.ROWS)) for stack in stacks)


def decoding(seconds_each: float = 3.0) -> Iterator[str]:
    """What the host can decode: crops a second of one thread and of all, which share the interpreter."""
    rates = {threads: decoding_rate(threads, seconds_each) for threads in dict.fromkeys((1, own_cpus()))}
    all_of_them = rates[own_cpus()]
    share = all_of_them / rates[1] / own_cpus()
    yield f"decoding crops of {CROP_SIZE} pixels here: {rates[1]:,.0f} a second on one thread,"
    yield f"  {all_of_them:,.0f} on {own_cpus()} ({share:.0%} of as many alone)"


def crop() -> np.ndarray:
    """The JPEG bytes of a made-up crop, smooth as photographs are."""
    generator = np.random.default_rng(0)
    image = cv2.resize(generator.integers(0, 256, (28, 28, 3), dtype=np.uint8), (CROP_SIZE, CROP_SIZE))
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].ravel()


def decoding_rate(threads: int, enough: float) -> float:
    """Crops a second."""
    from extract.threads import Threads, ahead

    jpeg, begun, count = crop(), time.perf_counter(), 0
    with Threads(threads) as pool:
        for _ in ahead(
            pool, lambda _: [decoded(jpeg, SIZE) for _ in range(64)], endless(begun, enough), depth=threads + 2
        ):
            count += 64
    return count / (time.perf_counter() - begun)


def endless(begun: float, enough: float) -> Iterator[None]:
    """Items until so many seconds have passed."""
    while time.perf_counter() - begun < enough:
        yield None


def measured(device: torch.device, enough: float) -> Iterator[str]:
    """Lines of what this card does."""
    yield f"measured on {torch.cuda.get_device_name(device)}"
    jpeg = crop()

    def decode(piece, room):
        images = room((BATCH["cuda"], SIZE, SIZE, 3))
        for image in np.asarray(images):
            image[:] = decoded(jpeg, SIZE)
        return images

    network = backbone.make("emotion", dropout=0.0, init="scratch", seed=0).eval()
    predictor, begun = Predictor([network], device, "bfloat16"), time.perf_counter()
    count = sum(BATCH["cuda"] for _ in predictor.over(endless(begun, enough), decode))
    rate = count / (time.perf_counter() - begun)
    yield f"  features, bfloat16, decoding included: {rate:,.0f} images/s, {predictor.meter}"
    settings = TrainingSettings("emotion", image_size=SIZE, batch=TRAINED, precision="bfloat16", epochs=2)
    rows = TrainingRows({"a": (stage_one.Crops(100 * TRAINED, SIZE), None)}, "emotion")
    epochs = Epochs(settings, rows, Step(settings, rows.weights, device, ALONE), device, ALONE)
    for number, name in enumerate(("the first", "a later")):
        rate = epochs.run(number, lambda rows, text: None)["images_per_second"]
        yield f"  training, bfloat16, {name} epoch: {rate:,.0f} images/s"
    yield from swept(device)


def swept(device: torch.device) -> Iterator[str]:
    """Every integer on planted data of the paper's size, and how far small heads agree with the CPU's."""
    with tempfile.TemporaryDirectory() as folder:
        paths = planted.write(folder)
        for name, length in LENGTHS.items():
            place = Place(device, feature_memory(device), torch.get_num_threads())
            begun = time.perf_counter()
            target, request = Path(folder, f"{len(length)}.h5"), Request(list(range(1, 513)), ["cake", "av"], 10)
            _, work = sweep(paths, target, request, HeadSettings(penalty=PENALTY, **length), place=place)
            took = time.perf_counter() - begun
            rate = work.flop / took / 1e12
            yield f"  every integer, {name}, draws, scores and file included: {took:.0f} s, {rate:.1f} TFLOP/s"
        few = Request([1, 2, 3], ["cake", "av"], 1)
        same = {}
        for where in (device, torch.device("cpu")):
            short = HeadSettings(penalty=PENALTY, epochs=1, steps=0)
            found, _ = sweep(paths, Path(folder, f"{where.type}.h5"), few, short, place=Place(where, 2**40))
            same[where.type] = found.outcomes
        shares = [np.mean(one.predicted == same["cpu"][head].predicted) for head, one in same[device.type].items()]
        yield f"  test rows that {len(shares)} heads predict as on the CPU: {min(shares):.2%} at least"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--card", choices=CARDS, default="H200")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", nargs="+", choices=("modelled", "measured"), default=("modelled", "measured"))
    options = parser.parse_args()
    use_own_cpus()
    parts = [modelled(CARDS[options.card])] if "modelled" in options.only else []
    parts.append(decoding())
    if "measured" in options.only and torch.cuda.is_available():
        parts.append(measured(choose_device("cuda"), options.seconds))
    else:
        parts.append(iter(["no GPU is here, so nothing is measured on one"]))
    with contextlib.suppress(KeyboardInterrupt):
        for part in parts:
            for line in part:
                print(line, flush=True)


if __name__ == "__main__":
    main()
