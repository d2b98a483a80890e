"""The model that a person names: of the catalogue, of a config.json, or of the hub."""

from __future__ import annotations

from pathlib import Path

from counterpoise.catalogue import find_model, read_config
from counterpoise.catalogue.records import Catalogue, Model
from counterpoise.errors import BadInput, Where

HUB = "hub:"


def model_of(catalogue: Catalogue, name: str) -> Model:
    """A model of the catalogue by any of its names, of a config.json by its path, or "hub:OWNER/NAME".

    Only the last one uses the network, and only because it was asked to.
    """
    if name.startswith(HUB):
        return read_config(_from_hub(name.removeprefix(HUB)), name.removeprefix(HUB))
    path = Path(name)
    if path.suffix == ".json":
        if not path.is_file():
            raise BadInput(
                "no such file.", where=Where(str(path)), hint="Give the path of a Hugging Face config.json."
            )
        return read_config(path)
    return find_model(catalogue, name)


def _from_hub(repository: str) -> Path:
    """Fetch a repository's config.json from the Hugging Face hub; its path in the hub's own cache."""
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise BadInput(
            "models of the hub need the extra `hub`.",
            where=Where(field="MODEL"),
            hint="Install counterpoise[hub], or give the path of a config.json.",
        ) from None
    try:
        return Path(hf_hub_download(repository, "config.json"))
    except Exception as error:  # noqa: BLE001  the hub's own errors are many, and all mean the same here
        raise BadInput(
            f"{repository} cannot be had from the hub ({type(error).__name__}).", where=Where(field="MODEL")
        ) from None
