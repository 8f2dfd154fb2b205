"""What stands in the header of an aligned cache: everything that changes a crop, and which list of images it was."""

import hashlib
import json
from dataclasses import asdict

from data.files.provenance import version
from data.sample import Listing
from extract.crops.cropping import JPEG_QUALITY, Rule
from extract.crops.earlier import key
from extract.faces.alignment import ALIGNMENT_VERSION, CROP_SIZE
from extract.faces.detectors import Detector

LIST = "list_digest"  # the field that names the list: crops that were made under another are used where they fit


def make_header(listing: Listing, rule: Rule, detector: Detector, shard_rows: int) -> dict:
    """Everything that changes a crop or its label; two calls with equal headers make equal caches."""
    choices = asdict(rule)
    del choices["detector"]  # its identity says more
    return {
        LIST: list_digest(listing),
        "alignment_version": ALIGNMENT_VERSION,
        "crop_size": CROP_SIZE,
        "jpeg_quality": JPEG_QUALITY,
        "shard_rows": shard_rows,
        "toy": listing.toy,
        **choices,
        "opencv": version("cv2"),
        **detector.identity(),
    }


def list_digest(listing: Listing) -> str:
    """sha256 over every field of every sample."""
    digest = hashlib.sha256()
    for sample in listing.samples:
        labels = (sample.split, sample.row, sample.emotion, sample.left_out, sample.valence, sample.arousal)
        people = (sample.cluster, *sample.groups)  # nothing in lists that tell neither, as before these were read
        digest.update(repr(labels).encode() + key(sample) + (repr(people).encode() if any(people) else b""))
    return digest.hexdigest()


def fits(header: dict, other: dict) -> bool:
    """Whether crops of another header are what this one would give of the same image."""
    return {**json.loads(json.dumps(header)), LIST: ""} == {**other, LIST: ""}
