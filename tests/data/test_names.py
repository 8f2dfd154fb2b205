"""Names of caches: plain ones pass, whatever would lead elsewhere or could not be named again is refused."""

import pytest

from data.names import LONGEST, plain_name


@pytest.mark.parametrize("name", ["mine", "RAF-DB 2", "müller", "a.b", "x" * LONGEST, "study_1"])
def test_a_plain_name_is_taken_as_it_is(name):
    assert plain_name(name) == name


@pytest.mark.parametrize(
    "name, said",
    [
        ("../out", "'../out' holds /"),
        ("/abs/path", "holds /"),
        ("study/one", "holds /"),
        ("study\\one", "holds \\\\"),
        ("a,b", "holds ,"),
        (".hidden", "begins with a dot"),
        ("-x", "begins with a dot or dash"),
        ("", "no characters"),
        ("  ", "no characters"),
        (" a", "spaces around it"),
        ("a\nb", "cannot be printed"),
        ("a\udce9", "cannot be printed"),
        ("x" * (LONGEST + 1), f"has {LONGEST + 1} characters, expected at most {LONGEST}"),
    ],
)
def test_any_other_is_refused_with_the_reason(name, said):
    with pytest.raises(ValueError, match=said):
        plain_name(name)
