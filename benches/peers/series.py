"""Scrapes with gzip of the series of an exposition, by prometheus_client. Prints seconds of CPU of each."""

import gzip
import sys
import time

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

registry = CollectorRegistry()
with open(sys.argv[1]) as text:
    for family in text_string_to_metric_families(text.read()):
        gauge = None
        for sample in family.samples:
            if gauge is None:
                gauge = Gauge(sample.name, "What it is.", list(sample.labels), registry=registry)
            child = gauge.labels(**sample.labels) if sample.labels else gauge
            child.set(sample.value)
for _ in range(3):
    before = time.process_time()
    packed = gzip.compress(generate_latest(registry))
    assert packed
    print(time.process_time() - before)
