"""Django's test runner, which also writes how each test ended."""
import os
import unittest

from django.test.runner import DiscoverRunner


class Result(unittest.TextTestResult):
    """Writes "test<tab>outcome" to $SUITE_OUTCOMES."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcomes = open(os.environ["SUITE_OUTCOMES"], "a", encoding="utf-8")

    def write(self, test, outcome):
        # A class that could not be set up stands for its tests.
        self.outcomes.write(f"{test.id()}\t{outcome}\n")
        self.outcomes.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.write(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.write(test, "failed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.write(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.write(subtest, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.write(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.write(test, "expected")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.write(test, "unexpected")


class Runner(DiscoverRunner):
    def get_resultclass(self):
        return Result
