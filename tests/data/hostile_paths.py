"""A root with two images, a secret beside it, paths of a table that try to get there, and links that the user made."""

import os

SECRET = "what nobody may read"


def make(folder):
    """(root, dict path -> "outside", "missing" or "linked"), everything below `folder`; its secrets lie in folders
    called *secret*, what links lead to in one called disk."""
    root, secret, sibling = folder / "data", folder / "secret", folder / "data-secret"
    for place in (root / "photos", secret, sibling):
        place.mkdir(parents=True)
    for path in (root / "in.jpg", root / "photos" / "deep.jpg"):
        path.write_bytes(b"an image")
    for path in (secret / "x.jpg", sibling / "x.jpg"):
        path.write_text(SECRET)
    (folder / "disk").mkdir()
    (folder / "disk" / "x.jpg").write_bytes(b"an image")
    (root / "link.jpg").symlink_to(folder / "disk" / "x.jpg")
    (root / "folder").symlink_to(folder / "disk")
    (root / "chain.jpg").symlink_to(root / "link.jpg")
    (root / "self.jpg").symlink_to(root / "self.jpg")
    (root / "zero.jpg").symlink_to("/dev/zero")
    (root / "dangling.jpg").symlink_to(root / "nowhere.jpg")
    os.mkfifo(root / "pipe.jpg")
    outside = [
        "../secret/x.jpg",
        str(secret / "x.jpg"),
        "photos/../../secret/x.jpg",
        "../data-secret/x.jpg",
        "folder/../../secret/x.jpg",
        "self.jpg",
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
    linked = ["link.jpg", "folder/x.jpg", "chain.jpg", "folder/../in.jpg"]
    return root, {
        **dict.fromkeys(outside, "outside"),
        **dict.fromkeys(missing, "missing"),
        **dict.fromkeys(linked, "linked"),
    }
