"""How much the tests try: `make test` little of everything, `make test-slow` all that is worth it.

The profile of Hypothesis says which: `fast`, or `thorough` by `--hypothesis-profile=thorough`.
"""

from hypothesis import settings

FAST, THOROUGH = "fast", "thorough"
_FEW = 25
"""Examples of a property in the fast profile; fewer of one that takes long."""
_EVERY = 10
"""Of a corpus of real papers, every tenth is looked at in the fast profile."""


def register() -> None:
    """Make the two profiles known; the fast one holds unless pytest is told otherwise."""
    # How long an example takes is no business of a test: the machine may be busy.
    settings.register_profile(FAST, deadline=None, max_examples=_FEW)
    settings.register_profile(THOROUGH, deadline=None)
    settings.load_profile(FAST)


def is_thorough() -> bool:
    return settings.get_current_profile_name() == THOROUGH


def examples(thorough: int) -> settings:
    """Return settings with this many examples in the thorough profile."""
    return settings(max_examples=thorough if is_thorough() else min(thorough // 2, _FEW))


def step() -> int:
    """Return every how many-th record of a corpus is looked at."""
    return 1 if is_thorough() else _EVERY
