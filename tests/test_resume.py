"""Nothing is computed twice, in whichever runner; a killed audit goes on and ends with the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import dagster as dg
import pytest

from audit_pipeline import digests, leftovers, pipeline
from audit_pipeline.folders import replace_folder
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.spec import AuditSpec, Policy, load_spec
from audit_pipeline.store import KEPT, StageRecord, Store
from audit_pipeline.verification import verify
from tests import small_clinic

Runner = Callable[[AuditSpec, Path], set[str]]
VOLATILE = ("verdict.json", "verdict.intoto.json", "report.html")
"""They also say when and by whom the audit was made."""

SPEC = small_clinic.SPEC.replace("covariates: [age, sex]", "features: [platelets_per_nl, creatinine_mg_dl, crp_mg_l]")
"""As little to compute as can be: one column, three features."""


def write_clinic(folder: Path) -> Path:
    """Write data and spec, and return the path of the spec."""
    return small_clinic.write_clinic(folder, spec=SPEC)


def plainly(spec: AuditSpec, root: Path) -> set[str]:
    """Run as the command line does, and return the stages that were computed."""
    records = pipeline.run(spec, Store(root / ".store" / spec.slug), workers=1)
    return {name for name, record in records.items() if not record.reused}


def in_dagster(spec: AuditSpec, root: Path) -> set[str]:
    """Run as a Dagster job, and return the stages that were computed."""
    definitions = audit_definitions(spec, store=AuditStore(root=str(root)), fail_on="never")
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(f"audit_{spec.slug}").execute_in_process(instance=instance)
        events = result.get_asset_materialization_events()
    told: dict[str, str] = {}
    for event in events:
        assert event.asset_key is not None
        shown = event.materialization.metadata
        if "stages" in shown:
            told |= _told_of_each(event.asset_key.path[-1], spec, shown["stages"])
        else:
            told[event.asset_key.path[-1]] = str(shown["computed"].value)
    assert set(told) == {stage.name for stage in pipeline.graph(spec)}
    return {name for name, how in told.items() if "reused" not in how}


def _told_of_each(node: str, spec: AuditSpec, shown: object) -> dict[str, str]:
    """Return what the table of a node of several stages says of each."""
    assert isinstance(shown, dg.TableMetadataValue)
    stages = [stage.name for stage in pipeline.graph(spec) if stage.node == node]
    said = {str(row.data["stage"]): str(row.data["computed"]) for row in shown.records}
    assert list(said) == [name.removeprefix("probe_") for name in stages]
    return dict(zip(stages, said.values(), strict=True))


RUNNERS = {"plain": plainly, "dagster": in_dagster}


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> AuditSpec:
    return load_spec(write_clinic(tmp_path_factory.mktemp("clinic")))


@pytest.fixture(scope="module")
def undisturbed(spec: AuditSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with a store in which every stage is finished, and with the published audit."""
    root = tmp_path_factory.mktemp("undisturbed")
    records = pipeline.run(spec, Store(root / ".store" / spec.slug), workers=2)
    pipeline.publish(records["verdict"], root / spec.slug)
    return root


@pytest.fixture
def root(undisturbed: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished root, to compute more in."""
    import shutil

    shutil.copytree(undisturbed, tmp_path / "root")
    return tmp_path / "root"


@pytest.mark.parametrize("second", RUNNERS)
def test_either_runner_reuses_what_the_plain_one_computed(spec: AuditSpec, root: Path, second: str) -> None:
    assert RUNNERS[second](spec, root) == set()


def test_the_plain_runner_reuses_what_dagster_computed(spec: AuditSpec, tmp_path: Path) -> None:
    assert in_dagster(spec, tmp_path) == {stage.name for stage in pipeline.graph(spec)}
    assert plainly(spec, tmp_path) == set()
    assert in_dagster(spec, tmp_path) == set()


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_threshold_judges_again_and_measures_nothing(spec: AuditSpec, root: Path, runner: str) -> None:
    changed = spec.model_copy(update={"policy": Policy(association=0.9)})
    assert RUNNERS[runner](changed, root) == {"verdict"}
    assert RUNNERS[runner](spec, root) == set(), "the former result is kept for a while"


@pytest.mark.parametrize("runner", RUNNERS)
def test_another_sentence_or_page_measures_nothing(
    spec: AuditSpec, root: Path, runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring = digests.of_code(False)
    monkeypatch.setattr(digests, "of_code", lambda judging=True: "another page" if judging else measuring)
    assert RUNNERS[runner](spec, root) == {"verdict"}


def test_other_code_computes_everything_again(spec: AuditSpec, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "of_code", lambda judging=True: "other code")
    assert plainly(spec, root) == {stage.name for stage in pipeline.graph(spec)}


def test_a_seed_does_not_read_the_data_again(spec: AuditSpec, root: Path) -> None:
    computed = plainly(spec.model_copy(update={"seed": 1}), root)
    assert {"baselines", "splits", "verdict"} <= computed
    assert not {"dataset", "values"} & computed


def test_what_lies_where_changes_nothing(spec: AuditSpec, root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "renamed.csv"
    moved.write_bytes(Path(spec.data_paths[0]).read_bytes())
    assert plainly(spec.model_copy(update={"data": str(moved)}), root) == set()


def command(spec: Path, root: Path, *more: str) -> list[str]:
    arguments = ["run", str(spec), "--out", str(root / "clinic"), "--workers", "1", "--fail-on", "never", *more]
    return [sys.executable, "-m", "audit_pipeline.cli", *arguments]


def start(spec: Path, root: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(command(spec, root, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def same_bytes(found: Path, wanted: Path) -> None:
    assert sorted(os.listdir(found)) == sorted(OUTPUT_FILES)
    for name in OUTPUT_FILES:
        if name not in VOLATILE:
            assert (found / name).read_bytes() == (wanted / name).read_bytes(), name
    judged = [json.loads((folder / "verdict.json").read_text(encoding="utf-8")) for folder in (found, wanted)]
    for verdict in judged:
        del verdict["lineage"]["run"]
    assert judged[0] == judged[1]


def unfinished(root: Path) -> list[str]:
    """Return what is left of unfinished work, anywhere below ``root``."""
    return [path.name for path in root.rglob(".*-*") if path.name != ".store"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_in_any_stage_resumes_and_ends_with_the_same_bytes(undisturbed: Path, tmp_path: Path) -> None:
    """Kill one and the same audit in every stage, one run after the other, and let the last run finish it."""
    path = write_clinic(tmp_path / "data")
    root, spec = tmp_path / "root", load_spec(path)
    store = root / ".store/clinic"
    stages = [stage.name for stage in pipeline.graph(spec)]
    interrupted = []
    for position, stage in enumerate(stages):
        for _ in range(5):
            process = start(path, root)
            deadline = time.monotonic() + 120
            # The folder that a stage writes into is there from its start to its end.
            while not (at_work := list(store.glob(f"{stage}/.tmp-*-{process.pid}-*"))) and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            if at_work:
                break
            # On a busy machine a quick stage was over between two looks: once more, as if it had not run.
            assert process.returncode == 0, process.communicate()
            process.communicate()
            for later in stages[position:]:
                shutil.rmtree(store / later, ignore_errors=True)
            shutil.rmtree(root / "clinic")
        assert at_work, f"{stage} was never seen at work"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        interrupted += [stage] if at_work[0].exists() else []
        assert not (root / "clinic").exists(), "there is no output before the end"
        left = [path for path in store.rglob(".tmp-*") if f"-{process.pid}-" not in path.name]
        assert left == [], "every run removes what the one before it left"
    # A few stages are over before the signal arrives.
    assert len(interrupted) > len(stages) / 2
    done = subprocess.run(command(path, root), capture_output=True, text=True, check=True)
    assert f"({len(stages)} stages, " in done.stderr
    assert "dataset reused" in done.stderr
    assert unfinished(root) == []
    same_bytes(root / "clinic", undisturbed / "clinic")
    assert verify(root / "clinic").as_signed


@pytest.mark.slow
def test_two_processes_share_a_store_and_an_output_folder(undisturbed: Path, tmp_path: Path) -> None:
    path, root = write_clinic(tmp_path / "data"), tmp_path / "root"
    both = [start(path, root) for _ in range(2)]
    told = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert unfinished(root) == []
    same_bytes(root / "clinic", undisturbed / "clinic")
    assert verify(root / "clinic").as_signed
    assert plainly(load_spec(path), root) == set()


def record(stage: str, key: str, workspace: Path, text: str = "same") -> StageRecord:
    (workspace / "f").write_text(text)
    return StageRecord(stage=stage, key=key, inputs={}, outputs={"f": digests.of_bytes(text.encode())}, content="c")


def test_many_at_a_time_commit_the_same_result(tmp_path: Path) -> None:
    """Whoever is first wins; a result that others may be reading is never taken away under their eyes."""
    missed: list[object] = []
    barrier = threading.Barrier(8, timeout=30)

    def work() -> None:
        store = Store(tmp_path)
        try:
            for turn in range(20):
                barrier.wait()
                key = f"key{turn}"
                with store.workspace("s") as workspace:
                    committed = store.commit(record("s", key, workspace), workspace)
                looks = [store.lookup("s", key) is not None and (committed.folder / "f").read_text() for _ in range(5)]
                missed.extend(key for look in looks if look != "same")
        except Exception as error:
            missed.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["current", "key16", "key17", "key18", "key19"]


def test_a_damaged_result_gives_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for _ in range(2):
        with store.workspace("s") as workspace:
            committed = store.commit(record("s", "k", workspace), workspace)
        assert not committed.reused
        assert store.lookup("s", "k") is not None
        (committed.folder / "f").write_text("damaged")
        assert store.lookup("s", "k") is None


def test_the_results_used_last_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for turn, key in enumerate("abcdefg"):
        with store.workspace("s") as workspace:
            store.commit(record("s", key, workspace), workspace)
        os.utime(tmp_path / "s" / key, (turn, turn))
        if key != "a" and store.lookup("s", "a"):
            store.point("s", "a")
    kept = {path.name for path in (tmp_path / "s").iterdir() if path.is_dir()}
    assert len(kept) == KEPT + 1
    assert {"a", "g"} <= kept


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


HOST = leftovers._host()
LEFT: Mapping[str, tuple[Callable[[], str], bool]] = {
    "of a dead process": (lambda: f".tmp-{HOST}-{dead_pid()}-0123abcd", False),
    "of a former process of our number": (lambda: f".tmp-{HOST}-{os.getpid()}-0123abcd", False),
    "of a live process": (lambda: f".tmp-{HOST}-{os.getppid()}-0123abcd", True),
    "of another machine": (lambda: f".tmp-elsewhere-{dead_pid()}-0123abcd", True),
    "of somebody else": (lambda: ".keep-me-safe", True),
}


@pytest.mark.parametrize("whose", LEFT)
def test_whose_leftovers_are_removed(tmp_path: Path, whose: str) -> None:
    make, stays = LEFT[whose]
    left = tmp_path / "s" / make()
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    store = Store(tmp_path)
    with store.workspace("s"):
        assert left.exists() == stays
    if stays:
        old = time.time() - leftovers.OLD - 60
        os.utime(left, (old, old))
        with store.workspace("s"):
            assert left.exists() == (whose == "of somebody else")


def test_a_run_tidies_stages_that_it_reuses_too(spec: AuditSpec, root: Path) -> None:
    left = root / ".store/clinic/dataset" / f".tmp-{HOST}-{dead_pid()}-0123abcd"
    left.mkdir()
    pointer = root / ".store/clinic/dataset" / f".current-{HOST}-{dead_pid()}-0123abcd"
    pointer.write_text("k")
    plainly(spec, root)
    assert not left.exists()
    assert not pointer.exists()


def test_publishing_tidies_what_a_kill_left_beside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/f").write_text("new")
    ours = [tmp_path / f".out.{kind}-{HOST}-{dead_pid()}-0123abcd" for kind in ("new", "old")]
    others = [tmp_path / f".out2.new-{HOST}-{dead_pid()}-0123abcd", tmp_path / ".out.new-year-2026-resolutions"]
    for path in (*ours, *others):
        path.mkdir()
    replace_folder(tmp_path / "source", ["f"], tmp_path / "out")
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in others)


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
def test_many_publish_at_a_time(tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not exchange:
        monkeypatch.setattr("audit_pipeline.folders._exchange", lambda first, second: False)
    sources = []
    for number in range(4):
        sources.append(tmp_path / f"source{number}")
        sources[-1].mkdir()
        for name in ("f", "g"):
            (sources[-1] / name).write_text(str(number))
    failures: list[BaseException] = []

    def work(source: Path) -> None:
        try:
            for _ in range(25):
                replace_folder(source, ["f", "g"], tmp_path / "out")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (tmp_path / "out/f").read_text() == (tmp_path / "out/g").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", *(source.name for source in sources)]


def test_names_of_machines_are_made_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "dr-who's/host-1.example" + "x" * 300)
    leftovers._host.cache_clear()
    try:
        with leftovers.unfinished(Path(), ".tmp") as path:
            assert leftovers._NAME.search(path.name)
            assert len(path.name) < 80
    finally:
        monkeypatch.undo()
        leftovers._host.cache_clear()
