"""How long Hypothesis looks: a little in `make test`, which is to be quick, and long in `make test-long`."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy


def examples(quick: int, long: int, *strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Make two tests of a claim about its last arguments, drawn from ``strategies``: of ``quick`` examples, and of ``long`` ones."""

    def tests_of(claim: Callable[..., None]) -> Any:
        def test(number_of_examples: int, **others: Any) -> None:
            settings(deadline=None, max_examples=number_of_examples)(given(*strategies)(claim))(**others)

        own = list(inspect.signature(claim).parameters.values())[: -len(strategies)]
        number = inspect.Parameter("number_of_examples", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        test.__signature__ = inspect.Signature([*own, number])  # type: ignore[attr-defined] # how pytest knows its arguments
        test.__name__, test.__module__, test.__doc__ = claim.__name__, claim.__module__, claim.__doc__
        numbers = [pytest.param(quick, id="quick"), pytest.param(long, id="long", marks=pytest.mark.long)]
        return pytest.mark.parametrize("number_of_examples", numbers)(test)

    return tests_of
