"""Nobody in a DICOM file can be found in anything that an audit writes or says: not in outputs, not in stores and caches."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audit_pipeline.pipeline import OUTPUT_FILES
from tests.dataset.media.files import dicom
from tests.dataset.media.test_patients import FREE, MACHINE, identified
from tests.recordings.corpus import picture, write_table

N = 40
SPEC = """\
name: ward
data: records.csv
label: ill
image: path
baselines: [linear]
policy: {unreadable: 0.1}
"""


_COMMON = frozenset({"knee", "left", "seen", "with", "826"})
WORDS = frozenset(
    word.casefold()
    for value in (*identified().values(), *FREE.values())
    if isinstance(value, str)
    for word in re.findall(r"[^\W_]{3,}", value)
    if word not in _COMMON
)
"""What tells somebody: names, numbers, dates, and every other word of what elements that identify people hold."""

_TOLD = re.compile(
    # A number only by itself: its digits stand by chance in the decimals of others.
    "|".join(rf"(?<![\d.]){word}(?!\d)" if word.isdigit() else word for word in sorted(WORDS))
)


def leaks(text: str) -> list[str]:
    """Return the words of patients in a text, also inside longer ones."""
    return sorted(set(_TOLD.findall(text.casefold())))


def scan(number: int) -> bytes:
    """Return the scan of a patient whose names, numbers and dates differ from those of the others, and stand in free text too."""
    tags = {
        **MACHINE,
        **identified(),
        **FREE,
        "StationName": f"CT0{number % 2}",
        "ConvolutionKernel": f"B{number % 3}0f",
    }
    tags["PatientName"] = f"Xanthippe^Quillfeather{'abcdefghij'[number % 10]}"
    if number % 4 == 0:
        tags["ProtocolName"] = "QUILLFEATHER KNEE"
    return dicom(picture(number, ill=number % 2).astype("uint16") * 16, **tags)


def everything(folder: Path) -> dict[str, str]:
    """Return the text of all files below a folder, by path; Parquet and JSON as what they hold, names included."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            content = f"{table.schema} {table.schema.metadata}"
            for column in table.columns:
                # Numbers are no words; lists and bytes of them are what views saw.
                if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
                    content += "\n".join(str(value) for value in column.to_pylist())
                elif pa.types.is_binary(column.type):
                    content += "\n".join(value.decode("latin-1") for value in column.to_pylist() if value is not None)
        found[str(path.relative_to(folder))] = content
    return found


def test_no_byte_of_a_patient_is_written_or_said(tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    data.mkdir()
    names = [f"{number:03d}.dcm" for number in range(N)]
    for number, name in enumerate(names):
        content = scan(number)
        # One file is cut, another one damaged: what is said of a problem names nobody either.
        content = content[:-200] if number == 7 else content.replace(b"ISO", b"\0\0\0") if number == 9 else content
        (data / name).write_bytes(content)
        assert leaks(content.decode("latin-1")), "the file itself says who it is"
    write_table(data / "records.csv", {"path": names, "ill": ["ny"[number % 2] for number in range(N)]})
    (data / "audit.yaml").write_text(SPEC, encoding="utf-8")
    command = [sys.executable, "-m", "audit_pipeline", "run", str(data / "audit.yaml"), "--fail-on", "never"]
    command += ["--out", str(work / "out"), "--cache", str(work / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert not leaks(done.stdout + done.stderr)
    assert "CT" in (work / "out/report.html").read_text(encoding="utf-8"), "the machine is told"
    files = everything(work)
    assert {f"out/{name}" for name in OUTPUT_FILES} <= set(files)
    assert any(name.startswith("store/recordings/") for name in files)
    assert any("file.station" in content for content in files.values())
    told = {name: leaks(name + content) for name, content in files.items()}
    assert {name: words for name, words in told.items() if words} == {}
    # The search finds what is there: the station stands in the cache, in evidence and on the page.
    assert sum(bool(re.search("CT0[01]", content)) for content in files.values()) >= 4
    notes = json.loads((work / "out/verdict.json").read_text(encoding="utf-8"))["lineage"]["notes"]
    assert any("1 of 40 recordings" in note or "recordings cannot be read" in note for note in notes)
