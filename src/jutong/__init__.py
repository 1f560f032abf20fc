"""聚通 Jutong: government data shared under the law's clocks, with proof."""

__version__ = "0.1.0"
