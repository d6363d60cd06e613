"""Synthetic text whose entropy is known: what no model of it can do better than."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jgd.core import checks
from jgd.core.spellings import builder

ROUNDS = 10_000  # of the power iteration for the pairs' shares, at most


@builder
@dataclass(frozen=True)
class MarkovSource:
    """Tokens each drawn by the two before it, from distributions drawn once by `seed`: a Markov chain of order 2.

    A model has to look two places back, so that one that knows the shares of tokens alone, or of pairs, does worse.

    Args:
        symbols: Kinds of tokens, 0 … symbols − 1; ≥ 2. Default: 8.
        concentration: α > 0 of the symmetric Dirichlet distribution that the rows are drawn by; small is predictable.
            Default: 0.3.
        seed: Of the rows. Default: 0.

    Raises:
        JgdValueError: For a number outside its range.

    Example:
        >>> source = MarkovSource()
        >>> source.draw(2, 5, seed=1).shape
        (2, 5)
        >>> bool(0 < source.entropy < source.entropy_of_shares < np.log(8))
        True
    """

    symbols: int = 8
    concentration: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        checks.count("symbols", self.symbols, 2)
        checks.number("concentration", self.concentration, "> 0")

    @cached_property
    def chances(self) -> np.ndarray:
        """(symbols, symbols, symbols): of the next token, after the one before last and the last."""
        rows = np.random.default_rng(self.seed).dirichlet(
            np.full(self.symbols, self.concentration), (self.symbols, self.symbols)
        )
        return 0.99 * rows + 0.01 / self.symbols  # each token can follow: the chain forgets where it began

    @cached_property
    def pairs(self) -> np.ndarray:
        """(symbols, symbols): the share of each pair of neighbors, of a text without beginning."""
        shares = np.full((self.symbols, self.symbols), 1 / self.symbols**2)
        for _ in range(ROUNDS):
            after = np.einsum("ab,abc->bc", shares, self.chances)
            if np.abs(after - shares).max() < 1e-15:
                break
            shares = after
        return shares

    @property
    def entropy(self) -> float:
        """Of a token when the two before it are known, in nats: the least mean cross-entropy there is."""
        return float(-np.einsum("ab,abc,abc->", self.pairs, self.chances, np.log(self.chances)))

    @property
    def entropy_after_one(self) -> float:
        """Of a token when the one before it is known, in nats: where a model of pairs ends."""
        return float(-np.sum(self.pairs * np.log(self.pairs / self.pairs.sum(1, keepdims=True))))

    @property
    def entropy_of_shares(self) -> float:
        """Of a token when nothing is known but how often each occurs, in nats."""
        shares = self.pairs.sum(0)
        return float(-np.sum(shares * np.log(shares)))

    def least_loss(self, length: int) -> float:
        """The mean over the places 2 … length of the least cross-entropy: the second knows one token, the others two."""
        checks.count("length", length, 2)
        return (self.entropy_after_one + (length - 2) * self.entropy) / (length - 1)

    def draw(self, rows: int, length: int, seed: int) -> np.ndarray:
        """Sequences (rows, length), int32, each from the middle of a text.

        Args:
            rows: How many.
            length: Tokens of each, ≥ 2.
            seed: Another one is another text of the same source.

        Returns:
            (rows, length), int32.
        """
        checks.count("rows", rows, 1)
        checks.count("length", length, 2)
        random, tokens = np.random.default_rng(seed), np.empty((rows, length), np.int32)
        first = random.choice(self.symbols**2, rows, p=self.pairs.ravel() / self.pairs.sum())
        tokens[:, 0], tokens[:, 1] = np.divmod(first, self.symbols)
        heaps = np.cumsum(self.chances, axis=-1)
        for place in range(2, length):
            bounds = heaps[tokens[:, place - 2], tokens[:, place - 1]]
            drawn = (random.random((rows, 1)) > bounds).sum(axis=1)
            tokens[:, place] = np.minimum(drawn, self.symbols - 1)  # a last bound can round below 1
        return tokens
