#!/usr/bin/env python3
"""Writes the dashboards, or with --check tells whether they are what this would write.

What users import is the JSON, so that is committed; here is what is read and changed.
"""

import json
import sys
from pathlib import Path

from expressions import CHOSEN, each_day, each_month, named, series, top, total
from panels import (MONEY, Column, bars, choices, dashboard, datasource, lines, never, pick, query, ranking, stat, table,
                    variable)

FOLDER = Path(__file__).parent / "dashboards"
NAMES = ("overview", "explore", "history", "exporter")
WARNED, ALARMED = "orange", "red"
CALM = (None, "green")
HOUR, DAY = 3600, 86400
NO_COST = "no cost yet"
USAGE = 'charge_type="usage"'
SUSPECT = 'state="suspect"'
QUERY = 'source="query"'
FOLDED = "__other__"


# What is chosen at the top.

COST_TYPE = variable(
    "cost_type", "Cost type", "Actual or amortized cost: the same money seen twice, so one at a time",
    "label_values(azure_billing_scope_info, cost_type)", multi=False)
# The currency of most of the days and charges comes first; one that was given up is still there in History.
CURRENCY = variable(
    "currency", "Currency", "Currencies are never added",
    "query_result(sort_desc(count by (currency) (azure_billing_scope_daily_pretax_cost)"
    " or 0 * last_over_time((count by (currency) (azure_billing_scope_previous_period_pretax_cost))[$__range:1d])))",
    regex='/currency="([^"]*)"/', multi=False, sort=0)
SCOPE = variable(
    "scope", "Scope", "Enrollments, departments, accounts and subscriptions that the exporter reads",
    'label_values(azure_billing_scope_info{cost_type="$cost_type"}, scope)')
# A department's money is in its enrollment as well: nested scopes count only when one is chosen by itself.
COUNTED = variable(
    "counted", "Counted scopes", "The chosen scopes that may be added: none that lies within another, unless it is the only one chosen",
    'query_result(group by (scope) (azure_billing_scope_info{scope=~"$scope", cost_type="$cost_type", nested="false"})'
    ' or (group by (scope) (azure_billing_scope_info{scope=~"$scope", cost_type="$cost_type"})'
    ' unless on () (count(group by (scope) (azure_billing_scope_info{scope=~"$scope", cost_type="$cost_type"})) > 1)))',
    regex='/scope="([^"]*)"/', hidden=True)
DEPARTMENT = variable(
    "department", "Department", "Of the panels of departments and enrollment accounts; other families have no department",
    'label_values(azure_billing_account_pretax_cost{scope=~"$counted"}, department)', all_value=".*")
SUBSCRIPTION = variable(
    "subscription", "Subscription", "Of the panels of services, subscriptions, resource groups and resources",
    'query_result(group by (subscription_id, subscription_name) (azure_billing_subscription_pretax_cost{scope=~"$counted", subscription_id!=""}))',
    regex='/subscription_id="(?<value>[^"]+)",\\s*subscription_name="(?<text>[^"]*)"/', all_value=".*")
SERVICE = variable(
    "service", "Service", "Of the panels of services and meters",
    'label_values(azure_billing_service_pretax_cost{scope=~"$counted"}, service_name)', all_value=".*")
TAG = variable(
    "tag", "Tag", "One of the keys in `metrics.tags.keys` of the exporter's configuration",
    'label_values(azure_billing_tag_pretax_cost{scope=~"$counted"}, tag)', multi=False)
ROWS = pick("top", "Top", "Rows of the rankings", ["10", "25", "50", "100"])

OF_DEPARTMENT, OF_SERVICE = 'department=~"$department"', 'service_name=~"$service"'
OF_SUBSCRIPTION = 'subscription_id=~"$subscription"'
MONEY_CHOICE = [datasource(), COST_TYPE, CURRENCY, SCOPE, COUNTED]


def links(name):
    """To the others. Variables go along; so does the time, except to and from History, which shows years."""
    titles = {"overview": "Overview", "explore": "Explore", "history": "History", "exporter": "Exporter"}
    return [
        {
            "type": "link",
            "title": titles[other],
            "url": f"/d/azure-billing-{other}",
            "icon": "dashboard",
            "tooltip": "",
            "asDropdown": False,
            "includeVars": True,
            "keepTime": "history" not in (name, other),
            "tags": [],
            "targetBlank": False,
        }
        for other in NAMES if other != name
    ]


def age(timestamp):
    return f"time() - {timestamp}"


def share(part, whole):
    return f"{part} / on () group_left () ({whole} > 0)"


def change(now, usual):
    """By how much of the usual; nothing where it is zero."""
    return f"{now} / ({usual} > 0) - 1"


# Overview: where the money goes, whether the budget holds, whether the data is fresh.

ANOMALOUS = [CALM, (0.25, WARNED), (0.5, ALARMED)]
USED = [CALM, (0.8, WARNED), (1, ALARMED)]
LATE = [CALM, (2 * DAY, WARNED), (3 * DAY, ALARMED)]
UNPOLLED = [CALM, (12 * HOUR, WARNED), (24 * HOUR, ALARMED)]
# The same colour on every day and for every reader; the rare ones take what is left.
NATURES = {"usage": "blue", "purchase": "orange", "refund": "purple", "unused_reservation": "red"}
# Seconds since 1970 are more than this, and stand for a poll that never succeeded.
NEVER = never(10 ** 9)


def budget_use(scopes):
    return f'{series("budget_spent_pretax_cost", scopes=scopes)} / {series("budget_pretax_cost", scopes=scopes)}'


def overview_stats():
    latest = total("scope_latest_day_pretax_cost", USAGE)
    both = (f'sum({series("scope_latest_day_pretax_cost", USAGE)}'
            f' and on (scope, currency) {series("scope_usual_day_pretax_cost")})')
    money = [
        (stat("Cost to date ($currency)",
              "Cost before tax of the current billing period (a month in UTC) so far, of the counted scopes. Today and yesterday are not complete: Azure rates usage 8 to 24 hours late and corrects it for days.",
              total("scope_pretax_cost"), MONEY, decimals=0, none=NO_COST), 6),
        (stat("Forecast for the month ($currency)",
              "What the period will have cost at its end: what is billed so far, the mean of the last 14 complete days for the days to come, and last month's recurring purchases that have not come yet. A straight line that knows no weekends.",
              total("scope_forecast_pretax_cost"), MONEY, decimals=0, none="no complete day yet"), 6),
        (stat("Budget used most",
              "The budget of the chosen scopes of which the largest part is spent; its name beneath. Orange from 80 %, red from 100 %. Budgets are set in the exporter's configuration.",
              f"topk(1, {budget_use(CHOSEN)})", "percentunit", decimals=1, steps=USED, none="no budget in $currency", legend="{{budget}}"), 6),
        (stat("Month before ($currency)",
              "Cost before tax of the whole previous billing period, of the counted scopes. It changes until about the 21st: EA bills are corrected late.",
              total("scope_previous_period_pretax_cost", by=["period"]), MONEY, decimals=0, none="not read yet", legend="{{period}}"), 6),
    ]
    trust = [
        (stat("Latest complete day ($currency)",
              "Usage of the newest day that Azure has finished rating, three to four days ago. Purchases are not in it: they come all at once.",
              latest, MONEY, decimals=0, none="no complete day yet"), 6),
        (stat("That day against a usual one",
              "Usage of the latest complete day against the mean of up to 28 complete days before it. Orange from +25 %, red from +50 %. Only scopes with seven complete days have a usual day.",
              change(both, total("scope_usual_day_pretax_cost")), "percentunit", decimals=1, steps=ANOMALOUS, none="no usual day yet"), 6),
        (stat("Newest usage is from … ago",
              "Age of the newest usage Azure has told, in the scope where it is oldest. A day is normal. Orange from two days, red from three: the costs above are then too low.",
              f'max({age(series("newest_usage_timestamp_seconds", scopes=CHOSEN))})', "s", decimals=0, steps=LATE, none="no usage yet"), 6),
        (stat("Last good poll was … ago",
              "Time since the last successful poll, in the scope where it is longest. A poll comes every four hours by default. Orange from 12 hours, red from 24. Why polls fail is on the Exporter dashboard.",
              f'max({age(series("poll_last_success_timestamp_seconds", scopes=CHOSEN))})', "s", decimals=0, steps=UNPOLLED, none="never polled", mappings=NEVER), 6),
    ]
    return [(4, money), (4, trust)]


def nested():
    """Of each chosen scope, 1 or 0."""
    inner = total("scope_info", 'nested="true"', by=["scope"], scopes=CHOSEN)
    return f'{inner} or 0 * {total("scope_info", by=["scope"], scopes=CHOSEN)}'


def scopes_table():
    by = ["scope"]
    latest = total("scope_latest_day_pretax_cost", USAGE, by=by, scopes=CHOSEN)
    usual = total("scope_usual_day_pretax_cost", by=by, scopes=CHOSEN)
    return table(
        "Scopes ($currency)",
        "Each chosen scope by itself. A nested scope (a department, account or subscription) is also part of its enrollment, so the rows must not be added.",
        [
            Column("Scope", label="scope"),
            Column("Nested", "none", value=nested(), width=80, mappings=choices({0: ("no", "text"), 1: ("yes", "text")})),
            Column("To date", MONEY, value=total("scope_pretax_cost", by=by, scopes=CHOSEN), decimals=0),
            Column("Forecast", MONEY, value=total("scope_forecast_pretax_cost", by=by, scopes=CHOSEN), decimals=0),
            Column("Month before", MONEY, value=total("scope_previous_period_pretax_cost", by=by, scopes=CHOSEN), decimals=0),
            Column("Latest day", MONEY, value=latest, decimals=0),
            Column("Against usual", "percentunit", value=change(latest, usual), decimals=1, steps=ANOMALOUS),
            Column("Newest usage", "s", value=age(series("newest_usage_timestamp_seconds", scopes=CHOSEN)), decimals=0, steps=LATE),
            Column("Last good poll", "s", value=age(series("poll_last_success_timestamp_seconds", scopes=CHOSEN)), decimals=0, steps=UNPOLLED, mappings=NEVER),
        ], "To date", none="no scope")



def budgets_table():
    limit, spent = series("budget_pretax_cost", scopes=CHOSEN), series("budget_spent_pretax_cost", scopes=CHOSEN)
    return table(
        "Budgets ($currency)",
        "Each budget of the chosen scopes: what is spent of its current month, quarter or year. Spent is empty while closed months of a quarter or year are still being read.",
        [
            Column("Scope", label="scope"),
            Column("Budget", label="budget"),
            Column("Used", "percentunit", value=f"{spent} / {limit}", decimals=1, steps=USED, gauge=1.2, width=200),
            Column("Spent", MONEY, value=spent, decimals=0),
            Column("Limit", MONEY, value=limit, decimals=0),
            Column("Left", MONEY, value=f"{limit} - {spent}", decimals=0),
        ], "Used", hidden=["currency"], none="no budget in $currency")


def overview():
    days = bars(
        "Cost of each day ($currency)",
        "The last days by the nature of the charge, of the counted scopes. The newest two or three are not complete and will grow; a tall single bar is often a purchase.",
        total("scope_daily_pretax_cost", by=["date", "charge_type"]), "date", "charge_type", none=NO_COST, colours=NATURES)
    services = ranking(
        "Costliest services to date ($currency)",
        "The ten services that cost most in the current period, of the counted scopes. What the exporter folds into __other__ is left out.",
        top(10, named(total("service_pretax_cost", f'service_name!="{FOLDED}"', by=["service_name"]), "service_name", "(no service)")),
        "{{service_name}}", MONEY, none=NO_COST)
    departments = ranking(
        "Departments to date ($currency)",
        "The departments of the enrollment. Purchases belong to none of them.",
        top(10, named(total("account_pretax_cost", OF_DEPARTMENT, by=["department"]), "department", "(no department)")),
        "{{department}}", MONEY, none=NO_COST)
    return dashboard(
        "azure-billing-overview", "Azure billing / Overview",
        "Where the money goes, whether the budget holds, and whether the data is fresh. It tells how things are at the end of the chosen time.",
        [*MONEY_CHOICE, DEPARTMENT],
        [*overview_stats(), (10, [(days, 15), (services, 9)]), (7, [(budgets_table(), 15), (departments, 9)]), (7, [(scopes_table(), 24)]), *totals()],
        links("overview"), since="now-24h", refresh="5m")


def totals():
    """How far Azure's own totals confirm the costs."""
    by = ["scope"]
    verified = total("scope_verified_pretax_cost", by=by, scopes=CHOSEN)
    cost = total("scope_pretax_cost", by=by, scopes=CHOSEN)
    state = lambda name: total("dates", f'state="{name}"', by=by, scopes=CHOSEN)
    days = lambda name: f'sum({state(name)})'
    missing = f'sum(1 - {series("control_available", QUERY, scopes=CHOSEN)})'
    last = total("control_last_success_timestamp_seconds", QUERY, by=by, scopes=CHOSEN)
    stats = [
        (stat("Can I trust it: verified share of the month ($currency)",
              "Share of the cost to date, of the counted scopes, that lies on days whose rows add up to Azure's own total of the day. Days that are still moving may be missing, so that it can be low at the start of a month. It is above 100 % where the other days have refunds.",
              f'{total("scope_verified_pretax_cost")} / ({total("scope_pretax_cost")} > 0)', "percentunit", decimals=1, none="no totals from Azure"), 9),
        (stat("Days that differ",
              "Complete days of the chosen scopes whose rows do not add up to Azure's own total. A day may differ for a poll, as rows and totals need not be of the same refresh; an alert waits for 8 hours.",
              days("differs"), "none", decimals=0, steps=[CALM, (1, WARNED)], none="no scope"), 5),
        (stat("Scopes without Azure's totals",
              "Chosen scopes for which Azure gave no total when it was last asked. Their costs are published as ever; the log and the status page say why there is none.",
              missing, "none", decimals=0, steps=[CALM, (1, WARNED)], none="not asked"), 5),
        (stat("Verified days",
              "Complete days of the chosen scopes that add up to Azure's own total: no row was lost or repeated on the way. A day of a nested scope counts there, too.",
              days("verified"), MONEY, decimals=0, none="no scope"), 5),
    ]
    held = table(
        "Days against Azure's own totals ($currency)",
        "The kept days of each chosen scope by state; each day has one. Incomplete: too new. Unverified: not compared. Verified: equal. Suspect: the newest answer is not believed yet. Differs: not equal. And the share of the month's cost that is verified.",
        [
            Column("Scope", label="scope"),
            Column("Verified of month", "percentunit", value=f"{verified} / ({cost} > 0)", decimals=1, gauge=1, steps=[(None, "blue")], width=180),
            Column("Verified", "none", value=state("verified"), decimals=0),
            Column("Unverified", "none", value=state("unverified"), decimals=0),
            Column("Incomplete", "none", value=state("incomplete"), decimals=0),
            Column("Suspect", "none", value=state("suspect"), decimals=0, steps=[CALM, (1, WARNED)]),
            Column("Differs", "none", value=state("differs"), decimals=0, steps=[CALM, (1, WARNED)]),
            Column("Last total", "s", value=age(last), decimals=0, steps=UNPOLLED),
        ], "Scope", none="no scope", descending=False)
    differing = table(
        "Days that differ, or did ($currency)",
        "Ours less Azure's own total, of each kept day that has ever differed after it was read; 0 once it was mended. Negative: the rows add up to less.",
        [
            Column("Day", label="date", width=110),
            Column("Scope", label="scope"),
            Column("Difference", MONEY, value=series("day_difference_pretax_cost", scopes=CHOSEN), decimals=2),
        ], "Day", hidden=["currency"], none="no day has differed")
    difference = " or ".join(total(f"{name}_difference_pretax_cost", by=["scope", "period"], scopes=CHOSEN) for name in ("balances", "charges"))
    months = table(
        "Closed months against Azure's balance or charges ($currency)",
        "Ours less Azure's own total of the month, all parts together. Reconciled: equal to the balance, from which the invoice is made. Closed: within what rounding explains. Differs: not. The statement of the month (/statement of the exporter) has the parts.",
        [
            Column("Month", label="period", width=110),
            Column("Scope", label="scope"),
            Column("State", label="state", width=130),
            Column("Difference", MONEY, value=f"({difference}) * on (scope, period) group_left (state) ({series('period_state', scopes=CHOSEN)} == 1)", decimals=2),
        ], "Month", none="no closed month is compared")
    return [(4, stats), (7, [(held, 15), (differing, 9)]), (7, [(months, 24)])]


# Explore: who spends, on what, where.

def explore_stats():
    whole = total("scope_pretax_cost")
    return [
        (stat("Cost to date ($currency)", "Cost before tax of the current billing period so far, of the counted scopes, whatever else is chosen.",
              whole, MONEY, decimals=0, none=NO_COST), 6),
        (stat("Of the chosen subscriptions and services", "Cost to date of what is chosen above, by the services' family.",
              total("service_pretax_cost", OF_SUBSCRIPTION, OF_SERVICE), MONEY, decimals=0, none=NO_COST), 6),
        (stat("Without the tag $tag", "Share of the cost of rows that do not carry the chosen tag. Each row counts once for each tag, so tags are not added.",
              f'({total("tag_pretax_cost", TAG_CHOSEN, UNTAGGED)} or 0 * {total("tag_pretax_cost", TAG_CHOSEN)}) / ({total("tag_pretax_cost", TAG_CHOSEN)} > 0)',
              "percentunit", decimals=1, none="no tag key is configured"), 6),
        (stat("Outside of Azure's own services", "Share of the Marketplace and other publishers in the cost to date.",
              f'({total("scope_pretax_cost", NOT_AZURE)} or 0 * {whole}) / ({whole} > 0)', "percentunit", decimals=1, none=NO_COST), 6),
    ]


TAG_CHOSEN, UNTAGGED, NOT_AZURE = 'tag="$tag"', 'value=""', 'publisher_type!~"azure|microsoft|"'


def explore_rankings():
    name = total("subscription_pretax_cost", OF_SUBSCRIPTION, f'subscription_id!="{FOLDED}"', by=["subscription_name"])
    service = total("service_pretax_cost", OF_SUBSCRIPTION, OF_SERVICE, f'service_name!="{FOLDED}"', by=["service_name"])
    group = total("resource_group_pretax_cost", OF_SUBSCRIPTION, f'resource_group!~"{FOLDED}|"', by=["resource_group"])
    place = total("location_pretax_cost", f'location!="{FOLDED}"', by=["location"])
    value = total("tag_pretax_cost", TAG_CHOSEN, f'value!="{FOLDED}"', by=["value"])
    center = total("cost_center_pretax_cost", f'cost_center!="{FOLDED}"', by=["cost_center"])
    account = total("account_pretax_cost", OF_DEPARTMENT, f'account!="{FOLDED}"', by=["department", "account"])
    first = [
        (ranking("Services ($currency)", "Cost to date by service, of the chosen subscriptions and services.", top("$top", named(service, "service_name", "(no service)")), "{{service_name}}", MONEY, none=NO_COST), 8),
        (ranking("Subscriptions ($currency)", "Cost to date by subscription, of the chosen ones. Purchases that belong to none are listed by the name that Azure gives them.", top("$top", named(name, "subscription_name", "(no subscription)")), "{{subscription_name}}", MONEY, none=NO_COST), 8),
        (ranking("Resource groups ($currency)", "Cost to date by resource group, of the chosen subscriptions. Groups of one name in several subscriptions are added.", top("$top", group), "{{resource_group}}", MONEY, none=NO_COST), 8),
    ]
    second = [
        (ranking("Regions ($currency)", "Cost to date by Azure region, of the counted scopes.", top("$top", named(place, "location", "(no region)")), "{{location}}", MONEY, none=NO_COST), 6),
        (ranking("Tag $tag ($currency)", "Cost to date by the value of the chosen tag, of the counted scopes.", top("$top", named(value, "value", "(not tagged)")), "{{value}}", MONEY, none="no tag key is configured"), 6),
        (ranking("Cost centers ($currency)", "Cost to date by cost center, of the counted scopes.", top("$top", named(center, "cost_center", "(no cost center)")), "{{cost_center}}", MONEY, none=NO_COST), 6),
        (ranking("Enrollment accounts ($currency)", "Cost to date by enrollment account, of the chosen departments.", top("$top", named(account, "account", "(no account)")), "{{account}}", MONEY, none=NO_COST), 6),
    ]
    return first, second


def resources():
    by = ["instance_id", "instance_name", "resource_group", "location"]
    cost = total("instance_pretax_cost", OF_SUBSCRIPTION, f'instance_id!~"{FOLDED}|"', by=by)
    return table(
        "Costliest resources ($currency)",
        "Cost to date of single resources, of the chosen subscriptions, and their share of the cost of the counted scopes. What the exporter folds into __other__ is left out.",
        [
            Column("Resource", label="instance_name"),
            Column("Resource group", label="resource_group"),
            Column("Region", label="location", width=140),
            Column("Cost", MONEY, value=f"topk($top, {cost})", decimals=2, width=140),
            Column("Share", "percentunit", value=share(f"topk($top, {cost})", total("instance_pretax_cost")), decimals=2, steps=[(None, "blue")], gauge=0.1, width=180),
            Column("Id", label="instance_id"),
        ], "Cost", none=NO_COST, pages=True)


def services_against_usual():
    by = ["service_name"]
    latest = total("service_latest_day_pretax_cost", USAGE, OF_SERVICE, by=by)
    usual = total("service_usual_day_pretax_cost", OF_SERVICE, by=by)
    return table(
        "What changed: the latest complete day of each service ($currency)",
        "Usage of the latest complete day against the mean of up to 28 complete days before it, by service. A new service has a usual day of 0, one that stopped a latest day of 0.",
        [
            Column("Service", label="service_name"),
            Column("Latest day", MONEY, value=latest, decimals=2),
            Column("Usual day", MONEY, value=usual, decimals=2),
            Column("Change", MONEY, value=f"{latest} - {usual}", decimals=2),
            Column("In percent", "percentunit", value=change(latest, usual), decimals=1, steps=ANOMALOUS),
        ], "Change", none="no complete day yet")


def meters():
    by = ["service_name", "subcategory", "meter", "unit"]
    return table(
        "Usage by meter",
        "Quantities of the current period in the unit that Azure sends; they add up within one meter and unit only. 10K counts blocks of ten thousand, 100 Hours counts hours.",
        [
            Column("Service", label="service_name"),
            Column("Subcategory", label="subcategory"),
            Column("Meter", label="meter"),
            Column("Quantity", MONEY, value=total("meter_usage_quantity", OF_SERVICE, by=by), decimals=2, width=160),
            Column("Unit", label="unit", width=140),
        ], "Service", none=NO_COST, descending=False, pages=True)


def explore():
    first, second = explore_rankings()
    return dashboard(
        "azure-billing-explore", "Azure billing / Explore",
        "The cost of the current period by who pays and what runs. It tells how things are at the end of the chosen time.",
        [*MONEY_CHOICE, DEPARTMENT, SUBSCRIPTION, SERVICE, TAG, ROWS],
        [(4, explore_stats()), (11, first), (9, second), (11, [(resources(), 24)]), (10, [(services_against_usual(), 12), (meters(), 12)])],
        links("explore"), since="now-24h", refresh="5m")


# History: months and years, from what was scraped and backfilled.

def history():
    month = each_month(total("scope_previous_period_pretax_cost", by=["period"]))
    department = each_month(total("account_previous_period_pretax_cost", OF_DEPARTMENT, by=["period", "department"]))
    service = each_month(total("service_previous_period_pretax_cost", OF_SERVICE, by=["period", "service_name"]))
    costliest = f"{service} and on (service_name) topk(8, sum by (service_name) ({service}))"
    yearly = f'label_replace({month}, "year", "$1", "period", "(....).*")'
    to_date = each_day(total("scope_pretax_cost"))
    months = "of the closed months within the chosen time. Months from before the first scrape come from `backfill`."
    return dashboard(
        "azure-billing-history", "Azure billing / History",
        "Months and years. Months from before the first scrape come from the exporter's `backfill`.",
        [*MONEY_CHOICE, DEPARTMENT, SERVICE],
        [
            (9, [
                (bars("Bill of each month ($currency)", f"Whole cost before tax {months} The newest month moves until about its 21st day after.", month, "period", none="no closed month"), 16),
                (table("Years ($currency)", "Closed months of each calendar year: how many are known, what they cost together, and the mean. A year with fewer than twelve months is not whole.",
                       [
                           Column("Year", label="year", width=80),
                           Column("Months", "none", value=f"count by (year) ({yearly})", decimals=0, width=80),
                           Column("Cost", MONEY, value=f"sum by (year) ({yearly})", decimals=0),
                           Column("Mean month", MONEY, value=f"avg by (year) ({yearly})", decimals=0),
                       ], "Year", none="no closed month"), 8),
            ]),
            (10, [
                (bars("Months by department ($currency)", f"Cost before tax by department {months}", named(department, "department", "(no department)"), "period", "department", none="no closed month"), 12),
                (bars("Months by service ($currency)", f"The eight costliest of the chosen services over the chosen time {months}", named(costliest, "service_name", "(no service)"), "period", "service_name", none="no closed month"), 12),
            ]),
            (9, [
                (lines("Month to date, day by day ($currency)", "The cost of the running month at the end of each day, and 365 days before. It starts again each month. Backfilled days show what is known now, scraped ones what was known then.",
                       [query(a_year_before(), "365 days before", span=True, ref="B"), query(to_date, "month to date", span=True)], MONEY, decimals=0, none="no history in the chosen time", interval="1d", faint="365 days before"), 24),
            ]),
        ],
        links("history"), since="now-3y", refresh="")


def a_year_before():
    # 365 days: a leap day shifts it by one until the next March.
    return each_day(total("scope_pretax_cost"), earlier=" offset 365d")


# Exporter: whether the numbers can be trusted, and what to do where not.

OK = choices({1: ("ok", "green"), 0: ("failed", "red")})


def exporter_stats():
    return [
        (stat("Kind of data", "Simulated data comes from `demo`, all else from Azure.", "max(" + series("exporter_demo") + ")", "none", none="billed by Azure", mappings=choices({1: ("SIMULATED", "orange")})), 4),
        (stat("Version", "Version of the running exporter.", "max by (version) (" + series("exporter_build_info") + ")", "none", none="down", legend="{{version}}", name_only=True), 3),
        (stat("Configuration", "Whether the configuration file could be used when it was last read, by every replica. The log says what is wrong with it.", "max(1 - azure_billing_exporter_config_last_reload_successful)", "none", none="down", mappings=choices({0: ("in force", "green"), 1: ("REFUSED", "red")})), 4),
        (stat("Scopes whose last poll failed", "Scopes whose open billing period could not be read. Their costs are those of the last good poll. The table tells which, the bars below why.", f'sum(1 - {series("poll_success", scopes=CHOSEN)})', "none", decimals=0, steps=[CALM, (1, ALARMED)], none="no poll yet"), 4),
        (stat("Suspect days", "Days for which Azure's newest answer has much less than the one before or, for a complete day, much more. Their old costs stay until a second answer agrees.", f'sum({series("dates", SUSPECT, scopes=CHOSEN)})', "none", decimals=0, steps=[CALM, (1, WARNED)], none="no scope"), 3),
        (stat("Entities in __other__", "Resources, services and the like beyond `max_series`. Sums stay exact; raise the limit to see them one by one.", f'sum({series("folded_entities", scopes=CHOSEN)})', MONEY, decimals=0, steps=[CALM, (1, WARNED)], none="no scope"), 3),
        (stat("Series of costs and usage", "What a scrape costs Prometheus, all scopes together.", f'sum({series("series")})', MONEY, decimals=0, none="no exporter"), 3),
    ]


def polls():
    columns = [
        Column("Scope", label="scope"),
        Column("Last poll", "none", value=series("poll_success", scopes=CHOSEN), mappings=OK, steps=[(None, "red"), (1, "green")]),
        Column("Last good poll", "s", value=age(series("poll_last_success_timestamp_seconds", scopes=CHOSEN)), decimals=0, mappings=NEVER, steps=UNPOLLED),
        Column("Interval", "s", value=series("poll_interval_seconds", scopes=CHOSEN), decimals=0),
        Column("It took", "s", value=series("poll_duration_seconds", scopes=CHOSEN), decimals=1),
        Column("Rows", MONEY, value=series("poll_rows", scopes=CHOSEN), decimals=0),
        Column("Newest usage", "s", value=age(series("newest_usage_timestamp_seconds", scopes=CHOSEN)), decimals=0, steps=LATE),
        Column("Newest complete day", "s", value=age(series("latest_complete_day_timestamp_seconds", scopes=CHOSEN)), decimals=0),
        Column("Failed in a day", "none", value=f'sum by (scope) ({series("poll_failures_total", scopes=CHOSEN, over=("increase", "1d"))})', decimals=0, steps=[CALM, (1, WARNED)]),
        Column("Ignored in a day", MONEY, value=f'sum by (scope) ({series("rows_ignored_total", scopes=CHOSEN, over=("increase", "1d"))})', decimals=0),
    ]
    return table("Polls", "Each scope polls on its own clock; ages are from now. A poll takes as long as Azure's quota makes it wait. Ignored rows have other dates than the request, or only move costs.", columns, "Last good poll", none="no scope")


def parts():
    columns = [
        Column("Scope", label="scope"),
        Column("Part", label="part"),
        Column("Last try", "none", value=series("poll_part_success", scopes=CHOSEN), mappings=OK, steps=[(None, "red"), (1, "green")]),
    ]
    return table("Parts of polls", "Whether the last attempt to read each part succeeded: the `open` billing period, the `previous` one, older days of the `window`, closed months of `budgets`. An older part that fails keeps its old costs and is tried again automatically.", columns, "Last try", none="no poll yet", descending=False)


def doubts():
    """How far what was read can be trusted."""
    rows = top(4, total("degraded_rows", by=["reason"], scopes=CHOSEN))
    hidden = f'sum(1 - {series("scope_charges_visible", scopes=CHOSEN)})'
    return [
        (ranking("Rows not read in full", "Rows of the kept days that count although a field of them could not be read: `no_cost` counts as 0, `no_date` on the first day of the period, of `tags` the readable ones, `text` with replacement characters. A row of a nested scope counts in its enrollment, too.", rows, "{{reason}}", MONEY, none="no scope", steps=[CALM, (1, WARNED)]), 8),
        (stat("Charges may be hidden", "Scopes of which 100 or more rows of on-demand usage cost 0 and name no price. Turn on `view charges`, or set `charges: free` on a scope that costs nothing.", hidden, "none", decimals=0, steps=[CALM, (1, WARNED)], none="no scope"), 4),
    ]


def front():
    """What the exporter's own port and log have to say."""
    in_a_day = lambda family: f'max({series(family, over=("increase", "1d"))})'
    return [
        (stat("Refused scrapes in a day", "Scrapes that were answered with 503: more at once than `--web.max-requests` allows, or stored costs that were not read in time after a restart.", in_a_day("exporter_scrapes_refused_total"), "none", decimals=0, steps=[CALM, (1, WARNED)], none="down"), 12),
        (stat("Lost log lines in a day", "Log lines that nobody will read, because whatever reads the log is too slow or has stopped.", in_a_day("exporter_log_lines_dropped_total"), "none", decimals=0, steps=[CALM, (1, WARNED)], none="down"), 12),
    ]


def grown(title, description, family, labels, unit, **options):
    """What a counter grew by in the hour before each moment."""
    asked = query(total(family, by=labels, over=("increase", "1h"), **options), " ".join("{{%s}}" % label for label in labels), span=True)
    return lines(title, description, [asked], unit, decimals=0, none="no exporter")


def exporter():
    own = "max({} and on (job, instance) azure_billing_exporter_build_info)"
    return dashboard(
        "azure-billing-exporter", "Azure billing / Exporter",
        "Whether the costs can be trusted: polls, calls to Azure, waits, limits. Of several replicas it shows the highest.",
        [datasource(), COST_TYPE, SCOPE],
        [
            (4, exporter_stats()),
            (7, [(polls(), 24)]),
            (6, [(parts(), 12), *doubts()]),
            (8, [
                (grown("Calls to Azure within an hour", "By HTTP status; `none`: no answer came. 429 is Azure's quota, 401 and 403 are missing rights.", "api_requests_total", ["api", "code"], "short"), 8),
                (grown("Waiting for a turn within an hour", "Time that calls had to wait: for the exporter's own `quota`, or because Azure `throttled` them. Scopes wait at the same time, so an hour can have more than one hour of waiting.", "api_wait_seconds_total", ["reason"], "s"), 8),
                (grown("Failed polls within an hour", "By reason: `auth` and `forbidden` need someone, `throttled`, `unavailable` and `timeout` pass by themselves. Older parts of polls that failed count as well. A failure changes no cost.", "poll_failures_total", ["reason"], "short", scopes=CHOSEN), 8),
            ]),
            (9, [
                (lines("Age of the data", "Time since the last good poll and since the newest usage, in the scope where it is longest.",
                       [query(f'max({age(series("poll_last_success_timestamp_seconds", scopes=CHOSEN))})', "last good poll", span=True),
                        query(f'max({age(series("newest_usage_timestamp_seconds", scopes=CHOSEN))})', "newest usage", span=True, ref="B")], "s", none="no scope"), 8),
                (ranking("Series by family", "Series of each family, all scopes together. `max_series` in the configuration bounds them.", top(12, f'label_replace({series("series")}, "family", "$1", "family", "azure_billing_(.*)")'), "{{family}}", MONEY, none="no exporter"), 8),
                (lines("Memory", "Resident memory of the exporter, of the replica with the most.", [query(own.format("process_resident_memory_bytes"), "resident", span=True)], "bytes", none="not on Linux", fill=20), 4),
                (lines("CPU", "Share of one core that the exporter uses, of the replica with the most.", [query(own.format("rate(process_cpu_seconds_total[$__rate_interval])"), "cores", span=True)], "percentunit", none="not on Linux", fill=20), 4),
            ]),
            (4, front()),
        ],
        links("exporter"), since="now-24h", refresh="1m")


def main():
    stale = []
    for name, make in zip(NAMES, (overview, explore, history, exporter)):
        path, text = FOLDER / f"{name}.json", json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
        if sys.argv[1:] != ["--check"]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"Run grafana/generate.py: it would write another {', '.join(stale)}")


main()
