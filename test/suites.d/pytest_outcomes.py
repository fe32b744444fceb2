"""A plugin of pytest's that writes how each test ended to $SUITE_OUTCOMES."""
import os

ended = {}


def pytest_runtest_logreport(report):
    """The worst of set-up, call and tear-down."""
    if report.failed:
        outcome = "failed"
    elif report.skipped:
        outcome = "skipped"
    elif report.when == "call":
        outcome = "passed"
    else:
        return
    if ended.get(report.nodeid) != "failed":
        ended[report.nodeid] = outcome


def pytest_sessionfinish():
    with open(os.environ["SUITE_OUTCOMES"], "w", encoding="utf-8") as out:
        for test, outcome in ended.items():
            print(test.replace("\t", " ").replace("\n", " "), outcome, sep="\t", file=out)
