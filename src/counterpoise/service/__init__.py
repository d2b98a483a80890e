"""The use-cases, shared by every door: they read files, call the rooms below and return plain documents.

Nothing here prints or decides; what a person typed wrong comes back as one `CounterpoiseError`.
Imports are inside the functions, so that a door that only lists its commands loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

Document = dict[str, Any]
OnStage = Callable[[str, Document], None]


def init(directory: Path, template: str) -> list[Path]:
    """Write a commented case into `directory`; never overwrites."""
    from counterpoise.service.cases import write_case

    return write_case(directory, template)


def plan(case: Path, *, runs_dir: Path, on_stage: OnStage, html: bool = True) -> Document:
    """Plan a case and write its run folder.

    `on_stage` is called with ("plan", document) as soon as the plan is solved, then with
    ("analysis", document) when the questions that need more solves are answered.
    """
    from counterpoise.service.planning import plan_case

    return plan_case(case, runs_dir=runs_dir, on_stage=on_stage, html=html)


def quote(case: Path, offers: Path) -> Document:
    """Say of each quote in `offers`: accept, haggle (to which price) or refuse."""
    from counterpoise.service.quotes import review_quotes

    return review_quotes(case, offers)


def size(
    model: str,
    *,
    chips: Sequence[str],
    input_tokens: float,
    output_tokens: float,
    ttft_s: float,
    tpot_s: float,
    percentile: float,
    cached_share: float,
    precisions: Sequence[str],
    limit: int,
    as_of: date | None,
    choose: int | None = None,
    why: bool = False,
    export: str = "",
    image: str = "",
    profile: Path | None = None,
    **more: Any,  # noqa: ANN401  the other fields of `sizing_question.Question`
) -> Document:
    """List the best deployments of a model under latency targets.

    `choose` picks one of them (None: the best in the precision of the release), for `why`, where its time
    goes, and `export`, how it is launched.  `profile`: own measurements that `calibrate` wrote.
    """
    from counterpoise.service.sizing import Extras, Question, size_model

    question = Question(
        input_tokens, output_tokens, ttft_s, tpot_s, percentile, cached_share, tuple(precisions), **more
    )
    extras = Extras(choose, why, export, image)
    return size_model(model, tuple(chips), question, limit, as_of, extras=extras, profile=profile)


def size_training(
    model: str,
    *,
    chips: Sequence[str],
    tokens: float,
    chip_counts: Sequence[int] = (),
    limit: int = 10,
    as_of: date | None = None,
    profile: Path | None = None,
    **more: Any,  # noqa: ANN401  the other fields of `training_sizing.TrainingQuestion`
) -> Document:
    """List the best layouts of a training run of `tokens`, with its time and cost, on each of `chips`.

    `chip_counts`: numbers of chips to try, all usual ones if empty.  `profile`: own measurements that
    `calibrate` wrote.
    """
    from counterpoise.service.training_sizing import TrainingQuestion, size_training

    more["precisions"] = tuple(more.get("precisions", ()))
    question = TrainingQuestion(tokens, chips=tuple(chip_counts), **more)
    return size_training(model, tuple(chips), question, limit, as_of, profile=profile)


def require_new(path: Path, option: str) -> None:
    """Raise `BadInput` where `path` cannot become a new file, before the work for it is done."""
    from counterpoise.service.own_files import require_new as require

    require(path, option)


def write_new(path: Path, text: str, option: str) -> None:
    """Write a file that a person asked for by name; never overwrites."""
    from counterpoise.service.own_files import write_new as write

    write(path, text, option)


def accuracy(
    file: Path, *, kind: str, all_rows: bool, predictions: Path | None, profile: Path | None = None
) -> Document:
    """Hold predictions against a measured table; `predictions` names a CSV to write them to.

    `profile`: own measurements that `calibrate` wrote; a run of it is predicted without its fold.
    """
    from counterpoise.service.measured import accuracy_of

    return accuracy_of(file, kind=kind, all_rows=all_rows, predictions=predictions, profile=profile)


def catalogue(kind: str, *, filters: Mapping[str, str], as_of: date | None) -> Document:
    """List the facts of a kind that pass every filter."""
    from counterpoise.catalogue.browse import rows
    from counterpoise.service.cases import facts_on

    return {"kind": kind, "rows": rows(facts_on(as_of), kind, filters)}


def catalogue_show(name: str, as_of: date | None) -> Document:
    """Show one fact with every figure, its source and its date."""
    from counterpoise.catalogue.browse import show
    from counterpoise.service.cases import facts_on

    return show(facts_on(as_of), name)


def assumptions(case: Path) -> Document:
    """List every default that the program fills into a case."""
    from counterpoise.service.planning import assumptions_of

    return assumptions_of(case)


def drawdown_of(
    tickers: Sequence[str],
    prices: Path,
    *,
    headline: str | None,
    headline_date: date | None,
    **asked: Any,  # noqa: ANN401  the other fields of `drawdown.Question`
) -> Document:
    """Tell how far shares fell and what that cost; with `headline`, how that headline came about."""
    from counterpoise.service.drawdown import Question, tell_falls

    question = Question(tuple(tickers), **asked)
    if headline is None:
        return tell_falls(prices, question)
    from counterpoise.service.headline import explain_headline

    return explain_headline(prices, question, headline, headline_date)


def judge_claims(
    ledger: Path,
    **asked: Any,  # noqa: ANN401  the other arguments of `claims.judge_claims`
) -> Document:
    """Give each claim of a ledger our probability then and the verdict by the data now."""
    from counterpoise.service.claims import judge_claims as judge

    return judge(ledger, **asked)


def quarters(
    source: str,
    *,
    how: str,
    contact: str = "",
    keep: Path | None = None,
    ticker: str = "",
    table: Path | None = None,
    **asked: Any,  # noqa: ANN401  the fields of `filings.Asked`
) -> Document:
    """Give a company's filed figures by single calendar quarter.

    `how`: "file" (`source` is a companyfacts file), "download" (a ticker or CIK, asked of the SEC) or
    "shipped" (a ticker, or "" for all).
    """
    from counterpoise.service import filings

    wanted = filings.Asked(**asked)
    if how == "shipped":
        return filings.shipped_quarters(source, wanted, table=table)
    if how == "download":
        return filings.quarters_of_download(source, contact, wanted, keep=keep, table=table)
    return filings.quarters_of_file(Path(source), wanted, ticker=ticker, table=table)


def capex_of(
    basket: str,
    **asked: Any,  # noqa: ANN401  the other arguments of `capex.capex_of`
) -> Document:
    """Tell what a basket of companies spends, what was expected of it, and what comes next."""
    from counterpoise.service.capex import capex_of as tell

    return tell(basket, **asked)


def outlook(**asked: Any) -> Document:  # noqa: ANN401  the arguments of `market.look`
    """Forecast shipments, money and value as of a day; `runs_dir` says where the run is written."""
    from counterpoise.service.market import look

    return look(**asked)


def replay(
    folder: Path,
    **asked: Any,  # noqa: ANN401  the other arguments of `market.replay_of`
) -> Document:
    """Replay what was said of the market on a day, and score it by what came."""
    from counterpoise.service.market import replay_of

    return replay_of(folder, **asked)


def bridge(
    case: Path,
    *,
    market: Path | None,
    sets: Sequence[str],
    seed: int,
    **asked: Any,  # noqa: ANN401
) -> Document:
    """Say of buying now, waiting and renting what each costs under the market's scenarios, with its regret.

    `market`: a run folder of the market, in place of `sets` and `seed`.  `asked`: the other fields of
    `bridge.BridgeAsked`, `runs_dir` and `say`.
    """
    from counterpoise.service.bridge import BridgeAsked, bridge_case
    from counterpoise.service.bridge_market import MarketAsked

    runs_dir, say = asked.pop("runs_dir"), asked.pop("say")
    question = BridgeAsked(market=MarketAsked(tuple(sets), seed=seed), run=market, **asked)
    return bridge_case(case, question, runs_dir=runs_dir, say=say)


def unit_costs(model: str, day: date, *, draws: int = 1, seed: int = 0) -> Document:
    """Price a unit of work of a model on each kind of the market's chips, for its chip mix."""
    from counterpoise.service.bridge_costs import unit_costs as price

    return price(model, day, draws=draws, seed=seed).document()
