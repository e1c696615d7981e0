"""Start JupyterLab with the learner's copy of a lesson: python tools/lab.py [01] [options of jupyter lab]"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import learner

ROOT = Path(__file__).resolve().parent.parent

SETTINGS = {
    "ServerApp.ip": "127.0.0.1",  # nobody else on the network; Jupyter adds a token and takes a free port
    "ServerApp.terminals_enabled": "False",  # a lesson needs none
    "ServerApp.allow_root": "True",  # in a container one often is; with the two lines above it opens no door
    "ServerApp.log_level": "WARN",  # the address, and what went wrong
    "LabApp.log_level": "WARN",
    # Nothing is fetched from the internet, and no box asks for leave to do so.
    "LabApp.app_settings_dir": str(ROOT / "tools" / "lab-settings"),  # overrides.json: no news, no updates
    "LabApp.news_url": "None",
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    "LabApp.extension_manager": "readonly",
    # Jupyter's checkpoints go into a hidden folder, also where the user's own settings say otherwise.
    "FileCheckpoints.checkpoint_dir": ".ipynb_checkpoints",
}


def has_screen() -> bool:
    """Whether a browser can show itself; without a screen Linux would start a text browser in the terminal."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def where_jupyter_writes() -> list[str]:
    """Give Jupyter and its kernels a place where the home folder can't be written; what there is to tell of it."""
    scratch = ""
    for name, folder in jupyter_folders().items():
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if not os.access(there, os.W_OK) and name not in os.environ:
            scratch = scratch or tempfile.mkdtemp(prefix="nbcore-")  # readable by its owner only
            os.environ[name] = str(Path(scratch) / name.lower())
    if not scratch:
        return []
    return ["Your home folder can't be written: what Jupyter would keep there is kept until this computer restarts."]


def jupyter_folders() -> dict[str, Path]:
    """What each program writes to, by the variable that moves it."""
    from jupyter_core import paths

    home = Path(os.path.expanduser("~"))
    return {
        "JUPYTER_CONFIG_DIR": Path(paths.jupyter_config_dir()),
        "JUPYTER_DATA_DIR": Path(paths.jupyter_data_dir()),
        "JUPYTER_RUNTIME_DIR": Path(paths.jupyter_runtime_dir()),
        "IPYTHONDIR": home / ".ipython",
        "MPLCONFIGDIR": Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")) / "matplotlib",
    }


def command(notebook: Path, extra: list[str]) -> list[str]:
    """The command line that opens `notebook`, a file under ROOT."""
    settings = SETTINGS | {
        "ServerApp.root_dir": str(ROOT),
        "LabApp.default_url": "/lab/tree/" + notebook.relative_to(ROOT).as_posix(),
    }
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    if not has_screen():
        arguments.append("--no-browser")
    return [sys.executable, "-m", "jupyterlab", *arguments, *extra]


def main() -> int:
    arguments = sys.argv[1:]
    wanted = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "01"
    try:
        lesson = learner.find_lesson(wanted)
        news = learner.update()
    except learner.LearnerError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(learner.not_written(error))
    notebook = ROOT / "my" / lesson.name
    for line in [*news, *where_jupyter_writes()]:
        print(line)
    print(f"Opening my/{lesson.name}, your own copy. To stop: Ctrl-C twice.", flush=True)
    start = command(notebook, arguments)
    if os.name == "nt":  # there, exec would hand the terminal back at once
        return subprocess.call(start)
    os.execv(start[0], start)


if __name__ == "__main__":
    sys.exit(main())
