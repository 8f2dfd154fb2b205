"""A picture of one toy face, drawn through its landmarks: head, shading, features, hair, light, lens."""

from dataclasses import dataclass

import cv2
import numpy as np

from extract.toy.shape import Expression, landmarks

SKINS = np.array(
    [(255, 224, 196), (241, 194, 160), (224, 172, 130), (198, 134, 92), (150, 98, 66), (104, 66, 44)], float
)
HAIRS = np.array([(28, 22, 20), (60, 38, 26), (110, 72, 40), (170, 130, 76), (120, 52, 30), (140, 138, 134)], float)

Colour = np.ndarray | tuple | int  # red, green, blue; or one grey level


@dataclass(frozen=True)
class Style:
    """How a domain's photographs look."""

    side: int  # pixels of the square picture
    head: float  # half width of the head in pixels, on average
    blur: float  # deviation of the lens blur in pixels, at most
    noise: float  # deviation of the sensor noise in grey levels
    light: float  # strength of the side light
    roll: float  # deviation of the head's tilt in degrees


def draw(expression: Expression, style: Style, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(image (S, S, 3) uint8 RGB, landmarks (68, 2) float32 in its pixels) of one person with that expression."""
    points = _turned(landmarks(expression, generator), generator)
    place = _placement(style, generator)
    canvas = _Canvas(style.side, place, generator)
    canvas.background()
    canvas.head(points)
    canvas.shade(points)
    canvas.eyes(points, generator)
    canvas.brows(points)
    canvas.nose(points)
    canvas.mouth(points)
    canvas.hair(generator)
    return canvas.photograph(style, generator), canvas.pixels(points).astype(np.float32)


def _turned(points, generator):
    """A small yaw: what stands out (nose, mouth) moves more than the rim."""
    yaw = generator.normal(0, 0.07)
    depth = 1 - points[:, 0] ** 2 * 0.8
    return points + np.stack([yaw * depth, np.zeros(len(points))], 1)


def _placement(style, generator):
    """(2, 3) from face coordinates to pixels: size, tilt and place of the head."""
    scale = style.head * np.exp(generator.normal(0, 0.08))
    angle = np.radians(generator.normal(0, style.roll))
    shift = style.side * (np.array([0.5, 0.52]) + generator.normal(0, 0.025, 2))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])


class _Canvas:
    """A picture under way, drawn in face coordinates."""

    def __init__(self, side: int, place: np.ndarray, generator: np.random.Generator):
        self.place, self.scale = place, float(np.hypot(*place[:, 0]))
        self.image = np.zeros((side, side, 3), np.uint8)
        mix = generator.uniform(0, len(SKINS) - 1)
        lighter, share = int(mix), mix % 1
        darker = min(lighter + 1, len(SKINS) - 1)
        self.skin = SKINS[lighter] * (1 - share) + SKINS[darker] * share
        self.hair_colour = HAIRS[generator.integers(len(HAIRS))] * generator.uniform(0.8, 1.2)
        grey = generator.uniform(60, 190, (3, 1))
        self.colours = grey + generator.normal(0, 18, (3, 3))  # walls and clothes, muted

    def pixels(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(points, float) @ self.place[:, :2].T + self.place[:, 2]

    def _corners(self, points):
        """(n, 2) int32 in sixteenths of a pixel, which OpenCV draws with 4 fractional bits."""
        return np.round(self.pixels(points) * 16).astype(np.int32)

    def fill(self, points: np.ndarray | list, colour: Colour, image: np.ndarray | None = None) -> None:
        image = self.image if image is None else image
        cv2.fillPoly(image, [self._corners(points)], _colour(colour), cv2.LINE_AA, 4)

    def line(self, points: np.ndarray | list, colour: Colour, width: float, image: np.ndarray | None = None) -> None:
        image = self.image if image is None else image
        thickness = max(1, round(width * self.scale))
        cv2.polylines(image, [self._corners(points)], False, _colour(colour), thickness, cv2.LINE_AA, 4)

    def oval(self, centre: tuple, radii: tuple, colour: Colour, image: np.ndarray | None = None) -> None:
        turn = np.linspace(0, 2 * np.pi, 40)
        self.fill(np.array(centre) + np.stack([np.cos(turn), np.sin(turn)], 1) * radii, colour, image)

    def background(self) -> None:
        side = len(self.image)
        ramp = np.linspace(0, 1, side)[:, None, None]
        self.image[:] = self.colours[0] * ramp + self.colours[1] * (1 - ramp)
        self.oval((0, 3.0), (2.1, 1.35), self.colours[2] * 0.8)  # clothes
        self.oval((0, -0.25), (1.12, 1.28), self.hair_colour)  # hair behind the head

    def head(self, points: np.ndarray) -> None:
        self.fill([(-0.45, 0.6), (0.45, 0.6), (0.5, 1.9), (-0.5, 1.9)], self.skin * 0.72)  # neck, in shadow
        for side in (-1, 1):
            self.oval((side * 1.02, -0.15), (0.13, 0.26), self.skin * 0.85)
        turn = np.linspace(0, np.pi, 20)
        skull = np.stack([np.cos(turn), -0.30 - 1.02 * np.sin(turn)], 1)
        self.fill(np.concatenate([points[:17], skull]), self.skin)

    def shade(self, points: np.ndarray) -> None:
        """Darker where the face turns away or lies deep; brighter on cheeks, forehead and nose."""
        relief = np.full(self.image.shape[:2], 128, np.uint8)
        for eye in (slice(36, 42), slice(42, 48)):
            self.oval(points[eye].mean(0) - (0, 0.03), (0.30, 0.17), 84, relief)
            self.oval(points[eye].mean(0) + (0, 0.36), (0.22, 0.16), 150, relief)
        bridge, tip = points[27], points[30]
        self.fill([bridge - (0.05, 0), bridge + (0.05, 0), tip + (0.09, 0.04), tip - (0.09, -0.04)], 165, relief)
        self.oval(points[33] + (0, 0.06), (0.2, 0.05), 90, relief)
        self.oval(points[57] + (0, 0.10), (0.2, 0.05), 96, relief)
        self.line(points[2:15], 92, 0.16, relief)
        relief = cv2.GaussianBlur(relief, (0, 0), 0.07 * self.scale)
        self._multiply((relief.astype(np.float32) / 128)[..., None])

    def eyes(self, points: np.ndarray, generator: np.random.Generator) -> None:
        layer, mask = self.image.copy(), np.zeros(self.image.shape[:2], np.uint8)
        iris = generator.choice([(70, 45, 25), (60, 80, 60), (70, 95, 130), (40, 30, 25)])
        gaze = generator.normal(0, 0.02, 2)
        for eye in (points[36:42], points[42:48]):
            self.fill(eye, 255, mask)
            self.fill(eye, (236, 232, 228), layer)
            centre = eye[[0, 3]].mean(0) + (0, -0.02) + gaze
            self.oval(centre, (0.088, 0.088), iris, layer)
            self.oval(centre, (0.042, 0.042), (12, 10, 10), layer)
            self.oval(centre + (-0.03, -0.03), (0.016, 0.016), (250, 250, 250), layer)
        weight = mask[..., None].astype(np.float32) / 255
        self.image[:] = self.image * (1 - weight) + layer * weight
        for eye in (points[36:42], points[42:48]):
            self.line(eye[:4], self.skin * 0.22, 0.035)
            self.line(eye[[0, 5, 4, 3]], self.skin * 0.6, 0.015)

    def brows(self, points: np.ndarray) -> None:
        for brow in (points[17:22], points[26:21:-1]):
            thick = np.array([0.02, 0.045, 0.055, 0.055, 0.045])[:, None] * (0, 1)
            self.fill(np.concatenate([brow - thick, (brow + thick)[::-1]]), self.hair_colour * 0.55)

    def nose(self, points: np.ndarray) -> None:
        self.line(points[31:36], self.skin * 0.55, 0.02)
        for wing in (32, 34):
            self.oval(points[wing] - (0, 0.025), (0.045, 0.022), self.skin * 0.32)
        self.line([points[28] + (0.06, 0.05), points[30] + (0.1, 0)], self.skin * 0.8, 0.02)

    def mouth(self, points: np.ndarray) -> None:
        lips = self.skin * (0.82, 0.52, 0.5)
        self.fill(points[48:60], lips)
        self.fill(points[60:68], (52, 20, 22))
        teeth = points[[60, 61, 62, 63, 64]]
        deep = min(0.045, 0.6 * float(points[66, 1] - points[62, 1]))
        if deep > 0.015:
            self.fill(np.concatenate([teeth[1:4], teeth[3:0:-1] + (0, deep)]), (232, 226, 216))
        self.line(points[[48, 60, 67, 66, 65, 64, 54]], lips * 0.55, 0.014)
        for side, corner, wing in ((-1, 48, 31), (1, 54, 35)):  # the fold that runs from the nose round the mouth
            fold = [
                points[wing] + (side * 0.06, 0),
                (points[wing] + points[corner]) / 2 + (side * 0.13, 0),
                points[corner] + (side * 0.11, 0.03),
            ]
            self.line(fold, self.skin * 0.74, 0.018)

    def hair(self, generator: np.random.Generator) -> None:
        """A fringe of one of many shapes, from the parting outwards."""
        line, parting = generator.uniform(-1.12, -0.92), generator.uniform(-0.5, 0.5)
        turn = np.linspace(np.pi, 2 * np.pi, 24)
        outer = np.stack([1.08 * np.cos(turn), -0.35 + 1.14 * np.sin(turn)], 1)
        across = np.linspace(1, -1, 24)
        inner = np.stack([0.97 * across, line + 0.55 * np.abs(across - parting) ** 2.2 * 0.6 + 0.12 * across**4], 1)
        self.fill(np.concatenate([outer, inner]), self.hair_colour)

    def _multiply(self, factor):
        self.image[:] = np.clip(self.image * factor, 0, 255)

    def photograph(self, style: Style, generator: np.random.Generator) -> np.ndarray:
        """Side light, lens blur and sensor noise."""
        side = len(self.image)
        rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
        angle, strength = generator.uniform(0, 2 * np.pi), generator.uniform(0, style.light)
        light = generator.uniform(0.75, 1.1) * (1 + strength * (np.cos(angle) * columns + np.sin(angle) * rows))
        image = self.image * light[..., None]
        image = cv2.GaussianBlur(image, (0, 0), generator.uniform(0.5, style.blur))
        noise = generator.standard_normal(image.shape, dtype=np.float32)
        return np.clip(image + style.noise * noise, 0, 255).astype(np.uint8)


def _colour(colour):
    return tuple(float(np.clip(part, 0, 255)) for part in np.atleast_1d(colour))
