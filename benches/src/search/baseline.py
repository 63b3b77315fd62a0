"""The same questions as plain SQL on DuckDB. Reads CSV files, prints JSON."""

import json
import sys
import time

import duckdb

folder, repeats = sys.argv[1], int(sys.argv[2])
database = duckdb.connect(f"{folder}/baseline.duckdb")
database.execute("SET threads = 2")
started = time.perf_counter()
for table in ("events", "sessions", "texts"):
    database.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{folder}/{table}.csv', header = true)")
database.execute("CHECKPOINT")
result = {"load": {"seconds": time.perf_counter() - started}}
with open(f"{folder}/questions.json") as questions:
    for name, sql in json.load(questions).items():
        times, check = [], None
        for _ in range(repeats + 1):
            before = time.perf_counter()
            rows = database.execute(sql).fetchall()
            times.append((time.perf_counter() - before) * 1000)
            check = [list(row) for row in rows]
        # The first one warms up.
        result[name] = {"ms": times[1:], "rows": check}
json.dump(result, sys.stdout, default=str)
