"""Runs files with functional tests of Nova on the Nova that is installed, as a checkout would run them.

    .venv-nova-34/bin/python src/targets/nova/run_test.py FILE...

An installed Nova keeps api-paste.ini beside its environment, where Nova's own fixture does not look. Tests need nothing of this.
"""

import importlib.util
import logging
import os
import sys
import unittest
import warnings

os.environ.setdefault('OS_TEST_TIMEOUT', '120')
warnings.simplefilter('ignore')

# first of all: it patches what everything else imports
import nova.tests.functional  # noqa: E402,F401

from nova.conf import paths  # noqa: E402


def find_paste():
    found = paths.state_path_def

    def state_path_def(*args):
        path = found(*args)
        installed = os.path.join(sys.prefix, *args)
        return path if os.path.exists(path) or not os.path.exists(installed) else installed

    paths.state_path_def = state_path_def


def load(path):
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


if __name__ == '__main__':
    find_paste()
    logging.captureWarnings(True)
    suite = unittest.TestSuite(load(path) for path in sys.argv[1:])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
