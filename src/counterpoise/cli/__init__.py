"""The command line.  It computes nothing: it reads options, calls the service and shows the answer."""

from counterpoise.cli.entry import main

__all__ = ["main"]
