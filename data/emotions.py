"""The seven emotions of the paper, their one order, how each data set codes them, and classes of other names."""

EMOTIONS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")
UNLABELLED = -1
MOST_CLASSES = 127  # that files can number

# What AffectNet lists besides the seven; rows of these are counted, never trained on.
AFFECTNET_LEFT_OUT = {7: "contempt", 8: "none", 9: "uncertain", 10: "no-face"}

AFFECTNET = {index: index for index in range(len(EMOTIONS))}
RAFDB = {1: 3, 2: 4, 3: 5, 4: 1, 5: 2, 6: 6, 7: 0}
FER2013 = {0: 6, 1: 5, 2: 4, 3: 1, 4: 2, 5: 3, 6: 0}
SFEW_FOLDERS = {"Angry": 6, "Disgust": 5, "Fear": 4, "Happy": 1, "Neutral": 0, "Sad": 2, "Surprise": 3}
FERPLUS_COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

SYNONYMS = {
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "afraid": "fear",
    "fearful": "fear",
    "scared": "fear",
    "disgusted": "disgust",
    "angry": "anger",
    "calm": "neutral",
}
LEFT_OUT_NAMES = ("contempt", "none", "uncertain", "no-face")


def emotion_named(name: str) -> int:
    """Index (0..6) of an emotion given by its name or a common synonym, in upper or lower case.

    Raises ValueError that lists the known names."""
    word = name.strip().lower()
    word = SYNONYMS.get(word, word)
    if word not in EMOTIONS:
        raise ValueError(f"unknown emotion {name!r}; known are {', '.join(EMOTIONS + LEFT_OUT_NAMES)}")
    return EMOTIONS.index(word)


def is_class_list(names: object) -> bool:
    """Whether these are names of classes: two to MOST_CLASSES different texts that can be printed."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        return False
    return len(set(names)) == len(names) in range(2, MOST_CLASSES + 1) and all(map(_is_printable, names))


def _is_printable(name):
    return bool(name.strip()) and name == name.strip() and name.isprintable()
