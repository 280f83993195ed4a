"""Write src/plaudit/worlds/digits/handwriting.npz from scikit-learn's copy of the digits.

Run it once, by hand: ``python scripts/make_handwriting.py``. The package ships the file and never imports
scikit-learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "src/plaudit/worlds/digits/handwriting.npz"


def main() -> None:
    bunch = load_digits()
    np.savez_compressed(TARGET, images=bunch.images.astype(np.uint8), labels=bunch.target.astype(np.uint8))
    print(f"{TARGET}: {len(bunch.target)} images, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
