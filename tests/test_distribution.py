"""Wheel and sdist: built, compared, installed in an environment of their own, and used there."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.arriving.small_study import small_study
from tests.conftest import ROOT
from tests.test_cli import mot
from tests.test_setup import LOCKS, PYPROJECT, tracked_files

NO_INDEX = re.compile(r"Failed to fetch|error sending request|Connection refused|dns error")


def built(folder: Path, *options: str) -> list[Path]:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, *options, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    (path,) = built(tmp_path_factory.mktemp("wheel"), "--wheel")
    return path


@pytest.fixture(scope="module")
def sdist_and_its_wheel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that was built from it."""
    of_sdist, sdist = built(tmp_path_factory.mktemp("sdist"))
    return sdist, of_sdist


def test_wheel_carries_the_workbook(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    expected = set()
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("mot_research/"):
            expected.add(name)
        elif name.startswith(("notebooks/", "reports/", "_quarto")):
            expected.add(f"mot_research/_workbook/{name}")
    assert expected - carried == set()
    assert not {name for name in carried if "checkpoint" in name or "/output/" in name}


def test_sdist_and_checkout_build_the_same_wheel(wheel, sdist_and_its_wheel) -> None:
    sdist, of_sdist = sdist_and_its_wheel
    assert of_sdist.name == wheel.name
    assert of_sdist.read_bytes() == wheel.read_bytes()
    with tarfile.open(sdist) as archive:
        carried = {name.partition("/")[2] for name in archive.getnames()}
    kept = [path for path in tracked_files() if path.relative_to(ROOT).parts[0] != ".ci"]
    names = {path.relative_to(ROOT).as_posix() for path in kept}
    assert names - carried == {".gitattributes"}


def test_a_new_study_comes_whole_out_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    done = subprocess.run(
        [sys.executable, "-c", "from mot_research.cli import main; main()", "new", "mine"],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for folder in ("notebooks", "reports"):
        names = {path.name for path in (tmp_path / "mine" / folder).iterdir()}
        assert names == {path.name for path in tracked_files() if path.parent.name == folder}


@pytest.fixture(scope="module")
def environment(sdist_and_its_wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment that holds the runtime lock and the wheel of the sdist, no more."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    uv = Path(sys.executable).with_name("uv")
    into = [uv, "pip", "install", "--python", folder / "bin" / "python"]
    for command in (
        [uv, "venv", "--python", sys.executable, folder],
        [*into, "--require-hashes", "--requirement", LOCKS / "runtime.txt"],
        [*into, "--no-deps", "--no-index", sdist_and_its_wheel[1]],
        [uv, "pip", "check", "--python", folder / "bin" / "python"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if NO_INDEX.search(done.stderr):
            pytest.skip("a package of the lock is not at hand and no index can be reached")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_wheel_works_in_a_clean_environment_outside_the_checkout(environment, tmp_path) -> None:
    def run(*arguments):
        alone = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        done = subprocess.run(
            [environment / "bin" / "mot", *map(str, arguments)],
            cwd=tmp_path,
            env=alone | {"HOME": str(tmp_path / "home"), "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    (tmp_path / "home").mkdir()
    assert PYPROJECT["project"]["version"] in run("--version")
    run("new", "mine")
    workbook = {path.name for path in (tmp_path / "mine" / "notebooks").iterdir()}
    assert workbook == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {path.name for path in (tmp_path / "mine").glob("_quarto*.yml")} == {
        path.name for path in ROOT.glob("_quarto*.yml")
    }

    example = tmp_path / "example"
    shutil.copytree(ROOT / "data" / "example", example, ignore=shutil.ignore_patterns("output"))
    assert "Ready" in run("check", example)

    study = small_study(tmp_path / "small")
    run("report", study, "--to", "html", "--renderer", "embedded", "--quiet")
    (page,) = study.rglob("*.html")
    assert "</html>" in page.read_text("utf-8")
    (record,) = study.rglob("findings.json")
    in_checkout = mot("analyze", study, "--quiet", "--output", tmp_path / "again")
    assert in_checkout.returncode == 0, in_checkout.stderr
    assert record.read_bytes() == (tmp_path / "again" / "findings.json").read_bytes()
