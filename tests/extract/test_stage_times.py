"""Which stage limits a pipeline."""

from extract import stage_times
from extract.crops.cropping import ImageOutcome


def test_the_stage_that_limits_is_the_busiest_of_its_width(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(stage_times.time, "monotonic", lambda: now[0])
    found = stage_times.StageTimes(decode=4, network=1)
    now[0] = 10.0
    found.add("decode", 20.0)  # half of four
    found.add("network", 9.0)
    found.count(ImageOutcome("ok", seconds={"decode": 2.0}))
    found.count(ImageOutcome("no_face"))
    assert found.shares() == {"decode": 0.55, "network": 0.9}
    assert str(found) == "faces in 50.0%, limit: network 90%"
