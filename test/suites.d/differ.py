"""differ.py <outcomes without> <outcomes with>: names the tests none of whose
outcomes with m2m is one of their outcomes without. Each argument is a prefix of
files, one a run, of lines "test<tab>outcome"."""
import glob
import sys


def outcomes(prefix):
    """All outcomes of each test, over the runs; a test that did not run in one is "missing" there."""
    runs = []
    for name in sorted(glob.glob(glob.escape(prefix) + ".[0-9]")):
        with open(name, encoding="utf-8") as lines:
            runs.append(dict(line.rstrip("\n").rsplit("\t", 1) for line in lines))
    tests = set().union(*runs)
    return {test: {run.get(test, "missing") for run in runs} for test in tests}


def main():
    plain, m2m = outcomes(sys.argv[1]), outcomes(sys.argv[2])
    for test in sorted(plain.keys() | m2m.keys()):
        without = plain.get(test, {"missing"})
        with_m2m = m2m.get(test, {"missing"})
        if not without & with_m2m:
            print(test, "/".join(sorted(without)), "/".join(sorted(with_m2m)), sep="\t")


main()
