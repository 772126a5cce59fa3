"""What makes random months the same everywhere: no settings from outside, no examples from what is loaded beside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis.internal.conjecture.providers import HypothesisProvider


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in ("PREFECT_API_URL", "TOLLBOOK_PREFECT", "TOLLBOOK_RATES", "TOLLBOOK_ISSUE_DATE"):
            patched.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_examples_from_loaded_modules() -> Iterator[None]:
    """Hypothesis draws constants that it finds in the modules loaded so far, and keeps a folder of them.

    Derandomized examples would then change with the tests that run beside, and with every edit of the program.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None)
        yield
