"""Make .venv from the lock, then run something in it. Needs nothing but Python.

    python3 tools/bootstrap.py                        set up, nothing more
    python3 tools/bootstrap.py tools/lab.py           set up, then run a script with .venv's Python
    python3 tools/bootstrap.py --dev -m ruff check    the same, with the tools of requirements-dev.lock

.venv/nbcore-setup.json records what was installed, as hashes of the files that decide it. While they
still match, a run costs a twentieth of a second. During an install the record is empty, so an
interrupted one is noticed by the next run, which starts over. One set-up runs at a time: .venv.lock is
locked meanwhile, by pip as well, which may outlive this program. Nothing is ever installed outside .venv.

An old Python must be able to read this file as far as the message that says it is too old. So: no
f-strings, no annotations, and nothing imported that Python 2.7 lacks.
"""

import ast
import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import time

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NEEDED = (3, 11)
TRIED = [(3, minor) for minor in (14, 13, 12, 11)]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
WINDOWS = os.name == "nt"
# What a user has set for other Pythons would put foreign packages before ours, or ours elsewhere.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV")

# Words by which pip and uv report that they reached no server.
OFFLINE = (
    "NewConnectionError",
    "NameResolutionError",
    "Failed to establish a new connection",
    "name resolution",
    "Connection refused",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Failed to fetch",
    "dns error",
)


class SetupError(Exception):
    """Set-up cannot go on; the message says why, and what to do."""


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


# --- which Python ----------------------------------------------------------------------------------


def version_text(version):
    return ".".join(str(part) for part in version[:3])


def too_old(version, executable):
    """The message for a Python that is too old."""
    return """\
The lessons need Python {needed} or newer, and {executable} is Python {version}.
No newer one was found on this machine (looked for {names}).

What to do: install one, then run the same command again.
  Debian, Ubuntu   sudo apt install python3.12 python3.12-venv    (or any from 3.11 to 3.14)
  macOS            brew install python@3.13
  Windows          https://www.python.org/downloads/
  anywhere         uv python install 3.13    (https://docs.astral.sh/uv/)
A Python that is not on the PATH can be named: make lab PYTHON=/path/to/python3.12""".format(
        needed=version_text(NEEDED),
        executable=executable,
        version=version_text(version),
        names=", ".join("python" + version_text(tried) for tried in TRIED),
    )


def newer_python():
    """The name of a Python on the PATH that is new enough, or None."""
    for version in TRIED:
        name = "python" + version_text(version)
        question = "import sys; sys.exit(sys.version_info[:2] != {0!r})".format(version)
        with open(os.devnull, "w") as silence:
            try:
                if subprocess.call([name, "-c", question], stdout=silence, stderr=silence) == 0:
                    return name
            except OSError:  # there is none of that name
                pass
    return None


# --- what is installed, and what should be ---------------------------------------------------------


def inputs(group):
    """The files that decide what is installed: a change in any of them means installing again."""
    if group == "dev":
        return [os.path.join(ROOT, "requirements-dev.lock")]
    files = [os.path.join(ROOT, "requirements.lock"), os.path.join(ROOT, "pyproject.toml")]
    # pip copies these into .venv/etc/jupyter even when nbcore is installed editable
    for folder, _, names in sorted(os.walk(os.path.join(ROOT, "nbcore", "jupyter-config"))):
        files += [os.path.join(folder, name) for name in sorted(names)]
    return files


def fingerprint(group):
    digest = hashlib.sha256()
    if group == "base":
        digest.update(os.fsencode(ROOT))  # nbcore is installed by its path: a folder that has moved installs again
    for path in inputs(group):
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def record_path():
    return os.path.join(VENV, "nbcore-setup.json")


def read_record():
    """What was installed: {group: fingerprint}; {} if an install was cut short; None without a record."""
    try:
        with io.open(record_path(), encoding="utf-8") as file:
            record = json.load(file)
    except (IOError, OSError):
        return None
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def write_record(record):
    """Whole or not at all: a power line that is lost here leaves no half record."""
    with open(record_path() + ".new", "w") as file:
        json.dump(record, file)
    os.replace(record_path() + ".new", record_path())


def venv_python():
    return os.path.join(VENV, "Scripts", "python.exe") if WINDOWS else os.path.join(VENV, "bin", "python")


# --- installing ------------------------------------------------------------------------------------


def clean_environment():
    """The environment without what a user has set for other Pythons; pip refuses to work outside a venv."""
    environment = dict((name, value) for name, value in os.environ.items() if name not in FOREIGN)
    environment.update(PIP_REQUIRE_VIRTUALENV="1", PIP_USER="0", PYTHONNOUSERSITE="1")
    return environment


def run_quietly(command, held=None):
    """Run a command behind one changing line; give its return code and its output. It keeps `held` open."""
    options = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "universal_newlines": True,
        "errors": "replace",
        "cwd": ROOT,
        "env": clean_environment(),
    }
    if held is not None and not WINDOWS:
        options["pass_fds"] = (held,)
    process = subprocess.Popen(command, **options)
    lines = []
    try:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if sys.stderr.isatty():
                sys.stderr.write("\r" + lines[-1].strip()[:78].ljust(78))
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r" + " " * 78 + "\r")
    return process.wait(), "\n".join(lines)


def make_venv(held=None):
    """Make .venv with this Python's venv module, or with uv where that module is incomplete."""
    python = getattr(sys, "_base_executable", None) or sys.executable  # .venv's own Python can't remake it
    if os.pathsep in ROOT:
        raise SetupError(
            "The name of this folder holds {0!r}, which separates the folders of PATH, so no virtual environment can "
            "stand in it: {1}\n\nWhat to do: rename or move the folder, then run the same command again.".format(
                os.pathsep, ROOT
            )
        )
    command = [python, "-m", "venv", VENV]
    if subprocess.call([python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL):
        uv = shutil.which("uv")  # Debian packs ensurepip apart from Python
        if uv is None:
            raise SetupError(no_venv(python))
        command = [uv, "venv", "--seed", "--allow-existing", "--python", python, VENV]
    code, output = run_quietly(command, held)
    if code:
        raise SetupError("{0}\n\nMaking .venv failed; its own words are above.".format(output) + disk_is_full(output))


def ask_python():
    """What .venv's Python says of itself: (its environment's folder, its version); None when it doesn't run."""
    question = "import sys; print(sys.prefix if sys.prefix != sys.base_prefix else ''); print(*sys.version_info[:3])"
    try:
        answer = subprocess.check_output([venv_python(), "-I", "-c", question], stderr=subprocess.DEVNULL)
        prefix, version = answer.decode("utf-8", "replace").splitlines()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return prefix, tuple(int(part) for part in version.split())


def no_venv(python):
    return """\
{python} has no complete venv module, so it cannot make .venv.

What to do, then run the same command again:
  Debian, Ubuntu   sudo apt install python3-venv    (for a second Python: python{version}-venv)
  anywhere         install uv, which brings its own: https://docs.astral.sh/uv/""".format(
        python=python, version=version_text(sys.version_info[:2])
    )


def pip_settings():
    """Options that keep pip's installs inside .venv, whatever its settings files say, and its servers as they say."""
    code, output = run_quietly([venv_python(), "-m", "pip", "config", "list"])
    settings = {}
    for line in output.splitlines() if code == 0 else ():
        name, _, value = line.partition("=")
        try:
            settings[name.rpartition(".")[2]] = str(ast.literal_eval(value))
        except (SyntaxError, ValueError):
            continue
    if not set(settings) & {"target", "prefix", "root"}:  # of "user" PIP_USER=0 is stronger
        return []
    options = ["--isolated", "--require-virtualenv"]
    servers = ("index-url", "extra-index-url", "find-links", "trusted-host", "proxy", "cert", "client-cert", "timeout")
    for name in servers:
        for value in settings.get(name, "").split():
            options += ["--" + name, value]
    return options


def renew_old_pip(held=None):
    """A pip from before 22 can't install nbcore by its pyproject.toml; Python brings a newer one."""
    code, output = run_quietly([venv_python(), "-m", "pip", "--version"])
    try:
        old = code != 0 or int(output.split()[1].partition(".")[0]) < 22
    except (IndexError, ValueError):
        old = True
    if old:
        run_quietly([venv_python(), "-m", "ensurepip", "--upgrade"], held)


def install(arguments, held=None):
    """Install into .venv: by uv when it is there, else by pip."""
    uv = shutil.which("uv")
    if uv:
        code, output = run_quietly([uv, "pip", "install", "--python", venv_python()] + arguments, held)
        if code == 0:
            return
        # uv does not read pip's settings (an index or a proxy of the institution), so pip may still succeed
        say("uv could not install; trying pip.")
    renew_old_pip(held)
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    code, output = run_quietly(pip + pip_settings() + arguments, held)
    if code == 0:
        return
    last_words = "\n".join(output.splitlines()[-12:])
    if any(word in output for word in OFFLINE):
        raise SetupError(last_words + "\n\n" + NO_NETWORK)
    raise SetupError(
        last_words
        + "\n\nInstalling failed; pip's last words are above. Python here is {0}; the lessons are "
        "made for 3.11 to 3.14.\nThe next run starts over.".format(version_text(sys.version_info))
        + disk_is_full(output)
    )


def disk_is_full(output):
    return "\n\n" + FULL if "No space left" in output else ""


FULL = "The disk is full. What to do: free some 500 MB, then run the same command again."
NO_NETWORK = """\
Installing failed: no package server could be reached (pip's last words are above).

What to do: connect to the internet and run the same command again. It is needed for this once
(about 90 MB); afterwards the lessons work offline. Behind a proxy, set HTTPS_PROXY first; with a
package server of your institution, set PIP_INDEX_URL."""


@contextlib.contextmanager
def alone():
    """Hold .venv.lock while setting up, and wait for another set-up to end first; gives the open file's number."""
    handle = os.open(VENV + ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        told = False
        while not locked(handle):
            if not told:
                say("Another set-up is running in this folder: waiting for it to end ...")
                told = True
            time.sleep(0.2)
        yield handle
    finally:
        os.close(handle)


def locked(handle):
    """Take the lock; False while another has it. A file system that knows no locks grants it."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except (IOError, OSError) as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


def take_away(reason):
    """Remove .venv, renamed first: a removal that is cut short leaves no half environment under that name."""
    say(reason)
    number = 1
    while os.path.lexists("{0}.old-{1}".format(VENV, number)):
        number += 1
    os.rename(VENV, "{0}.old-{1}".format(VENV, number))
    sweep()


def sweep():
    """Remove what `take_away` has renamed, also by a run that was cut short."""
    for name in os.listdir(ROOT):
        path = os.path.join(ROOT, name)
        if name.startswith(os.path.basename(VENV) + ".old-"):
            if os.path.islink(path):
                os.unlink(path)
            else:
                shutil.rmtree(path, ignore_errors=True)


# What a venv consists of. A folder with anything else in it is somebody's, and stays.
PARTS = {"bin", "include", "lib", "lib64", "share", "etc", "man", "Scripts", "Include", "Lib", ".gitignore"}
PARTS |= {"CACHEDIR.TAG", ".lock", "nbcore-setup.json", "nbcore-setup.json.new", "pyvenv.cfg", "__pycache__"}


def refuse(what):
    raise SetupError(
        "{0}: {1}\n\nWhat to do: move it away or remove it, then run the same command again. It is left as it "
        "is.".format(what, VENV)
    )


def look_at_venv(record):
    """Take .venv away when it is ours and no longer sound; refuse one that is not ours and can't be used."""
    if not os.path.isdir(VENV):
        if os.path.lexists(VENV):
            refuse("The environment of the lessons belongs into a folder, but this is none")
        return
    if not os.access(VENV, os.W_OK):
        refuse("The environment of the lessons can't be written (was it made by sudo, or by another user?)")
    if record == {}:
        take_away("The last install was cut short: starting over.")
    elif not os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
        if not os.listdir(VENV):
            return
        if record is None and not set(os.listdir(VENV)) <= PARTS:
            refuse("This folder is no virtual environment of Python's (it has no pyvenv.cfg)")
        take_away("Parts of .venv are gone: making it anew.")
    elif not os.path.exists(venv_python()):  # its Python was removed or upgraded
        take_away("The Python of .venv is gone: making it anew.")
    else:
        said = ask_python()
        if said is None or os.path.realpath(said[0]) != os.path.realpath(VENV) or said[1] < NEEDED:
            if record is None:
                refuse("The virtual environment that stands here can't be used for the lessons")
            take_away("The Python of .venv doesn't work any more: making it anew.")


def wanted(groups):
    return [(group, fingerprint(group)) for group in groups]


def is_done(groups):
    """Whether .venv has all that the locks ask for."""
    record = read_record()
    sound = os.path.exists(venv_python()) and os.path.exists(os.path.join(VENV, "pyvenv.cfg"))
    return bool(record) and sound and all(record.get(group) == value for group, value in wanted(groups))


def set_up(groups):
    """Bring .venv up to date with the locks; does nothing when it is."""
    if is_done(groups):
        return
    with alone() as held:
        if is_done(groups):  # by the run that this one has waited for
            return
        sweep()
        look_at_venv(read_record())
        done = dict(read_record() or {})
        if not os.path.isdir(VENV):
            os.mkdir(VENV)
        if not os.path.exists(venv_python()):
            write_record({})  # from here on, an interruption leaves the mark of an unfinished install
            say("Making .venv (once; about a minute, 90 MB to download) ...")
            make_venv(held)
        for group, value in wanted(groups):
            if done.get(group) == value:
                continue
            write_record({})
            lock = os.path.basename(inputs(group)[0])
            say("Installing {0} ...".format(lock))
            # The locks are complete, so pip need not look for anything beyond them (--no-deps).
            try:
                install(["--no-deps", "-r", lock], held)
                if group == "base":  # by ".", since pip takes brackets in a path for something else
                    install(["--no-deps", "--no-build-isolation", "-e", "."], held)  # the lock brings hatchling
                    look_at_result()
            except SetupError as error:
                # Without a network pip has changed nothing: what worked before still does.
                if NO_NETWORK in str(error) and done:
                    write_record(done)
                raise
            done[group] = value
            write_record(done)


def look_at_result():
    """Raise SetupError unless .venv's Python finds NumPy inside it, and nbcore in this folder."""
    question = (
        "import importlib.util as u, os, sys; "
        "print(*(os.path.realpath(s.origin) if (s := u.find_spec(n)) else '' for n in ('numpy', 'nbcore')), sep='\\n')"
    )
    code, output = run_quietly([venv_python(), "-I", "-c", question])
    found = output.split("\n") if code == 0 else ["", ""]
    for path, folder in zip(found, (VENV, ROOT)):  # noqa: B905 - an old Python must be able to read it
        if not path.startswith(os.path.realpath(folder) + os.sep):
            raise SetupError(
                "Installing seemed to work, but Python finds {0} instead of a package in {1}. Does the folder's name "
                "end in a space, or does it hold a line break? Then rename it. Else look at pip's settings "
                "(pip config list).".format(path or "nothing", folder)
            )


def in_words(error):
    """What an error of the system means for the set-up, and what to do."""
    if error.errno == errno.ENOSPC:
        return FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            "This folder can't be written: {0}\n\nWhat to do: copy it to a place of your own and run the same command "
            "there, or let its owner run it once.".format(error.filename or ROOT)
        )
    return "Setting up failed: {0}. What to do: put that right, then run the same command again.".format(error)


def main(arguments):
    if sys.version_info[:2] < NEEDED:
        name = newer_python()
        if name is None:
            say(too_old(sys.version_info, sys.executable))
            return 1
        say("Python here is {0}; taking {1} instead.".format(version_text(sys.version_info), name))
        return subprocess.call([name, os.path.abspath(__file__)] + arguments)
    groups = ["base"]
    if arguments[:1] == ["--dev"]:
        groups.append("dev")
        arguments = arguments[1:]
    try:
        set_up(groups)
    except SetupError as error:
        say("\n" + str(error))
        return 1
    except (IOError, OSError) as error:
        say("\n" + in_words(error))
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. The next run starts the install over.")
        return 130
    if not arguments:
        return 0
    os.chdir(ROOT)
    # Small networks gain nothing from threads; with a browser on the same cores, threads that wait for each other
    # have made matrix products thirty times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("PYTHONPATH", "PYTHONHOME"):
        os.environ.pop(name, None)
    command = [venv_python()] + arguments
    if WINDOWS:  # there, exec would hand the terminal back before the command ends
        return subprocess.call(command)
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
