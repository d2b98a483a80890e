"""The one way in and out of the command line: exit statuses, and every failure in plain words.

Exit status: 0 done, 2 bad input, 3 no plan exists, 4 the solver or the run failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from counterpoise.cli.commands import app
from counterpoise.cli.output import complain, silence, width
from counterpoise.errors import CounterpoiseError, nearest

INTERRUPTED, PIPE_CLOSED, BAD_USAGE, FAILED = 130, 141, 2, 4
TRACEBACK = "COUNTERPOISE_TRACEBACK"
PROGRAM = "counterpoise"
_USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""Root of what Typer says about a command line that it cannot read, whatever parser it brings along."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line on `arguments` (of the process, where None) and leave with its exit status."""
    raise SystemExit(status(sys.argv[1:] if arguments is None else arguments))


def status(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status; messages are on stderr by then."""
    command = typer.main.get_command(app)
    try:
        result = command.main(
            list(arguments) or ["--help"], prog_name=PROGRAM, standalone_mode=False, terminal_width=width()
        )
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Typer leaves (SystemExit) where its own printing meets a closed pipe, and nowhere else in this mode.
        silence(sys.stdout)
        return PIPE_CLOSED
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted; nothing is half-written.")
        return INTERRUPTED
    except CounterpoiseError as error:
        complain(str(error))
        return error.exit_status
    except _USAGE_ERROR as error:
        complain(usage_message(error, arguments))
        return BAD_USAGE
    except Exception as error:  # noqa: BLE001 - the last door: a person never sees a traceback unasked
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        said = " ".join(str(error).split()) or "no message"
        complain(
            f"this is a fault of Counterpoise, not of your input: {type(error).__name__}: {said}. "
            f"Please report it with the output of {TRACEBACK}=1."
        )
        return FAILED
    return result if isinstance(result, int) else 0


def usage_message(error: Any, arguments: Sequence[str]) -> str:  # noqa: ANN401 - Typer's exceptions have no public type
    """Return a parser's complaint in this product's voice: what is wrong, the nearest name, where to look."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command", None)
    named = [PROGRAM, *[word for word in arguments[:1] if word.isalpha()]]
    path = getattr(context, "command_path", " ".join(named))
    option = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption" and option:
        known = [name for parameter in getattr(command, "params", ()) for name in parameter.opts]
        said = f'unknown option "{option}".'
        close = nearest(str(option), [*known, "--help"])
    elif "No such command" in str(error):
        given = str(error).split("'")[1] if "'" in str(error) else ""
        said = f'unknown command "{given}".'
        close = nearest(given, getattr(command, "commands", {}))
    else:
        said, close = " ".join(str(error.format_message()).split()).rstrip("."), []
        said = f"{said[:1].lower()}{said[1:]}."
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{said}{meant} See: {path} --help"
