"""Set-up shared by all tests."""

import os
import sys
import tempfile
from pathlib import Path

# tools/ is no installed package; tests import it from the tree they stand in.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# No test, and no kernel that one starts, reads or changes the predictions recorded by whoever runs it.
_scratch = tempfile.TemporaryDirectory(prefix="nbcore-tests-", ignore_cleanup_errors=True)
os.environ["NBCORE_ANSWERS"] = str(Path(_scratch.name) / "answers.json")


def pytest_addoption(parser):
    parser.addoption("--lesson", metavar="NN", help="only what is about this lesson (make test NB=01)")


def pytest_collection_modifyitems(config, items):
    if lesson := config.getoption("--lesson"):
        from tools.one_lesson import belongs

        chosen = [item for item in items if belongs(item, lesson)]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def pytest_xdist_make_scheduler(config, log):
    """With one lesson its few files would leave cores idle: a notebook is for one worker, all else for any."""
    if not config.getoption("--lesson"):
        return None
    from xdist.scheduler import LoadScopeScheduling

    class OneLesson(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return file if file.endswith(".ipynb") else nodeid

    return OneLesson(config, log)
