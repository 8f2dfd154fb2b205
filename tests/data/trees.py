"""Made-up trees in the on-disk layouts of the data sets: names, numbers and pixels are invented."""

import numpy as np

PIXEL = b"not a picture, only a file"  # readers list files, they never open them


def touch(path, content=PIXEL):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
POINTS = ";".join(f"{x:.2f};{y:.2f}" for x, y in zip(range(10, 78), range(100, 168)))


def affectnet_row(name, expression, *, box="10,20,30,40", points=POINTS, values="0.5,-0.25"):
    return f"{name},{box},{points},{expression},{values}\n"


def affectnet(
    root,
    train,
    test,
    *,
    train_header=True,
    test_header=False,
    lists="Manually_Annotated_file_lists",
    images="Manually_Annotated/Manually_Annotated_Images",
):
    """The CSV release; train and test are lists of rows made by affectnet_row. A list without rows has a header."""
    for name, rows, header in (("training.csv", train, train_header), ("validation.csv", test, test_header)):
        touch(root / lists / name, (HEADER if header or not rows else "") + "".join(rows))
        for row in rows:
            touch(root / images / row.split(",")[0])
    return root


def affectnet_npy(root, rows, *, val="val_set"):
    """The 8-label release; rows are (split folder, id, dict of stored annotation arrays, whether there is an image)."""
    for folder in ("train_set", val):
        (root / folder / "annotations").mkdir(parents=True)
        (root / folder / "images").mkdir()
    for folder, number, stored, pictured in rows:
        for name, value in stored.items():
            np.save(root / folder / "annotations" / f"{number}_{name}.npy", value)
        if pictured:
            touch(root / folder / "images" / f"{number}.jpg")
    return root


def rafdb(root, lines, *, images="original", spelling="list_patition_label.txt", end="\n", annotated=True):
    """RAF-DB basic with the given label lines."""
    touch(root / "EmoLabel" / spelling, end.join(lines))
    for line in lines:
        name = line.split()[0].removesuffix(".jpg")
        touch(root / "Image" / images / f"{name}{'_aligned' if images == 'aligned' else ''}.jpg")
        if annotated:
            touch(root / "Annotation" / "boundingbox" / f"{name}_boundingbox.txt", "-3.5 10.0 60.0 90.0 \n")
            points = "\n".join(f"{x}\t{x + 1}" for x in (30.5, 60.0, 45.0, 35.0, 55.0))
            touch(
                root / "Annotation" / "manual" / f"{name}_manu_attri.txt", points.replace("\t", " ", 2) + "\n0\n1\n2\n"
            )
    return root


CLASSES = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


def sfew(root, *, folders=("Train", "Val"), name="Film_One_000123456_00000012.png"):
    """SFEW with one image of each class in each of the folders."""
    for folder in folders:
        for label in CLASSES:
            touch(root / folder / label / f"{label}_{name}")
    return root


def fer2013_row(emotion, usage, pixels=48 * 48):
    return f"{emotion},{' '.join(str(number % 256) for number in range(pixels))},{usage}\n"
