"""`meterwatch evaluate` on labelled data, from the command to the report."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cli.errors import UnusableError
from cli.evaluate.causal import looks_ahead
from cli.evaluate.labelled import Replaying
from cli.evaluate.record import record_of
from cli.evaluate.request import Files, read_labels
from cli.evaluate.scenario import make
from cli.evaluate.stages import ablate, without
from evaluation.labelled import figures
from models.scoring.policy import Policy
from models.scoring.rules.catalogue import model
from tests.support.command import Command, refused
from tests.support.replays import write_csv

LABELS = "meter_id,kind,start,end,expected_cause"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine homes' water over its last four weeks, labelled."""
    out = tmp_path_factory.mktemp("labelled")
    ((name, _),) = make("water", ["simulated"], [10], 9, out)
    table = pq.read_table(out / name / "readings.parquet")
    since = pc.subtract(pc.max(table["start"]), dt.timedelta(weeks=4))
    pq.write_table(table.filter(pc.greater(table["start"], since)), out / name / "readings.parquet")
    return out / name


@pytest.fixture(scope="module")
def replayed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("replayed")
    Replaying().replay(Files.in_folder(folder), out)
    return out


@pytest.fixture
def meterwatch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def test_a_scenario_is_made_and_judged(meterwatch: Command, tmp_path: Path) -> None:
    options = ("--fleet", "simulated", "--scenario", "water", "--homes", 9, "--seeds", 1, "--json")
    done = meterwatch("evaluate", *options, "--out", tmp_path)
    assert done.code == 0, done
    result = json.loads(done.out)
    assert result == json.loads((tmp_path / "evaluation.json").read_text())
    assert result["meters"] == 9
    assert 1 <= result["events"] <= 6
    leaks = result["services"]["water"]["groups"].get("leak >= 3 L/h", result["services"]["water"]["kinds"])
    assert leaks
    assert "meterwatch evaluate --fleet simulated" in (tmp_path / "report.html").read_text()


def test_a_folder_and_its_replay_are_judged_alike(
    meterwatch: Command, folder: Path, replayed: Path, tmp_path: Path
) -> None:
    whole = meterwatch("evaluate", folder, "--causal", "--json", "--out", tmp_path / "whole")
    assert (whole.code, whole.err) == (0, "causal: nothing that was said changes with what came later\n")
    files = ("--meters", folder / "meters.csv", "--labels", folder / "labels.csv")
    again = ("evaluate", "--replayed", replayed, *files, "--readings", folder / "readings.parquet")
    judged = meterwatch(*again, "--out", tmp_path / "judged")
    assert "asked for first" in judged.out
    assert json.loads((tmp_path / "judged" / "evaluation.json").read_text()) == json.loads(whole.out)


class Leaky:
    """Divides scores by how many readings there will ever be."""

    def replay(self, files: Files, out: Path) -> None:
        Replaying().replay(files, out)
        assert files.readings is not None
        many = pq.read_metadata(files.readings).num_rows
        table = pq.read_table(out / "scores.parquet")
        at = table.column_names.index("score")
        score = pc.divide(table["score"], float(many)).cast(pa.float32())
        pq.write_table(table.set_column(at, table.field(at), score), out / "scores.parquet")


def test_a_replay_that_looks_ahead_is_caught(folder: Path, tmp_path: Path) -> None:
    files, leaky = Files.in_folder(folder), Leaky()
    leaky.replay(files, tmp_path / "whole")
    found = looks_ahead(files, tmp_path / "whole", leaky)
    assert found is not None
    assert "scores: row" in found
    assert "score is" in found


def test_stages_and_baselines_stand_beside_the_whole(folder: Path, replayed: Path) -> None:
    files = Files.in_folder(folder)
    record = record_of(replayed, files)
    apart = ablate([files], [record], figures([record]), Replaying())
    assert apart["stages"]["water"]["ways"] == ["all", *(name for name, _ in without(Policy.default()))]
    assert {"score", "chance", "total deficit"} <= set(apart["baselines"]["water"]["ways"])


def test_a_policy_without_a_stage_can_be_written_down() -> None:
    policies = dict(without(Policy.default()))
    for name, policy in policies.items():
        assert Policy.from_toml(policy.to_toml()).digest == policy.digest, name
    assert policies["without rules"].on.sum() == len(model.RULES)
    assert len({policy.digest for policy in policies.values()} | {Policy.default().digest}) == len(policies) + 1


def test_labels_may_name_any_cause_several_or_none(tmp_path: Path) -> None:
    rows = [f"m,{kind},2024-01-01T00:00Z,2024-01-02T00:00Z,{kind}" for kind in ("any", "none", "theft|meter_fault")]
    anything, nothing, either = read_labels(write_csv(tmp_path / "labels.csv", LABELS, rows))
    assert (anything.any_cause, anything.role, anything.expected_cause) == (True, "fault", "any")
    assert (nothing.role, nothing.expected_cause) == ("look_alike", "none")
    assert either.expected_causes == ("theft", "meter_fault")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("m,k,2024-01-01T00:00Z,2024-01-02T00:00Z,mice", "row 1, column expected_cause: 'mice' are no causes"),
        ("m,k,2024-01-03T00:00Z,2024-01-02T00:00Z,any", "row 1, column end: lies before start"),
        ("m,k,2024-01-03,2024-01-02T00:00Z,any", "row 1, column start"),
    ],
)
def test_a_label_that_cannot_be_used_is_named(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(UnusableError) as error:
        read_labels(write_csv(tmp_path / "labels.csv", LABELS, [row]))
    assert says in str(error.value)


def test_what_cannot_be_evaluated_is_refused(meterwatch: Command, folder: Path, replayed: Path, tmp_path: Path) -> None:
    strange = write_csv(tmp_path / "labels.csv", LABELS, ["x,k,2024-01-01T00:00Z,2024-01-02T00:00Z,any"])
    judge = ("evaluate", "--replayed", replayed, "--meters", folder / "meters.csv", "--out", tmp_path / "out")
    for arguments, says in (
        (("evaluate",), "nothing to evaluate"),
        (("evaluate", tmp_path), "no readings.parquet, readings.csv or readings.csv.gz in it"),
        (("evaluate", "--scenario", "mice"), "--scenario mice: one of electricity, water, gas, fleet"),
        (("evaluate", "--scenario", "water", "--fleet", "packaged"), "no meters for it in packaged"),
        ((*judge, "--labels", folder / "labels.csv", "--causal"), "--causal and --ablate need to replay"),
        ((*judge, "--labels", strange), "row 1: meter_id 'x' is not in METERS"),
    ):
        assert says in refused(meterwatch(*arguments)), arguments
