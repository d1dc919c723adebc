"""``audit-pipeline report``: the audit again in other forms, and an output folder that stays as it was signed."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest

from audit_pipeline import digests
from audit_pipeline.cli import main
from audit_pipeline.commands.report import FORMATS, TEXTS
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.report.pdf import BROWSER, NAMES
from audit_pipeline.verification import verify
from tests.small_clinic import write_clinic

PAGE = "report.html"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("original")
    assert main(["run", str(write_clinic(home / "data")), "--out", str(home / "audits/clinic"), "--quiet"]) == 1
    return home


@pytest.fixture
def out(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the audit; the current folder is an empty one beside it."""
    shutil.copytree(original, tmp_path / "home", ignore=shutil.ignore_patterns(".store"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home/audits/clinic"


def contents(folder: Path) -> dict[str, str]:
    return {path.name: digests.of_bytes(path.read_bytes()) for path in folder.iterdir()}


def change_page(out: Path) -> None:
    """Change the page and sign that: what another version would have drawn and signed."""
    page = out / PAGE
    page.write_text(page.read_text(encoding="utf-8").replace("Dataset audit", "Audit of a dataset"), encoding="utf-8")
    statement = json.loads((out / "verdict.intoto.json").read_text(encoding="utf-8"))
    for subject in statement["subject"]:
        if subject["name"] == PAGE:
            subject["digest"]["sha256"] = digests.of_bytes(page.read_bytes())
    (out / "verdict.intoto.json").write_text(json.dumps(statement), encoding="utf-8")


class TestPage:
    def test_one_as_it_was_signed_is_left_alone(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = contents(out)
        assert main(["report", str(out)]) == 0
        assert "as it was signed; nothing was written" in capsys.readouterr().out
        assert contents(out) == before
        assert list(Path().iterdir()) == []

    @pytest.mark.parametrize("damage", [Path.unlink, lambda page: page.write_text("x")])
    def test_a_damaged_one_is_put_back(self, damage: object, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = contents(out)
        damage(out / PAGE)  # type: ignore[operator]
        assert not verify(out).as_signed
        assert main(["report", str(out)]) == 0
        shown = capsys.readouterr()
        assert "put back as it was signed" in shown.out
        assert f"{PAGE} is not what was signed" in shown.err
        assert contents(out) == before
        assert verify(out).as_signed
        assert [path.name for path in out.parent.iterdir()] == ["clinic"]

    def test_one_of_another_version_stays_and_the_new_one_lies_elsewhere(
        self, out: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        change_page(out)
        before = contents(out)
        assert main(["report", str(out)]) == 0
        assert "holds another one, which was signed, and was left as it is" in capsys.readouterr().out
        assert contents(out) == before
        assert "<h1" in Path("clinic.report.html").read_text(encoding="utf-8")

    def test_it_can_be_put_anywhere_else(self, out: Path, original: Path) -> None:
        for _ in range(2):  # once made, it is replaced
            assert main(["report", str(out), "--out", "new/page.html"]) == 0
        assert Path("new/page.html").read_bytes() == (original / "audits/clinic" / PAGE).read_bytes()
        assert [path.name for path in Path("new").iterdir()] == ["page.html"]

    def test_a_file_of_the_folder_will_do(self, out: Path) -> None:
        assert main(["report", str(out / "verdict.json")]) == 0

    def test_in_the_folder_itself(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        change_page(out)
        before = contents(out)
        monkeypatch.chdir(out)
        assert main(["report", "."]) == 0
        assert contents(out) == before
        assert (out.parent / "clinic.report.html").is_file()


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_written_into_the_folder(form: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next audit refuses a folder that holds more than an audit wrote, and so every form refuses to write there."""
    if form == "pdf" and not has_browser():
        pytest.skip("no browser is installed")
    change_page(out)
    before = contents(out)
    for name in ("new", PAGE, "verdict.json", "sub/new"):
        assert main(["report", str(out), "--format", form, "--out", str(out / name)]) == 2
        assert "what to do: choose a place outside of it with --out" in capsys.readouterr().err
    assert contents(out) == before
    assert set(before) == set(OUTPUT_FILES)


@pytest.mark.parametrize("form", TEXTS)
def test_texts_go_to_standard_output_or_to_a_file(form: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(out), "--format", form]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert main(["report", str(out), "--format", form, "--out", "made/x"]) == 0
    assert Path("made/x").read_text(encoding="utf-8") == shown.out
    assert "disease" in shown.out
    if form in {"json", "croissant"}:
        assert json.loads(shown.out)


def test_the_methods_have_the_numbers_of_a_real_audit(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from audit_pipeline import __version__, evidence

    assert main(["report", str(out), "--format", "paper"]) == 0
    told = capsys.readouterr().out
    sensor = [row for row in evidence.read(out / "evidence.parquet") if row.metric == "p_sensor_given_covariates"]
    stored = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    assert f"{sensor[0].detail['permutations']:,} permutations" in told
    assert f"audit-pipeline {__version__} (code SHA-256 {stored['lineage']['code']['sha256'][:12]})" in told
    assert f"torch {stored['lineage']['packages']['torch']}" in told
    assert f"{stored['findings'][0]['association_v']:.2f}, 95% CI" in told


class TestFigures:
    def test_a_folder_of_them_that_is_replaced(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for _ in range(2):
            assert main(["report", str(out), "--format", "svg"]) == 0
        found = sorted(path.name for path in Path("clinic.figures").iterdir())
        assert found[-1] == "figures.md"
        assert len(found) > 4
        assert all(re.fullmatch(r"\d\d-[a-z0-9-]+\.svg", name) for name in found[:-1])
        assert f"holds {len(found) - 1} figures" in capsys.readouterr().out

    def test_a_folder_of_something_else_is_refused(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        Path("mine").mkdir()
        Path("mine/thesis.tex").write_text("x")
        assert main(["report", str(out), "--format", "svg", "--out", "mine"]) == 2
        assert "already holds 'thesis.tex'" in capsys.readouterr().err
        assert [path.name for path in Path("mine").iterdir()] == ["thesis.tex"]


class TestErrors:
    @pytest.mark.parametrize("form", FORMATS)
    def test_no_folder(self, form: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", str(out.parent / "clinik"), "--format", form]) == 2
        shown = capsys.readouterr()
        assert "there is no such folder" in shown.err
        assert "there is clinic" in shown.err
        assert shown.out == ""

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_folder_without_a_readable_verdict(
        self, form: str, out: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (out / "verdict.json").write_text("{}", encoding="utf-8")
        assert main(["report", str(out), "--format", form]) == 2
        shown = capsys.readouterr()
        assert "what to do:" in shown.err or BROWSER in shown.err
        assert "Traceback" not in shown.err
        assert list(Path().iterdir()) == []

    def test_a_verdict_that_was_changed_is_pointed_out(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = out / "verdict.json"
        path.write_text(path.read_text(encoding="utf-8").replace("FAIL", "fail") + "\n", encoding="utf-8")
        assert main(["report", str(out), "--format", "json"]) == 0
        assert "verdict.json is not what was signed" in capsys.readouterr().err

    def test_a_folder_in_place_of_a_file(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        Path("there").mkdir()
        assert main(["report", str(out), "--format", "md", "--out", "there"]) == 2
        assert "this is a folder" in capsys.readouterr().err

    def test_a_place_that_cannot_be_written_to(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        Path("file").write_text("x")
        assert main(["report", str(out), "--format", "md", "--out", "file/below"]) == 2
        assert "cannot be written" in capsys.readouterr().err

    def test_a_form_that_is_none(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", str(out), "--format", "docx"]) == 2
        assert "'html', 'md', 'pdf'" in capsys.readouterr().err


class TestOpen:
    def test_the_page_is_opened(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[str] = []
        monkeypatch.setattr(webbrowser, "open", lambda address: bool(opened.append(address)) or True)
        assert main(["report", str(out), "--open"]) == 0
        assert opened == [(out / PAGE).absolute().as_uri()]

    def test_the_browser_of_the_environment_is_used(self, out: Path, tmp_path: Path) -> None:
        browser = script(tmp_path / "browser", f'echo "$1" > "{tmp_path}/opened"')
        environment = {**os.environ, "BROWSER": f"{browser} %s"}
        command = [sys.executable, "-m", "audit_pipeline", "report", str(out), "--open"]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        assert (tmp_path / "opened").read_text().strip() == (out / PAGE).absolute().as_uri()

    @pytest.mark.parametrize("failure", [False, webbrowser.Error("none"), OSError("none")])
    def test_without_a_browser_it_says_where_the_page_is(
        self, failure: object, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def open_(address: str) -> object:
            if isinstance(failure, Exception):
                raise failure
            return failure

        monkeypatch.setattr(webbrowser, "open", open_)
        assert main(["report", str(out), "--open"]) == 0
        assert re.search(r"no browser could be opened here; open \S+/report.html in yours", capsys.readouterr().out)

    @pytest.mark.parametrize("form", sorted(set(FORMATS) - {"html", "pdf"}))
    def test_only_a_page_can_be_opened(self, form: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", str(out), "--format", form, "--open"]) == 2
        assert "--open opens a page" in capsys.readouterr().err


class TestPdf:
    def test_without_a_browser_it_says_what_to_do(
        self, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        monkeypatch.delenv(BROWSER, raising=False)
        assert main(["report", str(out), "--format", "pdf"]) == 2
        shown = capsys.readouterr().err
        assert "no browser was found" in shown
        assert "install Chromium, Chrome or Edge" in shown
        assert "print it" in shown

    def test_a_named_browser_that_does_not_exist(
        self, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv(BROWSER, "/nowhere/chrome")
        assert main(["report", str(out), "--format", "pdf"]) == 2
        assert "/nowhere/chrome" in capsys.readouterr().err

    @pytest.mark.parametrize("does", ["exit 0", "echo broken >&2; exit 3"])
    def test_a_browser_that_prints_nothing(
        self, does: str, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv(BROWSER, str(script(tmp_path / "chromium", does)))
        assert main(["report", str(out), "--format", "pdf"]) == 2
        shown = capsys.readouterr().err
        assert "this browser printed no PDF" in shown
        assert ("status 3: broken" in shown) == ("broken" in does)
        assert list(Path().iterdir()) == []

    def test_what_the_browser_is_told(self, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """No network, a profile of its own, and the page as a local file."""
        does = f"""
        for word in "$@"; do echo "$word" >> "{tmp_path}/told"; done
        for word in "$@"; do case "$word" in --print-to-pdf=*) printf '%%PDF-1.4 %%%%EOF' > "${{word#*=}}";; esac; done
        """
        monkeypatch.setenv(BROWSER, str(script(tmp_path / "chromium", does)))
        assert main(["report", str(out), "--format", "pdf"]) == 0
        told = (tmp_path / "told").read_text().splitlines()
        assert "--headless" in told
        assert "--host-resolver-rules=MAP * ~NOTFOUND" in told
        assert any(word.startswith("--user-data-dir=") for word in told)
        assert told[-1].startswith("file://")
        assert Path("clinic.report.pdf").read_bytes() == b"%PDF-1.4 %%EOF"

    def test_a_real_browser_prints_the_page(self, out: Path) -> None:
        if not has_browser():
            pytest.skip("no browser is installed")
        assert main(["report", str(out), "--format", "pdf", "--out", "x.pdf"]) == 0
        printed = Path("x.pdf").read_bytes()
        assert printed.startswith(b"%PDF-")
        assert len(printed) > 20_000
        assert re.search(rb"/Type\s*/Page\b", printed) or b"/ObjStm" in printed


def has_browser() -> bool:
    return any(shutil.which(name) for name in NAMES)


def script(path: Path, does: str) -> Path:
    path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
