"""`plan`: from a case folder to a plan document, its run folder and its page."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from counterpoise.analysis.replan import around
from counterpoise.catalogue.records import Catalogue
from counterpoise.planning.assemble import Assembled, assemble
from counterpoise.planning.solve import solve
from counterpoise.report.answer import paragraph
from counterpoise.report.document import assumption_row, plan_document
from counterpoise.runs import Inputs, attach, read_run, run_name, write_run
from counterpoise.service.cases import read_case

Document = dict[str, Any]
REPORT_FILE = "report.html"
SEED = 0
ANALYSIS_GAP = 1e-2
"""Gap of the solves that only compare: what it leaves open is said beside each figure."""
ANALYSIS_TIME_S = 20.0


def plan_case(case_path: Path, *, runs_dir: Path, on_stage: Any, html: bool) -> Document:  # noqa: ANN401
    """Plan a case, ask what the plan rests on, write the run; see `service.plan`."""
    started = time.perf_counter()
    folder = read_case(case_path)
    case = folder.case
    assembled = assemble(case, folder.catalogue, measured=folder.measured)
    assembled_s = time.perf_counter() - started
    solved = solve(assembled.problem, gap=case.gap, time_limit_s=case.time_limit_s)
    plan, again = around(solved, gap=ANALYSIS_GAP, time_limit_s=ANALYSIS_TIME_S)
    solved_s = time.perf_counter() - started
    inputs = Inputs(
        files=folder.files,
        catalogue_sha256=fingerprint(folder.catalogue),
        seed=SEED,
        settings={"gap": case.gap, "time_limit_s": case.time_limit_s},
    )
    document = plan_document(case, assembled, plan, "")
    document["run"] = run_name(document, inputs)
    on_stage("plan", document)
    from counterpoise.service.analyses import with_analyses

    flagship = assemble(case, folder.catalogue, flagship=True, measured=folder.measured)
    document = with_analyses(
        document, case, assembled, plan, flagship.problem, solver=again, relaxed=again.relaxed(), seed=SEED
    )
    document["answer"] = paragraph(document)
    on_stage("analysis", document)
    times = {
        "assemble_s": assembled_s,
        "solve_s": solved_s - assembled_s,
        "all_s": time.perf_counter() - started,
    }
    run = write_run(runs_dir, document, tables(document, assembled), inputs, times=times)
    if html:
        from counterpoise.report.page import page

        written = read_run(run)
        attach(run, REPORT_FILE, page(written.document, written.about).encode("utf-8"))
    return document


def fingerprint(catalogue: Catalogue) -> str:
    """SHA-256 of the facts that a case may know: what is dated later changes nothing."""
    return hashlib.sha256(repr(catalogue).encode("utf-8")).hexdigest()


def tables(document: Document, assembled: Assembled) -> dict[str, list[Document]]:
    """The long tables of a run, by name."""
    names = ("purchases", "rentals", "techniques", "deployments", "cost_items", "cost_by_period")
    found = {name: list(document[name]) for name in names if document[name]}
    found["why_not"] = [{"what": r.what, "why": r.why} for r in assembled.refusals]
    found["assumptions"] = list(document["assumptions"])
    return found


def assumptions_of(case_path: Path) -> Document:
    """Every default of a case, and every assumed figure of what its plan could use."""
    folder = read_case(case_path)
    assembled = assemble(folder.case, folder.catalogue, measured=folder.measured)
    return {"assumptions": [assumption_row(a) for a in assembled.assumptions]}
