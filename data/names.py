"""What a data set and its caches may be called: a name stands in paths, in lists of options and inside files."""

LONGEST = 60  # characters; as many more may stand around it in a file's own paths


def plain_name(text: str) -> str:
    """The name itself. Raises ValueError where it is none, saying why."""
    found = [sign for sign in ("/", "\\", ",") if sign in text]
    if found:
        raise ValueError(f"{text!r} holds {' and '.join(found)}; a name is no path and no list, write one such as mine")
    if not text.strip():
        raise ValueError("a name of no characters; write one such as mine")
    if text != text.strip() or text.startswith((".", "-")):
        raise ValueError(f"{text!r} begins with a dot or dash, or has spaces around it; write one such as mine")
    if not text.isprintable():
        raise ValueError(f"{ascii(text)} holds characters that cannot be printed; write one such as mine")
    if len(text) > LONGEST:
        raise ValueError(f"{text!r} has {len(text)} characters, expected at most {LONGEST}")
    return text
