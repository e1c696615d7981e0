"""Make .venv from the lock, then run something in it. Needs nothing but Python.

    python3 tools/bootstrap.py                        set up, nothing more
    python3 tools/bootstrap.py tools/lab.py           set up, then run a script with .venv's Python
    python3 tools/bootstrap.py --dev -m ruff check    the same, with the tools of requirements-dev.lock

.venv/nbcore-setup.json records what was installed, as hashes of the files that decide it. While they
still match, a run costs a twentieth of a second. During an install the record is empty, so an
interrupted one is noticed by the next run, which starts over.

An old Python must be able to read this file as far as the message that says it is too old. So: no
f-strings, no annotations, and nothing imported that Python 2.7 lacks.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
TRIED = [(3, minor) for minor in (14, 13, 12, 11)]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
WINDOWS = os.name == "nt"

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
    with open(record_path(), "w") as file:
        json.dump(record, file)


def venv_python():
    return os.path.join(VENV, "Scripts", "python.exe") if WINDOWS else os.path.join(VENV, "bin", "python")


# --- installing ------------------------------------------------------------------------------------


def run_quietly(command):
    """Run a command behind one changing line; give its return code and its output."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, cwd=ROOT
    )
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


def make_venv():
    """Make .venv with this Python's venv module, or with uv where that module is incomplete."""
    python = getattr(sys, "_base_executable", None) or sys.executable  # .venv's own Python can't remake it
    command = [python, "-m", "venv", VENV]
    if subprocess.call([python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL):
        uv = shutil.which("uv")  # Debian packs ensurepip apart from Python
        if uv is None:
            raise SetupError(no_venv(python))
        command = [uv, "venv", "--seed", "--allow-existing", "--python", python, VENV]
    code, output = run_quietly(command)
    if code:
        raise SetupError("{0}\n\nMaking .venv failed; its own words are above.".format(output))


def no_venv(python):
    return """\
{python} has no complete venv module, so it cannot make .venv.

What to do, then run the same command again:
  Debian, Ubuntu   sudo apt install python3-venv    (for a second Python: python{version}-venv)
  anywhere         install uv, which brings its own: https://docs.astral.sh/uv/""".format(
        python=python, version=version_text(sys.version_info[:2])
    )


def install(arguments):
    """Install into .venv: by uv when it is there, else by pip."""
    uv = shutil.which("uv")
    if uv:
        code, output = run_quietly([uv, "pip", "install", "--python", venv_python()] + arguments)
        if code == 0:
            return
        # uv does not read pip's settings (an index or a proxy of the institution), so pip may still succeed
        say("uv could not install; trying pip.")
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    code, output = run_quietly(pip + arguments)
    if code == 0:
        return
    last_words = "\n".join(output.splitlines()[-12:])
    if any(word in output for word in OFFLINE):
        raise SetupError(last_words + "\n\n" + NO_NETWORK)
    raise SetupError(
        last_words
        + "\n\nInstalling failed; pip's last words are above. Python here is {0}; the lessons are "
        "made for 3.11 to 3.14.\nThe next run starts over.".format(version_text(sys.version_info))
    )


NO_NETWORK = """\
Installing failed: no package server could be reached (pip's last words are above).

What to do: connect to the internet and run the same command again. It is needed for this once
(about 90 MB); afterwards the lessons work offline. Behind a proxy, set HTTPS_PROXY first; with a
package server of your institution, set PIP_INDEX_URL."""


def set_up(groups):
    """Bring .venv up to date with the locks; does nothing when it is."""
    record = read_record()
    if record == {}:
        say("The last install was cut short: starting over.")
        shutil.rmtree(VENV)
        record = None
    elif record and not os.path.exists(venv_python()):  # its Python was removed or upgraded
        say("The Python of .venv is gone: making it anew.")
        shutil.rmtree(VENV)
        record = None
    done = dict(record or {})
    wanted = [(group, fingerprint(group)) for group in groups]
    if all(done.get(group) == value for group, value in wanted):
        return

    if not os.path.isdir(VENV):
        os.mkdir(VENV)
    if not os.path.exists(venv_python()):
        write_record({})  # from here on, an interruption leaves the mark of an unfinished install
        say("Making .venv (once; about a minute, 90 MB to download) ...")
        make_venv()
    for group, value in wanted:
        if done.get(group) == value:
            continue
        write_record({})
        lock = inputs(group)[0]
        say("Installing {0} ...".format(os.path.basename(lock)))
        # The locks are complete, so pip need not look for anything beyond them (--no-deps).
        try:
            install(["--no-deps", "-r", lock])
            if group == "base":
                install(["--no-deps", "--no-build-isolation", "-e", ROOT])  # the lock brings hatchling
        except SetupError as error:
            # Without a network pip has changed nothing: what worked before still does.
            if NO_NETWORK in str(error) and done:
                write_record(done)
            raise
        done[group] = value
        write_record(done)


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
    except KeyboardInterrupt:
        say("\nInterrupted. The next run starts the install over.")
        return 130
    if not arguments:
        return 0
    os.chdir(ROOT)
    # Small networks gain nothing from threads; with a browser on the same cores, threads that wait for each other
    # have made matrix products thirty times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    command = [venv_python()] + arguments
    if WINDOWS:  # there, exec would hand the terminal back before the command ends
        return subprocess.call(command)
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
