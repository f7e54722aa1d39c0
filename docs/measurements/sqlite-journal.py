"""What one durable change of a key costs in each arrangement that SQLite has, and what it leaves behind.

Each arrangement changes the key of one row in a database of a thousand, one transaction at a time, and then looks for
the key before in the files. The waits for the disk are those that strace counts. Run it as

    python3 docs/measurements/sqlite-journal.py [FOLDER]
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile

CHANGES = 200
ARRANGEMENTS = {
    # What the store does: the log is copied into the file after each commit, and started anew.
    "WAL, FULL, copied each time": ("WAL", "FULL", True),
    "WAL, NORMAL, copied each time": ("WAL", "NORMAL", True),
    "WAL, FULL, not copied": ("WAL", "FULL", False),
    "DELETE": ("DELETE", "FULL", False),
    "TRUNCATE": ("TRUNCATE", "FULL", False),
    "PERSIST": ("PERSIST", "FULL", False),
}


def change(folder, name):
    journal, synchronous, copies = ARRANGEMENTS[name]
    path = os.path.join(folder, "keys")
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA journal_mode = {journal}")
    database.execute(f"PRAGMA synchronous = {synchronous}")
    database.execute("PRAGMA secure_delete = ON")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("CREATE TABLE keys (id INTEGER PRIMARY KEY, epoch INTEGER, key BLOB)")
    database.execute("BEGIN")
    for row in range(1000):
        database.execute("INSERT INTO keys VALUES (?, 0, ?)", (row, os.urandom(64)))
    database.execute("COMMIT")
    if journal == "WAL":
        database.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    left = 0
    old = database.execute("SELECT key FROM keys WHERE id = 500").fetchone()[0]
    print("begin", flush=True)
    for epoch in range(CHANGES):
        new = os.urandom(64)
        database.execute("UPDATE keys SET epoch = ?, key = ? WHERE id = 500", (epoch, new))
        if copies:
            database.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        files = [os.path.join(folder, file) for file in os.listdir(folder) if not file.endswith("-shm")]
        left += any(old in open(file, "rb").read() for file in files)
        old = new
    print(f"end {left}", flush=True)


def main(folder):
    print(f"SQLite {sqlite3.sqlite_version}, {CHANGES} changes each, one after the other")
    print(f"{'arrangement':30} {'waits for the disk':>18} {'old key left':>13}")
    for name in ARRANGEMENTS:
        with tempfile.TemporaryDirectory(dir=folder) as own:
            child = subprocess.run(
                ["strace", "-f", "-e", "trace=fsync,fdatasync,write", sys.executable, __file__, own, name],
                capture_output=True,
                text=True,
                check=True,
            )
        during = child.stderr[child.stderr.index('"begin') : child.stderr.index('"end')]
        waits = len(re.findall(r"\b(?:fsync|fdatasync)\(", during)) / CHANGES
        left = int(child.stdout.split()[-1])
        print(f"{name:30} {waits:18.2f} {'always' if left == CHANGES else left:>13}")


if len(sys.argv) == 3:
    change(sys.argv[1], sys.argv[2])
else:
    main(sys.argv[1] if len(sys.argv) == 2 else None)
