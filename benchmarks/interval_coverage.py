"""Do the report's intervals hold what they promise, and are its verdicts true?

Run from the root of the repository:

    python benchmarks/interval_coverage.py            a look, under a minute
    python benchmarks/interval_coverage.py --full     every scenario, an hour on two idle cores;
                                                      stored in benchmarks/results/coverage.json
    python benchmarks/interval_coverage.py --full --only blanks power_750
                                                      these scenarios anew, the others stay
    python benchmarks/interval_coverage.py --pages    the stored tables into docs/methods/

Surveys are simulated from a population whose truth is known, and go through the product's own
analysis, metrics and verdicts; benchmarks/simulation/ holds how. Every seed is declared, and
the stored file depends on no machine.
"""

import argparse
import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from simulation.pages import tables, update_pages
from simulation.population import DESIGN_EFFECT, SEED
from simulation.records import study_record
from simulation.scenarios import COVERAGE, POWER
from simulation.summary import Summary, summarise
from simulation.surveys import Scenario, simulated_study
from simulation.truth import Truth, population_truth, with_binary

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "coverage.json"
DOCS = HERE.parent / "docs" / "methods"
COMMAND = "python benchmarks/interval_coverage.py --full"
POPULATION = 2_000_000  # customers behind a true value: its error is a fortieth of a study's
QUICK_POPULATION = 200_000
BINARY_PART = 40  # customers whose logit is fitted: all subsets of it are
QUICK_STUDIES = {"coverage": 3, "power": 2}


def measured(scenario: Scenario, truth: Truth) -> Summary:
    """Each study is simulated by its number, so that they may share out the cores."""
    one = partial(study_record, scenario, simulated_study(scenario), truth)
    with ProcessPoolExecutor() as pool:
        records = list(pool.map(one, range(scenario.n_studies), chunksize=5))
    return summarise(scenario, records, truth)


def run(
    groups: dict[str, tuple[Scenario, ...]], population: int, keep: Callable[[Summary], object]
) -> Summary:
    """Every scenario, each handed to ``keep`` as soon as it is there."""
    found: Summary = {}
    for group, scenarios in groups.items():
        found[group] = {}
        if scenarios:
            truth = population_truth(scenarios[0].moments, population)
            if any(scenario.n_binary for scenario in scenarios):
                truth = with_binary(truth, scenarios[0].moments, population // BINARY_PART)
            for scenario in scenarios:
                print(f"… {scenario.title}: {scenario.n_studies} studies", flush=True)
                one = {scenario.name: measured(scenario, truth)}
                keep({group: one})
                found[group] |= one
    return found


def stored() -> Summary:
    if RESULTS.exists():
        return json.loads(RESULTS.read_text(encoding="utf-8"))
    return {"coverage": {}, "power": {}}


def store(found: Summary) -> Summary:
    before = stored()
    after = {
        "command": COMMAND,
        "seed": SEED,
        "population": POPULATION,
        "design_effect_of_weights": DESIGN_EFFECT,
        "confidence": 0.95,
    }
    for group, scenarios in (("coverage", COVERAGE), ("power", POWER)):
        merged = before[group] | found.get(group, {})
        after[group] = {one.name: merged[one.name] for one in scenarios if one.name in merged}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(after, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return after


def main() -> None:
    # One thread a process.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    every = {"coverage": COVERAGE, "power": POWER}
    names = [scenario.name for scenarios in every.values() for scenario in scenarios]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", action="store_true", help="a few studies each (the default)")
    mode.add_argument("--full", action="store_true", help="all studies, stored")
    mode.add_argument("--pages", action="store_true", help="the stored tables into the pages")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    asked = parser.parse_args()
    if asked.pages:
        for page in update_pages(DOCS, stored()):
            print(f"wrote {page.name}")
        return
    chosen = {
        group: tuple(one for one in scenarios if not asked.only or one.name in asked.only)
        for group, scenarios in every.items()
    }
    if asked.full:
        run(chosen, POPULATION, store)
        results = stored()
    else:
        few = {
            group: tuple(
                replace(one, n_studies=QUICK_STUDIES[group])
                for one in scenarios
                if asked.only or one.n <= 3000
            )
            for group, scenarios in chosen.items()
        }
        results = run(few, QUICK_POPULATION, lambda _: None)
    for title, lines in tables(results).items():
        print(f"\n{title}\n\n" + "\n".join(lines))
    if not asked.full:
        print("\nA look only: with so few studies a coverage errs by several points.")


if __name__ == "__main__":
    main()
