"""A run is a folder: what was asked, what came out, and the tables behind it."""

from counterpoise.runs.folder import Run, attach, read_run, require_writable, run_name, write_run
from counterpoise.runs.inputs import Inputs
from counterpoise.runs.plain import plain

__all__ = ["Inputs", "Run", "attach", "plain", "read_run", "require_writable", "run_name", "write_run"]
