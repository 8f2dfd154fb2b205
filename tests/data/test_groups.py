"""Groups of people as one text for each row."""

from data.groups import as_text, by_attribute


def test_groups_come_back_as_they_went_in():
    rows = [(("gender", "female"), ("age", "4-19")), (), (("age", "4-19"),), (("Haar", 'röt"lich'),)]
    found = by_attribute([as_text(row) for row in rows])
    assert list(found) == ["Haar", "age", "gender"]
    for row, values in zip(rows, zip(*found.values())):
        assert dict(row) == {name: value for name, value in zip(found, values) if value}


def test_no_groups_no_text():
    assert as_text(()) == "" and by_attribute(["", ""]) == {} and by_attribute([]) == {}
