"""The package behind the lessons of "The overlooked basics of neural networks"."""

__version__ = "0.1.0"
