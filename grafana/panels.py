"""Parts of a dashboard in Grafana's JSON (schema version 39), with what all of ours share."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# No unit fits every currency: the number is written in the reader's way, the title names the currency.
MONEY = "locale"
PLAIN = [(None, "text")]


def _thresholds(steps):
    return {"mode": "absolute", "steps": [{"value": at, "color": colour} for at, colour in steps]}


def query(expression, legend="__auto", *, table=False, span=False, ref="A"):
    """Asked for one moment, or over the time that is shown."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": expression,
        "format": "table" if table else "time_series",
        "instant": not span,
        "legendFormat": legend,
        "range": span,
        "refId": ref,
    }


def _panel(kind, title, description, targets, options, defaults, overrides=(), transformations=(), **more):
    none = defaults.pop("noValue", "no data")
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets,
        "options": options,
        "fieldConfig": {"defaults": {"noValue": none, **defaults}, "overrides": list(overrides)},
        "transformations": list(transformations),
        **more,
    }


def _reduced():
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(title, description, expression, unit, *, decimals=None, steps=PLAIN, none="no data", legend=None, mappings=(), name_only=False):
    """One number, and what it is of where it has a legend."""
    defaults = {"unit": unit, "thresholds": _thresholds(steps), "noValue": none, "mappings": list(mappings)}
    if decimals is not None:
        defaults["decimals"] = decimals
    defaults["color"] = {"mode": "thresholds"}
    options = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _reduced(),
        "textMode": "name" if name_only else "value_and_name" if legend else "value",
        "wideLayout": True,
    }
    return _panel("stat", title, description, [query(expression, legend or "__auto")], options, defaults)


def ranking(title, description, expression, legend, unit, *, decimals=0, none="no data", steps=((None, "blue"),)):
    """Bars from the largest down."""
    defaults = {
        "unit": unit,
        "decimals": decimals,
        "min": 0,
        "noValue": none,
        "color": {"mode": "thresholds"},
        "thresholds": _thresholds(steps),
    }
    options = {
        "displayMode": "basic",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "maxVizHeight": 28,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": _reduced(),
        "showUnfilled": True,
        "sizing": "auto",
        "text": {"valueSize": 14},
        "valueMode": "color",
    }
    return _panel("bargauge", title, description, [query(expression, legend)], options, defaults)


def lines(title, description, targets, unit, *, decimals=None, none="no data", interval=None, fill=10, faint=None):
    """Values over time; the one named `faint` stays in the background."""
    custom = {
        "drawStyle": "line",
        "fillOpacity": fill,
        "lineWidth": 2,
        "showPoints": "never",
        # Two days, so that a gap in what was scraped is a gap, and daily steps are not.
        "spanNulls": 172800000,
        "stacking": {"mode": "none", "group": "A"},
        "axisSoftMin": 0,
    }
    defaults = {"unit": unit, "noValue": none, "color": {"mode": "palette-classic"}, "custom": custom}
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    dashes = [
        {"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}},
        {"id": "custom.fillOpacity", "value": 0},
        {"id": "custom.lineWidth", "value": 1},
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [4, 4]}},
    ]
    overrides = [{"matcher": {"id": "byName", "options": faint}, "properties": dashes}] if faint else []
    more = {"interval": interval} if interval else {}
    return _panel("timeseries", title, description, targets, options, defaults, overrides, **more)


def _sorted(field, descending=False):
    return {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": field, "desc": descending}]}}


def bars(title, description, expression, row, column=None, *, unit=MONEY, none="no data", colours=None):
    """A bar for each value of the label `row`, stacked by the label `column`, of which some have a colour of their own."""
    transformations = [_sorted(row)]
    if column:
        # By the column first, so that the stack has the same order and colours each time.
        transformations.insert(0, _sorted(column))
        matrix = {"columnField": column, "rowField": row, "valueField": "Value", "emptyValue": "null"}
        transformations.append({"id": "groupingToMatrix", "options": matrix})
    else:
        transformations.append({"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {"Value": "Cost"}}})
    defaults = {
        "unit": unit,
        "decimals": 0,
        "noValue": none,
        "color": {"mode": "palette-classic"},
        "custom": {"fillOpacity": 80, "lineWidth": 0, "axisSoftMin": 0},
    }
    options = {
        "barRadius": 0,
        "barWidth": 0.85,
        "fullHighlight": False,
        "groupWidth": 0.7,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": bool(column), "calcs": []},
        "orientation": "vertical",
        "showValue": "never",
        "stacking": "normal",
        "tooltip": {"mode": "multi", "sort": "desc"},
        "xTickLabelRotation": -45,
        "xTickLabelSpacing": 60,
    }
    overrides = [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}
        for name, colour in (colours or {}).items()
    ]
    return _panel("barchart", title, description, [query(expression, table=True)], options, defaults, overrides, transformations)


class Column:
    """Of a table: a label, or the value of an expression."""

    def __init__(self, title, unit="string", *, label=None, value=None, decimals=None, steps=None, gauge=None, width=None, mappings=()):
        self.title, self.unit, self.label, self.value = title, unit, label, value
        self.decimals, self.steps, self.gauge, self.width, self.mappings = decimals, steps, gauge, width, mappings

    def override(self):
        # A cell without a value, or with an empty label; the panel has words for when there is no row.
        properties = [{"id": "noValue", "value": "–"}]
        if self.value:
            properties.append({"id": "unit", "value": self.unit})
        if self.decimals is not None:
            properties.append({"id": "decimals", "value": self.decimals})
        if self.steps:
            properties.append({"id": "thresholds", "value": _thresholds(self.steps)})
            properties.append({"id": "color", "value": {"mode": "thresholds"}})
        if self.gauge:
            cell = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
            properties += [{"id": "custom.cellOptions", "value": cell}, {"id": "min", "value": 0}, {"id": "max", "value": self.gauge}]
        elif self.steps:
            properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
        if self.mappings:
            properties.append({"id": "mappings", "value": list(self.mappings)})
        if self.width:
            properties.append({"id": "custom.width", "value": self.width})
        return {"matcher": {"id": "byName", "options": self.title}, "properties": properties}


def table(title, description, columns, sort, *, hidden=(), none="no data", descending=True, pages=False):
    """Rows by what the labels of the columns' expressions have in common; each expression is asked once."""
    values = [column for column in columns if column.value]
    names = {}
    targets = []
    for ref, column in zip("ABCDEFGHIJ", values):
        targets.append(query(column.value, table=True, ref=ref))
        # Grafana tells values of several queries apart by the query, and that of one not at all.
        names[f"Value #{ref}" if len(values) > 1 else "Value"] = column
    names |= {column.label: column for column in columns if column.label}
    organize = {
        "excludeByName": {name: True for name in ["Time", *hidden]},
        "indexByName": {name: columns.index(column) for name, column in names.items()},
        "renameByName": {name: column.title for name, column in names.items()},
    }
    transformations = [{"id": "merge", "options": {}}] if len(values) > 1 else []
    transformations += [{"id": "organize", "options": organize}, _sorted(sort, descending)]
    options = {
        "cellHeight": "sm",
        "showHeader": True,
        "sortBy": [{"displayName": sort, "desc": descending}],
        "footer": {"show": False, "enablePagination": pages, "countRows": False, "fields": "", "reducer": ["sum"]},
    }
    defaults = {"noValue": none, "unit": "none", "custom": {"align": "auto", "filterable": True, "minWidth": 60}, "thresholds": _thresholds(PLAIN)}
    return _panel("table", title, description, targets, options, defaults, [column.override() for column in columns], transformations)


def choices(texts):
    """What numbers mean: value to text and colour."""
    return [{"type": "value", "options": {str(value): {"text": text, "color": colour, "index": index} for index, (value, (text, colour)) in enumerate(texts.items())}}]


def never(above):
    """An age above everything sensible is that of something that never was."""
    return [{"type": "range", "options": {"from": above, "to": None, "result": {"text": "never", "color": "red", "index": 0}}}]


ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}


def datasource():
    return {
        "name": "datasource",
        "label": "Data source",
        "description": "The Prometheus, or what answers like one, that scrapes the exporter",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "regex": "",
        "options": [],
    }


def variable(name, label, description, asked, *, multi=True, regex="", all_value=None, hidden=False, sort=5):
    """One or several values that Prometheus knows. A value of its own for "All" also finds empty labels."""
    definition = {
        "name": name,
        "label": label,
        "description": description,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": asked, "refId": name, "qryType": 5},
        "regex": regex,
        # 2: whenever the time changes, since scopes and services come and go.
        "refresh": 2,
        "sort": sort,
        "hide": 2 if hidden else 0,
        "multi": multi,
        "includeAll": multi,
        "options": [],
        "skipUrlSync": hidden,
    }
    if multi:
        definition["current"] = ALL
    if all_value:
        definition["allValue"] = all_value
    return definition


def pick(name, label, description, values):
    """One of a few numbers."""
    options = [{"selected": index == 0, "text": value, "value": value} for index, value in enumerate(values)]
    return {
        "name": name,
        "label": label,
        "description": description,
        "type": "custom",
        "query": ",".join(values),
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "options": options,
        "current": options[0],
    }


def placed(rows):
    """Panels with their places: a list of `(panel, width)` for each row of one height."""
    panels, top = [], 0
    for height, row_of_panels in rows:
        left = 0
        for panel, width in row_of_panels:
            place = {"h": height, "w": width, "x": left, "y": top}
            panels.append({"id": len(panels) + 1, **panel, "gridPos": place})
            left += width
        top += height
    return panels


def dashboard(uid, title, description, variables, rows, links, *, since, refresh):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["azure-billing", "finops"],
        "schemaVersion": 39,
        "id": None,
        "editable": False,
        "graphTooltip": 1,
        # Billing periods are months in UTC.
        "timezone": "utc",
        "weekStart": "",
        "time": {"from": since, "to": "now"},
        "timepicker": {},
        "refresh": refresh,
        "fiscalYearStartMonth": 0,
        "annotations": {"list": []},
        "links": links,
        "templating": {"list": variables},
        "panels": placed(rows),
    }
