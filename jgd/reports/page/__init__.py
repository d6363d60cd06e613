"""A report as one page for a browser. Enters: sweeps or their directories. Leaves: HTML that needs no network.

source.py      a sweep with what its directory tells      asked.py        what was asked for, in words
reproduce.py   the call or command that makes it again    configs.py      its configs as rows
figures.py     pictures that answer to the mouse          curves.py       those over steps
compare.py     several sweeps beside each other           contents.py     all of it, section by section
render.py      the page: report.html, report.css and report.js, filled in by jinja2
"""
