"""Trained networks over crops: their features and outputs, batch by batch."""

from collections.abc import Callable, Iterable, Iterator

import torch

from data.runtime.device import own_threads
from data.runtime.transfers import Arrival, room
from extract.network.backbone import Backbone, Frozen, normalise
from extract.network.precision import PRECISIONS
from extract.stage_times import StageTimes
from extract.threads import Threads, ahead

# Fixed, since the last bits of a feature may depend on the batch it is computed in. On the CPU the activations of 32
# images stay nearer to the caches (5 to 25 % faster than 64); a GPU is kept busy by more.
BATCH = {"cpu": 32, "cuda": 256, "mps": 64}


def plain(images: torch.Tensor) -> list[torch.Tensor]:
    """The one view of a crop that is not augmented."""
    return [images]


def widths(device: torch.device) -> dict:
    """How many threads decode and run the networks, for StageTimes."""
    return {"decode": own_threads(), "network": own_threads() if device.type == "cpu" else 1}


class Predictor:
    """Networks in eval mode on one device.

    On the CPU each core takes whole batches, decodes them and runs them on one thread: no core waits for another, and
    no bit depends on how many there are. A GPU takes batches that the cores decode ahead of it."""

    def __init__(
        self, networks: Iterable[Backbone], device: torch.device, precision: str, meter: StageTimes | None = None
    ):
        self.networks = [Frozen(network, device, PRECISIONS[precision]) for network in networks]
        self.device, self.threads, self.meter = device, own_threads(), meter or StageTimes(**widths(device))
        # two queues beside the computation: pixels to the GPU, and outputs back
        self.copies, self.returns = (torch.cuda.Stream(device) if device.type == "cuda" else None for _ in range(2))

    def over(
        self, pieces: Iterable, decode: Callable, views: Callable = lambda piece: plain
    ) -> Iterator[tuple[object, list]]:
        """Yield (piece, outputs) in the order of the pieces.

        outputs: for each view, for each network, (features (n, F), outputs (n, .)) float32 arrays.
        decode(piece, room) gives (n, S, S, 3) uint8, in the memory that room(shape) gives or its own; views(piece) the
        function from images to the list of their views."""
        run = self._on_cores if self.device.type == "cpu" else self._on_device
        return run(pieces, decode, views)

    def _room(self, shape):
        return room(shape, torch.uint8, self.device)

    def _on_cores(self, pieces, decode, views):
        def outputs(piece):
            with self.meter.working("decode"):
                pixels = torch.as_tensor(decode(piece, self._room))
            with self.meter.working("network"):
                return piece, _Outputs(self._launched(pixels, views(piece))).fetched()

        threads = torch.get_num_threads()
        try:
            with Threads(self.threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                yield from ahead(pool, outputs, pieces, depth=2 * self.threads)
        finally:
            torch.set_num_threads(threads)  # setting it in a thread sets a part of it for the whole process

    def _on_device(self, pieces, decode, views):
        def decoded(piece):
            with self.meter.working("decode"):
                return piece, torch.as_tensor(decode(piece, self._room))

        previous = None  # (piece, outputs on their way); taken one batch behind, so that the device never waits
        with Threads(self.threads) as pool:
            for piece, pixels in ahead(pool, decoded, pieces, depth=self.threads + 2):
                with self.meter.working("network"):
                    launched = _Outputs(self._launched(self._moved(pixels), views(piece)), self.returns)
                    fetched = None if previous is None else (previous[0], previous[1].fetched())
                if fetched is not None:
                    yield fetched
                previous = piece, launched
        if previous is not None:
            yield previous[0], previous[1].fetched()

    def _moved(self, pixels):
        """Pixels on the device; on CUDA copied beside the computation that is under way."""
        if not self.copies:
            return pixels.to(self.device)
        with torch.cuda.stream(self.copies):
            moved = pixels.to(self.device, non_blocking=True)
        torch.cuda.current_stream(self.device).wait_stream(self.copies)
        moved.record_stream(torch.cuda.current_stream(self.device))
        return moved

    @torch.inference_mode()
    def _launched(self, pixels, views):
        return [[network(view) for network in self.networks] for view in views(normalise(pixels))]


class _Outputs:
    """For each view, for each network, (features, outputs) on their way to main memory."""

    def __init__(self, outputs: list, stream: "torch.cuda.Stream | None" = None):
        self.networks = len(outputs[0])
        self.arrival = Arrival([values for view in outputs for pair in view for values in pair], stream)

    def fetched(self) -> list:
        values = iter(self.arrival.arrays())
        pairs = list(zip(values, values))
        return [pairs[start : start + self.networks] for start in range(0, len(pairs), self.networks)]
