"""Ways in which a file gets spoilt, each drawn by a seeded generator."""

import gzip
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

LARGEST = 200_000  # bytes of a case

# What people, spreadsheets and attackers write where something else is expected.
TOKENS = [
    *("", "NA", "NaN", "nan", "inf", "-inf", "1e309", "-1e309", "1e-320", "0x10", "1_000", "٣"),
    *("9" * 40, "-0", "3,5", "1.234,56", "1'000", "5%", "€ 3", "true", "None", "null", "~", "*a"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "<b>", "<script>alert(1)</script>", "`id`", "$(id)", "';--"),
    *("2026-13-45", "0000-00-00", "9999-12-31T23:59:60+99:99", "45678", "12/31/26", "2026-02-30"),
    *("\x00", "\x1b[2J", "\u202e", "\u200b", "\ufeff", "\u2028", "\ud800", "💥", "e\u0301", "\x85"),
    *(
        '"',
        '"""',
        "'",
        ",",
        ";",
        "\t",
        "|",
        "\n",
        "\r",
        "\r\n",
        "\n\n\n",
        ": ",
        "- ",
        "{",
        "}",
        "[",
    ),
    *("&a [*a, *a]", "!!python/object:os.system", "<<: *a", "---", "...", "? ", "|\n", "%YAML 1.1"),
    *("../../etc/passwd", "/dev/zero", "C:\\x", "con", "a" * 300, "x" * 5000, "{{a}}", "[" * 60),
]
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "utf-8-sig", "utf-7")
Mutation = Callable[[bytes, random.Random], bytes]


def _span(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    longest = rng.choice((1, 4, 30, 400))
    return start, min(len(content), start + rng.randint(0, longest))


def flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice(
                (0, 255, 127, 128, rng.randrange(256))
            )
    return bytes(changed)


def cut(content: bytes, rng: random.Random) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + content[end:]


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def repeat(content: bytes, rng: random.Random) -> bytes:
    start, end = _span(content, rng)
    return content[:end] + content[start:end] * rng.choice((1, 2, 50)) + content[end:]


def insert(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + _token(rng) + content[at:]


def replace_word(content: bytes, rng: random.Random) -> bytes:
    """Another value instead of one word or number."""
    words = list(re.finditer(rb"[\w.+-]+", content[:LARGEST]))
    if not words:
        return _token(rng)
    word = rng.choice(words)
    other = rng.choice(words)[0] if rng.random() < 0.3 else _token(rng)
    return content[: word.start()] + other + content[word.end() :]


def swap_lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def double_line(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    return b"\n".join([*lines[:at], lines[at], *lines[at:]])


def re_encode(content: bytes, rng: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")


def re_delimit(content: bytes, rng: random.Random) -> bytes:
    return content.replace(b",", rng.choice((b";", b"\t", b"|", b":", b" ", b",,", b"")))


def integer(content: bytes, rng: random.Random) -> bytes:
    """An extreme number over some bytes: lengths and counts of binary files."""
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice((0, 1, -1, 2 ** (8 * size - 1) - 1, -(2 ** (8 * size - 1)), 1000))
    at = rng.randrange(max(1, len(content) - size))
    written = (value % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return content[:at] + written + content[at + size :]


def _token(rng: random.Random) -> bytes:
    return rng.choice(TOKENS).encode("utf-8", "surrogatepass")


ON_TEXT: tuple[Mutation, ...] = (
    *(replace_word,) * 6,
    *(insert, cut, double_line) * 2,
    *(flip, truncate, repeat, swap_lines, re_encode, re_delimit),
)
ON_BYTES: tuple[Mutation, ...] = (flip, flip, integer, integer, cut, truncate, repeat, insert)


def on_text(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        content = rng.choice(ON_TEXT)(content, rng)
    return content[:LARGEST]


def on_bytes(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 4))):
        content = rng.choice(ON_BYTES)(content, rng)
    return content[:LARGEST]


def in_zip(content: bytes, rng: random.Random) -> bytes:
    """Spoil one member of a sound archive; sometimes the archive itself."""
    if rng.random() < 0.2:
        return on_bytes(content, rng)
    written = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as read,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        names = read.namelist()
        spoilt = rng.choice([*names, *(name for name in names if "sheet" in name or "Str" in name)])
        for name in names:
            member = read.read(name)
            if name == spoilt:
                if rng.random() < 0.1:
                    continue
                member = in_cells(member, rng) if rng.random() < 0.5 else on_text(member, rng)
            archive.writestr(name, member)
    return written.getvalue()


def in_cells(content: bytes, rng: random.Random) -> bytes:
    """Another attribute or text in the XML of a sheet."""
    places = list(re.finditer(rb'"[^"]*"|>[^<]+<', content))
    if not places:
        return on_text(content, rng)
    place = rng.choice(places)
    value = rng.choice(
        (b"XFD1048576", b"A0", b"ZZZZ99999999999", b"s", b"e", b"d", b"b", b"-1", b"1e400", b"")
    )
    if rng.random() < 0.5:
        value = _token(rng).replace(b"<", b"&lt;").replace(b'"', b"&quot;")
    return content[: place.start() + 1] + value + content[place.end() - 1 :]


def in_gzip(content: bytes, rng: random.Random) -> bytes:
    """Spoil the packed text; sometimes the packing."""
    if rng.random() < 0.4:
        return on_bytes(content, rng)
    packed = gzip.compress(on_text(zlib.decompress(content, wbits=31), rng), mtime=0)
    return packed * rng.choice((1, 1, 1, 2))
