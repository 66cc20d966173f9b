"""Office files (docx, pptx, xlsx) as packages whose bytes depend on their content alone."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

# The first moment that a zip file can name: the parts carry no clock time.
NO_TIME = (1980, 1, 1, 0, 0, 0)
_MOMENTS = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
_NO_MOMENT = rb"\g<1>2000-01-01T00:00:00Z\g<3>"


def write_package(parts: Mapping[str, bytes]) -> bytes:
    """Return the parts as a zip file, in their order and without clock times."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, NO_TIME), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def read_package(content: bytes) -> dict[str, bytes]:
    """Return the parts of an Office file by their names."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_times(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the parts with no clock time in them, nor in the workbooks embedded in them."""
    timeless = dict(parts)
    for name, content in parts.items():
        if name.endswith(".xlsx"):
            timeless[name] = write_package(without_times(read_package(content)))
        elif name == "docProps/core.xml":
            timeless[name] = _MOMENTS.sub(_NO_MOMENT, content)
    return timeless
