"""The tests that start the real Quarto run wherever it is installed."""

import pytest

from mot_research.report.quarto import quarto_command

NEEDS_QUARTO = pytest.mark.skipif(quarto_command() is None, reason="no 'quarto' command on PATH")
