"""How far apart colours are to eyes of every kind, and how well letters stand out; computed from published formulas."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, complete dichromacy, for linear RGB
EYES: Final = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE: Final = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> Floats:
    """Return `#rrggbb` as linear RGB."""
    value = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    bright, dark = sorted((float(XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def apart(one: str, other: str, eyes: str) -> float:
    """Return the distance of two colours, CIEDE2000, as *eyes* see them."""
    seen = [np.clip(EYES[eyes] @ linear(colour), 0.0, 1.0) for colour in (one, other)]
    return ciede2000(lab(seen[0]), lab(seen[1]))


def lab(rgb: Floats) -> Floats:
    """Return linear RGB as CIE L*a*b* under D65."""
    ratio = XYZ @ rgb / WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def ciede2000(one: Floats, other: Floats) -> float:
    """Return the CIEDE2000 distance of two colours; Sharma, Wu and Dalal 2005, equations 2 to 22."""
    lightness, chroma, hue = _polar(one, other)
    mean_l, mean_c = lightness.mean(), chroma.mean()
    gap = hue[1] - hue[0]
    turn = 0.0 if chroma.prod() == 0 else (gap + 180) % 360 - 180
    mean_h = hue.sum() if chroma.prod() == 0 else (hue[0] + turn / 2) % 360
    delta_h = 2 * np.sqrt(chroma.prod()) * np.sin(np.radians(turn / 2))
    weight = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    by_l = (lightness[1] - lightness[0]) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    by_c = (chroma[1] - chroma[0]) / (1 + 0.045 * mean_c)
    by_h = delta_h / (1 + 0.015 * mean_c * weight)
    spread = np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * spread
    return float(np.sqrt(by_l**2 + by_c**2 + by_h**2 + rotation * by_c * by_h))


def _polar(one: Floats, other: Floats) -> tuple[Floats, Floats, Floats]:
    """Return lightness, corrected chroma and hue in degrees of both colours."""
    both = np.stack([one, other])
    mean = np.hypot(both[:, 1], both[:, 2]).mean()
    a = both[:, 1] * (1 + 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7))))
    return both[:, 0], np.hypot(a, both[:, 2]), np.degrees(np.arctan2(both[:, 2], a)) % 360
