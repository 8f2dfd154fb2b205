"""Pictures with coloured squares for faces, a detector that finds them, and a model that reads their colour."""

import json

import cv2
import numpy as np

from data.emotions import EMOTIONS
from data.sample import EYE_CENTRES
from extract.emotions.said import Said
from extract.faces.detectors import Detector, Face, largest_first
from extract.faces.landmarks import Landmarks

GROUND = (90, 90, 90)
SIZE = 16  # pixels of a crop


def picture(*squares, height=240, width=320):
    """(H, W, 3) uint8 RGB with squares (x, y, side, (R, G, B)) on a grey ground."""
    image = np.full((height, width, 3), GROUND, np.uint8)
    for x, y, side, colour in squares:
        image[y : y + side, x : x + side] = colour
    return image


class Squares(Detector):
    """Finds whatever is not of the ground's colour. searched: shapes of the images that were searched."""

    name = "squares"

    def __init__(self):
        self.searched = []

    def faces(self, image):
        self.searched.append(image.shape[:2])
        mask = (np.abs(image.astype(int) - GROUND).max(2) > 40).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        return largest_first(Face(tuple(map(float, row[:4])), eyes(row[:4]), score=0.75) for row in stats[1:])


def eyes(box):
    """Landmarks of a face that fills a box."""
    x, y, width, height = box
    places = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)])
    return Landmarks((places * (width, height) + (x, y)).astype(np.float32), EYE_CENTRES)


class Colours:
    """A model of two classifiers. By the first, the share of red is the probability of happiness, the rest is
    neutral's; the second says the opposite. The mean colour is the coordinates."""

    size, emotions, classifiers, axes = SIZE, EMOTIONS, ("first", "second"), ("along_red", "along_green", "along_blue")
    toy = True

    def __init__(self, *, knows_arousal_valence=False):
        self.knows_arousal_valence, self.batches = knows_arousal_valence, []

    def __call__(self, crops):
        self.batches.append(len(crops))
        colour = crops[:, SIZE // 2 - 2 : SIZE // 2 + 2, SIZE // 2 - 2 : SIZE // 2 + 2].mean((1, 2)) / 255
        red = colour[:, 0] / colour.sum(1)
        probabilities = np.zeros((len(crops), 2, len(EMOTIONS)), np.float32)
        happiness, neutral = EMOTIONS.index("happiness"), EMOTIONS.index("neutral")
        probabilities[:, 0, happiness] = probabilities[:, 1, neutral] = red
        probabilities[:, 0, neutral] = probabilities[:, 1, happiness] = 1 - red
        known = colour[:, :2] if self.knows_arousal_valence else None
        return Said(probabilities, colour.astype(np.float32), known)


def write_video(path, frames, rate=10.0):
    """An AVI of (H, W, 3) RGB frames of one size."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate, (width, height))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def write_image(path, image):
    """A PNG, whatever the ending says."""
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
    return path


def exported(path, *, kind="model", alignment_version=None, toy=True):
    """A file of the kind that `embed export` writes: the mean colour through a softmax."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from data.exported_model import OPSET, publish_model
    from extract.faces.alignment import ALIGNMENT_VERSION

    weights = np.random.default_rng(0).normal(size=(3, 14)).astype(np.float32)
    arrays = {"w": weights, "axes": np.array([1, 2]), "shape": np.array([0, 2, 7]), "scale": np.float32(255)}
    nodes = [
        helper.make_node("Cast", ["crop"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "scale"], ["coordinates"]),
        helper.make_node("MatMul", ["coordinates", "w"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=2),
        helper.make_node("Identity", ["coordinates"], ["features"]),
    ]
    shapes = {"coordinates": ["n", 3], "probabilities": ["n", 2, 7], "features": ["n", 3]}
    graph = helper.make_graph(
        nodes,
        "made_up",
        [helper.make_tensor_value_info("crop", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=10)
    facts = {
        "kind": kind,
        "image_size": SIZE,
        "toy": toy,
        "emotions": EMOTIONS,
        "coordinates": ["along_valence", "along_arousal", "along_anger"],
        "classifiers": ["first", "second"],
        "alignment_version": alignment_version or ALIGNMENT_VERSION,
    }
    described = dict.fromkeys(("crop", *shapes), "made up")
    publish_model(path, model, json.loads(json.dumps(facts)), described)
    return weights
