"""How long a log of launches would take on a card of stated speed: a clock over the host and the card's queues.

Each kernel takes the longest of its bytes at the card's bandwidth, its arithmetic at the card's rate, and a floor; a
queue works in order; the host takes a fixed time for each launch, and where it waits it goes on when the queue is
empty. Nothing is said of caches between two kernels, of kernels that do not reach these rates, or of the Python between
two launches beyond its fixed time: it is an estimate, and no measurement."""

import collections
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """Rates that large kernels reach, in bytes and operations a second; times in seconds."""

    name: str
    bandwidth: float
    products: dict  # precision -> operations a second of matrix products
    convolutions: float  # the same of ResNet-18's, in bfloat16
    link: float = 50e9  # pinned main memory to the card, and back
    launch: float = 5e-6  # of the host, for each kernel or copy
    floor: float = 2e-6  # of a kernel however small
    memory: float = 80e9


CARDS = {
    "H200": Card("NVIDIA H200", 4.1e12, {"float32": 45e12, "bfloat16": 400e12}, 130e12, memory=141e9),
    "A100": Card("NVIDIA A100 80 GB", 1.7e12, {"float32": 17e12, "bfloat16": 180e12}, 60e12, link=22e9),
}


def seconds(logs: list, card: Card, precision: str) -> tuple[float, float]:
    """(until all of the logs is done, of which the card's main queue works). precision: of the products."""
    host, queues, events, busy = 0.0, collections.Counter(), {}, 0.0
    for entry in (entry for log in logs for entry in log):
        if entry.kind == "order":
            after = entry.name.rsplit(" after ", 1)[1]
            queues[entry.stream] = max(queues[entry.stream], queues[after])
        elif entry.kind == "event":
            events[entry.name] = queues[entry.stream]
        elif entry.kind == "arrival":
            host = max(host, events[entry.name])
        else:
            host += card.launch
            took = _of(entry, card, precision)
            busy += took * (entry.stream == "default")
            queues[entry.stream] = max(queues[entry.stream], host) + took
            host = queues[entry.stream] if entry.waits else host
    return max([host, *queues.values()]), busy


def _of(entry, card, precision):
    if entry.kind == "kernel":
        rate = card.convolutions if entry.name.startswith("conv") else card.products[precision]
        return max(card.floor, entry.moved / card.bandwidth, entry.flop / rate)
    return entry.size / card.link + 1e-5 if entry.size else 0.0
