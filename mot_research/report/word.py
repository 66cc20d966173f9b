"""The house look of a Word document: the reference that pandoc takes its styles from.

It is pandoc's own reference document with the styles, the running head and the
foot of ``assets/word`` in place of pandoc's.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

from mot_research.report.escaping import plain_text
from mot_research.report.logo import Logo
from mot_research.report.packages import read_package, write_package

PARTS = Path(__file__).parent / "assets" / "word"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
LOGO_HEIGHT = 0.6  # cm, as tall as the running head allows
EMU_PER_CM = 360_000
LONGEST_HEAD = 90  # characters


def reference_document(
    default: bytes, *, accent: str, language: str, running_head: str, logo: Logo | None
) -> bytes:
    """Return the reference document of the house.

    Parameters
    ----------
    default : bytes
        The one that pandoc prints by ``--print-default-data-file reference.docx``.
    accent : str
        A colour as ``#rrggbb``.
    running_head : str
        Plain text at the top of every page.
    logo : Logo or None
        At the right end of the running head.
    """
    parts = read_package(default)
    head = plain_text(running_head)
    if len(head) > LONGEST_HEAD:
        head = f"{head[: LONGEST_HEAD - 1]}…"
    parts |= {
        "word/styles.xml": _filled("styles", accent=accent.lstrip("#").upper(), language=language),
        "word/document.xml": _filled("document"),
        "word/header1.xml": _filled("header", running_head=escape(head), logo=_drawn(logo)),
        "word/footer1.xml": _filled("footer"),
    }
    if logo is not None:
        parts["word/media/logo.png"] = logo.png
        parts["word/_rels/header1.xml.rels"] = (
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" '
            f'Type="{OFFICE}/image" Target="media/logo.png"/></Relationships>'
        ).encode()
    related = "".join(
        f'<Relationship Id="{rid}" Type="{OFFICE}/{kind}" Target="{kind}1.xml"/>'
        for rid, kind in (("rId90", "header"), ("rId91", "footer"))
    )
    _insert(parts, "word/_rels/document.xml.rels", related, "</Relationships>")
    typed = "".join(
        f'<Override PartName="/word/{kind}1.xml" ContentType="{WORD}.{kind}+xml"/>'
        for kind in ("header", "footer")
    )
    picture = '<Default Extension="png" ContentType="image/png"/>'
    known = picture.encode() in parts["[Content_Types].xml"] or logo is None
    _insert(parts, "[Content_Types].xml", typed + ("" if known else picture), "</Types>")
    return write_package(parts)


def _filled(name: str, **values: str) -> bytes:
    text = (PARTS / f"{name}.xml").read_text("utf-8")
    return Template(text).substitute(values).encode()


def _drawn(logo: Logo | None) -> str:
    if logo is None:
        return ""
    height = LOGO_HEIGHT * EMU_PER_CM
    sizes = {"width": f"{logo.aspect * height:.0f}", "height": f"{height:.0f}"}
    return _filled("logo", **sizes).decode()


def _insert(parts: dict[str, bytes], name: str, text: str, before: str) -> None:
    parts[name] = parts[name].replace(before.encode(), f"{text}{before}".encode())
