"""Models on disk: plain JSON, safe to load, written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from models.ranker import Calibration


def save_calibration(path: Path, model: Calibration) -> None:
    """Write the model beside the old one, then take its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(dataclasses.asdict(model), indent=1), encoding="utf-8")
    beside.replace(path)


def load_calibration(path: Path) -> Calibration | None:
    """Read the model in use; None if none was ever promoted.

    Raises
    ------
    ValueError
        The file is not a calibration.
    """
    if not path.exists():
        return None
    try:
        return Calibration(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"is not a model ({error}): delete it and train again") from None
