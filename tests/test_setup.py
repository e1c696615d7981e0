"""Set-up on a fresh machine: what is installed, by what, with which words when it can't be."""

import ast
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
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

    def make_venv(self, held: int | None = None) -> None:
        self.did.append("venv")
        python = Path(bootstrap.venv_python())
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text("")
        (self.root / ".venv" / "pyvenv.cfg").write_text("")

    def install(self, arguments: list[str], held: int | None = None) -> None:
        if self.failing:
            failing, self.failing = self.failing, None
            raise failing
        self.did.append("nbcore" if "-e" in arguments else Path(arguments[-1]).name)

    def ask_python(self) -> tuple[str, tuple[int, ...]]:
        return str(self.root / ".venv"), (3, 12, 0)

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
    monkeypatch.setattr(bootstrap, "ask_python", fake.ask_python)
    monkeypatch.setattr(bootstrap, "look_at_result", lambda: None)
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


def left_over(project):
    return [path.name for path in project.root.iterdir() if path.name.startswith(".venv") and path.name != ".venv.lock"]


def test_a_half_removed_venv_is_made_anew_and_its_python_never_used(project):
    """Without pyvenv.cfg its Python is the one that everything on the machine uses: pip would install there."""
    project.run()
    for gone in (["pyvenv.cfg"], ["pyvenv.cfg", "nbcore-setup.json"]):
        for name in gone:
            (project.root / ".venv" / name).unlink()
        (project.root / ".venv" / "lib").mkdir()
        assert project.run() == ["venv", LOCK, "nbcore"]
        assert not (project.root / ".venv" / "lib").exists()
    assert left_over(project) == [".venv"]


@pytest.mark.parametrize("theirs", ["conda-meta", "thesis.txt"])
def test_a_folder_of_somebody_s_is_refused_and_kept(project, theirs):
    (project.root / ".venv" / "bin").mkdir(parents=True)
    Path(bootstrap.venv_python()).write_text("")
    (project.root / ".venv" / theirs).write_text("mine")
    with pytest.raises(bootstrap.SetupError, match=r"(?s)no virtual environment .* move it away or remove it"):
        project.run()
    assert (project.root / ".venv" / theirs).read_text() == "mine"
    assert project.did == []


def test_a_file_in_the_place_of_the_venv_is_refused_and_kept(project):
    (project.root / ".venv").write_text("PATH=/opt")
    with pytest.raises(bootstrap.SetupError, match="belongs into a folder"):
        project.run()
    assert (project.root / ".venv").read_text() == "PATH=/opt"


@pytest.mark.parametrize("said", [None, ("", (3, 12, 0)), ("elsewhere", (3, 12, 0)), ("own", (3, 9, 0))])
def test_a_python_that_is_not_the_venv_s_is_never_installed_into(project, monkeypatch, said):
    """It doesn't run, is no venv's, is another venv's, or is too old."""
    own = str(project.root / ".venv")
    project.make_venv()
    project.did = []
    monkeypatch.setattr(bootstrap, "ask_python", lambda: said and (own if said[0] == "own" else said[0], said[1]))
    with pytest.raises(bootstrap.SetupError, match="can't be used"):  # somebody else's
        project.run()
    assert project.did == []
    bootstrap.write_record({"base": "an older edition"})
    assert project.run() == ["venv", LOCK, "nbcore"]  # our own


def test_a_project_that_has_moved_is_installed_again(project, monkeypatch):
    project.run()
    moved = project.root.with_name("moved")
    project.root.rename(moved)
    project.root = moved
    monkeypatch.setattr(bootstrap, "ROOT", str(moved))
    monkeypatch.setattr(bootstrap, "VENV", str(moved / ".venv"))
    assert project.run() == [LOCK, "nbcore"]
    assert project.run() == []


def test_a_second_run_waits_for_the_first(project, capsys):
    with bootstrap.alone():
        other = threading.Thread(target=project.run)
        other.start()
        said = ""
        while "waiting" not in said:
            said += capsys.readouterr().err
        assert project.did == []
    other.join()
    assert project.did == ["venv", LOCK, "nbcore"]
    assert said == "Another set-up is running in this folder: waiting for it to end ...\n"


def test_who_has_waited_finds_the_work_done(project, monkeypatch):
    """The first look finds nothing, the second one, under the lock, what another run has installed meanwhile."""
    project.run()
    looks = iter([False, True])
    monkeypatch.setattr(bootstrap, "is_done", lambda groups: next(looks))
    assert project.run() == []


@POSIX_ONLY
def test_what_an_installer_still_writes_after_its_set_up_was_killed_is_waited_for(project):
    with bootstrap.alone() as held:
        orphan = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held])
    handle = os.open(project.root / ".venv.lock", os.O_RDWR)
    assert not bootstrap.locked(handle)
    orphan.communicate(b"\n")
    assert bootstrap.locked(handle)
    os.close(handle)


SLOW = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {tools!r})
import bootstrap

bootstrap.ROOT, bootstrap.VENV = {root!r}, {root!r} + "/.venv"
venv = Path(bootstrap.VENV)

def work(name):
    for number in range(60):
        path = venv / "lib" / f"{{name}}-{{number}}"
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        time.sleep(0.002)

def make_venv(held):
    (venv / "bin").mkdir()
    work("venv")
    Path(bootstrap.venv_python()).write_text("")
    work("pip")
    (venv / "pyvenv.cfg").write_text("")

def install(arguments, held):
    assert (venv / "pyvenv.cfg").exists()
    work("nbcore" if "-e" in arguments else "lock")

bootstrap.make_venv, bootstrap.install, bootstrap.look_at_result = make_venv, install, lambda: None
bootstrap.ask_python = lambda: (bootstrap.VENV, (3, 12, 0))
print("begun", flush=True)
bootstrap.set_up(["base"])
print("done")
"""


@POSIX_ONLY
def test_twenty_kills_leave_nothing_that_the_next_run_does_not_mend(project):
    """Each run is killed somewhere on its way; the one that is left alone ends with a whole environment."""
    program = SLOW.format(tools=str(ROOT / "tools"), root=str(project.root))
    rng = np.random.default_rng(0)
    for _ in range(20):
        run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        run.stdout.readline()
        try:
            run.wait(rng.uniform(0, 0.6))
        except subprocess.TimeoutExpired:
            run.kill()
        run.communicate()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "begun\ndone\n", done.stderr
    assert len(list((project.root / ".venv" / "lib").iterdir())) == 240
    assert left_over(project) == [".venv"]
    assert bootstrap.is_done(["base"])


def test_what_a_user_has_set_for_other_pythons_stays_out(project, monkeypatch):
    """Neither the packages of PYTHONPATH come in, nor do ours go to pip's --user or --target."""
    project.run()
    (project.root / "theirs").mkdir()
    (project.root / "theirs" / "numpy.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(project.root / "theirs"))
    monkeypatch.setenv("PIP_TARGET", str(project.root / "theirs"))
    monkeypatch.setenv("PIP_USER", "1")
    question = "import os, sys; print(os.environ.get('PIP_TARGET'), os.environ['PIP_USER'], *sys.path, sep='|')"
    code, output = bootstrap.run_quietly([sys.executable, "-c", question])
    assert code == 0
    assert output.startswith("None|0|")
    assert "theirs" not in output
    run = []
    for name in ("execv", "call"):
        where = bootstrap.os if name == "execv" else bootstrap.subprocess
        monkeypatch.setattr(where, name, lambda *given: run.append("PYTHONPATH" in os.environ))
    monkeypatch.setattr(bootstrap.os, "environ", dict(os.environ))
    monkeypatch.chdir(project.root)
    bootstrap.main(["-c", ""])
    assert run == [False]


@pytest.mark.parametrize("where", ["global", "install"])
@pytest.mark.parametrize("key", ["target", "prefix", "root"])
def test_pip_s_own_settings_can_t_lead_elsewhere(tmp_path, monkeypatch, where, key):
    """They are read past, but for the servers."""
    lines = [
        f"[{where}]",
        f"{key} = /elsewhere",
        "[global]" if where == "install" else "",
        "index-url = http://127.0.0.1:9/a",
    ]
    lines.append("extra-index-url =\n    http://127.0.0.1:9/b\n    http://127.0.0.1:9/c")
    (tmp_path / "pip.conf").write_text("\n".join(lines))
    monkeypatch.setattr(bootstrap, "venv_python", lambda: sys.executable)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    options = bootstrap.pip_settings()
    assert options[:2] == ["--isolated", "--require-virtualenv"]
    assert options[options.index("--index-url") + 1] == "http://127.0.0.1:9/a"
    extra = [after for before, after in pairwise(options) if before == "--extra-index-url"]
    assert extra == ["http://127.0.0.1:9/b", "http://127.0.0.1:9/c"]
    assert "/elsewhere" not in options
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:9/a\nuser = true")
    assert bootstrap.pip_settings() == []


def test_what_was_installed_elsewhere_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path))
    monkeypatch.setattr(bootstrap, "venv_python", lambda: sys.executable)
    with pytest.raises(bootstrap.SetupError, match=r"finds .*numpy.* instead of a package in"):
        bootstrap.look_at_result()
    monkeypatch.setattr(bootstrap, "VENV", sys.prefix)
    bootstrap.look_at_result()
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match=r"finds .*nbcore.* instead of a package in"):
        bootstrap.look_at_result()


@POSIX_ONLY
def test_a_folder_whose_name_no_venv_can_bear_is_named(monkeypatch):
    monkeypatch.setattr(bootstrap, "ROOT", "/home/ana/nets: a course")
    with pytest.raises(bootstrap.SetupError, match="rename or move the folder"):
        bootstrap.make_venv()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "can't be written"),
        (errno.EACCES, "can't be written"),
        (errno.ENOSPC, "The disk is full"),
        (errno.EIO, "put that right"),
    ],
)
def test_what_the_system_refuses_is_said_in_words(project, monkeypatch, capsys, number, said):
    def refuse(*_):
        raise OSError(number, os.strerror(number), str(project.root))

    monkeypatch.setattr(bootstrap.os, "mkdir", refuse)
    assert bootstrap.main([]) == 1
    words = capsys.readouterr().err
    assert said in words
    assert "What to do" in words
    assert "Traceback" not in words


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
