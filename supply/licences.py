"""Write docs/licences.md: the licence of every package that the report and JupyterLab need.

    python -m supply.licences

A test compares the page with what this writes: run it after a change of the locks. It reads the
metadata of what is installed, so run it where `make test` has installed everything.
"""

from packaging.utils import canonicalize_name

from supply.bill import ROOT, Bill, bill, licence

PAGE = ROOT / "docs" / "licences.md"

# What the MIT-licensed wheel may need without a further duty for who passes it on.
PERMISSIVE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"),
    *("MIT-CMU", "PSF-2.0", "Python-2.0", "Zlib", "Apache-2.0 WITH LLVM-exception"),
    *("BSD License", "Apache Software License"),
}
# Licences with duties, each for the packages named and no others.
COPYLEFT = {"GPL-3.0": {"pingouin"}, "MPL-2.0": {"certifi", "fqdn"}}

ABOUT = """\
# Licences of what is used

mot_research is MIT-licensed and holds no code of others: the packages below are installed from
their own publishers, in the versions of `requirements/lab.txt`, which contains those of
`requirements/runtime.txt`. The licences are those that a package's metadata declare; where these
name none, and for packages of other platforms, those of its licence file (`supply/bill.py` lists
them). Left out is what only develops and tests the project (`requirements/development.txt`), and
the extras `spark` and `quarto`, which are outside the locks that a user installs.

`make sbom` writes the same as a bill of materials (CycloneDX), with the hashes of every file.

## What needs attention

None of these is copied into mot_research; all are used unchanged, as their publishers build them.

- **pingouin** is under the GPL-3.0 and imported at run time. The wheel of mot_research stays MIT;
  an installation that is handed on with pingouin in it (a container, a virtual environment) is
  handed on as a whole under the GPL's terms.
- **pypandoc_binary** is MIT; its wheel carries **pandoc**, GPL-2.0-or-later, which is called as a
  program of its own. Who hands it on offers its source.
- **certifi** and **fqdn**, which JupyterLab needs, are under the MPL-2.0, as is libzmq in the wheel
  of **pyzmq**: their own files stay under it.
- **debugpy**, a part of the Jupyter kernel, is MIT and carries PyDev.Debugger, EPL-1.0; its notices
  lie in the package.
- The wheels of **numpy**, **scipy** and **scikit-learn** (BSD) carry compiled libraries of GCC:
  libgfortran and libgomp under the GPL-3.0 with an exception that frees what is compiled with them,
  libquadmath under the LGPL-2.1-or-later, as a shared library that can be exchanged.

What a wheel carries differs by platform and is said in the licence files within it. The file
`NOTICE` at the root says what follows for whoever hands the project on. Neither is legal advice.

## Every package

| package | version | licence | needed by |
|---|---|---|---|
"""


def page(runtime: Bill, lab: Bill) -> str:
    """Return the page's text from the bills of the two locks."""
    needed = {canonicalize_name(each["name"]) for each in runtime["components"]}
    rows = [
        f"| {name} | {each['version']} | {licence(each)} "
        f"| {'the report' if name in needed else 'JupyterLab'} |"
        for each in lab["components"]
        for name in [canonicalize_name(each["name"])]
    ]
    return ABOUT + "\n".join(sorted(rows)) + "\n"


if __name__ == "__main__":
    text = page(bill("runtime.txt"), bill("lab.txt"))
    PAGE.write_text(text, encoding="utf-8", newline="\n")
