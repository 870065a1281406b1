"""Reads pages of usage with `json` and sums their cost by resource, the usual way. Prints seconds of CPU."""

import json
import pathlib
import sys
import time
from collections import defaultdict

pages = [page.read_bytes() for page in sorted(pathlib.Path(sys.argv[1]).iterdir())]
for _ in range(3):
    before = time.process_time()
    costs = defaultdict(float)
    for page in pages:
        for row in json.loads(page)["value"]:
            row = row["properties"]
            key = (
                row.get("subscriptionId"),
                row.get("resourceGroup"),
                (row.get("resourceId") or "").lower(),
                row.get("resourceLocation"),
                row.get("billingCurrency"),
            )
            costs[key] += row["cost"]
    assert costs
    print(time.process_time() - before)
