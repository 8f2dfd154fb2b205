"""What is written in a figure."""


def texts(axes):
    """Every text within the axes."""
    return [text.get_text() for text in axes.texts]
