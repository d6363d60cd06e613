"""Stores: what the runs of a sweep have done so far, and the lanes from which they go on.

base.py      what a store does           lanes.py      lanes taken out of blocks and put into others
memory.py    in memory                   disk.py       in a directory (journal.py: what has landed there)
manifest.py  what a sweep's directory is known by, and going on with it
content.py   sweep.json, checked              stored_facts.py  … as facts to look at, without any code
"""
