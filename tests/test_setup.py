"""The set-up holds together: locks, environments, imports, and what the files give away."""


def test_placeholder() -> None:
    pass
