"""The theme of the deck: PowerPoint's own, with the accent of the study as its first colour."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mot_research.report.house_style import INK

_COLOUR = r"<a:{name}>.*?</a:{name}>"


def in_house_colours(parts: Mapping[str, bytes], accent: str) -> dict[str, bytes]:
    """Return the parts of a presentation with the accent and the ink of the house in its themes.

    What a leader adds to the deck then has them, too.
    """
    changed = dict(parts)
    for name, content in parts.items():
        if name.startswith("ppt/theme/"):
            text = content.decode("utf-8")
            for part, colour in (("accent1", accent), ("dk2", INK)):
                written = f'<a:{part}><a:srgbClr val="{colour.lstrip("#").upper()}"/></a:{part}>'
                text = re.sub(_COLOUR.format(name=part), written, text, flags=re.DOTALL)
            changed[name] = text.encode("utf-8")
    return changed
