"""Set-up on a fresh machine: what is installed, by what, with which words when it can't be."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import bootstrap, browser

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
POSIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="Windows has no make, and no Unix permissions")


# --- the lists of packages, kept in step -----------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """The pins of a lock, by canonical name; every line must be a plain pin."""
    pins: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if text := line.partition("#")[0].strip():
            match = re.fullmatch(r"([a-z0-9.-]+)==([0-9][a-z0-9.]*)( ; .+)?", text)
            assert match, f"{name} holds more than plain pins: {line!r}"
            assert match[1] not in pins, f"{name} pins {match[1]} twice"
            pins[canonicalize_name(match[1])] = match[2]
    return pins


def missing(requirements: list[str], pins: dict[str, str]) -> list[str]:
    """The requirements that `pins` does not meet."""
    parsed = [Requirement(text) for text in requirements]
    return [
        str(each)
        for each in parsed
        if (pin := pins.get(canonicalize_name(each.name))) is None or pin not in each.specifier
    ]


def test_lock_holds_what_pyproject_asks_for():
    wanted = PROJECT["dependencies"] + EXTRAS["test"] + EXTRAS["build"]
    assert missing(wanted, locked("requirements.lock")) == []
    assert missing(EXTRAS["lint"] + EXTRAS["browser"], locked("requirements-dev.lock")) == []
    assert set(PYPROJECT["build-system"]["requires"]) <= set(EXTRAS["build"])  # installed without a second download


def test_both_locks_agree():
    base, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: (base[name], dev[name]) for name in base.keys() & dev.keys() if base[name] != dev[name]} == {}


def test_a_missing_or_outdated_pin_is_seen():
    assert missing(["numpy>=2.0", "Pillow>=10", "nbval"], {"numpy": "1.26", "pillow": "13.0"}) == [
        "numpy>=2.0",
        "nbval",
    ]


def conda_packages() -> dict[str, str]:
    """environment.yml: {package: version}, by the names that PyPI uses."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pairs = (text.partition("=")[::2] for text in environment["dependencies"])
    return {{"matplotlib-base": "matplotlib"}.get(name, name): version for name, version in pairs}


def test_conda_environment_is_in_step():
    conda, pins = conda_packages(), locked("requirements.lock")
    assert conda.pop("python") == "3.12"  # exactly: given a range, repo2docker takes an older one
    assert conda.pop("pip") == ""
    assert set(conda) == {Requirement(text).name for text in PROJECT["dependencies"]}
    for name, version in conda.items():
        assert Version(version).release == Version(pins[name]).release[:2], f"{name}: {version} or {pins[name]}?"


def test_binder_runs_postbuild():
    script = (ROOT / "postBuild").read_text(encoding="utf-8")
    assert script.startswith("#!/bin/bash\n")
    assert "\nset -e\n" in script
    assert "\npip install --no-deps -e .\n" in script
    assert not (ROOT / "binder").exists(), "a folder binder/ would win over the files in the root"
    assert not (ROOT / ".binder").exists(), "a folder .binder/ would win over the files in the root"


@POSIX_ONLY
@pytest.mark.parametrize("name", ["postBuild", "start", ".ci/run"])
def test_is_executable(name):
    assert os.access(ROOT / name, os.X_OK)


def test_repo2docker_reads_the_layout_as_meant():
    """repo2docker's own detection, without Docker: it prints the Dockerfile it would build."""
    program = shutil.which("jupyter-repo2docker")
    if program is None:
        pytest.skip("jupyter-repo2docker is not installed")
    done = subprocess.run(
        [program, "--no-build", "--debug", "."], cwd=ROOT, capture_output=True, text=True, timeout=browser.HUNG
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Building conda environment for python=3.12\n" in said, said
    assert re.search(r'env update -p \S+ --file "environment\.yml"', said), said
    assert "\nRUN ./postBuild\n" in said, said
    assert re.search(r"ENTRYPOINT.*start", said), said


# --- one place names the repository ----------------------------------------------------------------

# Repositories of others that our texts may point to: add one here when a text does.
OTHERS: set[str] = set()
OURS = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", PROJECT["urls"]["Repository"])[1]
REPOSITORY = re.compile(
    r"(?:(?<![\w.])github\.com|raw\.githubusercontent\.com|mybinder\.org/v2/gh|nbviewer\.org/github"
    r"|colab\.research\.google\.com/github)/([\w.-]+/[\w.-]+)"
)


def strangers(text: str) -> list[str]:
    """The repositories that links in `text` name, other than ours and the allowed ones."""
    names = [name.rstrip(".").removesuffix(".git") for name in REPOSITORY.findall(text)]
    return [name for name in names if name != OURS and name not in OTHERS]


def test_links_name_our_repository():
    texts = [*ROOT.glob("*.md"), *ROOT.glob("*.yml"), *(ROOT / ".github").rglob("*.*")]
    texts += [*(ROOT / "notebooks").rglob("*.ipynb"), *(ROOT / "notebooks").rglob("*.py")]
    texts += [*(ROOT / "docs").rglob("*.md"), *(ROOT / "nbcore").rglob("*.py")]
    found = {str(path.relative_to(ROOT)): strangers(path.read_text(encoding="utf-8")) for path in texts}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("link", "stranger"),
    [
        (f"https://github.com/{OURS}.", None),
        (f"git clone https://github.com/{OURS}.git", None),
        (f"https://mybinder.org/v2/gh/{OURS}/main?urlpath=lab", None),
        ("https://github.com/overlooked-basics/neural-network/issues", "overlooked-basics/neural-network"),
        ("https://mybinder.org/v2/gh/someone/fork/main?urlpath=lab", "someone/fork"),
        ("https://colab.research.google.com/github/someone/fork/blob/main/x.ipynb", "someone/fork"),
        ("https://raw.githubusercontent.com/someone/fork/main/x.png", "someone/fork"),
        ("https://nbviewer.org/github/someone/fork/tree/main", "someone/fork"),
    ],
)
def test_a_wrong_link_is_seen(link, stranger):
    assert strangers(f"[text]({link})") == ([stranger] if stranger else [])
    assert strangers(link) == ([stranger] if stranger else [])


def test_readme_links_to_binder():
    (urlpath,) = set(
        re.findall(r"mybinder\.org/v2/gh/\S+?\?urlpath=([^)\s\"]+)", (ROOT / "README.md").read_text("utf-8"))
    )
    assert urlpath == "lab/tree/notebooks/01_linear_vs_nonlinear.ipynb"


# --- bootstrap: what it decides --------------------------------------------------------------------


LOCK, DEV_LOCK, PYPROJECT_FILE = "requirements.lock", "requirements-dev.lock", "pyproject.toml"
SERVER_CONFIG = "nbcore/jupyter-config/nbcore.json"


class FakeProject:
    """A project whose bootstrap notes what it would install; `failing` is raised by the next install."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.did: list[str] = []
        self.failing: BaseException | None = None
        (root / "nbcore" / "jupyter-config").mkdir(parents=True)
        for name in (LOCK, DEV_LOCK, PYPROJECT_FILE, SERVER_CONFIG):
            self.change(name)

    def change(self, name: str) -> None:
        with (self.root / name).open("a") as file:
            file.write("#")

    def make_venv(self) -> None:
        self.did.append("venv")
        python = Path(bootstrap.venv_python())
        python.parent.mkdir()
        python.write_text("")

    def install(self, arguments: list[str]) -> None:
        if self.failing:
            failing, self.failing = self.failing, None
            raise failing
        self.did.append("nbcore" if "-e" in arguments else Path(arguments[-1]).name)

    def run(self, *groups: str) -> list[str]:
        self.did = []
        bootstrap.set_up(groups or ["base"])
        return self.did


@pytest.fixture
def project(tmp_path, monkeypatch):
    fake = FakeProject(tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(bootstrap, "make_venv", fake.make_venv)
    monkeypatch.setattr(bootstrap, "install", fake.install)
    return fake


def test_installs_once(project):
    assert project.run() == ["venv", LOCK, "nbcore"]
    assert project.run() == []
    assert project.run("base", "dev") == [DEV_LOCK]
    assert project.run("base", "dev") == []
    assert project.run() == []


@pytest.mark.parametrize("name", [LOCK, PYPROJECT_FILE, SERVER_CONFIG])
def test_a_change_is_installed_into_the_same_venv(project, name):
    project.run("base", "dev")
    project.change(name)
    assert project.run("base", "dev") == [LOCK, "nbcore"]
    assert project.run("base", "dev") == []


def test_a_change_for_developers_does_not_concern_learners(project):
    project.run("base", "dev")
    project.change(DEV_LOCK)
    assert project.run() == []
    assert project.run("base", "dev") == [DEV_LOCK]


@pytest.mark.parametrize("failing", [KeyboardInterrupt(), bootstrap.SetupError("the disk is full")])
@pytest.mark.parametrize("already_installed", [False, True])
def test_an_interrupted_install_starts_over(project, failing, already_installed):
    if already_installed:
        project.run()
        project.change(LOCK)
    project.failing = failing
    with pytest.raises(type(failing)):
        project.run()
    (project.root / ".venv" / "half-installed").write_text("")
    assert project.run() == ["venv", LOCK, "nbcore"]
    assert not (project.root / ".venv" / "half-installed").exists()


def test_no_network_leaves_what_worked(project):
    project.run()
    project.failing = bootstrap.SetupError(bootstrap.NO_NETWORK)
    with pytest.raises(bootstrap.SetupError):
        project.run("base", "dev")
    assert project.run() == []


def test_a_venv_made_by_somebody_else_is_kept(project):
    (project.root / ".venv").mkdir()
    project.make_venv()
    (project.root / ".venv" / "theirs").write_text("")
    assert project.run() == [LOCK, "nbcore"]
    assert (project.root / ".venv" / "theirs").exists()


def test_a_venv_without_its_python_is_made_anew(project):
    project.run()
    Path(bootstrap.venv_python()).unlink()
    assert project.run() == ["venv", LOCK, "nbcore"]


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_damaged_record_starts_over(project, content):
    project.run()
    Path(bootstrap.record_path()).write_text(content)
    assert project.run() == ["venv", LOCK, "nbcore"]


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("3", "3")])
def test_matrix_products_take_one_thread_unless_told_otherwise(project, monkeypatch, before, after):
    run = []
    monkeypatch.setattr(bootstrap.os, "execv", lambda path, command: run.append(dict(os.environ)))
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: run.append(dict(os.environ)))
    monkeypatch.setattr(bootstrap.os, "environ", {k: v for k, v in os.environ.items() if "THREADS" not in k})
    if before:
        os.environ["OPENBLAS_NUM_THREADS"] = before
    monkeypatch.chdir(project.root)
    bootstrap.main(["-c", ""])
    assert [environment["OPENBLAS_NUM_THREADS"] for environment in run] == [after]


@POSIX_ONLY
@pytest.mark.parametrize(("before", "after"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_the_same_holds_for_what_binder_starts(before, after):
    environment = {name: value for name, value in os.environ.items() if "THREADS" not in name} | before
    command = [ROOT / "start", sys.executable, "-c", "import os; print(os.environ['OPENBLAS_NUM_THREADS'])"]
    assert subprocess.run(command, env=environment, capture_output=True, text=True).stdout.strip() == after


# --- bootstrap: what it says -----------------------------------------------------------------------


def test_an_old_python_can_read_bootstrap():
    """Only what Python 2.7 knew as well, so that every Python reaches the message that it is too old."""
    tree = ast.parse((ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Nonlocal, ast.AsyncFunctionDef)
    assert [ast.dump(node) for node in ast.walk(tree) if isinstance(node, newer)] == []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            assert node.returns is None, node.name
            assert not any(argument.annotation for argument in arguments), node.name
            assert not node.args.kwonlyargs, node.name


@pytest.fixture
def no_set_up(monkeypatch):
    """An old Python must get no further than to the check of its version."""

    def fail(*_):
        pytest.fail("an old Python went on to set up")

    monkeypatch.setattr(bootstrap, "set_up", fail)


@pytest.mark.usefixtures("no_set_up")
def test_says_what_to_do_when_python_is_too_old(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "newer_python", lambda: None)
    monkeypatch.setattr(sys, "version_info", (3, 6, 15, "final", 0))
    assert bootstrap.main([]) == 1
    said = capsys.readouterr().err
    assert "need Python 3.11 or newer" in said
    assert "is Python 3.6.15" in said
    assert "apt install python3.12" in said
    assert "make lab PYTHON=" in said


@POSIX_ONLY
@pytest.mark.usefixtures("no_set_up")
def test_takes_a_newer_python_when_there_is_one(tmp_path, monkeypatch, capfd):
    """An old python3 hands over to the first on the PATH that really is what its name says."""
    programs = {"python3.14": "exit 127", "python3.13": "exit 1", "python3.12": '[ "$1" = -c ] || echo "ran $@"'}
    for name, body in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(sys, "version_info", (3, 9, 0, "final", 0))
    assert bootstrap.main(["--dev", "-m", "pytest"]) == 0
    said = capfd.readouterr()
    assert "taking python3.12" in said.err
    assert said.out.split()[-3:] == ["--dev", "-m", "pytest"]


def copy_of_project(folder: Path) -> Path:
    """The files that set-up needs, elsewhere."""
    for name in ("Makefile", "README.md", "LICENSE", "pyproject.toml", LOCK, DEV_LOCK):
        shutil.copy(ROOT / name, folder)
    for name in ("tools", "nbcore"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run_bootstrap(project: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """bootstrap.py as on a machine without uv, and with none of pip's settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    folders = environment["PATH"].split(os.pathsep)
    environment["PATH"] = os.pathsep.join(folder for folder in folders if not shutil.which("uv", path=folder))
    return subprocess.run(
        [sys.executable, project / "tools" / "bootstrap.py"],
        env=environment | {"PIP_CONFIG_FILE": os.devnull} | changes,
        capture_output=True,
        text=True,
        timeout=browser.HUNG,
    )


def test_says_what_to_do_without_the_venv_module(tmp_path):
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian" / "ensurepip.py").write_text("raise ImportError('packed apart')")
    done = run_bootstrap(copy_of_project(tmp_path), PYTHONPATH=str(tmp_path / "debian"))
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert "docs.astral.sh/uv" in done.stderr
    assert "Traceback" not in done.stderr


def test_says_what_to_do_without_a_network(tmp_path):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    done = run_bootstrap(copy_of_project(tmp_path), **nowhere)
    assert done.returncode == 1
    assert "connect to the internet and run the same command again" in done.stderr
    assert "HTTPS_PROXY" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / ".venv" / "nbcore-setup.json").read_text()) == {}


# --- make ------------------------------------------------------------------------------------------


def make(*arguments: str) -> str:
    if os.name == "nt" or shutil.which("make") is None:
        pytest.skip("there is no make here")
    done = subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_make_alone_lists_every_target():
    phony = re.search(r"^\.PHONY: (.+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    listed = re.findall(r"^  make (\S+) +\S", make(), re.MULTILINE)
    assert sorted(listed) == sorted(phony)
    assert {"lab", "test", "reset", "notebooks", "check", "format", "bench", "test-browser", "clean"} <= set(listed)
    for target in phony:
        assert make("--dry-run", target).strip(), target


def test_every_place_runs_the_same_tests():
    """make test, and the workflow, where Windows has no make."""
    command = (
        "tools/bootstrap.py -m pytest -n auto --dist loadfile "
        "--nbval --nbval-current-env --ignore=tests/browser tests notebooks"
    )
    assert command in make("--dry-run", "test")
    assert command in WORKFLOW.read_text(encoding="utf-8")
    assert "NBCORE_ANSWERS=" in make("--dry-run", "test")  # a learner's own guesses stay out of it
    assert "make --no-print-directory test " in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_no_test_run_collects_the_learners_copies():
    assert "my" in PYPROJECT["tool"]["pytest"]["ini_options"]["norecursedirs"]
    assert "my/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_workflow_covers_every_python():
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert sorted(matrix["python"]) == sorted(bootstrap.version_text(version) for version in bootstrap.TRIED)
    assert {"macos-latest", "windows-latest"} <= {each["os"] for each in matrix["include"]}
    assert any(step.get("run") == "bash .ci/run" for step in jobs["everything"]["steps"])


# --- make lab --------------------------------------------------------------------------------------


@contextmanager
def lab(project: Path, *arguments: str) -> Iterator[tuple[str, str]]:
    """tools/lab.py, running; gives the address it printed, in two parts: before the path, and the rest."""
    environment = os.environ | {
        name: str(project / "jupyter" / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")
    }
    environment.pop("JUPYTER_TOKEN", None)
    command = [sys.executable, project / "tools" / "lab.py", *arguments, "--no-browser"]
    with browser.running(command, environment) as said:
        host, path = re.fullmatch(r"(http://127\.0\.0\.1:\d+)(/lab\S*)", said).groups()
        yield host, path


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=browser.HUNG) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:  # it holds the connection
            return error.code, ""


@pytest.mark.skipif(os.name == "nt", reason="there, ending lab.py leaves the server that it started running")
def test_lab_serves_the_learners_copy_safely(tmp_path):
    project = copy_of_project(tmp_path)
    (project / "notebooks").mkdir()
    for name in ("01_first.ipynb", "02_second.ipynb"):
        (project / "notebooks" / name).write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    with lab(project) as (first, path), lab(project, "2") as (second, second_path):
        assert path.startswith("/lab/tree/my/01_first.ipynb?token=")
        assert second_path.startswith("/lab/tree/my/02_second.ipynb?token=")
        assert first != second  # the port was taken: the next one
        token = path.partition("token=")[2]
        assert len(token) >= 32

        def get(path: str) -> tuple[int, str]:
            return fetch(f"{first}{path}?token={token}")

        assert fetch(f"{first}/api/contents/my")[0] == 403  # no token, no entry
        names = {entry["name"] for entry in json.loads(get("/api/contents/my")[1])["content"]}
        assert names == {"01_first.ipynb", "02_second.ipynb"}  # .editions.json stays hidden
        assert get("/api/terminals")[0] == 404
        settings = json.loads(get("/lab/api/settings/@jupyterlab/apputils-extension:notification")[1])
        assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"  # no box that asks for it
        assert settings["schema"]["properties"]["checkForUpdates"]["default"] is False
        assert get("/lab/tree/my/01_first.ipynb")[0] == 200


def test_lab_names_the_lessons_there_are(tmp_path):
    project = copy_of_project(tmp_path)
    done = subprocess.run([sys.executable, project / "tools" / "lab.py", "9"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "No lesson is called '9'" in done.stderr
    assert "Traceback" not in done.stderr
