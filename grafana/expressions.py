"""PromQL that adds no money twice, whoever is scraped and how often.

Every family is first taken `max by` its own labels, so that a second target, a replaced pod or an
overlap with backfilled samples changes nothing. `tests/dashboards` holds that the labels here are
those the exporter writes.
"""

_LABELS = {
    "scope_pretax_cost": "charge_type publisher_type pricing_model currency",
    "account_pretax_cost": "department account currency",
    "subscription_pretax_cost": "subscription_id subscription_name currency",
    "resource_group_pretax_cost": "subscription_id resource_group currency",
    "location_pretax_cost": "location currency",
    "cost_center_pretax_cost": "cost_center currency",
    "service_pretax_cost": "subscription_id service_name currency",
    "tag_pretax_cost": "tag value currency",
    "instance_pretax_cost": "subscription_id resource_group instance_id instance_name location currency",
    "meter_usage_quantity": "service_name subcategory meter unit",
    "scope_previous_period_pretax_cost": "period charge_type publisher_type pricing_model currency",
    "account_previous_period_pretax_cost": "period department account currency",
    "service_previous_period_pretax_cost": "period subscription_id service_name currency",
    "scope_daily_pretax_cost": "date charge_type currency",
    "scope_latest_day_pretax_cost": "charge_type currency",
    "scope_usual_day_pretax_cost": "currency",
    "service_latest_day_pretax_cost": "service_name charge_type currency",
    "service_usual_day_pretax_cost": "service_name currency",
    "scope_forecast_pretax_cost": "currency",
    "budget_pretax_cost": "budget currency",
    "budget_spent_pretax_cost": "budget currency",
    "scope_info": "scope_type scope_id cost_type nested",
    "newest_usage_timestamp_seconds": "",
    "latest_complete_day_timestamp_seconds": "",
    "dates": "state",
    "scope_verified_pretax_cost": "currency",
    "day_difference_pretax_cost": "date currency",
    "period_state": "period state",
    "balances_difference_pretax_cost": "period part currency",
    "charges_difference_pretax_cost": "period part currency",
    "control_available": "source",
    "control_last_success_timestamp_seconds": "source",
    "scope_charges_visible": "",
    "degraded_rows": "reason",
    "rows_ignored_total": "reason",
    "folded_entities": "family",
    "poll_success": "",
    "poll_part_success": "part",
    "poll_last_success_timestamp_seconds": "",
    "poll_duration_seconds": "",
    "poll_interval_seconds": "",
    "poll_rows": "",
    "poll_failures_total": "reason",
}
_LABELS_WITHOUT_SCOPE = {
    "series": "family",
    "api_requests_total": "api code",
    "api_wait_seconds_total": "reason",
    "exporter_build_info": "version revision rustversion",
    "exporter_demo": "",
    "exporter_scrapes_refused_total": "",
    "exporter_log_lines_dropped_total": "",
}

# Scopes that may be added: see the variable `counted`.
COUNTED = 'scope=~"$counted"'
# Everything that was chosen, which must stay apart.
CHOSEN = 'scope=~"$scope"'


def labels_of(family):
    if family in _LABELS:
        return ["scope", *_LABELS[family].split()]
    return _LABELS_WITHOUT_SCOPE[family].split()


def series(family, *matchers, scopes=COUNTED, over=None):
    """Each series of a family once; `over` is what a counter does over a range."""
    labels = labels_of(family)
    matchers = list(matchers)
    if "currency" in labels:
        matchers.insert(0, 'currency="$currency"')
    if "scope" in labels:
        matchers.insert(0, scopes)
    selector = f"azure_billing_{family}" + ("{%s}" % ", ".join(matchers) if matchers else "")
    if over:
        function, span = over
        selector = f"{function}({selector}[{span}])"
    return f"max by ({', '.join(labels)}) ({selector})"


def total(family, *matchers, by=(), **options):
    """The sum of a family, by some of its labels."""
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouped} ({series(family, *matchers, **options)})"


def top(count, expression):
    return f"sort_desc(topk({count}, {expression}))"


def named(expression, label, name):
    """Tells what an empty label means."""
    return f'label_replace({expression}, "{label}", "{name}", "{label}", "^$")'


def each_month(expression):
    """The last value of sums with a `period`, as they are now or as they were in the chosen time.

    The sum is made at each moment by itself: a series that was renamed meanwhile is not added to
    its successor. Backfilled samples, a second before midnight, are found by the step at midnight.
    """
    return f"({expression} or last_over_time(({expression})[$__range:6h]))"


def each_day(expression, earlier=""):
    """The day's last value, whether it was scraped all day or backfilled a second before midnight.

    Not `last_over_time(metric[1d])`, which on the first of a month would add what had a cost in
    the old month only.
    """
    return f"last_over_time(({expression})[1d:1h]{earlier})"
