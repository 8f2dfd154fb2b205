"""What may go wrong with a user's files, settings and machine: raised on purpose, told in one line."""

import errno
import sys
import textwrap

STAGES = ("data", "extract", "embed", "evaluate")
# Import name of what an extra of setup.cfg brings -> the extra.
EXTRAS = {
    **dict.fromkeys(("torchvision", "cv2", "dlib"), "extract"),
    **dict.fromkeys(("onnx", "onnxscript", "onnxruntime"), "export"),
    **dict.fromkeys(("pandas", "pyarrow"), "frames"),
}
PIP_NAMES = {"sklearn": "scikit-learn"}  # where it is not the name that is imported
NOT_LOADED = "cannot open shared object file"  # of the dynamic linker
LIBRARIES_OF = {"cv2": "libgl1 libglib2.0-0"}  # Debian's packages of what a wheel leaves to the system
# Words of torch's RuntimeErrors, and the one by which its allocator for main memory is known.
OUT_OF_MEMORY, MAIN_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "ALLOC_FAILED"), "CPU"
# Options that make a command take less memory.
LESS_MEMORY = {
    "batch": "a smaller --batch",
    "image_size": "a smaller --image-size",
    "memory": "less --memory",
    "workers": "fewer --workers",
}


class Refused(ValueError):
    """A failure that its user can mend: the message says what was found, what was expected, and what to do.

    The commands print it in one line, with exit code 1. Any other exception but an OSError is a fault of this
    project."""


def explained(error: BaseException) -> str | None:
    """The line that says what went wrong and what to do; None where the error is a fault of this project.

    Refused and OSError speak for themselves; too little memory and a package that is not there are told with what
    helps."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, ImportError):
        return _missing_package(error)
    if _memory_ran_out(error):
        return _too_little_memory(error, on_device=False)
    if _device_ran_out(error):
        return _too_little_memory(error, on_device=True)
    return (str(error) or type(error).__name__) if isinstance(error, OSError) else None


def missing_package(error: ModuleNotFoundError) -> ModuleNotFoundError:
    """The same of a package of an extra, saying how to install it, for who calls from Python; the commands say it in
    one line."""
    return ModuleNotFoundError(explained(error), name=error.name)


def _missing_package(error):
    name = error.name or ""
    if NOT_LOADED in str(error):
        where = f" with: apt-get install {LIBRARIES_OF[name]}" if name in LIBRARIES_OF else ""
        return f"the package {name} cannot be loaded ({error}); install that library of the system{where}"
    # a dotted name is missing inside a package that is there, and Python comes with its own
    unknown = not name or "." in name or name in STAGES or name in sys.stdlib_module_names
    if unknown or not isinstance(error, ModuleNotFoundError):
        return None
    wanted = f"'cake-emotion[{EXTRAS[name]}]'" if name in EXTRAS else PIP_NAMES.get(name, name)
    return f"the package {name} is missing; install it with: pip install {wanted}"


def _memory_ran_out(error):
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (_says_out_of_memory(error) and MAIN_MEMORY in str(error))


def _device_ran_out(error):
    """torch is asked for its own exception only where it is loaded."""
    by_torch = getattr(sys.modules.get("torch"), "OutOfMemoryError", ())
    return isinstance(error, by_torch) or _says_out_of_memory(error)


def _says_out_of_memory(error):
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


def _too_little_memory(error, *, on_device):
    options = _options()
    helpful = [advice for option, advice in LESS_MEMORY.items() if option in options]
    if on_device and "device" in options:
        helpful.append("--device cpu")
    found = f" ({textwrap.shorten(str(error), 150, placeholder=' ...')})" if str(error) else ""
    return (
        f"out of memory on {'the device' if on_device else 'this machine'}{found}; try "
        f"{' or '.join(helpful) or 'again while other programs are closed'}"
    )


def _options():
    """Names of the options of the command that runs."""
    import click

    context = click.get_current_context(silent=True)
    return {parameter.name for parameter in context.command.params} if context else set()
