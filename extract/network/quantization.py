"""Graphs in fewer bits: weights in half precision, half of the size; or 8-bit integers by ONNX Runtime's static
quantisation, a quarter of the size, and faster."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

STEPS = ("Conv", "Add", "Relu", "MaxPool")  # all of the trunk; pooling, regression and heads stay in float32
HALF = ".half"  # behind the name of a weight that is kept so
SMALL = 4096  # numbers of a weight, below which nothing is gained
BATCH = 8  # crops whose activations are kept at once


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its large weights kept in half precision. A runtime turns them to float32 as it loads the file,
    and computes in that."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims, dtype=int) >= SMALL:
            name, values = tensor.name, numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + HALF))
            casts.append(helper.make_node("Cast", [name + HALF], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)
    return model


def quantized(model: onnx.ModelProto, crops: np.ndarray) -> onnx.ModelProto:
    """The model with its trunk in 8-bit integers, their ranges taken from crops (n, S, S, 3) uint8.

    Ranges leave out a hundred-thousandth of the values, so that no single one coarsens the rest. Weights have a range
    for each channel. docs/onnx.md says what it costs. Raises ModuleNotFoundError without onnxruntime."""
    from onnxruntime import quantization

    crops = crops[: len(crops) // BATCH * BATCH or len(crops)]  # it takes batches of one size alone
    with tempfile.TemporaryDirectory() as folder, _silent():
        path = Path(folder) / "int8.onnx"
        quantization.quantize_static(
            model,
            path,
            _reader(crops),
            op_types_to_quantize=STEPS,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.Percentile,
            extra_options={"CalibStridedMinMax": min(BATCH, len(crops))},
        )
        return _loaded(path)


def _reader(crops):
    """What the calibration asks for crops: a range of them, then its one batch, then the next range."""
    from onnxruntime.quantization import CalibrationDataReader

    class Crops(CalibrationDataReader):
        def __len__(self):
            return len(crops)

        def set_range(self, start_index, end_index):
            self.batches = iter([{"crop": crops[start_index:end_index]}])

        def get_next(self):
            return next(self.batches, None)

    return Crops()


def _loaded(path):
    import onnx

    return onnx.load(path)


@contextlib.contextmanager
def _silent():
    """It prints what it does, and advises through the root logger: standard output is for the command's answer."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
