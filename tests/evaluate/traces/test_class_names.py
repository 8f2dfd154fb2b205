"""Names in a panel: none covers another, none stands outside."""

import numpy as np

from data.emotions import EMOTIONS
from evaluate.traces.class_names import LINE, apart, half

PANEL = (1.2, 1.3)


def covered(placed):
    names = list(placed)
    return [
        (one, other)
        for place, one in enumerate(names)
        for other in names[:place]
        if abs(placed[one][0] - placed[other][0]) < half(one) + half(other) - 1e-9
        and abs(placed[one][1] - placed[other][1]) < 0.99 * LINE
    ]


def test_names_at_one_place_move_apart():
    for corner in ((0.6, 0.6), (0, 0), (1.2, 1.3), (0, 1.3)):
        wanted = dict.fromkeys(EMOTIONS, corner)
        placed = apart(wanted, PANEL)
        assert covered(wanted) and not covered(placed), corner
        for name, (x, y) in placed.items():
            assert half(name) - 1e-9 <= x <= PANEL[0] - half(name) + 1e-9 and 0 < y < PANEL[1]


def test_names_that_have_room_stay():
    wanted = {"fear": (0.3, 0.2), "happiness": (0.6, 1.0)}
    assert all(np.allclose(place, wanted[name]) for name, place in apart(wanted, PANEL).items())
