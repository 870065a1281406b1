#!/usr/bin/env python3
"""Writes grafana/dashboards/*.json. What panels share is said once here; the JSON is what people import.

    python3 grafana/generate.py          # writes them
    python3 grafana/generate.py --check  # exit 1 where a file differs

Every query takes `max by` the family's own labels before it adds anything, so that a replaced pod, a second replica or an
overlap with backfilled history doubles nothing.
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "dashboards"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TITLES = {"overview": "Overview", "explore": "Explore", "history": "History", "exporter": "Exporter"}

# The labels of each family besides `scope`, as docs/metrics.md has them.
LABELS = {
    "instance_pretax_cost": "subscription_id resource_group instance_id instance_name location currency",
    "scope_pretax_cost": "charge_type publisher_type pricing_model currency",
    "account_pretax_cost": "department account currency",
    "subscription_pretax_cost": "subscription_id subscription_name currency",
    "resource_group_pretax_cost": "subscription_id resource_group currency",
    "location_pretax_cost": "location currency",
    "cost_center_pretax_cost": "cost_center currency",
    "service_pretax_cost": "subscription_id service_name currency",
    "meter_usage_quantity": "service_name subcategory meter unit",
    "tag_pretax_cost": "tag value currency",
    "scope_daily_pretax_cost": "date charge_type currency",
    "scope_latest_day_pretax_cost": "charge_type currency",
    "service_latest_day_pretax_cost": "service_name charge_type currency",
    "scope_usual_day_pretax_cost": "currency",
    "service_usual_day_pretax_cost": "service_name currency",
    "scope_previous_period_pretax_cost": "period charge_type publisher_type pricing_model currency",
    "account_previous_period_pretax_cost": "period department account currency",
    "scope_forecast_pretax_cost": "currency",
    "budget_pretax_cost": "budget currency",
    "budget_spent_pretax_cost": "budget currency",
    "scope_info": "scope_type scope_id cost_type nested",
    "poll_failures_total": "reason",
    "folded_entities": "family",
    "rows_ignored_total": "reason",
}
# Families without a scope, and their labels.
UNSCOPED = {
    "api_requests_total": "api code",
    "api_wait_seconds_total": "reason",
    "series": "family",
    "exporter_build_info": "version revision rustversion",
    "exporter_config_last_reload_successful": "",
}


def once(family, matchers="", over=""):
    """A family's series, each once, however many targets have it."""
    if family in UNSCOPED:
        labels = UNSCOPED[family].split()
    else:
        labels = ["scope", *LABELS.get(family, "").split()]
        matchers = 'scope=~"$scope"' + (", " + matchers if matchers else "")
    selector = f"azure_billing_{family}" + (f"{{{matchers}}}" if matchers else "")
    inner = f"last_over_time({selector}[{over}])" if over else selector
    return f"max by ({', '.join(labels)}) ({inner})"


def cost(family, by, matchers="", over=""):
    """Money of a family added up by some labels, in the chosen currency."""
    matchers = 'currency="$currency"' + (", " + matchers if matchers else "")
    added = once(family, matchers, over)
    return f"sum by ({', '.join(by)}) ({added})" if by else f"sum({added})"


def target(expr, legend="", ref="A", kind="instant"):
    query = {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": expr,
        "legendFormat": legend or "__auto",
        "refId": ref,
        "instant": kind != "range",
        "range": kind == "range",
    }
    if kind == "table":
        query["format"] = "table"
    return query


def panel(kind, title, description, targets, unit, options=None, defaults=None, overrides=None, transformations=None):
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets if isinstance(targets, list) else [targets],
        "fieldConfig": {"defaults": {"unit": unit, **(defaults or {})}, "overrides": overrides or []},
        "options": options or {},
        **({"transformations": transformations} if transformations else {}),
    }


def thresholds(*steps):
    """Colours from a value on: thresholds(("green", None), ("red", 1))."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


PLAIN = thresholds(("text", None))


def stat(title, description, expr, unit="locale", steps=PLAIN, decimals=None, legend="", none="no data", colour="value", **defaults):
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    options = {
        "colorMode": colour,
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": reduce,
        "textMode": "auto",
        "wideLayout": True,
    }
    defaults = {"color": {"mode": "thresholds"}, "thresholds": steps, "noValue": none, **defaults}
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel("stat", title, description, target(expr, legend), unit, options, defaults)


def bars(title, description, expr, legend, unit="locale", **defaults):
    """The largest first, as horizontal bars."""
    options = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": False,
        "valueMode": "color",
        "namePlacement": "left",
        "sizing": "auto",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "maxVizHeight": 28,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    defaults = {
        "color": {"mode": "continuous-BlPu"},
        "decimals": 0,
        "noValue": "none",
        "min": 0,
        **defaults,
    }
    return panel("bargauge", title, description, target(expr, legend), unit, options, defaults)


def lines(title, description, targets, unit="locale", stack=False, draw="line", **defaults):
    custom = {
        "drawStyle": draw,
        "fillOpacity": 70 if draw == "bars" else (25 if stack else 0),
        "lineWidth": 1 if stack else 2,
        "showPoints": "never",
        "spanNulls": 3_600_000 * 26,
        "stacking": {"mode": "normal" if stack else "none", "group": "A"},
    }
    options = {
        "legend": {"displayMode": "table", "placement": "right", "showLegend": True, "calcs": ["lastNotNull"], "sortBy": "Last *", "sortDesc": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    defaults = {"color": {"mode": "palette-classic"}, "custom": custom, "noValue": "no data", **defaults}
    return panel("timeseries", title, description, targets, unit, options, defaults)


def column(name, **properties):
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def table(title, description, targets, names, sort, unit="locale", overrides=None, hide=(), decimals=2):
    """A table of labels and values; `names` gives the columns their order and titles."""
    hidden = {"Time": True, **{name: True for name in hide}}
    if len(targets) > 1:
        hidden |= {f"Time {i}": True for i in range(1, len(targets) + 1)}
    organize = {
        "excludeByName": hidden,
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": {name: title for name, title in names.items() if name != title},
    }
    steps = ([{"id": "merge", "options": {}}] if len(targets) > 1 else []) + [{"id": "organize", "options": organize}]
    options = {"cellHeight": "sm", "showHeader": True, "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""}, "sortBy": [{"displayName": sort, "desc": True}]}
    defaults = {"decimals": decimals, "noValue": "none", "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}}
    return panel("table", title, description, targets, unit, options, defaults, overrides, steps)


def share(name="Share"):
    return column(name, unit="percentunit", decimals=1, custom__cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}, min=0, max=1, color={"mode": "fixed", "fixedColor": "blue"})


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def variable(name, label, query, many=False, every=".*", description=""):
    common = {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": f"variable-{name}", "qryType": 1},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        "description": description,
        "hide": 0,
        "regex": "",
        "skipUrlSync": False,
        "options": [],
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]} if many else {},
    }
    return {**common, "allValue": every} if many else common


SOURCE = {
    "name": "datasource",
    "label": "Data source",
    "type": "datasource",
    "query": "prometheus",
    "refresh": 1,
    "multi": False,
    "includeAll": False,
    "hide": 0,
    "regex": "",
    "skipUrlSync": False,
    "options": [],
    "current": {},
}
# Values of this variable are matchers, put in as they are: scopes on one level never overlap.
LEVEL = {
    "name": "level",
    "label": "Level",
    "type": "custom",
    "description": "Scopes of one level never hold the same money twice; scopes of two levels do.",
    "query": 'Top level : nested="false", Departments : scope_type="department", Enrollment accounts : scope_type="enrollment_account"',
    "multi": False,
    "includeAll": False,
    "hide": 0,
    "skipUrlSync": False,
    "options": [
        {"selected": True, "text": "Top level", "value": 'nested="false"'},
        {"selected": False, "text": "Departments", "value": 'scope_type="department"'},
        {"selected": False, "text": "Enrollment accounts", "value": 'scope_type="enrollment_account"'},
    ],
    "current": {"selected": True, "text": "Top level", "value": 'nested="false"'},
}
COST_TYPE = {
    "name": "cost_type",
    "label": "Cost",
    "type": "custom",
    "description": "Purchases when they are made (actual), or spread over their term (amortized). The same money: never both.",
    "query": "actual, amortized",
    "multi": False,
    "includeAll": False,
    "hide": 0,
    "skipUrlSync": False,
    "options": [{"selected": True, "text": "actual", "value": "actual"}, {"selected": False, "text": "amortized", "value": "amortized"}],
    "current": {"selected": True, "text": "actual", "value": "actual"},
}
SCOPE = variable("scope", "Scope", 'label_values(azure_billing_scope_info{${level:raw}, cost_type="$cost_type"}, scope)', many=True)
CURRENCY = variable(
    "currency",
    "Currency",
    'label_values(azure_billing_scope_pretax_cost{scope=~"$scope"}, currency)',
    description="One at a time: amounts of two currencies cannot be added.",
)


def among(name, label, family, of):
    return variable(name, label, f'label_values(azure_billing_{family}{{scope=~"$scope"}}, {of})', many=True, every=".*")


SCOPES = [LEVEL, COST_TYPE, SCOPE, CURRENCY]
DEPARTMENT = among("department", "Department", "account_pretax_cost", "department")
SERVICE = among("service", "Service", "service_pretax_cost", "service_name")
SUBSCRIPTION = among("subscription", "Subscription", "subscription_pretax_cost", "subscription_id")
RESOURCE_GROUP = among("resource_group", "Resource group", "resource_group_pretax_cost", "resource_group")
LOCATION = among("location", "Location", "location_pretax_cost", "location")
TAG = variable("tag", "Tag", 'label_values(azure_billing_tag_pretax_cost{scope=~"$scope"}, tag)', description="One of the keys in metrics.tags.keys.")

# The dashboards' wide filters, as matchers.
OF_DEPARTMENT = 'department=~"$department"'
OF_SERVICE = 'service_name=~"$service"'
OF_SUBSCRIPTION = 'subscription_id=~"$subscription"'
OF_RESOURCES = OF_SUBSCRIPTION + ', resource_group=~"$resource_group", location=~"$location"'


def named(expr, label, nothing):
    """An empty label by words."""
    return f'label_replace({expr}, "{label}", "{nothing}", "{label}", "")'


def by_date(one, label, span):
    """Draws an instant table whose `label` is a day or month against that, over so much time."""
    titles = {f"Value #{target['refId']}": target["legendFormat"] for target in one["targets"]}
    many = len(one["targets"]) > 1
    if not many:
        titles = {"Value": one["targets"][0]["legendFormat"]}
    for target in one["targets"]:
        target["format"] = "table"
    one["transformations"] = ([{"id": "merge", "options": {}}] if many else []) + [
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {label: 0}, "renameByName": titles}},
        {"id": "convertFieldType", "options": {"conversions": [{"targetField": label, "destinationType": "time"}], "fields": {}}},
        {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": label, "desc": False}]}},
    ]
    one["options"]["legend"] = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
    return {**one, "timeFrom": span, "hideTimeOverride": True} if span else one


def matrix(title, description, expr, label, column_label, sort, **options):
    """Rows by one label, columns by another."""
    one = table(title, description, [target(expr, kind="table")], {}, sort, **options)
    one["transformations"] = [
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {}}},
        {"id": "groupingToMatrix", "options": {"rowField": label, "columnField": column_label, "valueField": "Value", "emptyValue": "null"}},
        {"id": "organize", "options": {"excludeByName": {}, "indexByName": {}, "renameByName": {f"{label}\\{column_label}": sort}}},
    ]
    one["options"]["sortBy"] = []
    return one


def dashboard(key, description, variables, placed, since="now-24h", refresh="5m"):
    """`placed` is lines of panels: (height, [(width, panel), …])."""
    panels, y = [], 0
    for height, line in placed:
        x = 0
        for width, one in line:
            panels.append({"id": len(panels) + 1, **one, "gridPos": {"h": height, "w": width, "x": x, "y": y}})
            x += width
        y += height
    links = [
        {
            "title": TITLES[other],
            "type": "link",
            "url": f"/d/azure-billing-{other}",
            "icon": "dashboard",
            "includeVars": True,
            "keepTime": False,
            "targetBlank": False,
            "asDropdown": False,
            "tags": [],
            "tooltip": "",
        }
        for other in TITLES
        if other != key
    ]
    return {
        "id": None,
        "uid": f"azure-billing-{key}",
        "title": f"Azure billing / {TITLES[key]}",
        "description": description,
        "tags": ["azure-billing"],
        "editable": False,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "timezone": "utc",
        "schemaVersion": 39,
        "refresh": refresh,
        "time": {"from": since, "to": "now"},
        "timepicker": {},
        "annotations": {"list": []},
        "links": links,
        "templating": {"list": [SOURCE, *variables]},
        "panels": panels,
    }


def section(title):
    return (1, [(24, row(title))])


def days():
    usage = target(cost("scope_daily_pretax_cost", ["date"], 'charge_type="usage"'), "Usage", "A", "table")
    other = target(cost("scope_daily_pretax_cost", ["date"], 'charge_type!="usage"'), "Purchases and other charges", "B", "table")
    description = "Cost of each of the last 35 days. The newest three or four are still growing: Azure corrects a day for days after it."
    return by_date(lines("Days", description, [usage, other], stack=True, draw="bars", decimals=0), "date", "36d")


def department_bars():
    expr = cost("account_pretax_cost", ["department"], OF_DEPARTMENT)
    description = "Month to date by department, the costliest first. What belongs to none is of the enrollment itself."
    return bars("Departments", description, f"sort_desc({named(expr, 'department', '(no department)')})", "{{department}}")


def overview():
    to_date = cost("scope_pretax_cost", [])
    forecast = cost("scope_forecast_pretax_cost", [])
    previous = cost("scope_previous_period_pretax_cost", [])
    latest = cost("scope_latest_day_pretax_cost", [], 'charge_type="usage"')
    usual = cost("scope_usual_day_pretax_cost", [])
    limit, spent = (once(family, 'currency="$currency"') for family in ("budget_pretax_cost", "budget_spent_pretax_cost"))
    relative = {"unit": "percentunit", "decimals": 1}
    money = [
        (5, stat("Month to date", "Pretax cost of the current billing period, all charges, as far as Azure has rated them. Not an invoice: support, tax and credits are no part of it.", to_date, decimals=0)),
        (5, stat("Forecast for the month", "What the month will have cost at its end: what is known, the remaining days at the mean of the last 14 complete days, and recurring purchases still to come.", forecast, decimals=0, none="after a complete day")),
        (5, stat("Forecast against last month", "The forecast relative to the whole month before.", f"{forecast} / ({previous} > 0) - 1", **relative, steps=thresholds(("green", None), ("orange", 0.1), ("red", 0.25)), none="no month before")),
        (5, stat("Latest complete day", "Usage of the newest day that Azure has finished rating, usually three to four days ago.", latest, decimals=0, none="no complete day yet")),
        (4, stat("Against a usual day", "That day relative to the mean of up to 28 complete days before it.", f"{latest} / ({usual} > 0) - 1", **relative, steps=thresholds(("green", None), ("orange", 0.2), ("red", 0.5)), none="after 7 days")),
    ]
    # A day ends at midnight of the next: one second less is the day itself.
    complete = once("latest_complete_day_timestamp_seconds")
    freshness = [
        (6, stat("Usage is known until", "End of the newest day with usage. Azure rates usage 8 to 24 hours late.", f"max({once('newest_usage_timestamp_seconds')}) * 1000", "dateTimeAsIso", none="no usage yet")),
        (6, stat("Latest complete day is", "The day that the panels above compare with the days before.", f"(max({complete}) - 1) * 1000", "dateTimeAsIso", none="none yet")),
        (6, stat("Oldest data", "How long ago the scope that waits longest was read. The costs here are as old as this.", f"time() - min({once('poll_last_success_timestamp_seconds')} > 0)", "s", steps=thresholds(("green", None), ("orange", 28_800), ("red", 86_400)), decimals=0, none="never read")),
        (6, stat("Scopes that failed", "Scopes whose last poll failed: their costs are the last good ones. The Exporter dashboard says why.", f"sum({once('poll_success')} == bool 0)", "none", steps=thresholds(("green", None), ("red", 1)), decimals=0)),
    ]
    percent = {"max": 1.2, "decimals": 0, "color": {"mode": "thresholds"}, "thresholds": thresholds(("green", None), ("orange", 0.8), ("red", 1))}
    budgets = [
        (10, bars("Budget used", "What is spent of each budget's current month, quarter or year. Budgets are set in the exporter's configuration.", f"{spent} / ({limit} > 0)", "{{budget}}", "percentunit", **{**percent, "noValue": "no budget in this currency"})),
        (14, table(
            "Budgets", "Limit, spent and remaining of each budget's current month, quarter or year.",
            [target(limit, ref="A", kind="table"), target(spent, ref="B", kind="table"), target(f"{limit} - {spent}", ref="C", kind="table")],
            {"budget": "Budget", "scope": "Scope", "currency": "Currency", "Value #A": "Limit", "Value #B": "Spent", "Value #C": "Remaining"}, "Spent",
            overrides=[column("Remaining", custom__cellOptions={"type": "color-text"}, color={"mode": "thresholds"}, thresholds=thresholds(("red", None), ("text", 0)))],
        )),
    ]
    by_scope = ["scope", "currency"]
    scopes = table(
        "Scopes", "Each scope: to date, its forecast, the month before, the latest complete day, and when it was read.",
        [
            target(cost("scope_pretax_cost", by_scope), ref="A", kind="table"),
            target(cost("scope_forecast_pretax_cost", by_scope), ref="B", kind="table"),
            target(cost("scope_previous_period_pretax_cost", by_scope), ref="C", kind="table"),
            target(cost("scope_latest_day_pretax_cost", by_scope, 'charge_type="usage"'), ref="D", kind="table"),
            # Beside each currency, so that the tables have the same rows.
            target(f"({cost('scope_pretax_cost', by_scope)} * 0) + on (scope) group_left () {once('poll_last_success_timestamp_seconds')} * 1000", ref="E", kind="table"),
        ],
        {"scope": "Scope", "currency": "Currency", "Value #A": "To date", "Value #B": "Forecast", "Value #C": "Month before", "Value #D": "Latest day", "Value #E": "Read at"}, "To date",
        overrides=[column("Read at", unit="dateTimeAsIso")],
    )
    services = bars("Services", "Month to date by service, the ten costliest.", f"topk(10, {cost('service_pretax_cost', ['service_name'], OF_SERVICE)})", "{{service_name}}")
    placed = [(4, money), (4, freshness), section("Where it goes"), (9, [(24, days())]), (9, [(12, department_bars()), (12, services)]), section("Budgets"), (7, budgets), section("Scopes"), (8, [(24, scopes)])]
    return dashboard("overview", "Where the money goes, whether the budget holds, and whether the numbers are fresh.", [*SCOPES, DEPARTMENT, SERVICE], placed)


def top(title, family, label, matchers, description, nothing=None):
    expr = cost(family, [label], matchers)
    expr = named(expr, label, nothing) if nothing else expr
    return bars(title, f"Month to date by {description}, the fifteen costliest.", f"topk(15, {expr})", "{{" + label + "}}")


def explore():
    by = ["instance_name", "resource_group", "location", "subscription_id", "instance_id"]
    resources = cost("instance_pretax_cost", by, OF_RESOURCES)
    total = cost("instance_pretax_cost", [], OF_RESOURCES)
    instances = table(
        "Resources", "The hundred costliest resources of the filters above, month to date. Rows without a resource, such as purchases, have no name.",
        [target(f"topk(100, {resources})", ref="A", kind="table"), target(f"topk(100, {resources}) / on () group_left () {total}", ref="B", kind="table")],
        {"instance_name": "Resource", "resource_group": "Resource group", "location": "Location", "subscription_id": "Subscription", "instance_id": "Resource id", "Value #A": "Cost", "Value #B": "Share"}, "Cost",
        overrides=[share(), column("Share", custom__width=180), column("Resource id", custom__width=240)],
    )
    meters = table(
        "Usage by meter", "Quantity used this month of each meter of the chosen services, in Azure's unit of measure. Quantities add up only within one meter and unit.",
        [target(f"sum by (service_name, subcategory, meter, unit) ({once('meter_usage_quantity', OF_SERVICE)})", ref="A", kind="table")],
        {"service_name": "Service", "subcategory": "Subcategory", "meter": "Meter", "Value": "Quantity", "unit": "Unit"}, "Quantity",
    )
    accounts = table(
        "Departments and accounts", "Month to date by department and enrollment account.",
        [target(cost("account_pretax_cost", ["department", "account"], OF_DEPARTMENT), ref="A", kind="table")],
        {"department": "Department", "account": "Account", "Value": "Cost"}, "Cost",
    )
    subscriptions = table(
        "Subscriptions", "Month to date by subscription.",
        [target(cost("subscription_pretax_cost", ["subscription_name", "subscription_id"], OF_SUBSCRIPTION), ref="A", kind="table")],
        {"subscription_name": "Subscription", "subscription_id": "Id", "Value": "Cost"}, "Cost",
    )
    service = top("Services", "service_pretax_cost", "service_name", f"{OF_SERVICE}, {OF_SUBSCRIPTION}", "service within the chosen subscriptions")
    group = top("Resource groups", "resource_group_pretax_cost", "resource_group", f'{OF_SUBSCRIPTION}, resource_group=~"$resource_group"', "resource group", "(no resource group)")
    location = top("Locations", "location_pretax_cost", "location", 'location=~"$location"', "Azure region", "(no location)")
    center = top("Cost centers", "cost_center_pretax_cost", "cost_center", "", "cost center", "(no cost center)")
    tags = top("Tag values", "tag_pretax_cost", "value", 'tag="$tag"', "value of the chosen tag", "(untagged)")
    placed = [
        (10, [(12, service), (12, group)]),
        (10, [(8, location), (8, tags), (8, center)]),
        (9, [(12, subscriptions), (12, accounts)]),
        section("Resources"),
        (14, [(24, instances)]),
        section("Usage"),
        (12, [(24, meters)]),
    ]
    variables = [*SCOPES, SUBSCRIPTION, RESOURCE_GROUP, LOCATION, SERVICE, DEPARTMENT, TAG]
    return dashboard("explore", "Month to date by everything that can pay or run.", variables, placed)


def history():
    previous = 'scope_previous_period_pretax_cost'
    every = cost(previous, ["period"], over="$__range")
    months = by_date(lines("Months", "Each closed month, with Azure's later corrections as far as they were read. Months from before the first scrape come from the backfill command.", [target(every, "Cost", kind="table")], draw="bars", decimals=0), "period", None)
    year = f'label_replace({every}, "year", "$1", "period", "(.*)-.*")'
    years = bars("Years", "Closed months of each calendar year. A year that began before the data, or goes on, is not whole.", f"sort_desc(sum by (year) ({year}))", "{{year}}")
    to_date = cost("scope_pretax_cost", [], over="1d")
    growth = lines("Month to date, day by day", "How each month grew: the cost to date, starting again at each month.", [target(to_date, "Month to date", kind="range")], decimals=0)
    growth["interval"] = "6h"
    services = lines("Services to date, day by day", "The same by service, the ten costliest at each moment.", [target(f"topk(10, {cost('service_pretax_cost', ['service_name'], OF_SERVICE, over='1d')})", "{{service_name}}", kind="range")], decimals=0)
    services["interval"] = "6h"
    departments = matrix("Departments by month", "What each department cost in each closed month: chargeback.", named(cost("account_previous_period_pretax_cost", ["department", "period"], OF_DEPARTMENT, over="$__range"), "department", "(no department)"), "department", "period", "Department")
    kinds = matrix("Kinds of charges by month", "Usage, purchases, refunds and others in each closed month.", cost(previous, ["charge_type", "period"], over="$__range"), "charge_type", "period", "Charge")
    newest = cost(previous, [], over="1d")
    change = stat("Last month against the one a year before", "The last closed month relative to the same month of the year before.", f"{newest} / ({newest.replace('[1d]', '[1d] offset 365d')} > 0) - 1", "percentunit", thresholds(("green", None), ("orange", 0.1), ("red", 0.25)), 1, none="no data a year ago")
    last = stat("Last closed month", "The whole month before the current one, as known now.", newest, decimals=0, none="no closed month")
    settled = stat("Months still moving", "Scopes whose last month Azure may still correct: 0 when all have settled.", f"sum({once('previous_period_settled')} == bool 0)", "none", thresholds(("green", None), ("orange", 1)), 0)
    placed = [(4, [(8, last), (8, change), (8, settled)]), (10, [(17, months), (7, years)]), (9, [(24, departments)]), (8, [(24, kinds)]), section("Within the months"), (9, [(12, growth), (12, services)])]
    return dashboard("history", "Closed months and years, from what was scraped and backfilled.", [*SCOPES, DEPARTMENT, SERVICE], placed, since="now-3y", refresh="1h")


def exporter():
    age = f"time() - ({once('poll_last_success_timestamp_seconds')} > 0)"
    status = table(
        "Scopes", "Each scope's polls: when it was last read, how long that took, how many rows it had.",
        [
            target(once("poll_success"), ref="A", kind="table"),
            target(f"{once('poll_last_success_timestamp_seconds')} * 1000", ref="B", kind="table"),
            target(age, ref="C", kind="table"),
            target(once("poll_duration_seconds"), ref="D", kind="table"),
            target(once("poll_rows"), ref="E", kind="table"),
            target(once("suspect_days"), ref="F", kind="table"),
        ],
        {"scope": "Scope", "Value #A": "Last poll", "Value #B": "Read at", "Value #C": "Age", "Value #D": "Took", "Value #E": "Rows", "Value #F": "Suspect days"}, "Age", unit="none", decimals=0,
        overrides=[
            column("Last poll", mappings=[{"type": "value", "options": {"0": {"text": "failed", "color": "red", "index": 0}, "1": {"text": "good", "color": "green", "index": 1}}}], custom__cellOptions={"type": "color-text"}),
            column("Read at", unit="dateTimeAsIso"),
            column("Age", unit="s"),
            column("Took", unit="s"),
            column("Rows", unit="locale"),
        ],
    )
    reach = lines("Age of the data", "Time since the last successful poll of each scope. It rises to the poll interval and falls again.", [target(age, "{{scope}}", kind="range")], "s")
    duration = lines("How long polls take", "Duration of each scope's last poll, waits for the quota included.", [target(once("poll_duration_seconds"), "{{scope}}", kind="range")], "s")
    failures = lines("Failed polls", "Polls that failed within an hour, by reason. docs/troubleshooting.md has the remedy of each.", [target(f"sum by (scope, reason) (max by (instance, scope, reason) (increase(azure_billing_poll_failures_total{{scope=~\"$scope\"}}[1h]))) > 0", "{{scope}} {{reason}}", kind="range")], "none", draw="bars", noValue="none")
    calls = lines("Calls to Azure", "Calls within an hour by API and HTTP status, of each exporter. 429 is throttling.", [target("sum by (instance, api, code) (increase(azure_billing_api_requests_total[1h]))", "{{instance}} {{api}} {{code}}", kind="range")], "none", draw="bars", stack=True)
    waits = lines("Waiting to be allowed to call", "Seconds within an hour that each exporter waited: for its own quota, or throttled by Azure.", [target("sum by (instance, reason) (increase(azure_billing_api_wait_seconds_total[1h]))", "{{instance}} {{reason}}", kind="range")], "s")
    series = bars("Series", "Series of each family, all scopes together: what the exporter costs Prometheus.", f"sort_desc({once('series')})", "{{family}}", "none")
    folded = bars("Folded entities", "Entities that are part of __other__ because of a limit of series. Sums stay exact; raise max_series to see them.", f"sort_desc(sum by (family) ({once('folded_entities')}) > 0)", "{{family}}", "none", noValue="none: every entity has its own series")
    about = "and on (job, instance) azure_billing_exporter_build_info"
    memory = lines("Memory", "Resident memory of each exporter.", [target(f"process_resident_memory_bytes {about}", "{{instance}}", kind="range")], "bytes", min=0)
    cpu = lines("CPU", "Processor time of each exporter, in cores.", [target(f"rate(process_cpu_seconds_total[$__rate_interval]) {about}", "{{instance}}", kind="range")], "none", min=0, decimals=3)
    version = table("Exporters", "The exporters that are scraped, and their version.", [target("max by (instance, version, revision, rustversion) (azure_billing_exporter_build_info)", kind="table")], {"instance": "Exporter", "version": "Version", "revision": "Revision", "rustversion": "Rust"}, "Exporter", unit="none", hide=("Value",))
    reload = stat("Configuration", "Whether the configuration file could be used when it was last read. The log says why not.", "min(azure_billing_exporter_config_last_reload_successful)", "none", thresholds(("red", None), ("green", 1)), 0, mappings=[{"type": "value", "options": {"0": {"text": "not in force", "index": 0}, "1": {"text": "in force", "index": 1}}}])
    ignored = stat("Rows left out", "Rows within the last day that were not counted: dated on days that were not asked for, or cost allocation. docs/troubleshooting.md says more.", f"sum(max by (scope, reason) (increase(azure_billing_rows_ignored_total{{scope=~\"$scope\"}}[1d])))", "locale", decimals=0, none="0")
    suspect = stat("Suspect days", "Days whose newest answer shrank, so that a second one must agree first. Their old costs stay meanwhile.", f"sum({once('suspect_days')})", "none", thresholds(("green", None), ("orange", 1)), 0)
    placed = [
        (8, [(24, status)]),
        (8, [(12, reach), (12, duration)]),
        (4, [(6, reload), (6, suspect), (12, ignored)]),
        section("Azure"),
        (8, [(8, calls), (8, waits), (8, failures)]),
        section("Series"),
        (9, [(14, series), (10, folded)]),
        section("Process"),
        (7, [(8, memory), (8, cpu), (8, version)]),
    ]
    return dashboard("exporter", "Whether polling works, what it asks of Azure, and what it costs Prometheus.", [LEVEL, COST_TYPE, SCOPE], placed, refresh="1m")


def main():
    check = sys.argv[1:] == ["--check"]
    stale = []
    for make in (overview, explore, history, exporter):
        path = FOLDER / f"{make.__name__}.json"
        text = json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
        if check and (not path.exists() or path.read_text() != text):
            stale.append(path.name)
        elif not check:
            path.write_text(text)
    if stale:
        sys.exit(f"run python3 grafana/generate.py: {', '.join(stale)} differ from it")


if __name__ == "__main__":
    main()
