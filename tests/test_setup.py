"""The set-up holds together: locks, environments, imports, and what the files give away."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# conda-forge's name → PyPI's, where they differ.
CONDA_NAMES = {"matplotlib-base": "matplotlib", "python-duckdb": "duckdb"}
CONDA_ONLY = {"python", "pip", "quarto"}


def declared(*, extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> list[Requirement]:
    """The requirements of pyproject.toml: the package's, and those of some extras and groups."""
    project = PYPROJECT["project"]
    texts = list(project["dependencies"])
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    for group in groups:
        for entry in PYPROJECT["dependency-groups"][group]:
            if isinstance(entry, str):
                texts.append(entry)
            else:
                texts += PYPROJECT["dependency-groups"][entry["include-group"]]
    return [Requirement(text) for text in texts]


def pins(lock: str) -> dict[str, set[str]]:
    """Package → its pinned versions (more than one where platforms differ)."""
    found: dict[str, set[str]] = {}
    text = (LOCKS / lock).read_text(encoding="utf-8")
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def tracked_files() -> list[Path]:
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in listing.decode().split("\0")[:-1] if (path := ROOT / name).is_file()]


# --- locks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", ["installer.txt", "runtime.txt", "lab.txt", "development.txt"])
def test_lock_names_no_address_and_hashes_every_pin(lock: str) -> None:
    text = (LOCKS / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("runtime.txt", declared(extras=("fast",))),
        ("lab.txt", declared(extras=("fast", "lab"))),
        ("development.txt", declared(extras=("fast", "spark"), groups=("development",))),
    ],
)
def test_lock_is_in_step_with_pyproject(lock: str, requirements: list[Requirement]) -> None:
    locked = pins(lock)
    for requirement in requirements:
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {lock}: make lock"
        assert all(version in requirement.specifier for version in versions), (
            f"{lock} pins {requirement.name} {versions}, "
            f"pyproject.toml asks for {requirement.specifier}: make lock"
        )


def test_installer_lock_is_in_step_with_pyproject() -> None:
    locked = pins("installer.txt")
    for text in PYPROJECT["dependency-groups"]["installer"]:
        requirement = Requirement(text)
        assert all(version in requirement.specifier for version in locked[requirement.name])


def test_locks_agree_and_contain_the_runtime() -> None:
    runtime = pins("runtime.txt")
    for lock in ("lab.txt", "development.txt"):
        larger = pins(lock)
        differing = {
            name: larger.get(name) for name in runtime if larger.get(name) != runtime[name]
        }
        assert differing == {}, f"{lock} differs from runtime.txt: make lock"
    development = pins("development.txt")
    for name, versions in pins("installer.txt").items():
        assert development[name] == versions


def test_workbook_runs_without_jupyterlab_and_test_tools() -> None:
    assert {"jupyterlab", "notebook", "pytest", "ruff", "playwright"}.isdisjoint(
        pins("runtime.txt")
    )


# --- conda ------------------------------------------------------------------------------------


def test_conda_environment_is_in_step_with_pyproject() -> None:
    environment = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    ranges = {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in declared(extras=("fast", "lab", "quarto"))
    }
    conda = [Requirement(entry) for entry in environment["dependencies"] if isinstance(entry, str)]
    for requirement in conda:
        if requirement.name in CONDA_ONLY:
            continue
        name = canonicalize_name(CONDA_NAMES.get(requirement.name, requirement.name))
        assert requirement.specifier == ranges[name], requirement.name
    names = {requirement.name for requirement in conda}
    assert {"python", "quarto", "jupyterlab"} <= names
    python = next(requirement for requirement in conda if requirement.name == "python")
    assert PYPROJECT["project"]["requires-python"] in str(python.specifier)
    assert environment["dependencies"][-1] == {"pip": ["-e ."]}


# --- what is imported when ----------------------------------------------------------------------

# Each of these costs from 0.1 to 4 seconds at a start.
HEAVY = (
    "duckdb",
    "matplotlib",
    "nbclient",
    "numba",
    "numpy",
    "pandas",
    "pingouin",
    "pyarrow",
    "pydantic",
    "scipy",
    "statsmodels",
)
# `mot check` reads tables and checks the study, but analyses and draws nothing.
NOT_FOR_CHECKING = ("matplotlib", "nbclient", "numba", "pingouin", "statsmodels")


def heavy_after(code: str, *, absent: tuple[str, ...]) -> list[str]:
    """Which of ``absent`` are loaded in a new interpreter after ``code``, which must succeed."""
    report = f"import sys; print('loaded:', *[m for m in {absent!r} if m in sys.modules])"
    script = f"try:\n    {code}\nexcept SystemExit as end:\n    assert not end.code\n{report}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.rpartition("loaded:")[2].split()


def test_looking_at_a_new_wave_imports_light() -> None:
    assert heavy_after("import mot_research.arriving", absent=NOT_FOR_CHECKING) == []


def test_package_imports_light() -> None:
    assert heavy_after("import mot_research", absent=HEAVY) == []


def test_an_analysis_imports_light() -> None:
    code = "import mot_research.workbook, mot_research.report.files"
    absent = ("matplotlib", "nbclient", "pingouin", "scipy.optimize", "scipy.stats", "statsmodels")
    assert heavy_after(code, absent=absent) == []


def test_help_imports_light() -> None:
    code = "import sys; sys.argv = ['mot', '--help']; from mot_research.cli import main; main()"
    assert heavy_after(code, absent=HEAVY) == []


def test_check_imports_no_analysis(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text(
        "study: {name: Small}\n"
        "moments: {q1: First bill arrives, q2: Outage call}\n"
        "ratings: {low: 1, high: 5}\n"
        "outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]\n"
        "waves: [{id: 2026Q1, file: wave.csv}]\n",
        encoding="utf-8",
    )
    rows = "".join(f"{i % 5 + 1},{i % 3 + 1},{i % 11}\n" for i in range(60))
    (tmp_path / "wave.csv").write_text("q1,q2,ltr\n" + rows, encoding="utf-8")
    code = (
        f"import sys; sys.argv = ['mot', 'check', {str(tmp_path)!r}]; "
        "from mot_research.cli import main; main()"
    )
    assert heavy_after(code, absent=NOT_FOR_CHECKING) == []


def test_imports_between_rooms_run_one_way() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# --- what the files give away -------------------------------------------------------------------

# Home and work folders of a machine, and hosts of package registries.
GIVEN_AWAY = re.compile(
    rb"(?<![\w.~/-])/(?:root|home|work|Users|opt|tmp)/[\w.-]"
    rb"|pythonhosted[.]org|pypi[.]org|registry[.]npmjs"
)


def test_tracked_files_name_no_machine_and_no_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group().decode()
        for path in tracked_files()
        if (match := GIVEN_AWAY.search(path.read_bytes()))
    }
    assert found == {}


def test_notebooks_are_stored_without_outputs() -> None:
    notebooks = [path for path in tracked_files() if path.suffix == ".ipynb"]
    command = Path(sys.executable).with_name("nbstripout")
    for notebook in notebooks:
        done = subprocess.run([command, "--verify", notebook], capture_output=True, text=True)
        assert done.returncode == 0, f"{notebook.relative_to(ROOT)}: run nbstripout on it"


# --- skipped tests ------------------------------------------------------------------------------

NEEDS_A_BROWSER = """
import pytest

@pytest.mark.browser
def test_page():
    raise AssertionError("ran without a browser")

def test_data(shared):
    raise AssertionError("ran without the shared data")

def test_other():
    pytest.skip("a reason of its own")
"""


@pytest.mark.parametrize(("options", "exit_code"), [([], 0), (["--no-missing-system"], 1)])
@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_skips_are_counted_last_and_fail_the_gate(
    tmp_path: Path, options: list[str], exit_code: int, workers: list[str]
) -> None:
    for name, text in {
        "tests/conftest.py": (ROOT / "tests/conftest.py").read_text(encoding="utf-8"),
        "tests/test_some.py": NEEDS_A_BROWSER,
        "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["browser", "java"]\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *workers],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "MOT_SHARED": str(tmp_path / "absent")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == exit_code, done.stdout
    assert done.stdout.splitlines()[-1] == (
        "Skipped tests: 1 need Chromium: make system; 1 need the shared data, a folder ../shared "
        "or the variable MOT_SHARED; 1 need what the reasons above name."
    )
