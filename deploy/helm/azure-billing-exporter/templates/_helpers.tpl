{{- define "exporter.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "exporter.labels" -}}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "exporter.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end }}

{{- define "exporter.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end -}}
{{- end }}

{{/* Where the configuration is: ours, yours, or nowhere (demo). */}}
{{- define "exporter.configSource" -}}
{{- $existing := .Values.existingConfig -}}
{{- $given := compact (list .Values.demo $existing.secret $existing.configMap .Values.config) -}}
{{- if ne (len $given) 1 -}}
{{- fail "say in exactly one way what is read: config.scopes, existingConfig.secret, existingConfig.configMap, or demo" -}}
{{- end -}}
{{- if .Values.demo -}}
demo
{{- else if $existing.secret -}}
secret
{{- else if $existing.configMap -}}
configMap
{{- else -}}
{{- if not .Values.config.scopes -}}
{{- fail "config.scopes says whose bills are read, and there are none; for example [{department: \"1234\"}]" -}}
{{- end -}}
ours
{{- end -}}
{{- end }}

{{- define "exporter.config" -}}
{{- $state := dict "state" (dict "path" "/var/lib/azure-billing-exporter/state.redb") -}}
{{ toYaml (mergeOverwrite $state (deepCopy .Values.config)) }}
{{- end }}

{{/* The path that all routes are below: empty, or with its leading slash. */}}
{{- define "exporter.prefix" -}}
{{- $path := default (urlParse .Values.externalUrl).path .Values.routePrefix -}}
{{- with trimAll "/" $path }}/{{ . }}{{ end -}}
{{- end }}

{{/* The program's own question, below the same path. */}}
{{- define "exporter.healthcheck" -}}
healthcheck{{ with include "exporter.prefix" . }}, "--web.route-prefix={{ . }}"{{ end }}
{{- end }}

{{/* A web config may ask for TLS, users and certificates, which the kubelet has not: the program knows how to ask. */}}
{{- define "exporter.probe" -}}
{{- if .Values.webConfigSecret -}}
exec:
  command: [/usr/bin/azure-billing-exporter, {{ include "exporter.healthcheck" . }}]
timeoutSeconds: 10
periodSeconds: 30
{{- else -}}
httpGet:
  path: {{ include "exporter.prefix" . }}/-/healthy
  port: http
timeoutSeconds: 5
periodSeconds: 10
{{- end }}
failureThreshold: 3
{{- end }}
