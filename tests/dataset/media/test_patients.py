"""Nobody can be identified by what comes out of a DICOM file: not from elements that name people, not from free text."""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from audit_pipeline.dataset.media import Picture, Unreadable, decode, read_header, scan
from audit_pipeline.dataset.media.headers.dicom import COPIED, IDENTIFYING
from tests.dataset.media.files import dicom

MACHINE = {
    "StationName": "CT01",
    "InstitutionName": "North Clinic",
    "SoftwareVersions": ["v1", "v2"],
    "ProtocolName": "Thorax routine",
    "KVP": 120,
    "PixelSpacing": [0.7, 0.7],
    "SliceThickness": 1.5,
    "ConvolutionKernel": "B30f",
}
SECRETS = {
    "PN": "Xanthippe^Quillfeather",
    "DA": "19481231",
    "TM": "135724",
    "AS": "076Y",
    "DS": "83.25",
    "UI": "1.2.826.0.1.987654321",
    "SQ": [],
}


def secret(keyword: str) -> object:
    """Return a value that the type of an element allows and that stands nowhere else."""
    vr = dictionary_VR(keyword)
    return SECRETS.get(vr, f"ZZ{crc32(keyword.encode()) % 10**6:06d}Q")


def identified() -> dict[str, object]:
    found = {}
    for tag in IDENTIFYING:
        keyword = keyword_for_tag(tag)
        assert keyword, hex(tag)
        found[keyword] = secret(keyword)
    return found


FREE = {
    "StudyDescription": "Xanthippe knee",
    "SeriesDescription": "Quillfeather left",
    "ImageComments": "seen with Xanthippe Quillfeather",
    "PatientComments": "lives at 5 Elm Street, ElmTown",
    "AdditionalPatientHistory": "sister is Griselda",
    "DeviceSerialNumber": "SERIAL998877",
    "StudyInstanceUID": "1.2.826.0.1.55555",
    "StudyDate": "20200229",
    "AcquisitionDate": "20200229",
}


def leaks(text: str) -> list[str]:
    values = [*identified().values(), *FREE.values()]
    words = {word for value in values if isinstance(value, str) for word in re.findall(r"[^\W_]{3,}", value)}
    words -= {"knee", "left", "seen", "with", "826"}
    return [word for word in words if word.casefold() in text.casefold()]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_no_identifier_reaches_any_output(syntax: str, tmp_path: Path) -> None:
    content = dicom(syntax=syntax, **{**MACHINE, **identified(), **FREE})
    path = tmp_path / "xanthippe_quillfeather_7.dcm"
    path.write_bytes(content)
    header = read_header(path)
    assert not leaks(repr({name: fact for name, fact in header.items() if name != "name_shape"}))
    assert header["name_3"].value == "7"
    table = scan([path], workers=0)
    assert table["problem"].to_pylist() == [None]
    assert not leaks(str(table.drop_columns(["path"]).to_pylist()))
    picture = decode(path)
    assert isinstance(picture, Picture)
    assert not leaks(repr(replace(picture, stored=picture.stored[:0])))  # digits of grey values are nobody's


def test_machine_is_told() -> None:
    header = {name: fact.value for name, fact in read_header(dicom(**MACHINE, **identified())).items()}
    expected: dict[str, object] = {
        "make": "ACME",
        "model": "Scan 9",
        "station": "CT01",
        "institution": "North Clinic",
        "software": "v1 v2",
    }
    expected |= {
        "protocol": "Thorax routine",
        "kvp": 120,
        "pixel_spacing": 0.7,
        "slice_thickness": 1.5,
        "kernel": "B30f",
    }
    expected |= {"modality": "CT", "bit_depth": 12, "width": 32, "height": 24, "frames": 1}
    assert {name: header[name] for name in expected} == expected


@pytest.mark.parametrize(
    "text", ["QUILLFEATHER ROUTINE", "protocol of xanthippe", "XanthippeQuillfeather", "for 19481231"]
)
@pytest.mark.parametrize(
    "keyword", ["ProtocolName", "StationName", "InstitutionName", "SoftwareVersions", "Manufacturer"]
)
def test_free_text_that_names_the_patient_is_withheld(keyword: str, text: str) -> None:
    header = read_header(dicom(**{**MACHINE, **identified(), keyword: text[:16]}))
    assert not leaks(repr(header))


def test_the_list_of_copied_elements_holds_nobody() -> None:
    assert not COPIED & set(IDENTIFYING)
    assert not [tag for tag in COPIED if tag >> 16 in (0x0010, 0x0032, 0x0038, 0x0040)]
    assert not [tag for tag in COPIED if dictionary_VR(tag) in ("PN", "DA", "DT", "TM", "UI")]


def test_problems_quote_nobody(tmp_path: Path) -> None:
    whole = dicom(**{**MACHINE, **identified(), **FREE, "BitsStored": 99})
    for content in (whole, whole[: len(whole) // 2], whole[:-100]):
        path = tmp_path / "a.dcm"
        path.write_bytes(content)
        with pytest.raises(Unreadable) as caught:
            decode(path)
        assert not leaks(repr(caught.value.problem))
        assert not leaks("".join(traceback.format_exception(caught.value)))
        row = scan([path], workers=0).to_pylist()[0]
        assert row["problem"] == caught.value.kind
        assert not leaks(str(row))
