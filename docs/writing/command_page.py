"""The page on the command, from what `mot --help` is made of."""

import re

from mot_research.cli import app

ABOUT = """\
# The command `mot`

What `mot --help` and `mot COMMAND --help` print. STUDY is a `study.yml`, or the folder it lies in.
Exit codes: 0 fine; 1 errors in readable files; 2 unreadable input or wrong usage. The last lines
that a command prints are the paths of what it wrote.\
"""
OF_NO_USE = re.compile(r" \*\[default: (?:False|\(\))\]\*")  # that a flag is off by default
BARE_OPTION = re.compile(r"(?<![`\w-])--[a-z][\w-]*")  # would be read as a dash
STARTED_BY = re.compile(r"(?<=\w) -m [\w.]+(?= )")  # cyclopts shows how this program was started


def command_page() -> str:
    """Return the page: every command with its arguments and options."""
    text = app.generate_docs(output_format="markdown")
    commands = text[text.index("## mot new") :]
    commands = STARTED_BY.sub("", OF_NO_USE.sub("", commands)).replace("<", "\\<")
    lines = commands.splitlines()
    marked = [one if one.startswith("mot ") else BARE_OPTION.sub(r"`\g<0>`", one) for one in lines]
    return "\n".join([ABOUT, "", *marked]).rstrip() + "\n"
