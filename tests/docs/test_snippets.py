"""Every command and snippet of the documentation does what its page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from audit_pipeline import __version__
from audit_pipeline.errors import AuditError
from tests.docs.building import build
from tests.docs.markdown import ROOT, Block, blocks, inline_code, pages
from tests.docs.play import Broken, Reader, check_command, commands, matches, today

excerpt = build().excerpt
WITH_BLOCKS = [page for page in pages() if blocks(page)]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


# Dagster's loader warns of its own beta classes.
@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::pydantic.PydanticDeprecatedSince20")
@pytest.mark.parametrize("page", WITH_BLOCKS, ids=_name)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.read(page)
    for block in blocks(page):
        if block.comments[-1:] == ("panel",):
            shown = [excerpt(printed) for command, printed in reader.printed.items() if " run " in command]
            assert block.text in shown, f"{block.place} shows an older panel: run `make docs` and commit the result"


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=_name)
def test_an_exemption_says_why(page: Path) -> None:
    for block in blocks(page):
        assert block.exempt is None or len(block.exempt) >= 10, block.place


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_commands_in_running_text_exist(page: Path) -> None:
    for code in inline_code(page):
        if code.startswith("audit-pipeline "):
            check_command(code)
        if code.startswith("make ") and len(code.split()) == 2:
            assert f"\n{code.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), f"{_name(page)}: {code}"


class TestTheReader:
    """What checks the pages is itself checked: a page that lies is found out."""

    def block(self, language: str, text: str) -> Block:
        return Block(ROOT / "README.md", 1, language, text, ())

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("console", "$ audit-pipeline run nothing.yaml"),
            ("console", "$ audit-pipeline --version\naudit-pipeline 99"),
            ("console", "$ make coffee"),
            ("console", "$ pip install audit-pipelines"),
            ("console", "$ rm -rf /"),
            ("console", "$ audit-pipeline --version | cat"),
            ("python", "assert 1 == 2"),
            ("python", ">>> 1 + 1\n3"),
            ("yaml", "name: x\ndata: x.csv\nlabel: y\nnuisanse: [site]"),
            ("yaml", "type: audit_pipeline.components.DatasetAudit\nattributes: {name: x, labl: y}"),
            ("yaml", "- run: audit-pipeline walk audit.yaml"),
            ("yaml", "- run: audit-pipeline run audit.yaml --fail-off warn"),
            ("yaml", "colour: red"),
            ("text", "anything"),
        ],
    )
    def test_what_does_not_hold_is_found(
        self, language: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises((Broken, AssertionError, AuditError, ValidationError)):
            Reader(tmp_path).do(self.block(language, text))

    def test_what_holds_passes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        reader = Reader(tmp_path)
        reader.do(self.block("python", "# made.py\nprint('made')"))
        reader.do(self.block("console", "$ python made.py\nmade\n$ audit-pipeline \\\n    --version  # which\n...\n"))
        reader.do(self.block("python", "answer = 42"))
        reader.do(self.block("python", ">>> answer\n42"))

    def test_output_may_be_cut_short(self) -> None:
        assert matches(["a", "...", "c"], ["a", "b", "b", "c"])
        assert matches(["..."], [])
        assert not matches(["a", "c"], ["a", "b", "c"])
        assert today(["a 1", "...", "c 1"], ["a 2", "b", "c 2", "d"]) == ["a 2", "...", "c 2"]
        assert today(["a 1"], ["a 2", "b", ""]) == ["a 2", "b"]
        assert commands("$ one\nout\n$ two") == [("one", ["out"]), ("two", [])]

    def test_a_page_is_mended(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        text = "A.\n\n```console\n$ audit-pipeline --version\naudit-pipeline {}\n$ echo $?\n0\n```\n\nB.\n"
        page.write_text(text.format("0.0.0"), encoding="utf-8")
        Reader(tmp_path, mend=True).read(page)
        assert page.read_text(encoding="utf-8") == text.format(__version__)

    def test_a_failing_block_is_named_with_its_line(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text(
            "# Title\n\n<!-- not run: it cannot be -->\n```text\nx\n```\n\n```python\n1 / 0\n```\n", "utf-8"
        )
        with pytest.raises(Broken, match=r"^page\.md:9: ZeroDivisionError"):
            Reader(tmp_path).read(page)
