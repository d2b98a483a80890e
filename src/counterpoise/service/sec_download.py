"""The SEC's company facts over the network: only when asked, and with a contact, as the SEC requires."""

from __future__ import annotations

import re

from counterpoise.errors import BadInput, RunFailed, Where

ADDRESS = "https://data.sec.gov/api/xbrl/companyfacts/CIK{cik:010d}.json"
TIMEOUT_S = 30.0
LARGEST_BYTES = 60_000_000
_CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BY_HAND = "Fetch it in a browser, and give the file's path."


def company_facts(cik: int, contact: str) -> bytes:
    """Return the companyfacts JSON of the company with this CIK.

    Raises
    ------
    BadInput
        No contact, or the SEC has no such company.
    RunFailed
        The SEC could not be reached, refused, or sent something else.
    """
    import http.client
    import urllib.error
    import urllib.request

    if not _CONTACT.fullmatch(contact):
        raise BadInput(
            "the SEC asks every program for a contact.",
            where=Where(field="--contact"),
            hint="Give your address, as --contact me@example.org; it is sent to the SEC only.",
        )
    address = ADDRESS.format(cik=cik)
    request = urllib.request.Request(  # noqa: S310 - the address above is https
        address, headers={"User-Agent": f"Counterpoise {contact}", "Accept-Encoding": "identity"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            data: bytes = answer.read(LARGEST_BYTES + 1)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise BadInput(
                f"the SEC has no company facts under CIK {cik}.",
                where=Where(field="SOURCE"),
                hint="Look the number up at sec.gov.",
            ) from None
        raise RunFailed(f"the SEC refused {address} ({error.code} {error.reason}). {_BY_HAND}") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise RunFailed(f"{address} could not be reached ({why}). {_BY_HAND}") from None
    if len(data) > LARGEST_BYTES:
        raise RunFailed(f"{address} sent more than {LARGEST_BYTES / 1e6:.0f} MB. {_BY_HAND}")
    return data
