"""Counterpoise plans AI compute: which model, technique and chip, had how, when, at least cost, and why."""

from __future__ import annotations

from counterpoise.errors import BadInput, CounterpoiseError, NoPlan, Refused, RunFailed, UnknownName

__all__ = ["BadInput", "CounterpoiseError", "NoPlan", "Refused", "RunFailed", "UnknownName"]
