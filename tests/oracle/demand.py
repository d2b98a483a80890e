"""What is asked of a plan: requests served, replicas up, work trained before what needs it."""

from __future__ import annotations

import math
from collections import defaultdict

from counterpoise.planning.problem import Requirement, ServingDemand
from oracle.sparse_program import Terms, total
from oracle.supply import Moment, Supply
from oracle.training_calendar import Calendar

Replica = tuple[str, str, str | None, int]
"""Pool, workload, share group, and the systems that one replica spans."""

ByPeriod = dict[int, Terms]
Up = dict[tuple[str, int, int], int]
"""Columns of training replicas, by pool, systems and period."""


class Demand(Supply):
    """Rows of what is asked, over the columns of what can be had."""

    def serving(self) -> None:
        """Shares of each workload's demand, by deployment, substitute, or left unserved."""
        replicas: dict[Replica, dict[Moment, Terms]] = defaultdict(lambda: defaultdict(dict))
        for workload in self.problem.serving_demand:
            for at in self.moments:
                self.requests(workload, at, replicas)
        self.serving_replicas(replicas)

    def requests(self, workload: str, at: Moment, replicas: dict[Replica, dict[Moment, Terms]]) -> None:
        """Shares of one workload's demand at one moment sum to 1, within caps and techniques."""
        p, asked = self.problem, self.problem.serving_demand[workload]
        t, b, s = at
        peak = asked.peak_requests_per_s[t][b] * p.scenarios[s].demand_factor
        if peak <= 0.0:
            return
        volume = peak * asked.mean_to_peak[b] * self.hours(t, b) * 3600.0
        shares: dict[int, str | None] = {}
        needs: dict[Requirement, list[int]] = defaultdict(list)
        for d in p.serving.values():
            if d.workload != workload or t < d.first_period:
                continue
            column = self.program.column("share", d.id, *at)
            shares[column] = d.share_group
            for need in d.requires:
                needs[need].append(column)
            margin = 1.0 + asked.reserve_margin
            mean_hours = self.hours(t, b) * asked.mean_to_peak[b] / margin
            self.run(column, d.pool, d.power_w, peak * margin / d.requests_per_s, at, mean_hours)
            by_hour = any(r.pool == d.pool for r in p.rents.values())
            if d.replica_systems > 1.0 + 1e-9 or (d.replica_systems >= 0.5 and not by_hour):
                spans = d.replica_systems > 1.0 + 1e-9
                systems = math.ceil(d.replica_systems - 1e-9) if spans else d.replica_systems
                replicas[d.pool, workload, d.share_group, systems][at][column] = 1.0
            else:
                if not by_hour:
                    usable = p.pools[d.pool].availability
                    self.beside[d.pool, at][column] = -peak * margin / d.requests_per_s / usable
                if (cap := self.cap(asked, d.share_group)) > 0.0:
                    self.parts[d.pool, at][column] = -d.replica_systems / cap
        for o in p.substitutes.values():
            if o.workload == workload and math.isfinite(o.usd_per_request[t]):
                column = self.program.column("share", o.id, *at)
                shares[column] = o.share_group
                for need in o.requires:
                    needs[need].append(column)
                self.pay(column, t, o.usd_per_request[t] * volume, scenario=s)
        if math.isfinite(asked.unserved_usd_per_request):
            column = self.program.column("unserved", workload, *at)
            shares[column] = None
            self.pay(column, t, asked.unserved_usd_per_request * volume, scenario=s, kind="penalty")
        self.program.row(dict.fromkeys(shares, 1.0), 1.0, 1.0)
        for group, cap in asked.share_caps.items():
            self.program.at_most({c: 1.0 for c, g in shares.items() if g == group}, cap)
            for need, users in needs.items():
                # Implied by the two others for whole adoptions, and quicker to search.
                in_group = {c: 1.0 / cap for c in users if shares[c] == group and 0.0 < cap < 1.0}
                self.only_if_adopted(in_group, need, t)
        for need, users in needs.items():
            self.only_if_adopted(dict.fromkeys(users, 1.0), need, t)

    def cap(self, asked: ServingDemand, group: str | None) -> float:
        """Share of demand that a share group may serve."""
        return 1.0 if group is None else min(1.0, asked.share_caps.get(group, 1.0))

    def serving_replicas(self, replicas: dict[Replica, dict[Moment, Terms]]) -> None:
        """Serve by large replicas only if one is up, in all blocks, on systems of its own.

        Large: spanning systems or, where nothing is rented by the hour, half a system or more.

        Of a replica within a system, as large a part must be there as it serves of all that it may: a part of
        a system can be rented, a part of a replica serves nobody.
        """
        by_hour = {r.pool for r in self.problem.rents.values()}
        for t in self.periods:
            up: dict[str, Terms] = defaultdict(dict)
            for (pool, workload, group, systems), shares in replicas.items():
                column = self.program.column("up", pool, workload, group, systems, t, upper=1.0, whole=True)
                up[pool][column] = -float(systems)
                for at, served in shares.items():
                    if at[0] == t:
                        self.program.at_most(served | {column: -1.0}, 0.0)
            for at in self.moments:
                if at[0] == t:
                    for pool, sizes in up.items():
                        beside = self.beside[pool, at]
                        terms = total(self.held[pool, t], self.daily[pool, at], sizes, beside)
                        self.program.at_least(terms, 0.0)
        for (pool, at), parts in self.parts.items():
            if pool in by_hour:
                self.program.at_least(total(self.held[pool, at[0]], self.daily[pool, at], parts), 0.0)

    def training(self) -> None:
        """Training work as shares of what is asked, of the systems in use on its days."""
        p = self.problem
        users: dict[str, list[tuple[str, int]]] = {w: [] for w in p.training_demand}
        for option in p.techniques.values():
            if option.training is not None:
                users[option.training].append((option.id, self.first_use(option.id)))
        for work in p.training_demand.values():
            plan = self.calendars[work.id]
            begin = {t: self.program.column("begin", work.id, t, upper=1.0, whole=True) for t in plan.spans}
            if plan.spans and not work.optional:
                self.program.row(dict.fromkeys(begin.values(), 1.0), 1.0, 1.0)
            up: Up = {}
            for s in range(len(p.scenarios)):
                done = {t: self.work_done(work.id, plan, t, s, up) for t in self.periods}
                lacking = {t: self.lacking(work.id, plan, t, s) for t in self.periods}
                self.asked(work.id, plan, done, lacking, begin)
                for technique, lag in users[work.id]:
                    self.trained_before_use(technique, lag, work.id, plan, done, lacking, begin)

    def work_done(self, workload: str, plan: Calendar, t: int, s: int, up: Up) -> Terms:
        """Share of the whole work that is done in a period: columns of systems in use, by block."""
        p = self.problem
        done: Terms = {}
        if t not in plan.periods:
            return done
        needs: dict[Requirement, Terms] = defaultdict(dict)
        spanning: dict[tuple[str, int, int], Terms] = defaultdict(dict)
        for d in p.training.values():
            if d.workload != workload or t < d.first_period:
                continue
            replica = math.ceil(d.replica_systems - 1e-9)
            for b, block in enumerate(p.blocks):
                column = self.program.column("run", d.id, t, b, s)
                share = d.tokens_per_s * block.hours * 3600.0 * plan.days_of_work[t] / plan.whole_tokens
                done[column] = share
                self.run(column, d.pool, d.power_w, 1.0, (t, b, s), plan.days_busy[t] * block.hours, workload)
                for need in d.requires:
                    needs[need][column] = share
                if replica > 1:
                    spanning[d.pool, replica, t][column] = share
        for need, terms in needs.items():
            self.only_if_adopted(terms, need, t)
        for (pool, replica, _), terms in spanning.items():
            self.training_replicas(pool, replica, t, terms, up)
        return done

    def training_replicas(self, pool: str, replica: int, t: int, done: Terms, up: Up) -> None:
        """A training replica that spans systems runs only where so many are held or could be rented."""
        rentable = sum(
            r.supply[t]
            for r in self.problem.rents.values()
            if r.pool == pool and math.isfinite(r.price_usd_per_h[t])
        )
        if rentable >= replica:
            return
        if (pool, replica, t) not in up:
            column = self.program.column("up", "training", pool, replica, t, upper=1.0, whole=True)
            up[pool, replica, t] = column
            self.program.at_least(total(self.held[pool, t], {column: -float(replica)}), -rentable)
        self.program.at_most(done | {up[pool, replica, t]: -1.0}, 0.0)

    def lacking(self, workload: str, plan: Calendar, t: int, s: int) -> Terms:
        """Share of the work that is left undone, at its price, where it has one and is due."""
        work = self.problem.training_demand[workload]
        due = plan.periods if work.runs_per_period > 0 else plan.periods[-1:]
        if t not in due or work.optional or not math.isfinite(work.unserved_usd_per_token):
            return {}
        column = self.program.column("untrained", workload, t, s, upper=1.0)
        usd = work.unserved_usd_per_token * plan.whole_tokens * plan.repeats
        self.pay(column, t, usd, scenario=s, kind="penalty")
        return {column: 1.0}

    def asked(
        self,
        workload: str,
        plan: Calendar,
        done: ByPeriod,
        lacking: ByPeriod,
        begin: dict[int, int],
    ) -> None:
        """The work of each period, of all periods, or of the window that begins with one of them."""
        work = self.problem.training_demand[workload]
        for t in self.periods:
            if work.runs_per_period > 0:
                needed = 0.0 if work.optional or t not in plan.periods else 1.0
                self.program.row(total(done[t], lacking[t]), needed, 1.0)
            elif plan.spans:
                around = {begin[u]: -1.0 for u, span in plan.spans.items() if t in span}
                self.program.at_most(done[t] | around, 0.0)
        if work.runs_per_period > 0:
            return
        for start, span in plan.spans.items():
            in_window = total(*(done[t] for t in span), *lacking.values())
            self.program.at_least(in_window | {begin[start]: -1.0}, 0.0)
        if not plan.spans:
            self.program.row(total(*done.values(), *lacking.values()), 0.0 if work.optional else 1.0, 1.0)

    def first_use(self, technique: str) -> int:
        """Fewest periods between the adoption of a technique and its first use in anything."""
        p = self.problem
        requires = [
            *(d.requires for d in p.serving.values()),
            *(d.requires for d in p.training.values()),
            *(o.requires for o in p.substitutes.values()),
        ]
        return min((r.lag_periods for rs in requires for r in rs if r.technique == technique), default=0)

    def trained_before_use(
        self,
        technique: str,
        lag: int,
        workload: str,
        plan: Calendar,
        done: ByPeriod,
        lacking: ByPeriod,
        begin: dict[int, int],
    ) -> None:
        """A technique in use needs its run complete before, and recurring optional work in each period."""
        work = self.problem.training_demand[workload]
        for t in self.periods:
            in_use = dict.fromkeys(self.adopted_before(Requirement(technique, lag), t), -1.0)
            if not in_use:
                continue
            if plan.spans:
                over = {begin[u]: 1.0 for u, span in plan.spans.items() if span[-1] < t}
                self.program.at_least(total(over, in_use), 0.0)
                # Work left undone, and paid for as such, completes nothing.
                self.program.at_most(total(*lacking.values(), dict.fromkeys(in_use, 1.0)), 1.0)
                continue
            runs = plan.whole_tokens * plan.repeats / work.tokens
            earlier = total(*(done[u] for u in range(t)))
            self.program.at_least(total({c: v * runs for c, v in earlier.items()}, in_use), 0.0)
            if work.optional and work.runs_per_period > 0 and t in plan.periods:
                self.program.at_least(total(done[t], in_use), 0.0)
