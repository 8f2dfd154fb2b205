"""A root with two images, a secret beside it, and paths of a table that try to get there."""

import os

SECRET = "what nobody may read"


def make(folder):
    """(root, dict path -> "outside" or "missing"), everything below `folder`; its secrets lie in folders called
    *secret*."""
    root, secret, sibling = folder / "data", folder / "secret", folder / "data-secret"
    for place in (root / "photos", secret, sibling):
        place.mkdir(parents=True)
    for path in (root / "in.jpg", root / "photos" / "deep.jpg"):
        path.write_bytes(b"an image")
    for path in (secret / "x.jpg", sibling / "x.jpg"):
        path.write_text(SECRET)
    (root / "link.jpg").symlink_to(secret / "x.jpg")
    (root / "folder").symlink_to(secret)
    (root / "chain.jpg").symlink_to(root / "link.jpg")
    (root / "self.jpg").symlink_to(root / "self.jpg")
    (root / "environment.jpg").symlink_to("/proc/self/environ")
    (root / "zero.jpg").symlink_to("/dev/zero")
    (root / "dangling.jpg").symlink_to(root / "nowhere.jpg")
    os.mkfifo(root / "pipe.jpg")
    outside = [
        "../secret/x.jpg",
        str(secret / "x.jpg"),
        "photos/../../secret/x.jpg",
        "../data-secret/x.jpg",
        "link.jpg",
        "folder/x.jpg",
        "chain.jpg",
        "self.jpg",
        "environment.jpg",
        "zero.jpg",
        "/dev/zero",
        "/proc/self/environ",
        "pipe.jpg",
        "photos",
        "",
        ".",
        "..",
        "in.jpg\0.png",
        "x" * 100_000,
        "x/" * 50_000,
        "\ud800.jpg",
        str(root / "in.jpg"),
        "//etc/passwd",
    ]
    missing = [
        "~/x.jpg",
        "~root/.profile",
        "..\\secret\\x.jpg",
        "in.jpg/x.jpg",
        "nowhere.jpg",
        "dangling.jpg",
        "IN.JPG",
        "%2e%2e/secret/x.jpg",
        "photos/deep.jpg\n",
    ]
    return root, {**dict.fromkeys(outside, "outside"), **dict.fromkeys(missing, "missing")}
