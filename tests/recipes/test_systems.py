"""The list of systems, and the script that counts which of them have tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("systems", ROOT / "scripts" / "systems.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """A folder of tests that name four systems, one of them twice."""
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_a.py").write_text(
        'import pytest\npytestmark = [pytest.mark.system("papo")]\n\n'
        '@pytest.mark.system("racro")\n@pytest.mark.system("papo")\ndef test_one() -> None:\n    pass\n\n'
        '@pytest.mark.system("mj-video")\nclass TestTwo:\n    @pytest.mark.system("oni")\n'
        '    def test_it(self) -> None:\n        """Like @pytest.mark.system("none")."""\n'
    )
    (folder / "helper.py").write_text('import pytest\nmark = pytest.mark.system("none")\n')
    return folder


def test_the_list_is_whole(script: ModuleType) -> None:
    known = script.systems()
    assert len(known) == 192
    assert len({s.slug for s in known}) == 186, "six papers are a method and a benchmark"
    assert all(s.slug and s.name and s.title for s in known)
    families = [s.family for s in known]
    assert {f: families.count(f) for f in families} == {
        "perception": 36,
        "video": 24,
        "agents": 28,
        "generation": 28,
        "reward_models": 52,
        "benchmarks": 24,
    }


def test_marks_are_read_and_not_run(script: ModuleType, tests: Path) -> None:
    found = [(m.slug, m.place) for m in script.marks(tests)]
    assert sorted(found) == [
        ("mj-video", "tests/test_a.py:9"),
        ("oni", "tests/test_a.py:11"),
        ("papo", "tests/test_a.py:2"),
        ("papo", "tests/test_a.py:5"),
        ("racro", "tests/test_a.py:4"),
    ]


def test_the_table(script: ModuleType, tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["--tests", str(tests)]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["perception"] == ["2", "34", "3"]
    assert rows["agents"] == ["1", "27", "1"]
    assert rows["reward_models"] == ["1", "51", "1"], "a paper in two families is covered in both"
    assert rows["benchmarks"] == ["1", "23", "1"]
    assert rows["video"] == ["0", "24", "0"]
    assert rows["all"] == ["5", "187", "5"]


def test_what_is_missing_is_named(script: ModuleType, tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["--tests", str(tests), "--missing"]) == 0
    named = {line.strip(" -") for line in capsys.readouterr().out.splitlines() if line.startswith("  - ")}
    assert "vision-sr1" in named
    assert not named & {"papo", "racro", "oni", "mj-video"}


def test_an_unknown_system_fails(script: ModuleType, tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tests / "test_b.py").write_text(
        'import pytest\nSLUG = "papo"\n\n@pytest.mark.system("pappo")\n@pytest.mark.system(SLUG)\n'
        "def test_it() -> None:\n    pass\n"
    )
    assert script.main(["--tests", str(tests)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "tests/test_b.py:5: the system is one plain text",
        "tests/test_b.py:4: no system 'pappo'",
    ]


def test_a_slug_twice_in_a_family_is_refused(script: ModuleType, tmp_path: Path) -> None:
    entry = "- {slug: a, name: A, title: A, family: video}\n"
    (tmp_path / "list.yaml").write_text(entry * 2)
    with pytest.raises(ValueError, match="'a' stands twice in video"):
        script.systems(tmp_path / "list.yaml")


def test_the_tests_of_this_project_name_systems_that_exist(script: ModuleType) -> None:
    assert script.faults(list(script.marks(ROOT / "tests")), script.systems()) == []
