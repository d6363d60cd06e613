"""Stores: what the runs of a sweep have done so far, and the lanes from which they go on.

base.py      what a store does                lanes.py      lanes taken out of blocks and put into others
scores.py    what is known of all runs        progress.py   what a plan asks
memory.py    in memory                        disk.py       in a directory
rounds_file.py  decisions that can't be made again
packs.py     many blobs in few files          lane_packs.py … which go when nobody asks for their lanes
block_file.py  a block's blobs                journal.py    what has landed, and where it is
configs_file.py  the configs, as columns      line_checks.py  lines of another sweep, blocks without one
manifest.py  what a sweep's directory is known by, and going on with it
content.py   sweep.json, checked              stored_facts.py  … as facts to look at, without any code
"""
