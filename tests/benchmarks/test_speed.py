"""The speed benchmark measures what it says: memory of children too, and p-values of the test that it times."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audit_pipeline.recordings.listing import list_recordings
from audit_pipeline.spec import load_spec
from audit_pipeline.views.recordings.registry import recording_views
from benchmarks.speed.conditional import cases, ours
from benchmarks.speed.recordings import measure, one_pass, write_image, write_sound
from benchmarks.speed.recordings_audit import seconds_by_stage, write_images, write_spec
from benchmarks.speed.scaling import resident

CHILD = "import sys; held = bytearray(150_000_000); held[::4096] = b'x' * len(held[::4096]); print(1, flush=True); sys.stdin.read()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="memory of children is read from /proc")
def test_memory_of_children_counts() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        held = resident(process.pid)
        process.communicate(b"")
    assert 150_000_000 < held < 1_000_000_000
    assert resident(process.pid) == 0


def test_the_timed_p_values_know_effects_from_none() -> None:
    none, clear = (ours(cases(300, 40, (effect,)), permutations=99, seed=0)[:, 0] for effect in (0.0, 0.8))
    assert (none <= 0.05).sum() <= 7  # 99.9% of a binomial with 40 draws at .05
    assert (clear <= 0.05).all()
    assert np.quantile(none, 0.9) > 0.6


def test_the_timed_pass_over_a_recording_leaves_no_view_out(tmp_path: Path) -> None:
    image, sound = write_image(tmp_path, 96, 3), write_sound(tmp_path, 8000, ".flac")
    for path, medium, more in ((image, "image", {"remainder"}), (sound, "audio", set())):
        names = {view.name for view in recording_views(medium)} | more  # type: ignore[arg-type]
        assert set(one_pass(path)) == names
        row = measure([path], repeats=2)
        assert set(row) == names | {"decoding alone", "one pass", "decode", "facts", "shared"}
        assert row["one pass"] > row["decode"] > 0


def test_the_audited_images_all_differ(tmp_path: Path) -> None:
    write_images(tmp_path, 30, 32)
    spec = load_spec(tmp_path / "audit.yaml")
    listing = list_recordings(spec)
    assert len({Path(place).read_bytes() for place in listing.places}) == len(listing.places) == 30
    write_spec(tmp_path, "device, ward")
    assert load_spec(tmp_path / "audit.yaml").nuisance == ("device", "ward")


def test_seconds_by_stage_are_read_from_what_the_command_tells() -> None:
    told = "[ 1/15] dataset 12.5 s\n[ 2/15] probe_sensor 3.0 s\n[15/15] verdict reused\naudited images in 20 s\n"
    assert seconds_by_stage(told) == {"dataset": 12.5, "probe_sensor": 3.0, "verdict": 0.0}
